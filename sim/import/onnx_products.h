// Which nodes of an ONNX model are products, and what are their weights, inputs and biases as a layer has them?
//
//   Conv                                            conv or depthwise; of one spatial axis: height 1
//   Gemm, MatMul, constant right matrix             fc: its columns are the filters
//   Gemm, MatMul, constant left matrix              matmul: its rows are the filters
//   MatMul of several matrices, or of activations   1x1 conv of a group for each product; of one: matmul. The constant
//                                                   operand is the weights, else the left one
#pragma once

#include "import/onnx_graph.h"
#include "workload/layer.h"

namespace lacuna::imports {

struct OnnxProduct {
  const onnx::Node* node = nullptr;
  Op op = Op::Conv;
  ConvShape shape;
  Tensor weights, input;  ///< float32, as workload.yaml has them
  std::string weights_value, input_value;
  bool constant = false;  ///< the weights depend on no input of the model
  /// Dimension of the weights' own tensor that counts the filters.
  std::size_t filter_axis = 0;
  /// Dimension of the output that counts them, from its end; 0 if several do.
  std::size_t channel_from_end = 0;
  double gain = 1;                   ///< the output is gain * product + bias, and something else where `adds` is set
  std::vector<double> bias;          ///< [M]
  std::string bias_value;            ///< where the bias comes from, if it is one whole value
  bool adds = false;                 ///< what it adds is no bias, one number a filter
  std::uint64_t dense_products = 1;  ///< multiply-accumulates, from the sizes of the model's own tensors
};

/// Whether the node multiplies two tensors and depends on an input of the model.
bool is_product(const OnnxGraph& graph, const onnx::Node& node);

/// The product of a node that was run. UserError at the node for what no layer can say: more than two spatial axes,
/// values that are not finite, tensors too large.
OnnxProduct product_of(const OnnxGraph& graph, const onnx::Node& node);

/// UserError if a value is not finite.
void check_finite(const Tensor& tensor, std::string_view what, const Place& place);

/// A constant with one number for each of `count` filters, which dimension `from_end` of the output counts, or one for
/// all; nothing for anything else.
std::optional<std::vector<double>> per_filter(const OnnxGraph& graph, const std::string& value, std::size_t count,
                                              std::size_t from_end);

}  // namespace lacuna::imports
