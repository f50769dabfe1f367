#include "import/onnx.h"

#include <algorithm>

#include "import/names.h"
#include "import/onnx_inputs.h"
#include "import/onnx_recording.h"
#include "onnx/operators.h"

namespace lacuna::imports {

namespace {

constexpr std::size_t kMostListed = 5;

/// The first few of `items`, and how many more there are.
std::string listed(const std::vector<std::string>& items) {
  const std::size_t count = std::min(items.size(), kMostListed);
  std::string text =
      fmt::format("{}", fmt::join(items.begin(), items.begin() + static_cast<std::ptrdiff_t>(count), ", "));
  if (items.size() > count) text += fmt::format(" and {} more", items.size() - count);
  return text;
}

/// "NonZero 'mask'", the nodes that cannot be run; behind them others could not be.
std::vector<std::string> unsupported(const onnx::Model& model) {
  std::vector<std::string> nodes;
  for (const onnx::Node& node : model.nodes)
    if (!onnx::is_supported(node.op))
      nodes.push_back(
          fmt::format("{} '{}'", onnx::shown(node.op), onnx::shown(node.name.empty() ? node.outputs[0] : node.name)));
  return nodes;
}

/// The nodes that are layers, in order. UserError if one of them could not be run, or there is none.
std::vector<const onnx::Node*> product_nodes(const OnnxGraph& graph) {
  const onnx::Model& model = graph.model();
  std::vector<const onnx::Node*> nodes;
  for (const onnx::Node& node : model.nodes) {
    if (!is_product(graph, node)) continue;
    if (graph.tensor(node.outputs[0]) == nullptr)
      fail(node.place, "depends on operators that are not supported: {} (supported: {})", listed(unsupported(model)),
           join(onnx::supported_operators()));
    nodes.push_back(&node);
  }
  if (nodes.empty())
    fail(Place{model.path.string()}, "has no Conv, Gemm or MatMul that depends on an input; unsupported operators: {}",
         unsupported(model).empty() ? "none" : listed(unsupported(model)));
  return nodes;
}

/// The constant that `value` is made of, through what has one source.
std::string constant_behind(const OnnxGraph& graph, std::string value) {
  while (const onnx::Node* node = graph.maker(value)) {
    if (node->inputs.empty()) break;
    value = node->inputs[0];
  }
  return value;
}

/// A name for the layer: its weights' module, as PyTorch names it, else its node.
std::string name_of_layer(const OnnxGraph& graph, const OnnxProduct& p) {
  std::string name = p.constant ? constant_behind(graph, p.weights_value) : "";
  for (const std::string_view ending : {"_quantized", ".weight"}) {
    if (!name.ends_with(ending)) continue;
    name.resize(name.size() - ending.size());
    if (ending == ".weight" && !name.empty()) return name;
  }
  return p.node->name.empty() ? p.node->outputs[0] : p.node->name;
}

/// Constants of two dimensions or more that are the weights of no product.
std::vector<std::string> unused_weights(const OnnxGraph& graph, const std::vector<FoldedProduct>& products) {
  std::set<std::string> used;
  std::vector<std::string> open;
  for (const FoldedProduct& f : products) open.push_back(f.product.weights_value);
  while (!open.empty()) {
    const std::string value = open.back();
    open.pop_back();
    if (!used.insert(value).second || !graph.is_constant(value)) continue;
    if (const onnx::Node* node = graph.maker(value)) open.insert(open.end(), node->inputs.begin(), node->inputs.end());
  }
  std::vector<std::string> names;
  for (const auto& [name, tensor] : graph.model().constants)
    if (tensor->shape().size() >= 2 && tensor->size() > 1 && !used.contains(name))
      names.push_back(fmt::format("{} {}", onnx::shown(name), text_of(tensor->shape())));
  return names;
}

std::vector<std::string> notes_of(const FoldedProduct& f) {
  std::vector<std::string> notes;
  if (f.norms > 0) notes.push_back("batch norm folded");
  if (f.product.adds) notes.push_back("adds a tensor that is no bias: left out, and no ReLU");
  if (!f.product.constant) notes.push_back("weights are activations");
  if (f.relu && f.feeds != std::vector<std::string>{"relu"}) notes.push_back("ReLU through max pooling");
  if (std::ranges::find(f.feeds, "add") != f.feeds.end()) notes.push_back("feeds an addition: no ReLU");
  return notes;
}

void add_integers(const LayerIntegers& integers, ImportedLayer& layer) {
  layer.tensors = integers.tensors;
  if (integers.weights_kept || integers.input_kept)
    layer.notes.push_back(fmt::format("{} are the model's integers", !integers.input_kept    ? "weights"
                                                                     : integers.weights_kept ? "weights and inputs"
                                                                                             : "inputs"));
  if (integers.saturates_elsewhere) layer.notes.push_back("outputs have the model's steps, but saturate elsewhere");
  if (!integers.output_step) layer.notes.push_back("sums leave as they are: the network's output");
  const Tensor &w = integers.tensors.weights, &x = *integers.tensors.input;
  if (size_of(w.type()) > 1 || size_of(x.type()) > 1)
    layer.notes.push_back("zero points take it beyond 8 bits: run with --set array.operand=int16");
}

double share_of_nonzeros(const Tensor& weights) {
  const auto values = weights.as<float>();
  const auto zeros = std::ranges::count(values, 0.0f);
  return 1 - static_cast<double>(zeros) / static_cast<double>(values.size());
}

}  // namespace

OnnxNetwork::OnnxNetwork(onnx::Model model, const std::map<std::string, Tensor>& inputs, bool real)
    : model_(std::move(model)), run_(onnx::execute(model_, inputs)), graph_(model_, run_) {
  for (const onnx::Node* node : product_nodes(graph_)) products_.push_back(fold(graph_, product_of(graph_, *node)));
  if (real) integers_ = integers_of(graph_, products_);
}

ImportedFile OnnxNetwork::file(bool weights_given) const {
  ImportedFile file;
  file.path = model_.path;
  file.format = fmt::format("ONNX model, operators of version {}", model_.opset);
  file.network = model_.name;
  DistinctNames distinct;
  std::vector<std::string> names;
  for (std::size_t i = 0; i < products_.size(); ++i) {
    const FoldedProduct& f = products_[i];
    ImportedLayer layer;
    layer.name = name_of_layer(graph_, f.product);
    names.push_back(distinct.add(legal_name(layer.name)));
    layer.place = f.product.node->place;
    layer.op = f.product.op;
    layer.shape = f.product.shape;
    layer.relu = f.relu;
    layer.dense_products = f.product.dense_products;
    layer.notes = notes_of(f);
    if (!integers_.empty())
      add_integers(integers_[i], layer);
    else if (!weights_given && f.product.constant)
      layer.weights = share_of_nonzeros(f.product.weights);
    check_layer(layer);
    file.layers.push_back(std::move(layer));
  }
  file.recording = recording_text(graph_, model_.name, names, products_, integers_);
  if (const auto nodes = unsupported(model_); !nodes.empty())
    file.notes.push_back(fmt::format("not run, and no layer depends on it: {}", listed(nodes)));
  if (const auto unused = unused_weights(graph_, products_); !unused.empty())
    file.notes.push_back(fmt::format("no product has these weights: {}", listed(unused)));
  return file;
}

ImportedFile read_onnx(const std::filesystem::path& path, const OnnxOptions& options) {
  onnx::Model model = onnx::read_model(path);
  const bool real = !options.inputs.empty();
  std::vector<std::string> notes;
  const auto inputs = real ? given_inputs(model, options.inputs) : zero_inputs(model, notes);
  ImportedFile file = OnnxNetwork(std::move(model), inputs, real).file(options.weights_given);
  file.notes.insert(file.notes.begin(), notes.begin(), notes.end());
  return file;
}

}  // namespace lacuna::imports
