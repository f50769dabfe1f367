#include "import/onnx_recording.h"

#include <nlohmann/json.hpp>

namespace lacuna::imports {

namespace {

using Json = nlohmann::ordered_json;

/// Names every value after the layer, operation or input it comes from.
class Origins {
 public:
  Origins(const OnnxGraph& graph, const std::vector<std::string>& names, const std::vector<FoldedProduct>& products)
      : graph_(graph), taken_(names.begin(), names.end()) {
    for (std::size_t i = 0; i < products.size(); ++i) {
      layers_[products[i].product.node] = names[i];
      tails_[products[i].tail] = &products[i];
      inside_.insert(products[i].folded.begin(), products[i].folded.end());
    }
    for (const onnx::Input& input : graph.model().inputs) of_[input.name] = input.name;
    for (const onnx::Node& node : graph.model().nodes) add(node);
  }

  [[nodiscard]] Json of(const std::string& value) const {
    const auto found = of_.find(value);
    return found == of_.end() ? Json() : Json(found->second);
  }
  [[nodiscard]] const Json& operations() const { return operations_; }

 private:
  /// Part of a layer, or no operation: its output is named as its input.
  [[nodiscard]] bool passes(const onnx::Node& node) const {
    if (inside_.contains(&node) || is_view(node)) return true;
    if (node.op == "QuantizeLinear" || node.op == "DequantizeLinear") return true;
    if (!graph_.is_relu(node)) return false;
    const FoldedProduct* source = source_of(graph_, tails_, node.inputs[0]);
    return source != nullptr && source->relu;
  }

  void add(const onnx::Node& node) {
    std::vector<std::string> from;  // what depends on an input
    for (const std::string& value : node.inputs)
      if (of_.contains(value)) from.push_back(of_.at(value));
    if (from.empty()) return;
    std::string name;
    if (const auto layer = layers_.find(&node); layer != layers_.end()) {
      name = layer->second;
    } else if (passes(node)) {
      name = from[0];
    } else {
      const std::string word = word_of(graph_, node);
      name = fmt::format("{}_{}", word, ++used_[word]);
      while (taken_.contains(name)) name += "_";
      operations_.push_back({{"name", name}, {"op", word}, {"from", from}});
    }
    for (const std::string& value : node.outputs)
      if (!value.empty()) of_[value] = name;
  }

  const OnnxGraph& graph_;
  std::set<std::string> taken_;
  std::map<const onnx::Node*, std::string> layers_;
  std::map<std::string, const FoldedProduct*> tails_;
  std::set<const onnx::Node*> inside_;
  std::map<std::string, std::string> of_;
  std::map<std::string, std::size_t> used_;
  Json operations_ = Json::array();
};

}  // namespace

std::string recording_text(const OnnxGraph& graph, const std::string& network, const std::vector<std::string>& names,
                           const std::vector<FoldedProduct>& products, const std::vector<LayerIntegers>& integers) {
  const Origins origins(graph, names, products);
  Json layers = Json::array();
  for (std::size_t i = 0; i < products.size(); ++i) {
    const FoldedProduct& f = products[i];
    Json layer = {{"name", names[i]},
                  {"from", origins.of(f.product.input_value)},
                  {"weights_from", f.product.constant ? Json() : origins.of(f.product.weights_value)},
                  {"feeds", f.feeds},
                  {"relu", f.relu},
                  {"batch_norms_folded", f.norms}};
    if (!integers.empty()) {
      layer["weight_scale"] = integers[i].weight_step;
      layer["input_scale"] = integers[i].input_step;
      layer["output_scale"] = integers[i].output_step ? Json(*integers[i].output_step) : Json();
    }
    layers.push_back(std::move(layer));
  }
  const Json whole = {{"network", network}, {"layers", layers}, {"operations", origins.operations()}};
  return whole.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace lacuna::imports
