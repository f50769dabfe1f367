// Who makes and who reads each value of an ONNX model, and what lies between a product and the next one.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "onnx/execution.h"

namespace lacuna::imports {

/// Model and run outlive it.
class OnnxGraph {
 public:
  OnnxGraph(const onnx::Model& model, const onnx::Execution& run);

  [[nodiscard]] const onnx::Model& model() const { return model_; }
  [[nodiscard]] const onnx::Execution& run() const { return run_; }
  [[nodiscard]] onnx::Call call(const onnx::Node& node) const { return run_.call(model_, node); }

  [[nodiscard]] const onnx::Node* maker(const std::string& value) const;  ///< null of an input or constant
  [[nodiscard]] const std::vector<const onnx::Node*>& readers(const std::string& value) const;
  [[nodiscard]] bool is_output(const std::string& value) const { return outputs_.contains(value); }
  [[nodiscard]] bool is_constant(const std::string& value) const { return run_.constant.contains(value); }
  /// What `value` holds; null if it was not made.
  [[nodiscard]] const Tensor* tensor(const std::string& value) const;

  /// Relu, Clip from 0, and a QuantizeLinear whose lowest integer stands for 0.
  [[nodiscard]] bool is_relu(const onnx::Node& node) const;

 private:
  const onnx::Model& model_;
  const onnx::Execution& run_;
  std::map<std::string, const onnx::Node*> makers_;
  std::map<std::string, std::vector<const onnx::Node*>> readers_;  ///< each node once
  std::set<std::string> outputs_;
};

/// The output has the first input's elements, at most in another place or fewer of them.
bool is_view(const onnx::Node& node);
/// A ReLU may be moved across it: a view, a largest value, or rounding to integers and back.
bool passes_relu(const onnx::Node& node);

/// The step of the values where every one is a whole number of them because integers were dequantised, views and
/// largest values taken and negative ones cut off since then.
std::optional<double> given_step(const OnnxGraph& graph, std::string value);

/// A word for a node: "relu", "add", "max_pool".
std::string word_of(const OnnxGraph& graph, const onnx::Node& node);

}  // namespace lacuna::imports
