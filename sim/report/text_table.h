// Columns that line up: the first one or few to the left, the others to the right.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace lacuna {

class TextTable {
 public:
  /// The first `left` columns are aligned to the left.
  explicit TextTable(std::vector<std::string> head, std::size_t left = 1) : left_(left) {
    rows_.push_back(std::move(head));
  }
  /// As many cells as the head has.
  void add(std::vector<std::string> row);
  /// Every line ends in a newline and begins with two spaces; no trailing blanks. A cell's width is its characters.
  /// Columns beyond `width` characters go on below, after an empty line, with the first columns repeated; a block has
  /// one column more than those at least.
  [[nodiscard]] std::string text(std::size_t width = kUnlimited) const;

  static constexpr std::size_t kUnlimited = static_cast<std::size_t>(-1);

 private:
  std::size_t left_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace lacuna
