#include "cli/choose_layers.h"

#include <algorithm>

#include "base/error.h"

namespace lacuna {

namespace {

/// "conv1,conv2" as its names.
std::vector<std::string> split(const std::vector<std::string>& lists) {
  std::vector<std::string> words;
  for (const std::string& list : lists)
    for (std::size_t begin = 0; begin <= list.size();) {
      const std::size_t end = std::min(list.find(',', begin), list.size());
      words.push_back(list.substr(begin, end - begin));
      if (words.back().empty()) fail(Place{"--layers"}, "'{}' has an empty name", list);
      begin = end + 1;
    }
  return words;
}

}  // namespace

std::vector<std::size_t> chosen_layers(const Workload& workload, const std::vector<std::string>& wanted) {
  const auto& names = workload.layer_names();
  std::vector<bool> chosen(names.size(), wanted.empty());
  for (const auto& word : split(wanted)) {
    const auto at = std::find(names.begin(), names.end(), word);
    if (at == names.end()) {
      const std::vector<std::string_view> legal(names.begin(), names.end());
      throw UserError(Place{"--layers"}, unknown_word("layer", word, legal));
    }
    const auto index = static_cast<std::size_t>(at - names.begin());
    if (chosen[index]) fail(Place{"--layers"}, "layer '{}' is named twice", word);
    chosen[index] = true;
  }
  std::vector<std::size_t> indices;
  for (std::size_t i = 0; i < names.size(); ++i)
    if (chosen[i]) indices.push_back(i);
  return indices;
}

}  // namespace lacuna
