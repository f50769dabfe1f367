#include "onnx/pooling.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "onnx/windows.h"

namespace lacuna::onnx {

namespace {

/// Calls take(output, value) for every element of every window that is not padding, window by window within a tap.
template <typename Take>
void walk(std::span<const WindowAxis> axes, std::span<const float> in, std::size_t planes, const Take& take) {
  const std::size_t outputs = outputs_of(axes), plane = in.size() / planes;
  std::vector<std::int64_t> places(outputs);
  for (std::size_t tap = 0; tap < taps_of(axes); ++tap) {
    places_of(axes, tap, 0, places);
    for (std::size_t p = 0; p < planes; ++p)
      for (std::size_t o = 0; o < outputs; ++o)
        if (places[o] >= 0) take(p * outputs + o, in[p * plane + static_cast<std::size_t>(places[o])]);
  }
}

struct Pool {
  std::vector<WindowAxis> axes;
  Tensor y;
  std::size_t planes;
};

Pool begin(const Call& call) {
  const Tensor& x = call.floats(0, 3);
  if (x.size() == 0) fail(call.place(), "the input of shape {} is empty", text_of(x.shape()));
  Pool pool{windows_of(call, x.shape(), call.integers("kernel_shape", {})), {}, x.shape()[0] * x.shape()[1]};
  Shape shape = {x.shape()[0], x.shape()[1]};
  for (const WindowAxis& axis : pool.axes) shape.push_back(static_cast<std::size_t>(axis.output));
  pool.y = call.make(DType::Float32, shape);
  std::uint64_t elements = 0;
  if (__builtin_mul_overflow(pool.y.size(), taps_of(pool.axes), &elements) || elements > kMaxProducts)
    fail(call.place(), "the windows have more than 2^42 elements");
  return pool;
}

/// How many elements of window `o` along one axis lie in the input or, with `padding`, in its padding. What ceil_mode
/// lets stand out beyond that never counts.
std::int64_t covered(const WindowAxis& axis, std::int64_t o, bool padding) {
  std::int64_t count = 0;
  for (std::int64_t k = 0; k < axis.kernel; ++k) {
    const std::int64_t place = o * axis.stride - axis.begin + k * axis.dilation;
    count += padding ? place < axis.input + axis.end : place >= 0 && place < axis.input;
  }
  return count;
}

template <typename Act>
Tensor reduce_planes(const Call& call, const Act& act) {
  const Tensor& x = call.floats(0, 3);
  if (x.size() == 0) fail(call.place(), "the input of shape {} is empty", text_of(x.shape()));
  Shape shape(x.shape().size(), 1);
  shape[0] = x.shape()[0], shape[1] = x.shape()[1];
  Tensor y = call.make(DType::Float32, shape);
  const std::size_t plane = x.size() / y.size();
  for (std::size_t i = 0; i < y.size(); ++i) y.as<float>()[i] = act(x.as<float>().subspan(i * plane, plane));
  return y;
}

}  // namespace

Tensor max_pool(const Call& call) {
  Pool pool = begin(call);
  const auto out = pool.y.as<float>();
  std::ranges::fill(out, -std::numeric_limits<float>::infinity());
  walk(pool.axes, call.floats(0).as<float>(), pool.planes,
       [&](std::size_t o, float value) { out[o] = std::max(out[o], value); });
  return std::move(pool.y);
}

Tensor average_pool(const Call& call) {
  Pool pool = begin(call);
  const auto out = pool.y.as<float>();
  walk(pool.axes, call.floats(0).as<float>(), pool.planes, [&](std::size_t o, float value) { out[o] += value; });
  const bool padding = call.integer("count_include_pad", 0) != 0;
  const std::size_t outputs = outputs_of(pool.axes);
  for (std::size_t o = 0; o < outputs; ++o) {
    std::int64_t count = 1;
    std::size_t window = o;
    for (std::size_t d = pool.axes.size(); d-- > 0;) {
      const auto extent = static_cast<std::size_t>(pool.axes[d].output);
      count *= covered(pool.axes[d], static_cast<std::int64_t>(window % extent), padding);
      window /= extent;
    }
    if (count == 0) fail(call.place(), "a window lies in the padding alone");
    for (std::size_t p = 0; p < pool.planes; ++p) out[p * outputs + o] /= static_cast<float>(count);
  }
  return std::move(pool.y);
}

Tensor global_max_pool(const Call& call) {
  return reduce_planes(call, [](std::span<const float> plane) { return *std::ranges::max_element(plane); });
}

Tensor global_average_pool(const Call& call) {
  return reduce_planes(call, [](std::span<const float> plane) {
    return static_cast<float>(std::accumulate(plane.begin(), plane.end(), 0.0) / static_cast<double>(plane.size()));
  });
}

}  // namespace lacuna::onnx
