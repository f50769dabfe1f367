#include "onnx/arithmetic.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "onnx/broadcast.h"

namespace lacuna::onnx {

namespace {

template <typename Function>
Tensor each(const Call& call, const Function& function) {
  const Tensor& x = call.floats(0);
  Tensor y = call.make(DType::Float32, x.shape());
  std::ranges::transform(x.as<float>(), y.as<float>().begin(),
                         [&](float v) { return static_cast<float>(function(v)); });
  return y;
}

template <typename Function>
Tensor each_in_double(const Call& call, const Function& function) {
  return each(call, [&](float v) { return function(static_cast<double>(v)); });
}

double logistic(double v) { return 1 / (1 + std::exp(-v)); }

template <typename Function>
Tensor both_float(const Call& call, const Tensor& a, const Tensor& b, const Function& function) {
  Tensor y = call.make(DType::Float32, broadcast(call, a.shape(), b.shape()));
  const auto left = a.as<float>(), right = b.as<float>();
  const auto out = y.as<float>();
  for_each_element(y.shape(), {strides_in(a.shape(), y.shape()), strides_in(b.shape(), y.shape())},
                   [&](std::size_t i, const auto& from) { out[i] = function(left[from[0]], right[from[1]]); });
  return y;
}

/// `function` has an overload for floats and one for 64-bit integers, whose result is narrowed.
template <typename Function>
Tensor both(const Call& call, const Tensor& a, const Tensor& b, const Function& function) {
  if (a.type() != b.type())
    fail(call.place(), "the inputs hold {} and {}; need one element type", name_of(a.type()), name_of(b.type()));
  if (a.type() == DType::Float32) return both_float(call, a, b, function);
  Tensor y = call.make(a.type(), broadcast(call, a.shape(), b.shape()));
  const auto left = a.to_int64(), right = b.to_int64();
  for_each_element(y.shape(), {strides_in(a.shape(), y.shape()), strides_in(b.shape(), y.shape())},
                   [&](std::size_t i, const auto& from) { y.set(i, function(left[from[0]], right[from[1]])); });
  return y;
}

template <typename Function>
Tensor fold(const Call& call, const Function& function) {
  Tensor y = call.input(0);
  for (std::size_t i = 1; i < call.count(); ++i) y = both(call, y, call.input(i), function);
  return y;
}

std::int64_t wrapped(std::uint64_t value) { return static_cast<std::int64_t>(value); }

struct Sum {
  float operator()(float a, float b) const { return a + b; }
  std::int64_t operator()(std::int64_t a, std::int64_t b) const {
    return wrapped(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
  }
};
struct Difference {
  float operator()(float a, float b) const { return a - b; }
  std::int64_t operator()(std::int64_t a, std::int64_t b) const {
    return wrapped(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
  }
};
struct Product {
  float operator()(float a, float b) const { return a * b; }
  std::int64_t operator()(std::int64_t a, std::int64_t b) const {
    return wrapped(static_cast<std::uint64_t>(a) * static_cast<std::uint64_t>(b));
  }
};
struct Quotient {
  const Call& call;
  float operator()(float a, float b) const { return a / b; }
  std::int64_t operator()(std::int64_t a, std::int64_t b) const {
    if (b == 0) fail(call.place(), "divides a whole number by zero");
    return b == -1 ? Difference()(0, a) : a / b;
  }
};

/// A bound of Clip: input `i`, or before version 11 attribute `name`; nothing if it is left out.
std::optional<double> bound(const Call& call, std::size_t i, const std::string& name) {
  if (call.opset() < 11) return call.has(name) ? std::optional<double>(call.real(name, 0)) : std::nullopt;
  if (!call.has(i)) return std::nullopt;
  const Tensor& tensor = call.input(i);
  if (tensor.size() != 1) fail(call.place(), "input {} has shape {}; need one element", i + 1, text_of(tensor.shape()));
  if (tensor.type() == DType::Float32) return static_cast<double>(tensor.as<float>()[0]);
  return static_cast<double>(tensor.to_int64()[0]);
}

}  // namespace

Tensor relu(const Call& call) {
  return each(call, [](float v) { return v > 0 || std::isnan(v) ? v : 0.0f; });
}

Tensor leaky_relu(const Call& call) {
  const float alpha = call.real("alpha", 0.01f);
  return each(call, [&](float v) { return v < 0 ? alpha * v : v; });
}

Tensor elu(const Call& call) {
  const double alpha = call.real("alpha", 1);
  return each_in_double(call, [&](double v) { return v < 0 ? alpha * (std::exp(v) - 1) : v; });
}

Tensor sigmoid(const Call& call) { return each_in_double(call, logistic); }

Tensor hard_sigmoid(const Call& call) {
  const float alpha = call.real("alpha", 0.2f), beta = call.real("beta", 0.5f);
  return each(call, [&](float v) { return std::clamp(alpha * v + beta, 0.0f, 1.0f); });
}

Tensor hard_swish(const Call& call) {
  return each(call, [](float v) { return v * std::clamp(v / 6 + 0.5f, 0.0f, 1.0f); });
}

Tensor softplus(const Call& call) {
  return each_in_double(call, [](double v) { return std::max(v, 0.0) + std::log1p(std::exp(-std::abs(v))); });
}

Tensor tanh(const Call& call) {
  return each_in_double(call, [](double v) { return std::tanh(v); });
}

Tensor erf(const Call& call) {
  return each_in_double(call, [](double v) { return std::erf(v); });
}

Tensor exp(const Call& call) {
  return each_in_double(call, [](double v) { return std::exp(v); });
}

Tensor sqrt(const Call& call) {
  return each(call, [](float v) { return std::sqrt(v); });
}

Tensor absolute(const Call& call) {
  return each(call, [](float v) { return std::abs(v); });
}

Tensor negative(const Call& call) {
  return each(call, [](float v) { return -v; });
}

Tensor reciprocal(const Call& call) {
  return each(call, [](float v) { return 1 / v; });
}

ClipBounds clip_bounds(const Call& call) { return {bound(call, 1, "min"), bound(call, 2, "max")}; }

Tensor clip(const Call& call) {
  const Tensor& x = call.input(0);
  const auto [low, high] = clip_bounds(call);
  Tensor y = call.make(x.type(), x.shape());
  const auto clipped = [&, low = low, high = high](auto v) {
    if (low && static_cast<double>(v) < *low) v = static_cast<decltype(v)>(*low);
    if (high && static_cast<double>(v) > *high) v = static_cast<decltype(v)>(*high);
    return v;
  };
  if (x.type() == DType::Float32) {
    std::ranges::transform(x.as<float>(), y.as<float>().begin(), clipped);
  } else {
    const auto values = x.to_int64();
    for (std::size_t i = 0; i < values.size(); ++i) y.set(i, clipped(values[i]));
  }
  return y;
}

Tensor add(const Call& call) { return both(call, call.input(0), call.input(1), Sum()); }
Tensor subtract(const Call& call) { return both(call, call.input(0), call.input(1), Difference()); }
Tensor multiply(const Call& call) { return both(call, call.input(0), call.input(1), Product()); }
Tensor divide(const Call& call) { return both(call, call.input(0), call.input(1), Quotient{call}); }

Tensor power(const Call& call) {
  Tensor exponent = call.input(1);
  if (exponent.type() != DType::Float32) {
    const auto whole = exponent.to_int64();
    exponent = call.make(DType::Float32, exponent.shape());
    std::ranges::transform(whole, exponent.as<float>().begin(), [](std::int64_t v) { return static_cast<float>(v); });
  }
  return both_float(call, call.floats(0), exponent, [](float a, float b) {
    return static_cast<float>(std::pow(static_cast<double>(a), static_cast<double>(b)));
  });
}

Tensor prelu(const Call& call) {
  return both_float(call, call.floats(0), call.floats(1), [](float v, float slope) { return v < 0 ? slope * v : v; });
}

Tensor sum(const Call& call) { return fold(call, Sum()); }
Tensor maximum(const Call& call) {
  return fold(call, [](auto a, auto b) { return std::max(a, b); });
}
Tensor minimum(const Call& call) {
  return fold(call, [](auto a, auto b) { return std::min(a, b); });
}

}  // namespace lacuna::onnx
