// ONNX's broadcasting, which is NumPy's: shapes are laid out from the right, and an extent of 1 serves all.
#pragma once

#include <array>
#include <cstddef>

#include "onnx/call.h"

namespace lacuna::onnx {

/// The shape both fit. UserError if there is none.
Shape broadcast(const Call& call, const Shape& a, const Shape& b);

/// Strides of a tensor of `shape` seen with the larger shape `to`: 0 where it repeats.
std::vector<std::size_t> strides_in(const Shape& shape, const Shape& to);

/// Calls act(i, {offset, ...}) for every element i of `shape` in C order; offset follows each of `strides`.
template <std::size_t Count, typename Act>
void for_each_element(const Shape& shape, const std::vector<std::size_t> (&strides)[Count], const Act& act) {
  const std::size_t total = element_count(shape);
  std::array<std::size_t, Count> offset{};
  Shape at(shape.size(), 0);
  for (std::size_t i = 0; i < total; ++i) {
    act(i, offset);
    for (std::size_t d = shape.size(); d-- > 0;) {
      for (std::size_t k = 0; k < Count; ++k) offset[k] += strides[k][d];
      if (++at[d] < shape[d]) break;
      for (std::size_t k = 0; k < Count; ++k) offset[k] -= strides[k][d] * shape[d];
      at[d] = 0;
    }
  }
}

}  // namespace lacuna::onnx
