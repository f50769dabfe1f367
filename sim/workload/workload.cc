// Reads workload.yaml. Everything it says is checked before a tensor is drawn or a cycle simulated, and every complaint
// points at the key it is about.
#include "workload/workload.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <optional>
#include <string_view>

#include "base/hash.h"
#include "base/yaml.h"
#include "tensor/npy.h"
#include "tensor/npz.h"
#include "tensor/quantise.h"
#include "workload/generate.h"
#include "workload/predictions.h"

namespace lacuna {

namespace {

using yaml::MapReader;
using yaml::Node;

constexpr std::int64_t kMostExtent = INT32_MAX;
constexpr std::int64_t kMostStep = 65535;  ///< strides, dilations, pads
constexpr std::int64_t kMostRepresentatives = 65535;
constexpr std::size_t kLongestName = 100;
constexpr double kNearDensity = 0.0005;  ///< a density beside a pattern may be rounded to three digits: 0.333 for 1:3
constexpr std::string_view kNoPattern = "unstructured";
/// In front of a note that a reader must not miss.
constexpr std::string_view kWarning = "warning: ";

/// Operand width of generated tensors.
enum class GeneratedOperand { Int8, Int16 };

}  // namespace

template <>
struct EnumNames<GeneratedOperand> {
  static constexpr std::array<std::string_view, 2> names = {"int8", "int16"};
};

namespace {

bool is_float(const Tensor& tensor) { return tensor.type() == DType::Float32 || tensor.type() == DType::Float64; }

/// "conv2.weights [20, 1, 5, 5]"
std::string shown(const std::string& what, const Tensor& tensor) { return what + " " + text_of(tensor.shape()); }

const std::vector<std::string_view>& layer_keys() {
  static const std::vector<std::string_view> keys = {
      "name",    "op",      "weights",          "input",   "bias",   "requantise", "shape",
      "density", "pattern", "operand",          "seed",    "stride", "pad",        "dilation",
      "groups",  "relu",    "input_percentile", "predict", "notes"};
  return keys;
}

/// Reads the keys of one layer.
class LayerReader {
 public:
  LayerReader(const Node& node, std::string name, const std::filesystem::path& folder)
      : node_(node), name_(std::move(name)), folder_(folder), map_(node, name_, layer_keys()) {}

  Workload::Entry read() {
    layer_.name = name_;
    layer_.op = yaml::to_enum<Op>(map_.required("op"), map_.name("op"));
    if (layer_.op == Op::Fc || layer_.op == Op::Matmul) refuse({"stride", "pad", "dilation", "groups"}, op_word());
    if (const Node* relu = map_.optional("relu")) layer_.relu = yaml::to_bool(*relu, map_.name("relu"));
    read_steps();

    const Node* given = map_.optional("weights") != nullptr ? map_.optional("weights") : map_.optional("input");
    const Node* shape = map_.optional("shape");
    if (given != nullptr && shape != nullptr)
      fail(shape->place, "{} has tensors and a shape to generate them; keep one of them", name_);
    if (given == nullptr && shape == nullptr)
      fail(node_.place, "{} has no tensors; give 'weights' and 'input', or 'shape' and 'density' to generate them",
           name_);
    if (shape != nullptr) {
      refuse({"bias", "requantise", "input_percentile"}, "a generated layer");
      read_generated(*shape);
    } else {
      refuse({"density", "pattern", "operand", "seed"}, "a layer with tensors");
      read_given();
    }
    read_prediction();
    read_notes();
    return {std::move(layer_), generated_, std::move(weight_steps_)};
  }

 private:
  [[nodiscard]] std::string op_word() const { return fmt::format("op {}", name_of(layer_.op)); }

  void refuse(std::initializer_list<std::string_view> keys, std::string_view where) const {
    for (const auto& [key, value] : node_.entries)
      for (const std::string_view refused : keys)
        if (key.text == refused) fail(key.place, "{} does not apply to {}", map_.name(refused), where);
  }

  /// One number for all, or a list of numbers of one of the legal lengths.
  std::vector<std::uint32_t> numbers(const Node& node, std::string_view key, std::int64_t lowest,
                                     std::string_view lists, std::initializer_list<std::size_t> lengths) const {
    const std::string what = map_.name(key);
    if (node.kind != yaml::Kind::Sequence)
      return {static_cast<std::uint32_t>(yaml::to_integer(node, what, lowest, kMostStep))};
    if (std::find(lengths.begin(), lengths.end(), node.items.size()) == lengths.end())
      fail(node.place, "{} has {} values; legal: one number, {}", what, node.items.size(), lists);
    std::vector<std::uint32_t> values;
    for (const Node& item : node.items)
      values.push_back(static_cast<std::uint32_t>(yaml::to_integer(item, what, lowest, kMostStep)));
    return values;
  }

  /// Stride, pad, dilation and groups.
  void read_steps() {
    ConvShape& s = layer_.shape;
    if (const Node* node = map_.optional("stride")) {
      const auto v = numbers(*node, "stride", 1, "[height, width]", {2});
      s.stride_h = v.front(), s.stride_w = v.back();
    }
    if (const Node* node = map_.optional("dilation")) {
      const auto v = numbers(*node, "dilation", 1, "[height, width]", {2});
      s.dilation_h = v.front(), s.dilation_w = v.back();
    }
    if (const Node* node = map_.optional("pad")) {
      auto v = numbers(*node, "pad", 0, "[height, width], [top, bottom, left, right]", {2, 4});
      if (v.size() < 4) v = {v.front(), v.front(), v.back(), v.back()};
      s.pad_top = v[0], s.pad_bottom = v[1], s.pad_left = v[2], s.pad_right = v[3];
    }
    if (const Node* node = map_.optional("groups"))
      s.groups = static_cast<std::uint32_t>(yaml::to_integer(*node, map_.name("groups"), 1, kMostExtent));
  }

  /// What the shapes of all layers must keep; `place` is where the sizes were given. Before any of P(), Q() is used.
  void check_shape(const Place& place) {
    ConvShape& s = layer_.shape;
    if (layer_.op == Op::Depthwise) {
      const Node* groups = map_.optional("groups");
      if (groups != nullptr && s.groups != s.C)
        fail(groups->place, "{} is {}; a depthwise layer of {} channels has {} groups", map_.name("groups"), s.groups,
             s.C, s.C);
      s.groups = s.C;
      if (s.M % s.C != 0)
        fail(place, "{} has {} filters for {} channels; a depthwise layer has the same number for each channel", name_,
             s.M, s.C);
    }
    if (s.C % s.groups != 0 || s.M % s.groups != 0)
      fail(map_.optional("groups")->place, "{} is {}; it must divide the {} input channels and the {} filters",
           map_.name("groups"), s.groups, s.C, s.M);

    const auto covers = [](std::uint32_t taps, std::uint32_t dilation) {
      return std::uint64_t{dilation} * (taps - 1) + 1;
    };
    const std::uint64_t kernel_h = covers(s.R, s.dilation_h), kernel_w = covers(s.S, s.dilation_w);
    const std::uint64_t padded_h = std::uint64_t{s.H} + s.pad_top + s.pad_bottom;
    const std::uint64_t padded_w = std::uint64_t{s.W} + s.pad_left + s.pad_right;
    if (kernel_h > padded_h || kernel_w > padded_w)
      fail(place, "{}: the kernel covers {} x {}, the padded input has {} x {}", name_, kernel_h, kernel_w, padded_h,
           padded_w);

    // Together these also keep the multiply-accumulates, outputs times weights of a filter, within 2^62.
    check_count(place, "weights", {s.M, s.C / s.groups, s.R, s.S});
    check_count(place, "input", {s.N, s.C, s.H, s.W});
    check_count(place, "output", {s.N, s.M, s.P(), s.Q()});
  }

  void check_count(const Place& place, std::string_view what, std::initializer_list<std::uint32_t> extents) const {
    std::uint64_t count = 1;
    for (const std::uint32_t extent : extents)
      if (__builtin_mul_overflow(count, std::uint64_t{extent}, &count) || count > kMaxElements)
        fail(place, "{}: {} would have more than 2^31 elements", name_, what);
  }

  /// What reports are to say of the layer, before what reading it says.
  void read_notes() {
    const Node* node = map_.optional("notes");
    if (node == nullptr) return;
    if (node->kind != yaml::Kind::Sequence) fail(node->place, "{} is no list of texts", map_.name("notes"));
    std::vector<std::string> notes;
    for (const Node& item : node->items) {
      notes.push_back(yaml::to_text(item, map_.name("notes")));
      if (notes.back().empty() || std::ranges::any_of(notes.back(), [](unsigned char c) { return c < 0x20; }))
        fail(item.place, "{} has a text that is empty or has line breaks", map_.name("notes"));
    }
    layer_.notes.insert(layer_.notes.begin(), notes.begin(), notes.end());
  }

  // --- generated layers

  void read_generated(const Node& shape_node) {
    const Op op = layer_.op;
    std::vector<std::string_view> legal = {"N", "M", "C", "H", "W", "R", "S"};
    if (op == Op::Fc) legal = {"N", "M", "C"};
    if (op == Op::Matmul) legal = {"M", "K", "N"};
    const MapReader shape(shape_node, map_.name("shape"), legal);
    const auto extent = [&](std::string_view key, std::optional<std::uint32_t> fallback = {}) {
      const Node* node = fallback ? shape.optional(key) : &shape.required(key);
      if (node == nullptr) return *fallback;
      return static_cast<std::uint32_t>(yaml::to_integer(*node, shape.name(key), 1, kMostExtent));
    };
    ConvShape& s = layer_.shape;
    s.C = extent(op == Op::Matmul ? "K" : "C");
    s.M = op == Op::Depthwise ? extent("M", s.C) : extent("M");
    if (op == Op::Conv || op == Op::Depthwise)
      s.H = extent("H"), s.W = extent("W"), s.R = extent("R"), s.S = extent("S");
    s.N = extent("N", 1);
    check_shape(shape_node.place);

    GeneratedLayer g;
    if (const Node* node = map_.optional("pattern")) g.pattern = to_pattern(*node);
    if (const Node* node = map_.optional("operand"))
      g.bits = yaml::to_enum<GeneratedOperand>(*node, map_.name("operand")) == GeneratedOperand::Int8 ? 8 : 16;
    if (const Node* node = map_.optional("seed"))
      g.seed = static_cast<std::uint64_t>(yaml::to_integer(*node, map_.name("seed"), 0, INT64_MAX));

    const MapReader density(map_.required("density"), map_.name("density"), {"weights", "input", "output"});
    const auto fraction = [&](std::string_view key) {
      return yaml::to_real(density.required(key), density.name(key), 0, 1);
    };
    if (!g.pattern || density.optional("weights") != nullptr) g.weights = fraction("weights");
    if (g.pattern) {
      const Node* node = density.optional("weights");
      if (node != nullptr && std::abs(g.weights - g.pattern->density()) > kNearDensity)
        fail(node->place, "{} is {}; pattern {} makes it {:.4g}", density.name("weights"), g.weights, g.pattern->text(),
             g.pattern->density());
      g.weights = g.pattern->density();
    }
    g.input = fraction("input");
    if (const Node* node = density.optional("output")) {
      if (!layer_.relu) fail(node->place, "{} needs relu: true", density.name("output"));
      g.output = fraction("output");
    }

    layer_.generated = true;
    generated_ = g;
  }

  [[nodiscard]] std::optional<Pattern> to_pattern(const Node& node) const {
    const std::string word = yaml::to_text(node, map_.name("pattern"));
    if (word == kNoPattern) return std::nullopt;
    const auto pattern = read_pattern(word);
    if (!pattern)
      fail(node.place, "{} is '{}'; need {}, or {}", map_.name("pattern"), word, kLegalPatterns, kNoPattern);
    return pattern;
  }

  // --- layers with tensors

  /// The tensor at `node`, PATH.npy or ARCHIVE.npz:MEMBER; what is wrong with the file is said at the key's place.
  Tensor load(const Node& node, std::string_view key) const {
    const std::string word = yaml::to_text(node, map_.name(key));
    constexpr std::string_view kArchive = ".npz";
    try {
      const std::size_t colon = word.rfind(".npz:");
      if (colon != std::string::npos)
        return read_npz(folder_ / word.substr(0, colon + kArchive.size()), word.substr(colon + kArchive.size() + 1));
      if (!word.ends_with(kArchive)) return read_npy(folder_ / word);
      const auto members = npz_members(folder_ / word);
      fail(Place{(folder_ / word).string()}, "an archive needs a member, {}:NAME ({})", word,
           join(std::vector<std::string_view>(members.begin(), members.end())));
    } catch (const UserError& error) {
      throw UserError(node.place, error.what());
    }
  }

  Tensor load_operand(const Node& node, std::string_view key, std::initializer_list<DType> legal) const {
    Tensor tensor = load(node, key);
    if (!is_float(tensor) && std::find(legal.begin(), legal.end(), tensor.type()) == legal.end()) {
      std::vector<std::string_view> words;
      for (const DType type : legal) words.push_back(name_of(type));
      fail(node.place, "{} holds {}; legal: {}, and float32 and float64, which are quantised", map_.name(key),
           name_of(tensor.type()), join(words));
    }
    for (const std::size_t extent : tensor.shape())
      if (extent == 0) fail(node.place, "{} is empty", shown(map_.name(key), tensor));
    return tensor;
  }

  void need_rank(const Node& node, const std::string& what, const Tensor& tensor,
                 std::initializer_list<std::size_t> ranks, std::string_view text) const {
    if (std::find(ranks.begin(), ranks.end(), tensor.shape().size()) == ranks.end())
      fail(node.place, "{} has {} dimensions; op {} needs {}", shown(what, tensor), tensor.shape().size(),
           name_of(layer_.op), text);
  }

  void read_given() {
    const Node& weights_node = map_.required("weights");
    const Node& input_node = map_.required("input");
    Tensor weights = load_operand(weights_node, "weights", {DType::Int8, DType::Int16});
    Tensor input = load_operand(input_node, "input", {DType::Int8, DType::UInt8, DType::Int16, DType::UInt16});
    const std::string weights_name = map_.name("weights"), input_name = map_.name("input");
    const Shape &w = weights.shape(), &x = input.shape();
    const auto disagree = [&](std::size_t needed, std::size_t has, std::string_view unit) {
      fail(input_node.place, "{} has {} {}, {} needs {}", shown(input_name, input), has, unit,
           shown(weights_name, weights), needed);
    };
    const auto to32 = [](std::size_t extent) { return static_cast<std::uint32_t>(extent); };  // at most 2^31

    ConvShape& s = layer_.shape;
    switch (layer_.op) {
      case Op::Conv:
      case Op::Depthwise: {
        need_rank(weights_node, weights_name, weights, {4}, "[M, C/groups, R, S]");
        need_rank(input_node, input_name, input, {4}, "[N, C, H, W]");
        s.M = to32(w[0]), s.R = to32(w[2]), s.S = to32(w[3]);
        s.N = to32(x[0]), s.C = to32(x[1]), s.H = to32(x[2]), s.W = to32(x[3]);
        if (layer_.op == Op::Depthwise && w[1] != 1)
          fail(weights_node.place, "{} has {} channels a filter; op depthwise needs 1", shown(weights_name, weights),
               w[1]);
        check_shape(weights_node.place);
        if (layer_.op == Op::Conv && w[1] * s.groups != s.C) disagree(w[1] * s.groups, s.C, "channels");
        break;
      }
      case Op::Fc:
        need_rank(weights_node, weights_name, weights, {2}, "[M, C]");
        need_rank(input_node, input_name, input, {2, 4}, "[N, C] or [N, C, H, W]");
        s.M = to32(w[0]), s.C = to32(w[1]), s.N = to32(x[0]);
        if (input.size() / x[0] != w[1]) disagree(w[1], input.size() / x[0], "values an image");
        check_shape(weights_node.place);
        break;
      case Op::Matmul:
        need_rank(weights_node, weights_name, weights, {2}, "[M, K]");
        need_rank(input_node, input_name, input, {2}, "[K, N]");
        s.M = to32(w[0]), s.C = to32(w[1]), s.N = to32(x[1]);
        if (x[0] != w[1]) disagree(w[1], x[0], "rows");
        check_shape(weights_node.place);
        input = columns(input);
        break;
    }
    weight_steps_ = quantise_operand(weights, "weights");
    const std::vector<double> input_step = quantise_operand(input, "input");
    std::vector<double> sum_steps;
    if (!input_step.empty())
      for (const double step : weight_steps_) sum_steps.push_back(step * input_step.front());
    layer_.weights = weights.reshaped({s.M, s.C / s.groups, s.R, s.S});
    layer_.input = input.reshaped({s.N, s.C, s.H, s.W});
    read_bias(sum_steps);
    read_requantise();
  }

  /// [K, N] to [N, K]: a column is an image.
  static Tensor columns(const Tensor& matrix) {
    const std::size_t rows = matrix.shape()[0], count = matrix.shape()[1], size = size_of(matrix.type());
    Tensor result(matrix.type(), {count, rows});
    for (std::size_t k = 0; k < rows; ++k)
      for (std::size_t n = 0; n < count; ++n)
        std::memcpy(result.bytes().data() + (n * rows + k) * size, matrix.bytes().data() + (k * count + n) * size,
                    size);
    return result;
  }

  /// The values of one step of `tensor`, which becomes int8, or uint8 for an input without negative values: of weights
  /// one a filter, of an input one in all. Nothing if it was given as integers.
  std::vector<double> quantise_operand(Tensor& tensor, std::string_view key) {
    const bool input = key == "input";
    const Node* percentile = input ? map_.optional("input_percentile") : nullptr;
    if (!is_float(tensor)) {
      if (percentile != nullptr)
        fail(percentile->place, "{} applies to float inputs; {} holds {}", map_.name("input_percentile"),
             map_.name("input"), name_of(tensor.type()));
      return {};
    }
    QuantiseOptions options;
    if (!input) options.channels = layer_.shape.M;
    if (percentile != nullptr) {
      options.percentile = yaml::to_real(*percentile, map_.name("input_percentile"), 0, 100);
      if (options.percentile == 0)
        fail(percentile->place, "{} is 0; allowed above 0 up to 100", map_.name("input_percentile"));
    }
    const Range range = input && !has_negative(tensor) ? Range::Unsigned : Range::Signed;
    const DType from = tensor.type();
    Quantised quantised = quantise(tensor, 8, range, options);
    tensor = std::move(quantised.values);
    const auto [least, most] = std::ranges::minmax(quantised.scales);
    const std::string step = least == most ? fmt::format("one step is {:.6g}", most)
                                           : fmt::format("a scale a filter, one step is {:.6g} to {:.6g}", least, most);
    const double points = 100.0 * static_cast<double>(quantised.lost) / static_cast<double>(tensor.size());
    layer_.notes.push_back(fmt::format(
        "{}{} quantised on loading: {} to {}, {}{}{}", points > 1 ? kWarning : "", key, name_of(from),
        name_of(tensor.type()), step,
        percentile == nullptr ? ""
                              : fmt::format(", magnitudes above the {:g}th percentile saturate", options.percentile),
        quantised.lost == 0
            ? "; no value became zero"
            : fmt::format("; {} values that were not zero became zero, {:.2g} % of all", quantised.lost, points)));
    return quantised.scales;
  }

  /// `steps`: the value of one step of a sum, of each filter or of all; nothing if an operand was given as integers.
  void read_bias(const std::vector<double>& steps) {
    layer_.bias.assign(layer_.shape.M, 0);
    const Node* node = map_.optional("bias");
    if (node == nullptr) return;
    const std::string what = map_.name("bias");
    const Tensor bias = load(*node, "bias");
    if (bias.shape() != Shape{layer_.shape.M})
      fail(node->place, "{} must have shape [{}], one bias a filter", shown(what, bias), layer_.shape.M);
    const auto keep = [&](std::size_t m, auto value) {
      if (value < INT32_MIN || value > INT32_MAX)
        fail(node->place, "{}: element [{}] is {}; biases have 32 bits", what, m, value);
      layer_.bias[m] = static_cast<std::int64_t>(value);
    };
    if (!is_float(bias)) {
      const auto values = bias.to_int64();
      for (std::size_t m = 0; m < values.size(); ++m) keep(m, values[m]);
      return;
    }
    if (steps.empty())
      fail(node->place, "{} holds {}; legal with weights or input of whole numbers: int32", what, name_of(bias.type()));
    for (std::size_t m = 0; m < bias.size(); ++m)
      keep(m,
           std::round((bias.type() == DType::Float32 ? double{bias.as<float>()[m]} : bias.as<double>()[m]) / steps[m]));
    layer_.notes.push_back(
        fmt::format("bias quantised on loading: {} to int32, in steps of weights times input", name_of(bias.type())));
  }

  void read_requantise() {
    const Node* node = map_.optional("requantise");
    if (node == nullptr) return;
    const std::string what = map_.name("requantise");
    const Tensor tensor = load(*node, "requantise");
    if (is_float(tensor)) fail(node->place, "{} holds {}; legal: int32", what, name_of(tensor.type()));
    if (tensor.shape() != Shape{layer_.shape.M, 2})
      fail(node->place, "{} must have shape [{}, 2], multiplier and shift of each filter", shown(what, tensor),
           layer_.shape.M);
    const auto values = tensor.to_int64();
    for (std::size_t m = 0; m < layer_.shape.M; ++m) {
      const std::int64_t multiplier = values[2 * m], shift = values[2 * m + 1];
      if (multiplier < 1 || multiplier > 65535)
        fail(node->place, "{}: multiplier [{}, 0] is {}; allowed 1..65535", what, m, multiplier);
      if (shift < 0 || shift > 47) fail(node->place, "{}: shift [{}, 1] is {}; allowed 0..47", what, m, shift);
      layer_.requantise.push_back({static_cast<std::uint32_t>(multiplier), static_cast<std::uint32_t>(shift)});
    }
  }

  /// predict: {representatives: FILE, thresholds: FILE}, both [M].
  void read_prediction() {
    const Node* node = map_.optional("predict");
    if (node == nullptr) return;
    const MapReader map(*node, map_.name("predict"), {"representatives", "thresholds"});
    const auto read = [&](std::string_view key, std::int64_t least, std::int64_t most) {
      const Node& file = map.required(key);
      const std::string what = map.name(key);
      const Tensor tensor = load(file, key);
      if (is_float(tensor)) fail(file.place, "{} holds {}; legal: whole numbers", what, name_of(tensor.type()));
      if (tensor.shape() != Shape{layer_.shape.M})
        fail(file.place, "{} must have shape [{}], one value a filter", shown(what, tensor), layer_.shape.M);
      auto values = tensor.to_int64();
      for (std::size_t m = 0; m < values.size(); ++m)
        if (values[m] < least || values[m] > most)
          fail(file.place, "{}: element [{}] is {}; allowed {}..{}", what, m, values[m], least, most);
      return values;
    };
    Prediction prediction;
    const auto counts = read("representatives", 0, kMostRepresentatives);
    prediction.representatives.assign(counts.begin(), counts.end());
    const unsigned operand_bits = generated_ ? generated_->bits : layer_.operand_bits();
    const std::int64_t limit = std::int64_t{1} << (operand_bits == 8 ? 31 : 47);  // of an accumulator
    prediction.thresholds = read("thresholds", -limit, limit - 1);
    layer_.prediction = std::move(prediction);
  }

  const Node& node_;
  std::string name_;
  const std::filesystem::path& folder_;
  MapReader map_;
  Layer layer_;
  std::optional<GeneratedLayer> generated_;
  std::vector<double> weight_steps_;
};

/// A layer's name, which is also part of file names. Unique; `seen` has the lines of those before.
std::string read_name(const Node& layer, std::size_t index, std::map<std::string, int>& seen) {
  const std::string what = fmt::format("layers[{}]", index);
  if (layer.kind != yaml::Kind::Map) fail(layer.place, "{} is not a map; need name, op and tensors or a shape", what);
  const Node* node = layer.find("name");
  if (node == nullptr) node = &MapReader(layer, what, layer_keys()).required("name");  // unknown keys first
  std::string name = yaml::to_text(*node, what + ".name");
  const auto safe = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
  };
  if (name.empty() || name.size() > kLongestName || name[0] == '.' || name[0] == '-' ||
      !std::all_of(name.begin(), name.end(), safe))
    fail(node->place, "{}.name is '{}'; need 1 to {} letters, digits, '.', '_' and '-', not beginning with '.' or '-'",
         what, name, kLongestName);
  if (name == "total") fail(node->place, "layer name 'total' is what reports call the sum of the layers");
  const auto [first, is_new] = seen.emplace(name, node->place.line);
  if (!is_new) fail(node->place, "layer name '{}' is given twice; first in line {}", name, first->second);
  return name;
}

void add_shape(Hasher& hasher, const ConvShape& s) {
  for (const std::uint32_t value : {s.N, s.C, s.H, s.W, s.M, s.R, s.S, s.stride_h, s.stride_w, s.dilation_h,
                                    s.dilation_w, s.pad_top, s.pad_bottom, s.pad_left, s.pad_right, s.groups})
    hasher.add(std::uint64_t{value});
}

void add_tensor(Hasher& hasher, const Tensor& tensor) {
  hasher.add(name_of(tensor.type()));
  hasher.add(tensor.bytes());
}

/// Everything that decides the layer's numbers, with the length of whatever has one, so that no two layers look alike.
void add_entry(Hasher& hasher, const Workload::Entry& entry) {
  const Layer& layer = entry.layer;
  hasher.add(name_of(layer.op));
  add_shape(hasher, layer.shape);
  hasher.add(std::uint64_t{layer.relu});
  hasher.add(std::uint64_t{entry.generated.has_value()});
  if (entry.generated) {
    const GeneratedLayer& g = *entry.generated;
    hasher.add(kGeneratorVersion);
    for (const double density : {g.weights, g.input, g.output.value_or(-1)})
      hasher.add(std::bit_cast<std::uint64_t>(density));
    hasher.add(g.pattern ? g.pattern->text() : std::string(kNoPattern));
    hasher.add(std::uint64_t{g.bits});
    hasher.add(g.seed);
  } else {
    add_tensor(hasher, layer.weights);
    add_tensor(hasher, layer.input);
    for (const std::int64_t bias : layer.bias) hasher.add(static_cast<std::uint64_t>(bias));
    hasher.add(std::uint64_t{layer.requantise.size()});
    for (const Requantise& r : layer.requantise) {
      hasher.add(std::uint64_t{r.multiplier});
      hasher.add(std::uint64_t{r.shift});
    }
  }
  if (!layer.prediction) return;
  hasher.add("predict");
  for (const std::uint32_t count : layer.prediction->representatives) hasher.add(std::uint64_t{count});
  for (const std::int64_t sum : layer.prediction->thresholds) hasher.add(static_cast<std::uint64_t>(sum));
}

}  // namespace

Workload Workload::open(const std::filesystem::path& path) {
  std::error_code ignored;
  const auto file = std::filesystem::is_directory(path, ignored) ? path / "workload.yaml" : path;
  const auto folder = file.parent_path();
  const Node document = yaml::load_file(file);
  const MapReader map(document, "", {"network", "source", "layers"});

  Workload workload;
  workload.name_ = yaml::to_text(map.required("network"), "network");
  if (const Node* source = map.optional("source")) workload.source_ = yaml::to_text(*source, "source");
  const Node& layers = map.required("layers");
  if (layers.kind != yaml::Kind::Sequence || layers.items.empty())
    fail(layers.place, "layers must be a list of one layer or more");

  Hasher hasher;
  std::map<std::string, int> seen;
  for (std::size_t i = 0; i < layers.items.size(); ++i) {
    const std::string name = read_name(layers.items[i], i, seen);
    auto entry = std::make_shared<Entry>(LayerReader(layers.items[i], name, folder).read());
    add_entry(hasher, *entry);
    workload.layer_names_.push_back(name);
    workload.entries_.push_back(std::move(entry));
  }
  workload.hash_ = hasher.hex();
  return workload;
}

const Workload::Entry& Workload::entry(std::size_t index) const {
  LACUNA_CHECK(index < entries_.size(), "layer {} of {}", index, entries_.size());
  return *entries_[index];
}

const ConvShape& Workload::shape(std::size_t index) const { return entry(index).layer.shape; }

Layer Workload::load(std::size_t index) const {
  const Entry& read = entry(index);
  Layer layer = read.layer;
  if (read.generated) {
    layer.notes.push_back(generated_note(layer, *read.generated));
    generate(*read.generated, layer);
  }
  if (const std::uint32_t idle = idle_predictions(layer); idle != 0)
    layer.notes.push_back(
        fmt::format("{}predict: {} of {} filters have no more nonzero weights than representatives; they "
                    "predict nothing",
                    kWarning, idle, layer.shape.M));
  return layer;
}

}  // namespace lacuna
