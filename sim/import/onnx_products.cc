#include "import/onnx_products.h"

#include <algorithm>
#include <cmath>

#include "import/layer_list.h"
#include "onnx/products.h"

namespace lacuna::imports {

namespace {

std::uint32_t to32(const Place& place, std::uint64_t extent) {
  if (extent < 1 || extent > INT32_MAX)
    fail(place, "an extent of the layer would be {}; allowed 1..2147483647", extent);
  return static_cast<std::uint32_t>(extent);
}

/// A matrix [rows x columns] of `values`, or its transpose [columns x rows].
Tensor matrix(const float* values, std::size_t rows, std::size_t columns, bool transposed) {
  Tensor result(DType::Float32, transposed ? Shape{columns, rows} : Shape{rows, columns});
  const auto to = result.as<float>();
  for (std::size_t i = 0; i < rows; ++i)
    for (std::size_t j = 0; j < columns; ++j) to[transposed ? j * rows + i : i * columns + j] = values[i * columns + j];
  return result;
}

/// [N, C, H, W] of a tensor of one or two spatial axes.
Tensor as_image(const Tensor& tensor) {
  Shape shape = tensor.shape();
  if (shape.size() == 3) shape.insert(shape.begin() + 2, 1);
  return tensor.reshaped(shape);
}

void read_conv(const OnnxGraph& graph, OnnxProduct& p) {
  const onnx::Node& node = *p.node;
  const onnx::Call call = graph.call(node);
  if (call.input(0).shape().size() > 4)
    fail(node.place, "has {} spatial axes; a layer has one or two", call.input(0).shape().size() - 2);
  auto axes = onnx::conv_windows(call);
  if (axes.size() == 1) axes.insert(axes.begin(), onnx::WindowAxis());
  p.weights = as_image(call.input(1)), p.input = as_image(call.input(0));
  p.weights_value = node.inputs[1], p.input_value = node.inputs[0];
  const Shape &w = p.weights.shape(), &x = p.input.shape();
  ConvShape& s = p.shape;
  s.M = to32(node.place, w[0]), s.R = to32(node.place, w[2]), s.S = to32(node.place, w[3]);
  s.N = to32(node.place, x[0]), s.C = to32(node.place, x[1]);
  s.H = to32(node.place, x[2]), s.W = to32(node.place, x[3]);
  s.groups = to32(node.place, static_cast<std::uint64_t>(call.integer("group", 1)));
  const auto small = [](std::int64_t value) { return static_cast<std::uint32_t>(value); };  // windows_of() has bounds
  s.stride_h = small(axes[0].stride), s.stride_w = small(axes[1].stride);
  s.dilation_h = small(axes[0].dilation), s.dilation_w = small(axes[1].dilation);
  s.pad_top = small(axes[0].begin), s.pad_bottom = small(axes[0].end);
  s.pad_left = small(axes[1].begin), s.pad_right = small(axes[1].end);
  p.op = s.groups > 1 && s.groups == s.C ? Op::Depthwise : Op::Conv;
  p.channel_from_end = call.input(0).shape().size() - 1;
  const std::size_t outputs = graph.tensor(node.outputs[0])->size();
  p.dense_products = product(outputs, p.weights.size() / w[0], node.place);
}

/// Sets what fc and matmul layers have in common; weights and input are there.
void set_matrix_shape(OnnxProduct& p) {
  const Place& place = p.node->place;
  p.shape.M = to32(place, p.weights.shape()[0]), p.shape.C = to32(place, p.weights.shape()[1]);
  p.shape.N = to32(place, p.input.shape()[p.op == Op::Fc ? 0 : 1]);
}

/// Right operand `of` the model as weights, or the left one; [rows x inner] times [inner x columns].
void read_matrices(OnnxProduct& p, const float* left, const float* right, std::size_t rows, std::size_t inner,
                   std::size_t columns, bool right_is_weights) {
  p.op = right_is_weights ? Op::Fc : Op::Matmul;
  p.weights = right_is_weights ? matrix(right, inner, columns, true) : matrix(left, rows, inner, false);
  p.input = right_is_weights ? matrix(left, rows, inner, false) : matrix(right, inner, columns, false);
  p.weights_value = p.node->inputs[right_is_weights ? 1 : 0];
  p.input_value = p.node->inputs[right_is_weights ? 0 : 1];
  set_matrix_shape(p);
  for (const std::size_t extent : {rows, inner, columns})
    p.dense_products = product(p.dense_products, extent, p.node->place);
}

void read_gemm(const OnnxGraph& graph, OnnxProduct& p) {
  const onnx::Node& node = *p.node;
  const onnx::Call call = graph.call(node);
  const bool turned_a = call.integer("transA", 0) != 0, turned_b = call.integer("transB", 0) != 0;
  const Tensor &a = call.input(0), &b = call.input(1);
  const Tensor left = matrix(a.as<float>().data(), a.shape()[0], a.shape()[1], turned_a),
               right = matrix(b.as<float>().data(), b.shape()[0], b.shape()[1], turned_b);
  const bool fc = graph.is_constant(node.inputs[1]);
  read_matrices(p, left.as<float>().data(), right.as<float>().data(), left.shape()[0], left.shape()[1],
                right.shape()[1], fc);
  p.filter_axis = fc ? (turned_b ? 0 : 1) : (turned_a ? 1 : 0);
  p.channel_from_end = fc ? 1 : 2;
  p.gain = static_cast<double>(call.real("alpha", 1));
}

/// One group for each product of a batch.
void read_batch(const onnx::MatmulShape& s, const float* left, const float* right, bool right_is_weights,
                OnnxProduct& p) {
  const std::size_t count = s.left.size(), filters = right_is_weights ? s.columns : s.rows,
                    columns = right_is_weights ? s.rows : s.columns;
  const Place& place = p.node->place;
  p.op = Op::Conv;
  ConvShape& shape = p.shape;
  shape.groups = to32(place, count);
  shape.M = to32(place, count * filters), shape.C = to32(place, count * s.inner), shape.W = to32(place, columns);
  p.weights = Tensor(DType::Float32, {count * filters, s.inner, 1, 1});
  p.input = Tensor(DType::Float32, {1, count * s.inner, 1, columns});
  for (std::size_t i = 0; i < count; ++i) {
    const float *a = left + s.left[i] * s.rows * s.inner, *b = right + s.right[i] * s.inner * s.columns;
    const Tensor w = right_is_weights ? matrix(b, s.inner, s.columns, true) : matrix(a, s.rows, s.inner, false);
    const Tensor x = right_is_weights ? matrix(a, s.rows, s.inner, true) : matrix(b, s.inner, s.columns, false);
    std::ranges::copy(w.as<float>(), p.weights.as<float>().begin() + static_cast<std::ptrdiff_t>(i * w.size()));
    std::ranges::copy(x.as<float>(), p.input.as<float>().begin() + static_cast<std::ptrdiff_t>(i * x.size()));
  }
  p.weights_value = p.node->inputs[right_is_weights ? 1 : 0];
  p.input_value = p.node->inputs[right_is_weights ? 0 : 1];
  for (const std::size_t extent : {count, s.rows, s.inner, s.columns})
    p.dense_products = product(p.dense_products, extent, place);
}

void read_matmul(const OnnxGraph& graph, OnnxProduct& p) {
  const onnx::Node& node = *p.node;
  const onnx::Call call = graph.call(node);
  const onnx::MatmulShape s = onnx::matmul_shape(call);
  if (s.left.empty() || s.rows * s.inner * s.columns == 0) fail(node.place, "multiplies matrices without elements");
  const float *left = call.input(0).as<float>().data(), *right = call.input(1).as<float>().data();
  const bool right_is_weights = graph.is_constant(node.inputs[1]);
  const bool one_right = std::ranges::all_of(s.right, [](std::size_t i) { return i == 0; });
  const bool column = call.input(1).shape().size() == 1;
  if (right_is_weights && one_right && s.left.size() * s.rows * s.inner == call.input(0).size()) {
    read_matrices(p, left, right, s.left.size() * s.rows, s.inner, s.columns, true);
    p.filter_axis = column ? 0 : call.input(1).shape().size() - 1;
    p.channel_from_end = column ? 0 : 1;
  } else if (s.left.size() == 1) {
    read_matrices(p, left, right, s.rows, s.inner, s.columns, right_is_weights);
    p.filter_axis = call.input(0).shape().size() < 2 ? 0 : call.input(0).shape().size() - 2;
    p.channel_from_end = call.input(0).shape().size() < 2 || column ? 0 : 2;
  } else {
    read_batch(s, left, right, right_is_weights, p);
  }
}

/// The third input of Conv and Gemm.
void read_bias(const OnnxGraph& graph, OnnxProduct& p) {
  p.bias.assign(p.shape.M, 0);
  if (p.node->inputs.size() < 3 || p.node->inputs[2].empty()) return;
  const std::string& value = p.node->inputs[2];
  const double beta = static_cast<double>(graph.call(*p.node).real("beta", 1));
  // A Conv's bias is a list of its filters, whichever dimension of the output counts them.
  const auto found = per_filter(graph, value, p.shape.M, p.node->op == "Conv" ? 1 : p.channel_from_end);
  p.adds = !found;
  if (!found) return;
  std::ranges::transform(*found, p.bias.begin(), [&](double v) { return beta * v; });
  if (beta == 1 && p.gain == 1 && graph.tensor(value)->size() == p.shape.M) p.bias_value = value;
}

}  // namespace

std::optional<std::vector<double>> per_filter(const OnnxGraph& graph, const std::string& value, std::size_t count,
                                              std::size_t from_end) {
  const Tensor* tensor = graph.tensor(value);
  if (!graph.is_constant(value) || tensor == nullptr || tensor->type() != DType::Float32) return std::nullopt;
  const auto values = tensor->as<float>();
  if (values.size() == 1) return std::vector<double>(count, static_cast<double>(values[0]));
  const Shape& shape = tensor->shape();
  if (from_end == 0 || shape.size() < from_end || values.size() != count || shape[shape.size() - from_end] != count)
    return std::nullopt;
  return std::vector<double>(values.begin(), values.end());
}

void check_finite(const Tensor& tensor, std::string_view what, const Place& place) {
  if (!std::ranges::all_of(tensor.as<float>(), [](float v) { return std::isfinite(v); }))
    fail(place, "its {} hold a value that is not finite", what);
}

bool is_product(const OnnxGraph& graph, const onnx::Node& node) {
  if (node.op != "Conv" && node.op != "Gemm" && node.op != "MatMul") return false;
  return !graph.is_constant(node.outputs[0]);
}

OnnxProduct product_of(const OnnxGraph& graph, const onnx::Node& node) {
  OnnxProduct p;
  p.node = &node;
  if (node.op == "Conv")
    read_conv(graph, p);
  else if (node.op == "Gemm")
    read_gemm(graph, p);
  else
    read_matmul(graph, p);
  p.constant = graph.is_constant(p.weights_value);
  // Without an input the network runs on zeros, and what it makes of them may be anything.
  if (p.constant) check_finite(p.weights, "weights", node.place);
  read_bias(graph, p);
  return p;
}

}  // namespace lacuna::imports
