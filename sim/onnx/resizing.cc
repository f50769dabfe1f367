// Each kind of interpolation is a product of one along each axis, so an axis at a time is a sum of a few slices.
#include "onnx/resizing.h"

#include <algorithm>
#include <cmath>

namespace lacuna::onnx {

namespace {

/// One output along an axis: sum of weight * input[at].
struct Tap {
  std::size_t at;
  double weight;
};

struct Mode {
  std::string kind, coordinates, nearest;
  double cubic;
  bool exclude_outside;
};

Mode mode_of(const Call& call) {
  const std::string kind = call.word("mode", {"nearest", "linear", "cubic"});
  if (call.node().op == "Upsample" || call.opset() < 11) return {kind, "asymmetric", "floor", -0.75, false};
  return {kind,
          call.word("coordinate_transformation_mode", {"half_pixel", "half_pixel_symmetric", "pytorch_half_pixel",
                                                       "align_corners", "asymmetric", "tf_half_pixel_for_nn"}),
          call.word("nearest_mode", {"round_prefer_floor", "round_prefer_ceil", "floor", "ceil"}),
          call.real("cubic_coeff_a", -0.75f), call.integer("exclude_outside", 0) != 0};
}

/// Where output `i` lies among the inputs.
double coordinate(const Mode& mode, std::size_t i, std::size_t input, std::size_t output, double scale) {
  const auto x = static_cast<double>(i), in = static_cast<double>(input), out = static_cast<double>(output);
  if (mode.coordinates == "half_pixel") return (x + 0.5) / scale - 0.5;
  if (mode.coordinates == "half_pixel_symmetric") {
    const double adjusted = in / 2 * (1 - out / (scale * in));
    return adjusted + (x + 0.5) / scale - 0.5;
  }
  if (mode.coordinates == "pytorch_half_pixel") return output > 1 ? (x + 0.5) / scale - 0.5 : 0;
  if (mode.coordinates == "align_corners") return output > 1 ? x * (in - 1) / (out - 1) : 0;
  if (mode.coordinates == "tf_half_pixel_for_nn") return (x + 0.5) / scale;
  return x / scale;
}

double nearest(const std::string& mode, double x) {
  if (mode == "floor") return std::floor(x);
  if (mode == "ceil") return std::ceil(x);
  return mode == "round_prefer_floor" ? std::ceil(x - 0.5) : std::floor(x + 0.5);
}

/// Weight of an input at distance `d` in cubic convolution.
double cubic(double a, double d) {
  d = std::abs(d);
  if (d <= 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
  if (d < 2) return ((a * d - 5 * a) * d + 8 * a) * d - 4 * a;
  return 0;
}

std::vector<Tap> taps(const Mode& mode, double x, std::size_t input) {
  const auto last = static_cast<double>(input - 1);
  const auto tap = [&](double at, double weight) {
    return Tap{static_cast<std::size_t>(std::clamp(at, 0.0, last)), weight};
  };
  if (mode.kind == "nearest") return {tap(nearest(mode.nearest, x), 1)};
  const double below = std::floor(x), part = x - below;
  if (mode.kind == "linear") return {tap(below, 1 - part), tap(below + 1, part)};
  std::vector<Tap> result;
  double total = 0;
  for (int k = -1; k <= 2; ++k) {
    const double at = below + k;
    const double weight = mode.exclude_outside && (at < 0 || at > last) ? 0 : cubic(mode.cubic, x - at);
    result.push_back(tap(at, weight));
    total += weight;
  }
  if (mode.exclude_outside)
    for (Tap& t : result) t.weight /= total;
  return result;
}

/// `x` with `output` elements along `axis`.
Tensor along(const Call& call, const Tensor& x, std::size_t axis, std::size_t output, double scale, const Mode& mode) {
  const std::size_t input = x.shape()[axis], inner = strides_of(x.shape())[axis];
  Shape shape = x.shape();
  shape[axis] = output;
  Tensor y = call.make(DType::Float32, shape);
  const auto in = x.as<float>();
  const auto out = y.as<float>();
  const std::size_t outer = x.size() / input / inner;
  for (std::size_t i = 0; i < output; ++i) {
    const auto sum = taps(mode, coordinate(mode, i, input, output, scale), input);
    for (std::size_t o = 0; o < outer; ++o)
      for (std::size_t k = 0; k < inner; ++k) {
        double value = 0;
        for (const Tap& t : sum) value += t.weight * static_cast<double>(in[(o * input + t.at) * inner + k]);
        out[(o * output + i) * inner + k] = static_cast<float>(value);
      }
  }
  return y;
}

}  // namespace

Tensor resize(const Call& call) {
  const Tensor& x = call.floats(0);
  const std::size_t rank = x.shape().size();
  if (x.size() == 0) fail(call.place(), "the input of shape {} is empty", text_of(x.shape()));
  const bool early = call.node().op == "Upsample" || call.opset() < 11;  // X, scales; since then X, roi, scales, sizes
  const std::size_t scales_at = early ? 1 : 2;
  const Mode mode = mode_of(call);
  std::vector<std::int64_t> axes = call.integers("axes", {});
  if (axes.empty())
    for (std::size_t d = 0; d < rank; ++d) axes.push_back(static_cast<std::int64_t>(d));
  static_cast<void>(call.word("keep_aspect_ratio_policy", {"stretch"}));
  if (call.integer("antialias", 0) != 0) fail(call.place(), "attribute antialias is set; legal: 0");
  Tensor y = x;
  const bool sized = call.has(3) && call.input(3).size() > 0;
  if (!sized && !call.has(scales_at)) fail(call.place(), "has neither scales nor sizes");
  const auto sizes = sized ? call.integers(3) : std::vector<std::int64_t>();
  const auto scales = sized ? std::span<const float>() : call.floats(scales_at).as<float>();
  if ((sized ? sizes.size() : scales.size()) != axes.size())
    fail(call.place(), "has {} scales or sizes for {} axes", sized ? sizes.size() : scales.size(), axes.size());
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const std::size_t axis = call.axis(axes[i], rank), input = x.shape()[axis];
    const double scale =
        sized ? static_cast<double>(sizes[i]) / static_cast<double>(input) : static_cast<double>(scales[i]);
    const double output = sized ? static_cast<double>(sizes[i]) : std::floor(static_cast<double>(input) * scale);
    if (!(scale > 0 && output >= 1 && output <= static_cast<double>(kMaxMade)))
      fail(call.place(), "resizes {} elements by {}", input, scale);
    if (early && mode.kind == "nearest" && scale < 1)
      fail(call.place(), "takes the nearest of {} elements by {}, and before version 11 ONNX does not say which", input,
           scale);
    // ONNX then divides by the fraction, what runs it by the size.
    if (mode.coordinates == "align_corners" && !sized && output != static_cast<double>(input) * scale)
      fail(call.place(), "aligns the corners of {} elements resized by {}, which is no whole size", input, scale);
    if (scale != 1) y = along(call, y, axis, static_cast<std::size_t>(output), scale, mode);
  }
  return y;
}

}  // namespace lacuna::onnx
