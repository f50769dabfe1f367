#include "import/onnx_graph.h"

#include <algorithm>
#include <array>

#include "onnx/arithmetic.h"
#include "onnx/quantisation.h"

namespace lacuna::imports {

namespace {

constexpr std::array<std::string_view, 9> kViews = {"Dropout", "Flatten", "Identity",  "Reshape",  "Slice",
                                                    "Split",   "Squeeze", "Transpose", "Unsqueeze"};
constexpr std::array<std::string_view, 2> kLargest = {"GlobalMaxPool", "MaxPool"};

bool is_largest(const onnx::Node& node) { return std::ranges::find(kLargest, node.op) != kLargest.end(); }

}  // namespace

OnnxGraph::OnnxGraph(const onnx::Model& model, const onnx::Execution& run)
    : model_(model), run_(run), outputs_(model.outputs.begin(), model.outputs.end()) {
  for (const onnx::Node& node : model.nodes) {
    for (const std::string& value : node.outputs)
      if (!value.empty()) makers_[value] = &node;
    for (const std::string& value : node.inputs) {
      auto& readers = readers_[value];
      if (readers.empty() || readers.back() != &node) readers.push_back(&node);
    }
  }
}

const onnx::Node* OnnxGraph::maker(const std::string& value) const {
  const auto found = makers_.find(value);
  return found == makers_.end() ? nullptr : found->second;
}

const std::vector<const onnx::Node*>& OnnxGraph::readers(const std::string& value) const {
  static const std::vector<const onnx::Node*> none;
  const auto found = readers_.find(value);
  return found == readers_.end() ? none : found->second;
}

const Tensor* OnnxGraph::tensor(const std::string& value) const {
  const auto found = run_.values.find(value);
  return found == run_.values.end() ? nullptr : found->second.get();
}

bool OnnxGraph::is_relu(const onnx::Node& node) const {
  if (node.op == "Relu") return true;
  if ((node.op != "Clip" && node.op != "QuantizeLinear") || tensor(node.outputs[0]) == nullptr) return false;
  if (node.op == "Clip") {
    const auto bounds = onnx::clip_bounds(call(node));
    return bounds.low == 0 && (!bounds.high || *bounds.high > 0);
  }
  const auto scale = onnx::linear_scale(call(node));
  const std::int64_t lowest = onnx::range_of(onnx::quantised_type(call(node))).first;
  return std::ranges::all_of(scale.zero_point, [&](std::int64_t zero) { return zero == lowest; });
}

bool is_view(const onnx::Node& node) { return std::ranges::find(kViews, node.op) != kViews.end(); }

bool passes_relu(const onnx::Node& node) {
  return is_view(node) || is_largest(node) || node.op == "QuantizeLinear" || node.op == "DequantizeLinear";
}

std::optional<double> given_step(const OnnxGraph& graph, std::string value) {
  for (;;) {
    const onnx::Node* node = graph.maker(value);
    if (node == nullptr || graph.tensor(value) == nullptr) return std::nullopt;
    if (node->op == "DequantizeLinear") {
      const auto scale = onnx::linear_scale(graph.call(*node));
      if (scale.sliced) return std::nullopt;
      return static_cast<double>(scale.scale[0]);
    }
    if (!is_view(*node) && !is_largest(*node) && node->op != "Relu") return std::nullopt;
    value = node->inputs[0];
  }
}

std::string word_of(const OnnxGraph& graph, const onnx::Node& node) {
  if (graph.is_relu(node)) return "relu";
  std::string word;
  for (const char c : node.op) {
    const bool capital = c >= 'A' && c <= 'Z';
    if (capital && !word.empty() && word.back() != '_' && word.back() != '.') word += '_';
    word += capital ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return word;
}

}  // namespace lacuna::imports
