// The four formats matrices come in. They are held densely, so their size is bounded.
#include <algorithm>
#include <charconv>
#include <cmath>

#include "import/mask.h"
#include "import/text_lines.h"
#include "tensor/npy.h"

namespace lacuna::imports {

namespace {

constexpr std::uint64_t kLargestMib = 1024;
constexpr std::uint64_t kMostRows = INT32_MAX;
constexpr std::uint64_t kMostPlaces = std::uint64_t{1} << 28;  ///< 2 GiB

/// Words of a text file, one after the other, with the place of each.
class Words {
 public:
  explicit Words(const std::filesystem::path& path, std::string_view also, char comment)
      : path_(path), lines_(read_lines(path, kLargestMib)), also_(also), comment_(comment) {}

  /// The next line that is neither empty nor a comment; false at the end of the file.
  bool next_line() {
    while (line_ < lines_.size()) {
      ++line_;
      words_ = split_words(lines_[line_ - 1], also_);
      word_ = 0;
      if (!words_.empty() && words_[0].text[0] != comment_) return true;
    }
    words_.clear();
    word_ = 0;
    return false;
  }
  [[nodiscard]] const std::vector<Field>& words() const { return words_; }
  /// The next word, on this or a later line. UserError at the end of the file, which names what was wanted.
  Field next(std::string_view what) {
    while (word_ == words_.size())
      if (!next_line()) fail(here(), "the file ends where {} is wanted", what);
    return words_[word_++];
  }
  [[nodiscard]] bool at_end() {
    while (word_ == words_.size())
      if (!next_line()) return true;
    return false;
  }
  [[nodiscard]] Place at(const Field& field) const { return {path_.string(), static_cast<int>(line_), field.column}; }
  [[nodiscard]] Place here() const { return {path_.string(), static_cast<int>(line_), 1}; }

  std::uint64_t number(std::string_view what, std::uint64_t lowest, std::uint64_t highest) {
    const Field field = next(what);
    return whole_number(field.text, what, at(field), lowest, highest);
  }

 private:
  std::filesystem::path path_;
  std::vector<std::string> lines_;
  std::string_view also_;
  char comment_;
  std::size_t line_ = 0;  ///< number of the current line
  std::vector<Field> words_;
  std::size_t word_ = 0;
};

Matrix zeros(std::uint64_t rows, std::uint64_t columns, const Place& place) {
  if (rows * columns > kMostPlaces) fail(place, "a matrix of {} x {} has more than 2^28 places", rows, columns);
  Matrix matrix;
  matrix.shape = {rows, columns};
  matrix.values.assign(rows * columns, 0);
  return matrix;
}

double real(const Field& field, const Place& place) {
  const std::string_view text = field.text.starts_with('+') ? field.text.substr(1) : field.text;
  double value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size() || !std::isfinite(value))
    fail(place, "value '{}' is no finite number", field.text);
  return value;
}

}  // namespace

Matrix read_text_mask(const std::filesystem::path& path) {
  Words words(path, ",;", '#');
  Matrix matrix;
  matrix.format = "mask of 0 and 1";
  std::size_t columns = 0, rows = 0;
  for (; words.next_line(); ++rows) {
    const std::size_t before = matrix.values.size();
    for (const Field& word : words.words())
      for (const char c : word.text) {
        if (c != '0' && c != '1') fail(words.at(word), "'{}' is neither 0 nor 1", word.text);
        matrix.values.push_back(c - '0');
      }
    const std::size_t width = matrix.values.size() - before;
    if (rows == 0) columns = width;
    if (width != columns) fail(words.here(), "the row has {} places, the first has {}", width, columns);
  }
  if (rows == 0) fail(Place{path.string()}, "the mask has no row");
  matrix.shape = {rows, columns};
  return matrix;
}

Matrix read_smtx(const std::filesystem::path& path) {
  Words words(path, ",", '#');
  const std::uint64_t rows = words.number("the number of rows", 1, kMostRows);
  const std::uint64_t columns = words.number("the number of columns", 1, kMostRows);
  Matrix matrix = zeros(rows, columns, words.here());
  matrix.format = ".smtx mask";
  const std::uint64_t nonzeros = words.number("the number of nonzeros", 0, rows * columns);
  std::vector<std::uint64_t> offsets;
  for (std::uint64_t row = 0; row <= rows; ++row)
    offsets.push_back(words.number("a row offset", row == 0 ? 0 : offsets.back(), row == 0 ? 0 : nonzeros));
  if (offsets.back() != nonzeros)
    fail(words.here(), "the last row offset is {}, the number of nonzeros {}", offsets.back(), nonzeros);
  for (std::uint64_t row = 0; row < rows; ++row)
    for (std::uint64_t i = offsets[row]; i < offsets[row + 1]; ++i) {
      const Field field = words.next("a column");
      const std::uint64_t column = whole_number(field.text, "a column", words.at(field), 0, columns - 1);
      double& value = matrix.values[row * columns + column];
      if (value != 0) fail(words.at(field), "row {} has column {} twice", row, column);
      value = 1;
    }
  if (!words.at_end()) fail(words.here(), "something follows the last of {} columns", nonzeros);
  return matrix;
}

Matrix read_matrix_market(const std::filesystem::path& path) {
  Words words(path, "", '\0');
  if (!words.next_line() || lower(words.words()[0].text) != "%%matrixmarket" || words.words().size() != 5)
    fail(words.here(), "no Matrix Market file; the first line is %%MatrixMarket matrix FORMAT FIELD SYMMETRY");
  const std::vector<Field> heading = words.words();
  const std::vector<std::vector<std::string_view>> legal = {{"matrix"},
                                                            {"coordinate", "array"},
                                                            {"real", "double", "integer", "pattern"},
                                                            {"general", "symmetric", "skew-symmetric"}};
  std::vector<std::string> said;
  for (std::size_t i = 0; i < legal.size(); ++i) {
    said.push_back(lower(heading[i + 1].text));
    if (std::find(legal[i].begin(), legal[i].end(), said[i]) == legal[i].end())
      fail(words.at(heading[i + 1]), "'{}' cannot be read; legal: {}", heading[i + 1].text, join(legal[i]));
  }
  const bool dense = said[1] == "array", pattern = said[2] == "pattern", general = said[3] == "general";
  const double mirrored = said[3] == "skew-symmetric" ? -1 : 1;
  if (dense && pattern) fail(words.at(heading[3]), "an array has values; pattern goes with coordinate");

  const auto skip_comments = [&] {
    while (words.next_line())
      if (words.words()[0].text[0] != '%') return;
  };
  skip_comments();
  const std::uint64_t rows = words.number("the number of rows", 1, kMostRows);
  const std::uint64_t columns = words.number("the number of columns", 1, kMostRows);
  if (!general && rows != columns) fail(words.here(), "a symmetric matrix has as many rows as columns");
  Matrix matrix = zeros(rows, columns, words.here());
  matrix.format = "Matrix Market file";
  const auto set = [&](std::uint64_t row, std::uint64_t column, double value) {
    matrix.values[row * columns + column] = value;
    if (!general && row != column) matrix.values[column * columns + row] = mirrored * value;
  };

  if (dense) {  // column by column; of a symmetric one the lower triangle
    for (std::uint64_t column = 0; column < columns; ++column)
      for (std::uint64_t row = general ? 0 : column + (mirrored < 0 ? 1 : 0); row < rows; ++row) {
        const Field field = words.next("a value");
        set(row, column, real(field, words.at(field)));
      }
  } else {
    const std::uint64_t entries = words.number("the number of entries", 0, rows * columns);
    std::vector<bool> seen(rows * columns, false);
    for (std::uint64_t i = 0; i < entries; ++i) {
      const Field first = words.next("an entry");
      const std::uint64_t row = whole_number(first.text, "a row", words.at(first), 1, rows) - 1;
      const std::uint64_t column = words.number("a column", 1, columns) - 1;
      double value = 1;
      if (!pattern) {
        const Field field = words.next("a value");
        value = real(field, words.at(field));
      }
      if (!general && column > row) fail(words.at(first), "entry ({}, {}) is above the diagonal", row + 1, column + 1);
      if (mirrored < 0 && column == row)
        fail(words.at(first), "entry ({}, {}) is on the diagonal", row + 1, column + 1);
      if (seen[row * columns + column]) fail(words.at(first), "entry ({}, {}) is given twice", row + 1, column + 1);
      seen[row * columns + column] = true;
      set(row, column, value);
    }
  }
  if (!words.at_end()) fail(words.here(), "something follows the last entry");
  return matrix;
}

Matrix read_npy_matrix(const std::filesystem::path& path) {
  const Tensor tensor = read_npy(path);
  const Place place{path.string()};
  if (tensor.shape().size() != 2 && tensor.shape().size() != 4)
    fail(place, "the array has shape {}; need [M, K] or [M, C, R, S]", text_of(tensor.shape()));
  if (tensor.size() > kMostPlaces) fail(place, "an array of {} has more than 2^28 places", text_of(tensor.shape()));
  if (tensor.empty()) fail(place, "the array of shape {} is empty", text_of(tensor.shape()));
  Matrix matrix;
  matrix.format = ".npy array";
  matrix.shape = tensor.shape();
  matrix.values.reserve(tensor.size());
  if (tensor.type() == DType::Float32) {
    matrix.values.assign(tensor.as<float>().begin(), tensor.as<float>().end());
  } else if (tensor.type() == DType::Float64) {
    matrix.values.assign(tensor.as<double>().begin(), tensor.as<double>().end());
  } else {
    for (const std::int64_t value : tensor.to_int64()) matrix.values.push_back(static_cast<double>(value));
  }
  return matrix;
}

}  // namespace lacuna::imports
