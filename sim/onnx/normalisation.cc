#include "onnx/normalisation.h"

#include <algorithm>
#include <cmath>

#include "onnx/broadcast.h"

namespace lacuna::onnx {

namespace {

/// `x` seen as [outer, middle, inner], the dimensions before `from`, from there to `to`, and behind.
struct Slabs {
  std::size_t outer = 1, middle = 1, inner = 1;
};

Slabs slabs(const Shape& shape, std::size_t from, std::size_t to) {
  Slabs s;
  for (std::size_t d = 0; d < shape.size(); ++d) (d < from ? s.outer : d < to ? s.middle : s.inner) *= shape[d];
  return s;
}

}  // namespace

ChannelScale batch_norm_scale(const Call& call) {
  const bool training = call.opset() < 7 ? call.integer("is_test", 0) == 0 : call.integer("training_mode", 0) != 0;
  if (training) fail(call.place(), "normalises by its own input, as in training; export the model for inference");
  if (call.integer("spatial", 1) != 1) fail(call.place(), "attribute spatial is 0; legal: 1");
  const std::size_t channels = call.floats(1).size();
  for (const std::size_t i : {1, 2, 3, 4})
    if (call.floats(i).shape() != Shape{channels})
      fail(call.place(), "input {} has shape {}; need [{}]", i + 1, text_of(call.input(i).shape()), channels);
  const double epsilon = call.real("epsilon", 1e-5f);
  const auto scale = call.floats(1).as<float>(), bias = call.floats(2).as<float>(), mean = call.floats(3).as<float>(),
             variance = call.floats(4).as<float>();
  ChannelScale result;
  for (std::size_t c = 0; c < channels; ++c) {
    const double gain = static_cast<double>(scale[c]) / std::sqrt(static_cast<double>(variance[c]) + epsilon);
    result.gain.push_back(gain);
    result.offset.push_back(static_cast<double>(bias[c]) - static_cast<double>(mean[c]) * gain);
  }
  return result;
}

Tensor batch_normalization(const Call& call) {
  const Tensor& x = call.floats(0, 2);
  const ChannelScale scale = batch_norm_scale(call);
  if (x.shape()[1] != scale.gain.size())
    fail(call.place(), "scales {} channels of an input of shape {}", scale.gain.size(), text_of(x.shape()));
  const Slabs s = slabs(x.shape(), 1, 2);
  Tensor y = call.make(DType::Float32, x.shape());
  const auto in = x.as<float>();
  const auto out = y.as<float>();
  for (std::size_t i = 0; i < out.size(); ++i) {
    const std::size_t c = i / s.inner % s.middle;
    out[i] = static_cast<float>(static_cast<double>(in[i]) * scale.gain[c] + scale.offset[c]);
  }
  return y;
}

Tensor layer_normalization(const Call& call) {
  const Tensor& x = call.floats(0, 1);
  const Slabs s = slabs(x.shape(), call.axis(call.integer("axis", -1), x.shape().size()), x.shape().size());
  const auto scale = call.floats(1).as<float>();
  const auto bias = call.has(2) ? call.floats(2).as<float>() : std::span<const float>();
  if (scale.size() != s.middle || (call.has(2) && bias.size() != s.middle))
    fail(call.place(), "scale and bias have {} and {} elements; need {}", scale.size(), bias.size(), s.middle);
  const double epsilon = call.real("epsilon", 1e-5f);
  Tensor y = call.make(DType::Float32, x.shape());
  for (std::size_t o = 0; o < s.outer; ++o) {
    const auto in = x.as<float>().subspan(o * s.middle, s.middle);
    double mean = 0, variance = 0;
    for (const float v : in) mean += static_cast<double>(v) / static_cast<double>(s.middle);
    for (const float v : in) variance += (v - mean) * (v - mean) / static_cast<double>(s.middle);
    for (std::size_t i = 0; i < s.middle; ++i) {
      const double normal = (in[i] - mean) / std::sqrt(variance + epsilon) * static_cast<double>(scale[i]);
      y.as<float>()[o * s.middle + i] =
          static_cast<float>(bias.empty() ? normal : normal + static_cast<double>(bias[i]));
    }
  }
  return y;
}

Tensor softmax(const Call& call) {
  const Tensor& x = call.floats(0, 1);
  // Before version 13 all dimensions from the axis on are one.
  const bool flat = call.opset() < 13;
  const std::size_t axis = call.axis(call.integer("axis", flat ? 1 : -1), x.shape().size());
  const Slabs s = slabs(x.shape(), axis, flat ? x.shape().size() : axis + 1);
  Tensor y = call.make(DType::Float32, x.shape());
  const auto in = x.as<float>();
  const auto out = y.as<float>();
  for (std::size_t o = 0; o < s.outer; ++o)
    for (std::size_t i = 0; i < s.inner; ++i) {
      const auto at = [&](std::size_t m) { return (o * s.middle + m) * s.inner + i; };
      double largest = -std::numeric_limits<double>::infinity(), total = 0;
      for (std::size_t m = 0; m < s.middle; ++m) largest = std::max(largest, static_cast<double>(in[at(m)]));
      for (std::size_t m = 0; m < s.middle; ++m) total += std::exp(static_cast<double>(in[at(m)]) - largest);
      for (std::size_t m = 0; m < s.middle; ++m)
        out[at(m)] = static_cast<float>(std::exp(static_cast<double>(in[at(m)]) - largest) / total);
    }
  return y;
}

Tensor reduce_mean(const Call& call) {
  const Tensor& x = call.floats(0);
  const std::size_t rank = x.shape().size();
  const auto listed = call.has(1) ? call.integers(1) : call.integers("axes", {});
  std::vector<bool> reduced(rank, listed.empty() && call.integer("noop_with_empty_axes", 0) == 0);
  for (const std::int64_t axis : listed) reduced[call.axis(axis, rank)] = true;
  Shape kept = x.shape(), shape;
  const bool keep = call.integer("keepdims", 1) != 0;
  for (std::size_t d = 0; d < rank; ++d) {
    if (reduced[d]) kept[d] = 1;
    if (!reduced[d] || keep) shape.push_back(kept[d]);
  }
  std::vector<double> sums(element_count(kept), 0);
  for_each_element(x.shape(), {strides_in(kept, x.shape())},
                   [&](std::size_t i, const auto& to) { sums[to[0]] += static_cast<double>(x.as<float>()[i]); });
  Tensor y = call.make(DType::Float32, shape);
  for (std::size_t i = 0; i < sums.size(); ++i)
    y.as<float>()[i] = static_cast<float>(sums[i] / (static_cast<double>(x.size()) / static_cast<double>(sums.size())));
  return y;
}

}  // namespace lacuna::onnx
