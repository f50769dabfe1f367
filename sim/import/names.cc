#include "import/names.h"

#include <fmt/format.h>

namespace lacuna::imports {

namespace {

constexpr std::size_t kLongestName = 100;  ///< as workload.yaml has it

bool is_legal(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

}  // namespace

std::string legal_name(std::string_view name) {
  std::string result;
  bool replaced = false;  // the last character stands for illegal ones
  for (const char c : name) {
    if (is_legal(c)) {
      result += c;
      replaced = false;
    } else if (!replaced) {
      result += '_';
      replaced = true;
    }
  }
  if (replaced) result.pop_back();
  if (result.empty()) return "layer";
  if (result == "total") return "total_";
  if (result[0] == '.' || result[0] == '-') result[0] = '_';
  return result.substr(0, kLongestName);
}

std::string DistinctNames::add(std::string name) {
  if (taken_.insert(name).second) return name;
  std::size_t& count = counts_[name];
  if (count == 0) count = 1;
  for (;;) {
    const std::string suffix = fmt::format(".{}", ++count);
    std::string distinct = name.substr(0, kLongestName - suffix.size()) + suffix;
    if (taken_.insert(distinct).second) return distinct;
  }
}

}  // namespace lacuna::imports
