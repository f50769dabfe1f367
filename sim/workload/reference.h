// The plain convolution every run is held against. It shares no code with the lowering or any engine.
#pragma once

#include "workload/layer.h"

namespace lacuna {

/// The exact output of `layer`, [N, M, P, Q] of layer.output_type(): accumulator (bias + sum of products, wrapped to
/// `accumulator_bits`, 32 or 48), requantisation, ReLU, clamp, then every |value| < threshold set to zero (0: off).
Tensor reference_output(const Layer& layer, unsigned accumulator_bits, std::int64_t threshold);

}  // namespace lacuna
