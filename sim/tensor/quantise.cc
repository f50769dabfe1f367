// Symmetric quantisation per tensor.
#include "tensor/quantise.h"

#include <algorithm>
#include <cmath>

namespace lacuna {
namespace {

template <typename Float, typename Integer>
Quantised quantise_to(const Tensor& tensor, double highest) {
  const auto from = tensor.as<Float>();
  double largest = 0;
  for (const Float x : from) largest = std::max(largest, std::abs(static_cast<double>(x)));

  Quantised result{Tensor(dtype_of<Integer>(), tensor.shape()), 1};
  if (largest == 0) return result;
  const auto to = result.values.template as<Integer>();
  // Division, product and rounding are each exact to the last bit on every machine; there is no sum to fuse.
  for (std::size_t i = 0; i < from.size(); ++i)
    to[i] = static_cast<Integer>(std::llround(static_cast<double>(from[i]) / largest * highest));
  result.scale = largest / highest;
  return result;
}

template <typename Float>
Quantised quantise_from(const Tensor& tensor, unsigned bits, Range range) {
  const double highest = static_cast<double>((1u << (range == Range::Signed ? bits - 1 : bits)) - 1);
  if (range == Range::Signed)
    return bits == 8 ? quantise_to<Float, std::int8_t>(tensor, highest)
                     : quantise_to<Float, std::int16_t>(tensor, highest);
  return bits == 8 ? quantise_to<Float, std::uint8_t>(tensor, highest)
                   : quantise_to<Float, std::uint16_t>(tensor, highest);
}

template <typename T>
bool any_negative(const Tensor& tensor) {
  return std::ranges::any_of(tensor.as<T>(), [](T x) { return x < 0; });
}

}  // namespace

Quantised quantise(const Tensor& tensor, unsigned bits, Range range) {
  LACUNA_CHECK(bits == 8 || bits == 16, "cannot quantise to {} bits", bits);
  LACUNA_CHECK(tensor.type() == DType::Float32 || tensor.type() == DType::Float64, "cannot quantise {}",
               name_of(tensor.type()));
  LACUNA_CHECK(range == Range::Signed || !has_negative(tensor), "a negative value in an unsigned range");
  return tensor.type() == DType::Float32 ? quantise_from<float>(tensor, bits, range)
                                         : quantise_from<double>(tensor, bits, range);
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
