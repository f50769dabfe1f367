// One line of a spreadsheet. A field with a comma, a quote or a line end is quoted (RFC 4180).
#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lacuna {

/// Names and values are appended side by side, so a head line cannot get out of step with its columns.
class CsvLine {
 public:
  void add(std::string_view name, std::string_view value) {
    names_.push_back(quoted(name));
    values_.push_back(quoted(value));
  }
  void add(std::string_view name, std::uint64_t value) { add(name, fmt::format("{}", value)); }
  void add(std::string_view name, double value) { add(name, fmt::format("{}", value)); }

  [[nodiscard]] std::string head() const { return fmt::format("{}\n", fmt::join(names_, ",")); }
  [[nodiscard]] std::string values() const { return fmt::format("{}\n", fmt::join(values_, ",")); }

 private:
  static std::string quoted(std::string_view field) {
    if (field.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(field);
    std::string out = "\"";
    for (char c : field) {
      if (c == '"') out += '"';
      out += c;
    }
    return out + '"';
  }

  std::vector<std::string> names_, values_;
};

}  // namespace lacuna
