#include "import/text_lines.h"

#include <algorithm>
#include <charconv>

#include "base/yaml.h"

namespace lacuna::imports {

namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
constexpr std::size_t kMostDigits = 18;  ///< fit 64 bits

Field trimmed_field(std::string_view line, std::size_t begin, std::size_t end) {
  while (begin < end && (line[begin] == ' ' || line[begin] == '\t')) ++begin;
  while (end > begin && (line[end - 1] == ' ' || line[end - 1] == '\t')) --end;
  return {line.substr(begin, end - begin), static_cast<int>(begin) + 1};
}

}  // namespace

std::vector<std::string> split_lines(std::string_view text) {
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = text.find_first_of("\r\n");
    lines.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + (text.substr(end, 2) == "\r\n" ? 2 : 1));
  }
  return lines;
}

std::vector<std::string> read_lines(const std::filesystem::path& path, std::uint64_t largest_mib) {
  const std::string text = yaml::read_text(path, largest_mib);
  yaml::check_text(text, path.string());
  return split_lines(text);
}

std::vector<Field> split_fields(std::string_view line, char separator) {
  std::vector<Field> fields;
  for (std::size_t begin = 0;;) {
    const std::size_t end = std::min(line.find(separator, begin), line.size());
    fields.push_back(trimmed_field(line, begin, end));
    if (end == line.size()) return fields;
    begin = end + 1;
  }
}

std::vector<Field> split_words(std::string_view line, std::string_view also) {
  const auto between = [&](char c) { return c == ' ' || c == '\t' || also.find(c) != std::string_view::npos; };
  std::vector<Field> words;
  for (std::size_t i = 0; i < line.size();) {
    if (between(line[i])) {
      ++i;
      continue;
    }
    const std::size_t begin = i;
    while (i < line.size() && !between(line[i])) ++i;
    words.push_back({line.substr(begin, i - begin), static_cast<int>(begin) + 1});
  }
  return words;
}

std::string_view trimmed(std::string_view text) { return trimmed_field(text, 0, text.size()).text; }

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return result;
}

std::optional<std::uint64_t> whole_number(std::string_view text) {
  if (text.empty() || text.size() > kMostDigits) return std::nullopt;
  if (!std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; })) return std::nullopt;
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::uint64_t whole_number(std::string_view text, std::string_view what, const Place& place, std::uint64_t lowest,
                           std::uint64_t highest) {
  const auto value = whole_number(text);
  if (!value || *value < lowest || *value > highest)
    fail(place, "{} is '{}'; need a whole number, {}..{}", what, text, lowest, highest);
  return *value;
}

std::uint32_t extent(std::string_view text, std::string_view what, const Place& place) {
  return static_cast<std::uint32_t>(whole_number(text, what, place, 1, INT32_MAX));
}

}  // namespace lacuna::imports
