// Symmetric quantisation, a scale a channel.
#include "tensor/quantise.h"

#include <algorithm>
#include <cmath>
#include <span>

namespace lacuna {
namespace {

/// The magnitude at `percentile` of the values that are not zero, 0 if all are.
template <typename Float>
double magnitude(std::span<const Float> values, double percentile) {
  std::vector<double> magnitudes;
  double largest = 0;
  for (const Float x : values) {
    const double size = std::abs(static_cast<double>(x));
    largest = std::max(largest, size);
    if (percentile < 100 && size != 0) magnitudes.push_back(size);
  }
  if (magnitudes.empty()) return largest;
  const auto rank = static_cast<std::size_t>(std::ceil(percentile / 100 * static_cast<double>(magnitudes.size())));
  const auto at = magnitudes.begin() + static_cast<std::ptrdiff_t>(std::max<std::size_t>(rank, 1) - 1);
  std::ranges::nth_element(magnitudes, at);
  return *at;
}

template <typename Float, typename Integer>
Quantised quantise_to(const Tensor& tensor, double highest, const QuantiseOptions& options) {
  const auto from = tensor.as<Float>();
  LACUNA_CHECK(options.channels != 0 && from.size() % options.channels == 0, "{} channels of {} values",
               options.channels, from.size());
  Quantised result{Tensor(dtype_of<Integer>(), tensor.shape()), {}, 0};
  const auto to = result.values.template as<Integer>();
  const std::size_t count = from.size() / options.channels;
  for (std::size_t channel = 0; channel < options.channels; ++channel) {
    const double largest = magnitude(from.subspan(channel * count, count), options.percentile);
    result.scales.push_back(largest == 0 ? 1 : largest / highest);
    if (largest == 0) continue;
    // Division, product and rounding are each exact to the last bit on every machine; there is no sum to fuse.
    for (std::size_t i = channel * count; i < (channel + 1) * count; ++i) {
      const double steps = static_cast<double>(from[i]) / largest * highest;
      to[i] = static_cast<Integer>(std::llround(std::clamp(steps, -highest, highest)));
      result.lost += from[i] != 0 && to[i] == 0 ? 1 : 0;
    }
  }
  return result;
}

template <typename Float>
Quantised quantise_from(const Tensor& tensor, unsigned bits, Range range, const QuantiseOptions& options) {
  const double highest = static_cast<double>((1u << (range == Range::Signed ? bits - 1 : bits)) - 1);
  if (range == Range::Signed)
    return bits == 8 ? quantise_to<Float, std::int8_t>(tensor, highest, options)
                     : quantise_to<Float, std::int16_t>(tensor, highest, options);
  return bits == 8 ? quantise_to<Float, std::uint8_t>(tensor, highest, options)
                   : quantise_to<Float, std::uint16_t>(tensor, highest, options);
}

template <typename T>
bool any_negative(const Tensor& tensor) {
  return std::ranges::any_of(tensor.as<T>(), [](T x) { return x < 0; });
}

}  // namespace

Quantised quantise(const Tensor& tensor, unsigned bits, Range range, const QuantiseOptions& options) {
  LACUNA_CHECK(options.percentile > 0 && options.percentile <= 100, "percentile {}", options.percentile);
  LACUNA_CHECK(bits == 8 || bits == 16, "cannot quantise to {} bits", bits);
  LACUNA_CHECK(tensor.type() == DType::Float32 || tensor.type() == DType::Float64, "cannot quantise {}",
               name_of(tensor.type()));
  LACUNA_CHECK(range == Range::Signed || !has_negative(tensor), "a negative value in an unsigned range");
  return tensor.type() == DType::Float32 ? quantise_from<float>(tensor, bits, range, options)
                                         : quantise_from<double>(tensor, bits, range, options);
}

bool has_negative(const Tensor& tensor) {
  switch (tensor.type()) {
    case DType::UInt8:
    case DType::UInt16:
      return false;
    case DType::Int8:
      return any_negative<std::int8_t>(tensor);
    case DType::Int16:
      return any_negative<std::int16_t>(tensor);
    case DType::Int32:
      return any_negative<std::int32_t>(tensor);
    case DType::Int64:
      return any_negative<std::int64_t>(tensor);
    case DType::Float32:
      return any_negative<float>(tensor);
    case DType::Float64:
      return any_negative<double>(tensor);
  }
  throw Bug("element type without a sign");
}

}  // namespace lacuna
