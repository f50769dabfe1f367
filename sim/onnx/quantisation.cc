#include "onnx/quantisation.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace lacuna::onnx {

namespace {

/// Calls act(i, scale, zero point) for every element of the input.
template <typename Act>
void with_scale(const Call& call, const Act& act) {
  const LinearScale s = linear_scale(call);
  const Shape& shape = call.input(0).shape();
  const std::size_t inner = s.sliced ? strides_of(shape)[s.axis] : 1, count = s.scale.size();
  for (std::size_t i = 0; i < call.input(0).size(); ++i)
    act(i, s.scale[i / inner % count], s.zero_point[i / inner % count]);
}

}  // namespace

std::pair<std::int64_t, std::int64_t> range_of(DType type) {
  const unsigned bits = 8 * static_cast<unsigned>(size_of(type));
  if (type == DType::UInt8 || type == DType::UInt16) return {0, (std::int64_t{1} << bits) - 1};
  return {-(std::int64_t{1} << (bits - 1)), (std::int64_t{1} << (bits - 1)) - 1};
}

DType quantised_type(const Call& call) {
  const DType type = call.has(2) ? call.input(2).type() : DType::UInt8;
  if (type == DType::Float32 || type == DType::Int64)
    fail(call.place(), "the zero point holds {}; legal: integers of 8, 16 or 32 bits", name_of(type));
  return type;
}

LinearScale linear_scale(const Call& call) {
  LinearScale s;
  const Tensor& scale = call.floats(1);
  s.scale.assign(scale.as<float>().begin(), scale.as<float>().end());
  const Shape& shape = call.input(0).shape();
  if (scale.shape().size() > 1 || scale.size() == 0 || call.integer("block_size", 0) != 0)
    fail(call.place(), "the scale has shape {}; need one element, or one for each slice along an axis",
         text_of(scale.shape()));
  s.sliced = scale.shape().size() == 1 && scale.size() > 1;
  if (s.sliced) {
    s.axis = call.axis(call.integer("axis", 1), shape.size());
    if (shape[s.axis] != scale.size())
      fail(call.place(), "has {} scales for {} slices along axis {}", scale.size(), shape[s.axis], s.axis);
  }
  for (const float value : s.scale)
    if (!(value > 0 && std::isfinite(value))) fail(call.place(), "a scale is {}; need a number above 0", value);
  s.zero_point.assign(scale.size(), 0);
  if (call.has(2)) s.zero_point = call.integers(2);
  if (s.zero_point.size() != scale.size())
    fail(call.place(), "has {} scales and {} zero points; need as many", scale.size(), s.zero_point.size());
  return s;
}

Tensor quantize_linear(const Call& call) {
  const Tensor& x = call.floats(0);
  const DType type = quantised_type(call);
  const auto [low, high] = range_of(type);
  Tensor y = call.make(type, x.shape());
  const auto in = x.as<float>();
  with_scale(call, [&, low = static_cast<double>(low), high = static_cast<double>(high)](std::size_t i, float scale,
                                                                                         std::int64_t zero) {
    if (std::isnan(in[i])) fail(call.place(), "quantises a value that is no number");
    // nearbyint rounds halves to even in the mode every program starts with.
    const double steps = std::nearbyint(static_cast<double>(in[i] / scale)) + static_cast<double>(zero);
    y.set(i, static_cast<std::int64_t>(std::clamp(steps, low, high)));
  });
  return y;
}

Tensor dequantize_linear(const Call& call) {
  const Tensor& x = call.input(0);
  if (x.type() == DType::Float32 || x.type() == DType::Int64)
    fail(call.place(), "input 1 holds {}; legal: integers of 8, 16 or 32 bits", name_of(x.type()));
  if (call.has(2) && call.input(2).type() != x.type())
    fail(call.place(), "the zero point holds {}, the input {}", name_of(call.input(2).type()), name_of(x.type()));
  Tensor y = call.make(DType::Float32, x.shape());
  const auto values = x.to_int64();
  with_scale(call, [&](std::size_t i, float scale, std::int64_t zero) {
    y.as<float>()[i] = static_cast<float>(values[i] - zero) * scale;
  });
  return y;
}

}  // namespace lacuna::onnx
