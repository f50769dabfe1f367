// Columns that line up: the first to the left, the others to the right.
#pragma once

#include <string>
#include <vector>

namespace lacuna {

class TextTable {
 public:
  explicit TextTable(std::vector<std::string> head) { rows_.push_back(std::move(head)); }
  /// As many cells as the head has.
  void add(std::vector<std::string> row);
  /// Every line ends in a newline and begins with two spaces; no trailing blanks. A cell's width is its characters.
  [[nodiscard]] std::string text() const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace lacuna
