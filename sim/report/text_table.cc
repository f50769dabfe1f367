// Widths are counted in UTF-8 characters, not bytes.
#include "report/text_table.h"

#include <algorithm>
#include <numeric>

#include "base/error.h"

namespace lacuna {

namespace {

std::size_t characters(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

}  // namespace

void TextTable::add(std::vector<std::string> row) {
  LACUNA_CHECK(row.size() == rows_.front().size(), "{} cells under a head of {}", row.size(), rows_.front().size());
  rows_.push_back(std::move(row));
}

std::string TextTable::text(std::size_t width) const {
  std::vector<std::size_t> widths(rows_.front().size(), 0);
  for (const auto& row : rows_)
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], characters(row[i]));

  std::string out;
  std::size_t next = std::min(left_, widths.size());
  do {
    std::vector<std::size_t> columns(std::min(left_, widths.size()));
    std::iota(columns.begin(), columns.end(), std::size_t{0});
    std::size_t used = 0;
    for (const std::size_t i : columns) used += 2 + widths[i];
    for (bool first = true; next < widths.size() && (first || used + 2 + widths[next] <= width); first = false) {
      used += 2 + widths[next];
      columns.push_back(next++);
    }
    if (!out.empty()) out += '\n';
    for (const auto& row : rows_) {
      std::string line;
      for (const std::size_t i : columns) {
        const std::string blanks(widths[i] - characters(row[i]), ' ');
        line += "  " + (i < left_ ? row[i] + blanks : blanks + row[i]);
      }
      line.erase(line.find_last_not_of(' ') + 1);
      out += line + '\n';
    }
  } while (next < widths.size());
  return out;
}

}  // namespace lacuna
