// The plain convolution every run is held against. It shares no code with the lowering or any engine.
#pragma once

#include "workload/layer.h"

namespace lacuna {

struct Reference {
  Tensor output;
  std::uint64_t wrapped = 0;  ///< sums, bias included, that do not fit the accumulator
};

/// The exact output of `layer`, [N, M, P, Q] of layer.output_type(): accumulator (bias + sum of products, wrapped to
/// `accumulator_bits`, 32 or 48), requantisation, ReLU, clamp, then every |value| < threshold set to zero (0: off).
Reference reference(const Layer& layer, unsigned accumulator_bits, std::int64_t threshold);
inline Tensor reference_output(const Layer& layer, unsigned accumulator_bits, std::int64_t threshold) {
  return reference(layer, accumulator_bits, threshold).output;
}

}  // namespace lacuna
