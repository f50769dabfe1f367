#include "import/onnx_fold.h"

#include <algorithm>

#include "onnx/normalisation.h"
#include "onnx/quantisation.h"

namespace lacuna::imports {

namespace {

constexpr auto kRelu = "relu", kPooledRelu = "max_pool+relu";

/// y = gain * x + offset, a channel.
using onnx::ChannelScale;

/// What `node` does to each channel of `value`, if it does that alone.
std::optional<ChannelScale> channel_scale(const OnnxGraph& graph, const onnx::Node& node, const std::string& value,
                                          const OnnxProduct& p) {
  const std::size_t count = p.shape.M;
  if (node.op == "BatchNormalization") {
    const bool constant = std::all_of(node.inputs.begin() + 1, node.inputs.end(),
                                      [&](const std::string& name) { return graph.is_constant(name); });
    const std::size_t rank = graph.tensor(value)->shape().size();
    if (node.inputs[0] != value || !constant || p.channel_from_end != rank - 1) return std::nullopt;
    return onnx::batch_norm_scale(graph.call(node));
  }
  if (node.op != "Add" && node.op != "Sub" && node.op != "Mul" && node.op != "Div") return std::nullopt;
  const bool left = node.inputs[0] == value;
  const bool turns = node.op == "Sub" || node.op == "Div";
  if (turns && !left) return std::nullopt;
  // Broadcast over an output of more dimensions would make other channels of it.
  if (graph.tensor(node.outputs[0])->shape() != graph.tensor(value)->shape()) return std::nullopt;
  auto other = per_filter(graph, node.inputs[left ? 1 : 0], count, p.channel_from_end);
  if (!other) return std::nullopt;
  ChannelScale result{std::vector<double>(count, 1), std::vector<double>(count, 0)};
  for (std::size_t m = 0; m < count; ++m) {
    const double v = (*other)[m];
    if (node.op == "Add") result.offset[m] = v;
    if (node.op == "Sub") result.offset[m] = -v;
    if (node.op == "Mul") result.gain[m] = v;
    if (node.op == "Div") result.gain[m] = 1 / v;
  }
  return result;
}

/// Words of the readers at the ends of all paths from `value` through what passes_relu().
std::vector<std::string> ends(const OnnxGraph& graph, const std::string& value) {
  std::set<std::string> found;
  std::set<std::pair<std::string, bool>> seen;
  std::vector<std::pair<std::string, bool>> open = {{value, false}};  // and whether through max pooling
  while (!open.empty()) {
    const auto [at, pooled] = open.back();
    open.pop_back();
    if (at.empty() || !seen.insert({at, pooled}).second) continue;
    if (graph.is_output(at)) found.insert("output");
    for (const onnx::Node* node : graph.readers(at)) {
      const bool values = node->inputs[0] == at;  // not a shape, a bound, a scale
      if (graph.is_relu(*node) && values) {
        found.insert(pooled ? kPooledRelu : kRelu);
      } else if (passes_relu(*node) && values) {
        const bool view = is_view(*node) || node->op == "QuantizeLinear" || node->op == "DequantizeLinear";
        for (const std::string& output : node->outputs) open.emplace_back(output, pooled || !view);
      } else if (node->op != "Shape") {  // no value is read
        found.insert(is_product(graph, *node) ? "product" : word_of(graph, *node));
      }
    }
  }
  return {found.begin(), found.end()};
}

/// The one way in which all readers of `value` quantise it, if they all do.
std::optional<OutputIntegers> integers_of_readers(const OnnxGraph& graph, const std::string& value) {
  std::set<OutputIntegers> found;
  std::set<std::string> seen;
  std::vector<std::string> open = {value};
  while (!open.empty()) {
    const std::string at = open.back();
    open.pop_back();
    if (at.empty() || !seen.insert(at).second) continue;
    if (graph.is_output(at)) return std::nullopt;
    for (const onnx::Node* node : graph.readers(at)) {
      if (node->op == "Shape") continue;
      if (node->inputs[0] != at || graph.tensor(node->outputs[0]) == nullptr) return std::nullopt;
      if (node->op == "QuantizeLinear") {
        const onnx::Call call = graph.call(*node);
        const auto scale = onnx::linear_scale(call);
        if (scale.sliced) return std::nullopt;
        const auto [low, high] = onnx::range_of(onnx::quantised_type(call));
        found.insert({static_cast<double>(scale.scale[0]), low - scale.zero_point[0], high - scale.zero_point[0]});
      } else if (graph.is_relu(*node) || (passes_relu(*node) && node->op != "DequantizeLinear")) {
        open.insert(open.end(), node->outputs.begin(), node->outputs.end());
      } else {
        return std::nullopt;
      }
    }
  }
  return found.size() == 1 ? std::optional(*found.begin()) : std::nullopt;
}

}  // namespace

FoldedProduct fold(const OnnxGraph& graph, OnnxProduct product) {
  FoldedProduct f;
  f.product = std::move(product);
  const OnnxProduct& p = f.product;
  f.tail = p.node->outputs[0];
  f.scale.assign(p.shape.M, p.gain), f.shift = p.bias;
  while (p.constant && !p.adds && graph.readers(f.tail).size() == 1 && !graph.is_output(f.tail)) {
    const onnx::Node& node = *graph.readers(f.tail)[0];
    const bool run = graph.tensor(node.outputs[0]) != nullptr;
    const auto scale = run ? channel_scale(graph, node, f.tail, p) : std::nullopt;
    if (!scale) break;
    for (std::size_t m = 0; m < f.scale.size(); ++m) {
      f.scale[m] *= scale->gain[m];
      f.shift[m] = f.shift[m] * scale->gain[m] + scale->offset[m];
    }
    f.norms += node.op == "BatchNormalization";
    f.folded.push_back(&node);
    f.tail = node.outputs[0];
  }
  f.feeds = ends(graph, f.tail);
  f.relu = !p.adds && !f.feeds.empty() &&
           std::ranges::all_of(f.feeds, [](const std::string& word) { return word == kRelu || word == kPooledRelu; });
  if (f.feeds.empty()) f.feeds = {"nothing"};
  if (!p.adds) f.output = integers_of_readers(graph, f.tail);
  return f;
}

const FoldedProduct* source_of(const OnnxGraph& graph, const std::map<std::string, const FoldedProduct*>& tails,
                               std::string value) {
  bool relu = false;  // one was passed on the way back
  for (;;) {
    if (const auto found = tails.find(value); found != tails.end())
      return !relu || found->second->relu ? found->second : nullptr;
    const onnx::Node* node = graph.maker(value);
    if (node == nullptr) return nullptr;
    if (graph.is_relu(*node))
      relu = true;
    else if (!passes_relu(*node))
      return nullptr;
    value = node->inputs[0];
  }
}

}  // namespace lacuna::imports
