// From trained floating-point tensors to the small integers an accelerator multiplies.
#pragma once

#include "tensor/tensor.h"

namespace lacuna {

enum class Range {
  Signed,    ///< weights: -(2^(bits-1) - 1) .. 2^(bits-1) - 1, symmetric
  Unsigned,  ///< activations without negative values: 0 .. 2^bits - 1
};

struct Quantised {
  Tensor values;
  double scale = 1;  ///< value of one step: float = integer * scale
};

/// Symmetric, one scale for the tensor, zero point 0: with t the highest integer of `range` and a the largest
/// magnitude, scale = a / t and integer = round((x / a) * t), halves away from zero. Zero stays zero; a value nearer to
/// zero than half a step becomes zero. A tensor of zeros has scale 1. `bits` is 8 or 16. Bug if `tensor` is not
/// floating point or has a negative value under Range::Unsigned.
[[nodiscard]] Quantised quantise(const Tensor& tensor, unsigned bits, Range range);

/// Whether an element is below zero.
[[nodiscard]] bool has_negative(const Tensor& tensor);

}  // namespace lacuna
