#include "import/maestro.h"

#include <algorithm>
#include <array>
#include <map>

#include "import/text_lines.h"

namespace lacuna::imports {

namespace {

enum class Type { Conv, DsConv, NgConv, Gemm, Bmm };

}  // namespace
}  // namespace lacuna::imports

template <>
struct lacuna::EnumNames<lacuna::imports::Type> {
  static constexpr std::array<std::string_view, 5> names = {"CONV", "DSCONV", "NGCONV", "GEMM", "BMM"};
};

namespace lacuna::imports {

namespace {

/// A brace or a word; separators are gone.
struct Token {
  std::string text;
  Place place;
};

/// The tokens of the file without its comments.
std::vector<Token> tokens_of(const std::filesystem::path& path) {
  constexpr std::string_view kBetween = " \t,:;()";
  std::vector<Token> tokens;
  bool in_comment = false;
  int number = 0;
  for (const std::string& line : read_lines(path)) {
    ++number;
    for (std::size_t i = 0; i < line.size();) {
      const std::string_view rest = std::string_view(line).substr(i);
      if (in_comment || rest.starts_with("/*")) {
        const std::size_t end = rest.find("*/", in_comment ? 0 : 2);
        in_comment = end == std::string_view::npos;
        if (in_comment) break;
        i += end + 2;
      } else if (rest.starts_with("//")) {
        break;
      } else if (kBetween.find(line[i]) != std::string_view::npos) {
        ++i;
      } else {
        const std::size_t end = line[i] == '{' || line[i] == '}' ? 1 : rest.find_first_of(" \t,:;(){}");
        const std::string_view text = rest.substr(0, end);
        tokens.push_back({std::string(text), {path.string(), number, static_cast<int>(i) + 1}});
        i += text.size();
      }
    }
  }
  return tokens;
}

class Reader {
 public:
  explicit Reader(const std::filesystem::path& path) : tokens_(tokens_of(path)) {
    file_.path = path;
    file_.format = "MAESTRO network";
  }

  ImportedFile read() {
    bool any = false;
    while (at_ < tokens_.size()) {
      const Token& token = next("");
      if (token.text == "Constant") {
        const Token& name = next("the name of a constant");
        constants_[name.text] = next("the value of a constant");
      } else if (token.text == "Network") {
        any = true;
        read_network();
      } else if (token.text == "Accelerator") {
        skip_braces();
      } else {
        fail(token.place, "'{}' stands outside a network; legal: Network, Constant, Accelerator", token.text);
      }
    }
    if (!any) fail(Place{file_.path.string()}, "there is no Network in the file");
    if (file_.layers.empty()) fail(Place{file_.path.string()}, "no layer in the file");
    return std::move(file_);
  }

 private:
  using Sizes = std::map<std::string, Token>;

  const Token& next(std::string_view wanted) {
    if (at_ == tokens_.size())
      fail(tokens_.empty() ? Place{file_.path.string()} : tokens_.back().place, "the file ends where {} is wanted",
           wanted);
    return tokens_[at_++];
  }
  void open_brace() {
    const Token& token = next("'{'");
    if (token.text != "{") fail(token.place, "'{}' where '{{' is wanted", token.text);
  }
  /// Words up to the next opening brace, with blanks between them.
  std::string name() {
    std::string text;
    for (const Token* token = &next("'{'"); token->text != "{"; token = &next("'{'")) {
      if (token->text == "}") fail(token->place, "'}}' where '{{' is wanted");
      text += (text.empty() ? "" : " ") + token->text;
    }
    return text;
  }
  void skip_braces() {
    open_brace();
    for (int depth = 1; depth > 0;) {
      const std::string& text = next("'}'").text;
      depth += text == "{" ? 1 : text == "}" ? -1 : 0;
    }
  }

  /// { X: 2, Y: 2 }: names of `legal` with whole numbers or constants.
  Sizes read_sizes(std::string_view what, std::span<const std::string_view> legal) {
    Sizes sizes;
    open_brace();
    for (const Token* key = &next("'}'"); key->text != "}"; key = &next("'}'")) {
      if (std::find(legal.begin(), legal.end(), key->text) == legal.end())
        fail(key->place, "unknown name '{}' in {} ({})", key->text, what, join(legal));
      Token value = next("a size");
      if (const auto constant = constants_.find(value.text); constant != constants_.end())
        value.text = constant->second.text;
      if (!sizes.emplace(key->text, value).second) fail(key->place, "'{}' is given twice in {}", key->text, what);
    }
    return sizes;
  }

  void read_network() {
    std::string network = name();
    if (file_.network.empty()) file_.network = std::move(network);
    for (const Token* token = &next("'}'"); token->text != "}"; token = &next("'}'")) {
      if (token->text != "Layer") fail(token->place, "'{}' where a Layer or '}}' is wanted", token->text);
      read_layer(token->place);
    }
  }

  void read_layer(const Place& place) {
    static constexpr std::array<std::string_view, 2> kStrides = {"X", "Y"};
    static constexpr std::array<std::string_view, 12> kSizes = {"N", "G", "K", "C",  "R",  "S",
                                                                "Y", "X", "M", "Y'", "X'", "B"};
    layer_ = {};
    layer_.place = place;
    layer_.name = name();
    std::optional<Type> type;
    std::optional<Sizes> sizes;
    Sizes strides;
    for (const Token* token = &next("'}'"); token->text != "}"; token = &next("'}'")) {
      if (token->text == "Type") {
        const Token& word = next("a layer type");
        type = parse_enum<Type>(word.text, word.place, "layer type");
      } else if (token->text == "Stride") {
        strides = read_sizes("Stride", kStrides);
      } else if (token->text == "Dimensions") {
        sizes = read_sizes("Dimensions", kSizes);
      } else if (token->text == "Dataflow") {
        skip_braces();
      } else {
        fail(token->place, "'{}' in a layer; legal: Type, Stride, Dimensions, Dataflow", token->text);
      }
    }
    if (!type) fail(place, "the layer has no Type");
    if (!sizes) fail(place, "the layer has no Dimensions");
    if (*type == Type::Gemm || *type == Type::Bmm)
      read_product(*sizes, *type == Type::Bmm);
    else
      read_conv(*sizes, strides, *type);
    check_layer(layer_);
    file_.layers.push_back(std::move(layer_));
  }

  std::uint32_t size(const Sizes& sizes, const std::string& key) const {
    const auto found = sizes.find(key);
    if (found == sizes.end()) fail(layer_.place, "the layer has no size {}", key);
    return extent(found->second.text, key, found->second.place);
  }
  std::uint32_t size_or_1(const Sizes& sizes, const std::string& key) const {
    return sizes.contains(key) ? size(sizes, key) : 1;
  }
  void refuse_others(const Sizes& sizes, std::initializer_list<std::string_view> legal) const {
    for (const auto& [key, token] : sizes)
      if (std::find(legal.begin(), legal.end(), key) == legal.end())
        fail(token.place, "size {} does not belong to a layer of this type", key);
  }
  void count(std::initializer_list<std::uint64_t> factors) {
    for (const std::uint64_t factor : factors)
      layer_.dense_products = product(layer_.dense_products, factor, layer_.place);
  }

  /// Input and output size of one side: `in`, or `out` that MAESTRO spells with an apostrophe.
  std::pair<std::uint32_t, std::uint32_t> side(const Sizes& sizes, const std::string& in, std::uint32_t taps,
                                               std::uint32_t stride) const {
    const std::string out = in + "'";
    if (sizes.contains(in) && sizes.contains(out))
      fail(sizes.at(out).place, "the layer has both {} and {}; one follows from the other", in, out);
    if (sizes.contains(out)) {
      const std::uint32_t outputs = size(sizes, out);
      const std::uint64_t inputs = std::uint64_t{outputs - 1} * stride + taps;
      if (inputs > INT32_MAX) fail(sizes.at(out).place, "{} needs an input of {}", out, inputs);
      return {static_cast<std::uint32_t>(inputs), outputs};
    }
    const std::uint32_t inputs = size(sizes, in);
    if (taps > inputs) fail(sizes.at(in).place, "{} is {}, smaller than the filter's {}", in, inputs, taps);
    return {inputs, (inputs - taps) / stride + 1};
  }

  void read_conv(const Sizes& sizes, const Sizes& strides, Type type) {
    if (type == Type::NgConv)
      refuse_others(sizes, {"N", "G", "K", "C", "R", "S", "Y", "X", "Y'", "X'"});
    else
      refuse_others(sizes, {"N", "K", "C", "R", "S", "Y", "X", "Y'", "X'"});
    ConvShape& s = layer_.shape;
    s.stride_h = size_or_1(strides, "Y"), s.stride_w = size_or_1(strides, "X");
    s.R = size(sizes, "R"), s.S = size(sizes, "S");
    s.N = size_or_1(sizes, "N");
    const auto [H, P] = side(sizes, "Y", s.R, s.stride_h);
    const auto [W, Q] = side(sizes, "X", s.S, s.stride_w);
    s.H = H, s.W = W;
    const std::uint32_t C = size(sizes, "C"), K = type == Type::DsConv ? size_or_1(sizes, "K") : size(sizes, "K");
    count({s.N, K, C, s.R, s.S, P, Q});
    s.C = C, s.M = K;
    if (type == Type::DsConv) {
      if (K != 1) fail(sizes.at("K").place, "K of a DSCONV is {}; need 1, a filter for each channel", K);
      layer_.op = Op::Depthwise;
      s.M = s.groups = C;
    } else if (type == Type::NgConv) {
      const std::uint32_t G = size(sizes, "G");
      count({G});
      group(G, K, C, sizes.at("G").place);
      layer_.notes.push_back("K and C count the filters and channels of one group, as MAESTRO has it");
    } else if (H == 1 && W == 1 && s.stride_h == 1 && s.stride_w == 1) {
      layer_.op = Op::Fc;
    }
  }

  /// `groups` groups of `filters` filters and `channels` channels each.
  void group(std::uint32_t groups, std::uint32_t filters, std::uint32_t channels, const Place& place) {
    if (std::uint64_t{groups} * std::max(filters, channels) > INT32_MAX) fail(place, "{} groups are too many", groups);
    layer_.shape.groups = groups;
    layer_.shape.M = groups * filters;
    layer_.shape.C = groups * channels;
  }

  void read_product(const Sizes& sizes, bool batched) {
    if (batched)
      refuse_others(sizes, {"B", "M", "N", "K"});
    else
      refuse_others(sizes, {"M", "N", "K"});
    const std::uint32_t M = size(sizes, "M"), N = size(sizes, "N"), K = size(sizes, "K");
    const std::uint32_t B = batched ? size(sizes, "B") : 1;
    count({B, M, N, K});
    ConvShape& s = layer_.shape;
    if (B == 1) {
      layer_.op = Op::Matmul;
      s.M = N, s.C = K, s.N = M;
      return;
    }
    group(B, N, K, sizes.at("B").place);
    s.W = M;
    layer_.notes.push_back(fmt::format("batch of {}: one group a product", B));
  }

  ImportedFile file_;
  ImportedLayer layer_;
  std::vector<Token> tokens_;
  std::size_t at_ = 0;
  std::map<std::string, Token> constants_;
};

}  // namespace

ImportedFile read_maestro(const std::filesystem::path& path) { return Reader(path).read(); }

}  // namespace lacuna::imports
