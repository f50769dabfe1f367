// QuantizeLinear and DequantizeLinear: integer = round(x / scale) + zero point, halves to even.
#pragma once

#include "onnx/call.h"

namespace lacuna::onnx {

Tensor quantize_linear(const Call& call);
Tensor dequantize_linear(const Call& call);

/// The scale of such a node: of its whole tensor, or of each slice along `axis`.
struct LinearScale {
  std::vector<float> scale;
  std::vector<std::int64_t> zero_point;  ///< as many; zeros where there is none
  std::size_t axis = 0;
  bool sliced = false;
};
LinearScale linear_scale(const Call& call);

/// Type of the integers a QuantizeLinear makes.
DType quantised_type(const Call& call);

/// Lowest and highest value of an integer type of up to 32 bits.
std::pair<std::int64_t, std::int64_t> range_of(DType type);

}  // namespace lacuna::onnx
