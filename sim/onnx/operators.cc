#include "onnx/operators.h"

#include <algorithm>

#include "onnx/arithmetic.h"
#include "onnx/layout.h"
#include "onnx/normalisation.h"
#include "onnx/pooling.h"
#include "onnx/products.h"
#include "onnx/quantisation.h"
#include "onnx/resizing.h"

namespace lacuna::onnx {

namespace {

constexpr std::size_t kMany = SIZE_MAX;

struct Operator {
  std::string_view name;
  std::vector<Tensor> (*run)(const Call&);
  std::size_t least, most;  ///< inputs
  std::vector<std::string_view> attributes;
};

/// An operator of one output.
template <Tensor (*Function)(const Call&)>
std::vector<Tensor> one(const Call& call) {
  std::vector<Tensor> outputs;
  outputs.push_back(Function(call));
  return outputs;
}

const std::vector<Operator>& operators() {
  static const std::vector<Operator> table = {
      {"Abs", one<absolute>, 1, 1, {}},
      {"Add", one<add>, 2, 2, {}},
      {"AveragePool",
       one<average_pool>,
       1,
       1,
       {"auto_pad", "ceil_mode", "count_include_pad", "dilations", "kernel_shape", "pads", "strides"}},
      {"BatchNormalization",
       one<batch_normalization>,
       5,
       5,
       {"epsilon", "momentum", "training_mode", "spatial", "is_test"}},
      {"Cast", one<cast>, 1, 1, {"saturate", "to"}},
      {"Clip", one<clip>, 1, 3, {"min", "max"}},
      {"Concat", one<concat>, 1, kMany, {"axis"}},
      {"Constant",
       one<constant>,
       0,
       0,
       {"value", "value_float", "value_floats", "value_int", "value_ints", "value_string"}},
      {"ConstantOfShape", one<constant_of_shape>, 1, 1, {"value"}},
      {"Conv", one<conv>, 2, 3, {"auto_pad", "dilations", "group", "kernel_shape", "pads", "strides"}},
      {"DequantizeLinear", one<dequantize_linear>, 2, 3, {"axis", "block_size"}},
      {"Div", one<divide>, 2, 2, {}},
      {"Dropout", one<identity>, 1, 3, {"ratio", "seed", "is_test"}},
      {"Elu", one<elu>, 1, 1, {"alpha"}},
      {"Erf", one<erf>, 1, 1, {}},
      {"Exp", one<exp>, 1, 1, {}},
      {"Expand", one<expand>, 2, 2, {}},
      {"Flatten", one<flatten>, 1, 1, {"axis"}},
      {"Gather", one<take>, 2, 2, {"axis"}},
      {"Gemm", one<gemm>, 2, 3, {"alpha", "beta", "transA", "transB", "broadcast"}},
      {"GlobalAveragePool", one<global_average_pool>, 1, 1, {}},
      {"GlobalMaxPool", one<global_max_pool>, 1, 1, {}},
      {"HardSigmoid", one<hard_sigmoid>, 1, 1, {"alpha", "beta"}},
      {"HardSwish", one<hard_swish>, 1, 1, {}},
      {"Identity", one<identity>, 1, 1, {}},
      {"LayerNormalization", one<layer_normalization>, 2, 3, {"axis", "epsilon", "stash_type"}},
      {"LeakyRelu", one<leaky_relu>, 1, 1, {"alpha"}},
      {"MatMul", one<matmul>, 2, 2, {}},
      {"Max", one<maximum>, 1, kMany, {}},
      {"MaxPool",
       one<max_pool>,
       1,
       1,
       {"auto_pad", "ceil_mode", "dilations", "kernel_shape", "pads", "storage_order", "strides"}},
      {"Min", one<minimum>, 1, kMany, {}},
      {"Mul", one<multiply>, 2, 2, {}},
      {"Neg", one<negative>, 1, 1, {}},
      {"PRelu", one<prelu>, 2, 2, {}},
      {"Pad", one<pad>, 1, 4, {"mode", "pads", "value"}},
      {"Pow", one<power>, 2, 2, {}},
      {"QuantizeLinear", one<quantize_linear>, 2, 3, {"axis", "block_size", "saturate"}},
      {"Reciprocal", one<reciprocal>, 1, 1, {}},
      {"ReduceMean", one<reduce_mean>, 1, 2, {"axes", "keepdims", "noop_with_empty_axes"}},
      {"Relu", one<relu>, 1, 1, {}},
      {"Reshape", one<reshape>, 2, 2, {"allowzero"}},
      {"Resize",
       one<resize>,
       2,
       4,
       {"antialias", "axes", "coordinate_transformation_mode", "cubic_coeff_a", "exclude_outside",
        "extrapolation_value", "keep_aspect_ratio_policy", "mode", "nearest_mode"}},
      {"Shape", one<shape>, 1, 1, {"start", "end"}},
      {"Sigmoid", one<sigmoid>, 1, 1, {}},
      {"Slice", one<slice>, 1, 5, {"starts", "ends", "axes"}},
      {"Softmax", one<softmax>, 1, 1, {"axis"}},
      {"Softplus", one<softplus>, 1, 1, {}},
      {"Split", split, 1, 2, {"axis", "split", "num_outputs"}},
      {"Sqrt", one<sqrt>, 1, 1, {}},
      {"Squeeze", one<squeeze>, 1, 2, {"axes"}},
      {"Sub", one<subtract>, 2, 2, {}},
      {"Sum", one<sum>, 1, kMany, {}},
      {"Tanh", one<tanh>, 1, 1, {}},
      {"Transpose", one<transpose>, 1, 1, {"perm"}},
      {"Unsqueeze", one<unsqueeze>, 1, 2, {"axes"}},
      {"Upsample", one<resize>, 2, 2, {"mode"}},
  };
  return table;
}

const Operator* find(std::string_view op) {
  const auto& table = operators();
  const auto found = std::ranges::find(table, op, &Operator::name);
  return found == table.end() ? nullptr : &*found;
}

}  // namespace

bool is_supported(std::string_view op) { return find(op) != nullptr; }

std::vector<std::string_view> supported_operators() {
  std::vector<std::string_view> names;
  for (const Operator& op : operators()) names.push_back(op.name);
  return names;
}

std::vector<Tensor> run_operator(const Call& call) {
  const Operator* op = find(call.node().op);
  LACUNA_CHECK(op != nullptr, "operator '{}' cannot be run", call.node().op);
  const auto known = [&](std::string_view name) {
    return std::ranges::find(op->attributes, name) != op->attributes.end();
  };
  for (const auto& [name, value] : call.node().attributes)
    if (!known(name) && op->attributes.empty())
      fail(call.place(), "unknown attribute '{}'; need none", shown(name));
    else if (!known(name))
      throw UserError(call.place(), unknown_word("attribute", shown(name), op->attributes));
  for (const std::string& name : call.node().unread)
    fail(call.place(), "attribute '{}' holds neither numbers nor a tensor", shown(name));
  if (call.count() < op->least || call.count() > op->most)
    fail(call.place(), "has {} inputs; need {}", call.count(),
         op->least == op->most ? fmt::format("{}", op->least)
         : op->most == kMany   ? fmt::format("{} or more", op->least)
                               : fmt::format("{} to {}", op->least, op->most));
  return op->run(call);
}

}  // namespace lacuna::onnx
