// Sizes and views of tensors.
#include "tensor/tensor.h"

#include <fmt/format.h>

#include <bit>
#include <cstring>

namespace lacuna {

std::size_t element_count(const Shape& shape) {
  std::size_t count = 1;
  bool overflow = false, zero = false;
  for (const std::size_t extent : shape) {
    zero |= extent == 0;
    overflow |= __builtin_mul_overflow(count, extent, &count);
  }
  LACUNA_CHECK(zero || !overflow, "shape {} has more than 2^64 elements", text_of(shape));
  return zero ? 0 : count;
}

std::string text_of(const Shape& shape) { return fmt::format("[{}]", fmt::join(shape, ", ")); }

std::size_t size_of(DType type) {
  switch (type) {
    case DType::Int8:
    case DType::UInt8:
      return 1;
    case DType::Int16:
    case DType::UInt16:
      return 2;
    case DType::Int32:
    case DType::Float32:
      return 4;
    case DType::Int64:
    case DType::Float64:
      return 8;
  }
  throw Bug("element type without a size");
}

std::vector<std::int64_t> Tensor::to_int64() const {
  const auto widened = [](const auto& elements) { return std::vector<std::int64_t>(elements.begin(), elements.end()); };
  switch (type_) {
    case DType::Int8:
      return widened(as<std::int8_t>());
    case DType::UInt8:
      return widened(as<std::uint8_t>());
    case DType::Int16:
      return widened(as<std::int16_t>());
    case DType::UInt16:
      return widened(as<std::uint16_t>());
    case DType::Int32:
      return widened(as<std::int32_t>());
    case DType::Int64:
      return widened(as<std::int64_t>());
    case DType::Float32:
    case DType::Float64:
      break;
  }
  throw Bug(fmt::format("{} elements are not whole numbers", name_of(type_)));
}

void Tensor::set(std::size_t index, std::int64_t value) {
  LACUNA_CHECK(index < size(), "element {} of {}", index, size());
  LACUNA_CHECK(type_ != DType::Float32 && type_ != DType::Float64, "{} elements are not whole numbers", name_of(type_));
  // Two's complement, lowest byte first: the lowest bytes are the narrowed value.
  static_assert(std::endian::native == std::endian::little);
  std::memcpy(bytes_.data() + index * size_of(type_), &value, size_of(type_));
}

Tensor Tensor::reshaped(Shape shape) const {
  LACUNA_CHECK(element_count(shape) == size(), "{} elements do not fill shape {}", size(), text_of(shape));
  Tensor result = *this;
  result.shape_ = std::move(shape);
  return result;
}

}  // namespace lacuna
