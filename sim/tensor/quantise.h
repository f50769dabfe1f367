// From trained floating-point tensors to the small integers an accelerator multiplies.
#pragma once

#include <cstdint>
#include <vector>

#include "tensor/tensor.h"

namespace lacuna {

enum class Range {
  Signed,    ///< weights: -(2^(bits-1) - 1) .. 2^(bits-1) - 1, symmetric
  Unsigned,  ///< activations without negative values: 0 .. 2^bits - 1
};

struct Quantised {
  Tensor values;
  std::vector<double> scales;  ///< [channels] value of one step: float = integer * scale
  std::uint64_t lost = 0;      ///< values that were not zero and are now
};

struct QuantiseOptions {
  std::size_t channels = 1;  ///< slices of the first dimension with a scale of their own; divides its extent
  double percentile = 100;   ///< above 0: the share of magnitudes that are in range; larger ones become the highest
};

/// Symmetric, zero point 0: with t the highest integer of `range` and a the magnitude at `percentile` of a channel (the
/// nearest rank of those that are not zero; 100: the largest), scale = a / t and integer = round((x / a) * t), halves
/// away from zero, at most t. Zero stays zero; a value nearer to zero than half a step becomes zero and is counted. A
/// channel of zeros has scale 1. `bits` is 8 or 16. Bug if `tensor` is not floating point or has a negative value under
/// Range::Unsigned.
[[nodiscard]] Quantised quantise(const Tensor& tensor, unsigned bits, Range range, const QuantiseOptions& options = {});

/// Whether an element is below zero.
[[nodiscard]] bool has_negative(const Tensor& tensor);

}  // namespace lacuna
