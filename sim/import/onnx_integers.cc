#include "import/onnx_integers.h"

#include <algorithm>
#include <cmath>

#include "onnx/quantisation.h"

namespace lacuna::imports {

namespace {

constexpr double kMostSigned = 127, kMostUnsigned = 255;

/// How a layer's input becomes integers.
struct InputPlan {
  double step = 1;
  bool is_signed = false;
  bool kept = false;                      ///< they are the model's integers
  const FoldedProduct* source = nullptr;  ///< the layer whose output it is
};

double largest(std::span<const float> values) {
  double result = 0;
  for (const float v : values) result = std::max(result, std::abs(static_cast<double>(v)));
  return result;
}

/// `value`, or 1 for 0.
double or_one(double value) { return value == 0 ? 1 : value; }

InputPlan plan_input(const OnnxGraph& graph, const FoldedProduct& f,
                     const std::map<std::string, const FoldedProduct*>& tails) {
  const auto values = f.product.input.as<float>();
  InputPlan plan;
  plan.source = source_of(graph, tails, f.product.input_value);
  const bool negative = std::ranges::any_of(values, [](float v) { return v < 0; });
  plan.is_signed = negative || (plan.source != nullptr && !plan.source->relu);
  if (const auto given = given_step(graph, f.product.input_value)) {
    plan.step = *given;
    plan.kept = true;
  } else {
    plan.step = or_one(largest(values) / (plan.is_signed ? kMostSigned : kMostUnsigned));
  }
  return plan;
}

/// Steps of the weights that the model has as integers, one a filter; nothing if it has none, or other slices of them
/// have scales of their own.
std::optional<std::vector<double>> given_weight_steps(const OnnxGraph& graph, const FoldedProduct& f) {
  const OnnxProduct& p = f.product;
  if (!std::ranges::all_of(f.scale, [](double scale) { return scale > 0; })) return std::nullopt;
  std::vector<double> steps;
  if (const auto one = given_step(graph, p.weights_value)) {
    steps.assign(p.shape.M, *one);
  } else {
    const onnx::Node* node = graph.maker(p.weights_value);
    if (node == nullptr || node->op != "DequantizeLinear") return std::nullopt;
    const auto scale = onnx::linear_scale(graph.call(*node));
    if (!scale.sliced || scale.axis != p.filter_axis || scale.scale.size() != p.shape.M) return std::nullopt;
    steps.assign(scale.scale.begin(), scale.scale.end());
  }
  return steps;
}

/// `values` as whole numbers of `legal[0]` if all fit it, else of the first that holds them.
Tensor narrowest(const Shape& shape, const std::vector<std::int64_t>& values, std::initializer_list<DType> legal,
                 const Place& place, std::string_view what) {
  const auto [least, most] = std::ranges::minmax(values);
  for (const DType type : legal) {
    const auto [low, high] = onnx::range_of(type);
    if (least < low || most > high) continue;
    Tensor tensor(type, shape);
    for (std::size_t i = 0; i < values.size(); ++i) tensor.set(i, values[i]);
    return tensor;
  }
  fail(place, "its {} are {} to {} without their zero point; a layer's have 16 bits", what, least, most);
}

/// Whole numbers of steps: of kept integers exactly, of others the nearest; `low` and `high` bound them.
template <typename Rounded>
std::vector<std::int64_t> rounded_steps(std::span<const float> values, double low, double high,
                                        const Rounded& rounded) {
  std::vector<std::int64_t> result(values.size());
  for (std::size_t i = 0; i < values.size(); ++i)
    result[i] = static_cast<std::int64_t>(std::clamp(rounded(i), low, high));
  return result;
}

/// Halves go up.
double nearest_step(double value, double step) { return std::floor(value / step + 0.5); }

constexpr double kKeptRange = 1 << 17;  ///< integers of 16 bits without their zero point

Tensor input_integers(const FoldedProduct& f, const InputPlan& plan) {
  const Tensor& input = f.product.input;
  const auto values = input.as<float>();
  const Place& place = f.product.node->place;
  if (!plan.kept) return steps_of(values, plan.step, plan.is_signed ? DType::Int8 : DType::UInt8, input.shape());
  const auto integers = rounded_steps(values, -kKeptRange, kKeptRange, [&](std::size_t i) {
    return nearest_step(static_cast<double>(values[i]), plan.step);
  });
  if (plan.is_signed) return narrowest(input.shape(), integers, {DType::Int8, DType::Int16}, place, "inputs");
  return narrowest(input.shape(), integers, {DType::UInt8, DType::UInt16}, place, "inputs");
}

/// int8 steps and their scale, which is at least `least`; halves to even.
Tensor float_weights(const FoldedProduct& f, bool each_filter, const std::vector<double>& least,
                     std::vector<double>& step) {
  const OnnxProduct& p = f.product;
  const auto values = p.weights.as<float>();
  const std::size_t count = values.size() / p.shape.M;
  step.clear();
  for (std::size_t m = 0; m < p.shape.M; ++m)
    step.push_back(largest(values.subspan(m * count, count)) * std::abs(f.scale[m]));
  const double most = *std::ranges::max_element(step);
  for (std::size_t m = 0; m < p.shape.M; ++m) {
    if (!each_filter || step[m] == 0)
      step[m] = most == 0 ? kMostSigned : most;  // of a filter of zeros any scale will do
    step[m] = std::max(step[m] / kMostSigned, least[m]);
  }
  const auto rounded = [&](std::size_t i) {
    return std::nearbyint(static_cast<double>(values[i]) * f.scale[i / count] / step[i / count]);
  };
  return narrowest(p.weights.shape(), rounded_steps(values, -kMostSigned, kMostSigned, rounded), {DType::Int8},
                   p.node->place, "weights");
}

Tensor kept_weights(const FoldedProduct& f, const std::vector<double>& given, std::vector<double>& step) {
  const OnnxProduct& p = f.product;
  const auto values = p.weights.as<float>();
  const std::size_t count = values.size() / p.shape.M;
  step.clear();
  for (std::size_t m = 0; m < p.shape.M; ++m) step.push_back(given[m] * f.scale[m]);
  const auto rounded = [&](std::size_t i) { return std::nearbyint(static_cast<double>(values[i]) / given[i / count]); };
  return narrowest(p.weights.shape(), rounded_steps(values, -kKeptRange, kKeptRange, rounded),
                   {DType::Int8, DType::Int16}, p.node->place, "weights");
}

/// The int32 biases of a model that has them in steps of weights times input; nothing if it has not.
const Tensor* kept_bias(const OnnxGraph& graph, const FoldedProduct& f, const LayerIntegers& layer) {
  const onnx::Node* node = graph.maker(f.product.bias_value);
  if (!f.folded.empty() || node == nullptr || node->op != "DequantizeLinear") return nullptr;
  const auto scale = onnx::linear_scale(graph.call(*node));
  if (std::ranges::any_of(scale.zero_point, [](std::int64_t zero) { return zero != 0; })) return nullptr;
  for (std::size_t m = 0; m < layer.weight_step.size(); ++m) {
    const double step = layer.weight_step[m] * layer.input_step;
    if (std::abs(static_cast<double>(scale.scale[m % scale.scale.size()]) - step) > 1e-5 * step) return nullptr;
  }
  const Tensor* integers = graph.tensor(node->inputs[0]);
  return integers->type() == DType::Int32 ? integers : nullptr;
}

Tensor bias_integers(const OnnxGraph& graph, const FoldedProduct& f, const LayerIntegers& layer) {
  const std::size_t count = f.shift.size();
  if (const Tensor* kept = kept_bias(graph, f, layer)) return kept->reshaped({count});
  Tensor bias(DType::Int32, {count});
  for (std::size_t m = 0; m < count; ++m) {
    const double value = std::nearbyint(f.shift[m] / (layer.weight_step[m] * layer.input_step));
    if (!(std::abs(value) <= INT32_MAX))
      fail(f.product.node->place, "the bias of filter {} is {} steps of weights times input; allowed 32 bits", m,
           value);
    bias.set(m, static_cast<std::int64_t>(value));
  }
  return bias;
}

/// A factor as multiplier / 2^shift: multiplier 32768..65535 where shift 1..47 allows it. One below 2^-48 leaves
/// nothing of any sum, and so does the smallest that can be said.
std::pair<std::int64_t, std::int64_t> multiplier_and_shift(double factor, const Place& place) {
  auto shift = static_cast<std::int64_t>(std::clamp(15 - std::floor(std::log2(factor)), 1.0, 47.0));
  double multiplier = std::nearbyint(std::ldexp(factor, static_cast<int>(shift)));
  if (multiplier == 65536 && shift > 1) multiplier = 32768, --shift;
  if (!(multiplier <= 65535)) fail(place, "a sum is scaled by {}; allowed up to 32767", factor);
  return {std::max<std::int64_t>(static_cast<std::int64_t>(multiplier), 1), shift};
}

LayerIntegers layer_of(const OnnxGraph& graph, const FoldedProduct& f, const InputPlan& plan,
                       std::optional<double> output_step) {
  const OnnxProduct& p = f.product;
  const Place& place = p.node->place;
  check_finite(p.input, "inputs", place);
  check_finite(p.weights, "weights", place);
  for (std::size_t m = 0; m < f.scale.size(); ++m)
    if (!std::isfinite(f.scale[m]) || !std::isfinite(f.shift[m]))
      fail(place, "what follows filter {} scales it by {} and adds {}; need finite numbers", m, f.scale[m], f.shift[m]);
  LayerIntegers layer;
  layer.input_step = plan.step;
  layer.input_kept = plan.kept;
  const bool sums_leave =
      !output_step && !f.relu &&
      (f.feeds == std::vector<std::string>{"output"} || f.feeds == std::vector<std::string>{"nothing"});
  if (!sums_leave) {
    const auto values = graph.tensor(f.tail)->as<float>();
    double most = 0;
    for (const float v : values)
      if (!f.relu || v > 0) most = std::max(most, std::abs(static_cast<double>(v)));
    if (!std::isfinite(most)) fail(place, "its outputs hold a value that is not finite");
    layer.output_step = output_step.value_or(or_one(most / (f.relu ? kMostUnsigned : kMostSigned)));
  }
  const auto given = given_weight_steps(graph, f);
  layer.weights_kept = given.has_value();
  if (given) {
    layer.tensors.weights = kept_weights(f, *given, layer.weight_step);
  } else {
    // A filter of tiny weights takes a coarser scale where its bias or its rescaling would not fit.
    std::vector<double> least;
    for (const double shift : f.shift) {
      least.push_back(std::abs(shift) / (0x1p30 * plan.step));
      if (layer.output_step) least.back() = std::max(least.back(), *layer.output_step / plan.step * 0x1p-31);
    }
    if (!p.constant) least.assign(least.size(), *std::ranges::max_element(least));
    layer.tensors.weights = float_weights(f, p.constant && !sums_leave, least, layer.weight_step);
  }
  layer.tensors.input = input_integers(f, plan);
  layer.tensors.bias = bias_integers(graph, f, layer);
  if (!layer.output_step) return layer;
  Tensor requantise(DType::Int32, {p.shape.M, 2});
  for (std::size_t m = 0; m < p.shape.M; ++m) {
    const auto [multiplier, shift] = multiplier_and_shift(layer.weight_step[m] * plan.step / *layer.output_step, place);
    requantise.set(2 * m, multiplier);
    requantise.set(2 * m + 1, shift);
  }
  layer.tensors.requantise = std::move(requantise);
  if (f.output) {
    const bool wide = size_of(layer.tensors.weights.type()) > 1 || size_of(layer.tensors.input->type()) > 1;
    const auto [low, high] = onnx::range_of(f.relu ? (wide ? DType::UInt16 : DType::UInt8)  // as Layer::output_type()
                                                   : (wide ? DType::Int16 : DType::Int8));
    layer.saturates_elsewhere = f.output->high != high || (!f.relu && f.output->low != low);
  }
  return layer;
}

}  // namespace

Tensor steps_of(std::span<const float> values, double step, DType type, const Shape& shape) {
  const auto [low, high] = onnx::range_of(type);
  const auto integers = rounded_steps(values, static_cast<double>(low), static_cast<double>(high), [&](std::size_t i) {
    return nearest_step(static_cast<double>(values[i]), step);
  });
  Tensor tensor(type, shape);
  for (std::size_t i = 0; i < integers.size(); ++i) tensor.set(i, integers[i]);
  return tensor;
}

std::vector<LayerIntegers> integers_of(const OnnxGraph& graph, const std::vector<FoldedProduct>& products) {
  std::map<std::string, const FoldedProduct*> tails;
  for (const FoldedProduct& f : products) tails[f.tail] = &f;
  // One scale for all inputs that are the same layer's output, and for that output.
  std::vector<InputPlan> plans;
  std::map<const FoldedProduct*, double> shared;
  for (const FoldedProduct& f : products) {
    plans.push_back(plan_input(graph, f, tails));
    const InputPlan& plan = plans.back();
    if (plan.source == nullptr) continue;
    if (plan.source->output) {
      shared[plan.source] = plan.source->output->step;
    } else {
      double& step = shared[plan.source];
      step = std::max(step, plan.step);
    }
  }
  std::vector<LayerIntegers> layers;
  for (std::size_t i = 0; i < products.size(); ++i) {
    InputPlan& plan = plans[i];
    if (plan.source != nullptr && !plan.kept) plan.step = shared.at(plan.source);
    std::optional<double> output;
    if (products[i].output) output = products[i].output->step;
    if (const auto found = shared.find(&products[i]); found != shared.end()) output = found->second;
    layers.push_back(layer_of(graph, products[i], plan, output));
  }
  return layers;
}

}  // namespace lacuna::imports
