// How SCALE-Sim reads (topology_utils.py of its versions 2 and 3): the first line is a heading whatever it says, empty
// lines are left out, the first eight fields count by position. What follows them is told apart by its heading.
#include "import/scale_sim.h"

#include <algorithm>
#include <array>
#include <set>

#include "import/text_lines.h"

namespace lacuna::imports {

namespace {

enum class Kind { Unknown, Conv, Gemm };

/// What a column behind the numbers every layer has is for.
enum class Extra { Unread, Sparsity, Batch, StrideWidth };

constexpr std::size_t kConvNumbers = 7, kGemmNumbers = 3;
constexpr std::array<std::string_view, kConvNumbers> kConvWords = {
    "ifmap height", "ifmap width", "filter height", "filter width", "channels", "filters", "stride"};
constexpr std::array<std::string_view, kGemmNumbers> kGemmWords = {"M", "N", "K"};

using Fields = std::vector<Field>;

bool is_number(const Field& field) { return whole_number(field.text).has_value(); }

/// The letters and digits of `text`, in small letters: "IFMAP Height" is "ifmapheight".
std::string letters(std::string_view text) {
  std::string result;
  for (const char c : lower(text))
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) result += c;
  return result;
}

/// Whether name or remark call the layer depthwise.
bool says_depthwise(std::string_view text) {
  const std::string small = lower(text);
  if (small.find("depthwise") != std::string::npos || small.find("dwconv") != std::string::npos) return true;
  for (const Field& word : split_words(small, "_-./#()[]0123456789"))
    if (word.text == "dw") return true;
  return false;
}

/// "2:4" as {2, 4}.
std::optional<std::pair<std::uint64_t, std::uint64_t>> ratio(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto n = whole_number(trimmed(text.substr(0, colon))), m = whole_number(trimmed(text.substr(colon + 1)));
  if (!n || !m) return std::nullopt;
  return std::pair(*n, *m);
}

class Reader {
 public:
  explicit Reader(const std::filesystem::path& path) : lines_(read_lines(path)) { file_.path = path; }

  ImportedFile read() {
    if (lines_.empty()) fail(Place{file_.path.string()}, "the file is empty");
    read_heading();
    for (line_ = 1; line_ < lines_.size(); ++line_) read_line(fields_of(lines_[line_]));
    if (file_.layers.empty()) fail(Place{file_.path.string()}, "no layer below the heading of line 1");
    file_.format = kind_ == Kind::Gemm ? "SCALE-Sim GEMM file" : "SCALE-Sim topology";
    return std::move(file_);
  }

 private:
  [[nodiscard]] Place at(const Field& field) const {
    return {file_.path.string(), static_cast<int>(line_) + 1, field.column};
  }
  [[nodiscard]] Place here() const { return {file_.path.string(), static_cast<int>(line_) + 1, 1}; }
  template <typename... Args>
  void note(fmt::format_string<Args...> format, Args&&... args) {
    file_.notes.push_back(fmt::format("line {}: {}", line_ + 1, fmt::format(format, std::forward<Args>(args)...)));
  }

  /// Fields between commas, or between tabs where there is no comma; empty ones at the end are left out.
  static Fields fields_of(std::string_view line) {
    const bool tabs = line.find(',') == std::string_view::npos && line.find('\t') != std::string_view::npos;
    Fields fields = split_fields(line, tabs ? '\t' : ',');
    while (!fields.empty() && fields.back().text.empty()) fields.pop_back();
    return fields;
  }

  /// Fields of a layer or heading without an empty or numbered column in front of the names.
  void drop_first(Fields& fields) const {
    const bool shifted =
        fields.size() > 1 && fields[0].text.empty() && !fields[1].text.empty() && !is_number(fields[1]);
    if (first_is_no_name_ || shifted) fields.erase(fields.begin());
  }

  void read_heading() {
    heading_ = fields_of(lines_[0]);
    if (heading_.size() > kGemmNumbers && std::all_of(heading_.begin() + 1, heading_.begin() + 4, is_number))
      fail(here(),
           "line 1 is a layer; SCALE-Sim takes the first line for a heading and leaves it out, so put one first");
    const std::string second = heading_.size() > 1 ? letters(heading_[1].text) : "";
    first_is_no_name_ = heading_.size() > 1 && heading_[0].text.empty() &&
                        (second.find("layer") != std::string::npos || second.find("name") != std::string::npos);
    if (first_is_no_name_) heading_.erase(heading_.begin());
    if (heading_.size() <= kGemmNumbers) return;
    std::array<std::string, kGemmNumbers> words;
    for (std::size_t i = 0; i < kGemmNumbers; ++i) words[i] = letters(heading_[i + 1].text);
    auto sorted = words;
    std::sort(sorted.begin(), sorted.end());
    if (sorted == std::array<std::string, 3>{"k", "m", "n"}) {
      if (words[0] != "m" || words[1] != "n")
        fail(at(heading_[1]), "the columns are named {}, {}, {}; SCALE-Sim reads them as M, N, K", heading_[1].text,
             heading_[2].text, heading_[3].text);
      kind_ = Kind::Gemm;
    } else if (words[0].find("ifmap") != std::string::npos) {
      kind_ = Kind::Conv;
    }
  }

  void read_line(Fields fields) {
    if (fields.empty()) return;
    drop_first(fields);
    if (fields[0].text.starts_with('#')) {
      note("a comment, left out");
      return;
    }
    if (fields.size() == 1) {
      if (fields[0].text.find(';') != std::string_view::npos)
        fail(at(fields[0]), "the fields are separated by ';'; legal: commas, or tabs");
      note("heading '{}' left out", fields[0].text);
      return;
    }
    const bool numbers = std::any_of(fields.begin() + 1, fields.end(), is_number);
    if (!numbers && !heading_.empty() && letters(fields[0].text) == letters(heading_[0].text)) {
      note("the heading again, left out");
      return;
    }
    if (kind_ == Kind::Unknown) kind_ = fields.size() > kConvNumbers ? Kind::Conv : Kind::Gemm;
    if (kind_ == Kind::Conv)
      read_conv(fields);
    else
      read_gemm(fields);
  }

  void need(const Fields& fields, std::size_t numbers, std::string_view words) const {
    if (fields.size() < numbers + 1)
      fail(here(), "the line has {} fields; need a name and {} numbers: {}", fields.size(), numbers, words);
  }

  /// Number `i` of a layer, counted from 0.
  std::uint32_t number(const Fields& fields, std::size_t i, std::string_view what) const {
    return extent(fields[i + 1].text, what, at(fields[i + 1]));
  }

  ImportedLayer begin_layer(const Fields& fields) const {
    ImportedLayer layer;
    layer.name = fields[0].text;
    layer.place = here();
    return layer;
  }

  // --- columns behind the numbers

  [[nodiscard]] Extra use_of(const Fields& fields, std::size_t i) const {
    const std::string word = i < heading_.size() ? letters(heading_[i].text) : "";
    if (word.find("sparsity") != std::string::npos) return Extra::Sparsity;
    if (word.find("batch") != std::string::npos) return Extra::Batch;
    if (kind_ == Kind::Conv && i == kConvNumbers + 1 && word.find("stride") != std::string::npos)
      return Extra::StrideWidth;
    if (!word.empty()) return Extra::Unread;
    if (ratio(fields[i].text)) return Extra::Sparsity;
    // Version 3: a whole number behind M, N and K, or behind their N:M, is the number of such products.
    if (kind_ == Kind::Gemm && i <= kGemmNumbers + 2 && is_number(fields[i])) return Extra::Batch;
    return Extra::Unread;
  }

  void read_sparsity(const Field& field, ImportedLayer& layer) const {
    const auto n_of_m = field.text == "1" ? std::pair<std::uint64_t, std::uint64_t>(1, 1) : ratio(field.text);
    if (!n_of_m || n_of_m->first < 1 || n_of_m->first > n_of_m->second)
      fail(at(field), "sparsity is '{}'; need N:M with 1 <= N <= M, for example 2:4", field.text);
    const auto [n, m] = *n_of_m;
    layer.weights = static_cast<double>(n) / static_cast<double>(m);
    if (n < m && m <= kMostBlock)
      layer.pattern = Pattern{static_cast<std::uint32_t>(n), static_cast<std::uint32_t>(m)};
    else if (n != m)
      layer.notes.push_back(fmt::format("N:M is {}: weights of that density, not of that pattern", field.text));
  }

  /// Reads what stands behind `numbers` numbers; returns the batch.
  std::uint32_t read_extras(const Fields& fields, std::size_t numbers, ImportedLayer& layer, std::string& remark) {
    std::uint32_t batch = 1;
    for (std::size_t i = numbers + 1; i < fields.size(); ++i) {
      const Field& field = fields[i];
      if (field.text.empty()) continue;
      if (field.text[0] == '#') {
        remark = field.text;
        continue;
      }
      switch (use_of(fields, i)) {
        case Extra::Sparsity:
          read_sparsity(field, layer);
          break;
        case Extra::Batch:
          batch = extent(field.text, "batch", at(field));
          break;
        case Extra::StrideWidth:
          layer.shape.stride_w = extent(field.text, "stride width", at(field));
          break;
        case Extra::Unread:
          if (!unread_.insert(i).second) break;
          if (i < heading_.size())
            note("column {}, '{}', is not read", i + 1, heading_[i].text);
          else
            note("column {} has no heading and is not read", i + 1);
          break;
      }
    }
    return batch;
  }

  // --- layers

  void read_conv(const Fields& fields) {
    need(fields, kConvNumbers, "ifmap height and width, filter height and width, channels, filters, stride");
    ImportedLayer layer = begin_layer(fields);
    std::array<std::uint32_t, kConvNumbers> n{};
    for (std::size_t i = 0; i < kConvNumbers; ++i) n[i] = number(fields, i, kConvWords[i]);
    const auto [H, W, R, S, channels, filters, stride] = n;
    ConvShape& s = layer.shape;
    s.H = H, s.W = W, s.R = R, s.S = S;
    s.stride_h = s.stride_w = stride;
    std::string remark;
    s.N = read_extras(fields, kConvNumbers, layer, remark);
    if (R > H || S > W) fail(at(fields[3]), "the filter has {} x {}, the ifmap {} x {}", R, S, H, W);

    const auto outputs = [](std::uint64_t in, std::uint64_t filter, std::uint64_t step) {
      return (in - filter + step + step - 1) / step;
    };
    const std::uint64_t P = outputs(H, R, s.stride_h), Q = outputs(W, S, s.stride_w);
    s.pad_bottom = static_cast<std::uint32_t>((P - 1) * s.stride_h + R - H);
    s.pad_right = static_cast<std::uint32_t>((Q - 1) * s.stride_w + S - W);
    if (s.pad_bottom + s.pad_right > 0)
      layer.notes.push_back("output sizes round up: padded at the bottom and at the right");
    for (const std::uint64_t factor : {std::uint64_t{s.N}, P, Q, std::uint64_t{R}, std::uint64_t{S},
                                       std::uint64_t{channels}, std::uint64_t{filters}})
      layer.dense_products = product(layer.dense_products, factor, layer.place);

    const bool expanded = layer.name.find("DP") != std::string::npos;
    const bool depthwise = expanded || is_depthwise(layer, channels, filters, remark);
    s.C = channels;
    if (depthwise) {
      layer.op = Op::Depthwise;
      s.groups = channels;
      const std::uint64_t all = std::uint64_t{channels} * filters;
      if (all > INT32_MAX) fail(at(fields[6]), "{} channels of {} filters each are too many", channels, filters);
      s.M = static_cast<std::uint32_t>(all);
    } else {
      s.M = filters;
      if (H == 1 && W == 1 && stride == 1) layer.op = Op::Fc;
    }
    finish(std::move(layer));
  }

  /// Files mean depthwise layers by one filter, for all channels or for one of them.
  [[nodiscard]] bool is_depthwise(ImportedLayer& layer, std::uint32_t channels, std::uint32_t filters,
                                  std::string_view remark) const {
    const ConvShape& s = layer.shape;
    const bool said = says_depthwise(layer.name) || says_depthwise(remark);
    if (filters != 1) {
      if (said && channels > 1)
        layer.notes.push_back(
            "called depthwise, but has more than one filter: a full convolution, as SCALE-Sim has it");
      return false;
    }
    const bool window = s.R * s.S > 1 && (s.R < s.H || s.S < s.W);
    if (!said && !window) return false;
    layer.notes.push_back(channels > 1 ? "one filter for all channels: depthwise"
                                       : "one filter and one channel: a depthwise layer of that one channel");
    return true;
  }

  void read_gemm(const Fields& fields) {
    need(fields, kGemmNumbers, "M, N, K");
    ImportedLayer layer = begin_layer(fields);
    const std::uint32_t M = number(fields, 0, kGemmWords[0]), N = number(fields, 1, kGemmWords[1]),
                        K = number(fields, 2, kGemmWords[2]);
    std::string remark;
    const std::uint32_t batch = read_extras(fields, kGemmNumbers, layer, remark);
    for (const std::uint32_t factor : {M, N, K, batch})
      layer.dense_products = product(layer.dense_products, factor, layer.place);
    ConvShape& s = layer.shape;
    if (batch == 1) {
      layer.op = Op::Matmul;
      s.M = N, s.C = K, s.N = M;
    } else {  // one group a product, its rows are the windows of a row
      if (std::uint64_t{batch} * std::max(N, K) > INT32_MAX) fail(here(), "a batch of {} is too large", batch);
      s.M = N * batch, s.C = K * batch, s.W = M, s.groups = batch;
      layer.notes.push_back(fmt::format("batch of {}: one group a product", batch));
    }
    finish(std::move(layer));
  }

  void finish(ImportedLayer layer) {
    check_layer(layer);
    file_.layers.push_back(std::move(layer));
  }

  ImportedFile file_;
  std::vector<std::string> lines_;
  std::size_t line_ = 0;  ///< index of the current line
  Fields heading_;
  bool first_is_no_name_ = false;  ///< the heading has the names in the second column
  Kind kind_ = Kind::Unknown;
  std::set<std::size_t> unread_;  ///< columns a note was made of
};

}  // namespace

ImportedFile read_scale_sim(const std::filesystem::path& path) { return Reader(path).read(); }

}  // namespace lacuna::imports
