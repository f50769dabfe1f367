// An n-dimensional array of numbers in C order, of the element types .npy files have and Lacuna reads or writes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "base/enum_names.h"
#include "base/error.h"

namespace lacuna {

enum class DType { Int8, UInt8, Int16, UInt16, Int32, Int64, Float32, Float64 };

template <>
struct EnumNames<DType> {
  static constexpr std::array<std::string_view, 8> names = {"int8",  "uint8", "int16",   "uint16",
                                                            "int32", "int64", "float32", "float64"};
};

using Shape = std::vector<std::size_t>;

/// Product of the dimensions (1 for a scalar). Bug if it overflows 64 bits; loaders check first.
std::size_t element_count(const Shape& shape);
/// "[20, 1, 5, 5]"
std::string text_of(const Shape& shape);
std::size_t size_of(DType type);

template <typename T>
constexpr DType dtype_of() {
  if constexpr (std::is_same_v<T, std::int8_t>)
    return DType::Int8;
  else if constexpr (std::is_same_v<T, std::uint8_t>)
    return DType::UInt8;
  else if constexpr (std::is_same_v<T, std::int16_t>)
    return DType::Int16;
  else if constexpr (std::is_same_v<T, std::uint16_t>)
    return DType::UInt16;
  else if constexpr (std::is_same_v<T, std::int32_t>)
    return DType::Int32;
  else if constexpr (std::is_same_v<T, std::int64_t>)
    return DType::Int64;
  else if constexpr (std::is_same_v<T, float>)
    return DType::Float32;
  else {
    static_assert(std::is_same_v<T, double>);
    return DType::Float64;
  }
}

class Tensor {
 public:
  Tensor() = default;
  /// All zeros.
  Tensor(DType type, Shape shape)
      : type_(type), shape_(std::move(shape)), bytes_(element_count(shape_) * size_of(type)) {}

  [[nodiscard]] DType type() const { return type_; }
  [[nodiscard]] const Shape& shape() const { return shape_; }
  [[nodiscard]] std::size_t size() const { return bytes_.size() / size_of(type_); }
  [[nodiscard]] bool empty() const { return bytes_.empty(); }

  /// The elements; Bug if T is not the element type.
  template <typename T>
  [[nodiscard]] std::span<const T> as() const {
    LACUNA_CHECK(dtype_of<T>() == type_, "tensor holds {}", name_of(type_));
    return {reinterpret_cast<const T*>(bytes_.data()), size()};
  }
  template <typename T>
  [[nodiscard]] std::span<T> as() {
    LACUNA_CHECK(dtype_of<T>() == type_, "tensor holds {}", name_of(type_));
    return {reinterpret_cast<T*>(bytes_.data()), size()};
  }
  [[nodiscard]] std::span<const std::byte> bytes() const { return bytes_; }
  [[nodiscard]] std::span<std::byte> bytes() { return bytes_; }

  /// All elements widened to 64 bits; Bug for floating-point tensors.
  [[nodiscard]] std::vector<std::int64_t> to_int64() const;
  /// Element `index` becomes `value`, narrowed to the element type; Bug for floating-point tensors.
  void set(std::size_t index, std::int64_t value);

  /// The same elements under another shape of equal count.
  [[nodiscard]] Tensor reshaped(Shape shape) const;

  bool operator==(const Tensor&) const = default;

 private:
  DType type_ = DType::Int8;
  Shape shape_ = {0};
  std::vector<std::byte> bytes_;
};

}  // namespace lacuna
