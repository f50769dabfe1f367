// The plain convolution every run is held against. It shares no code with the lowering or any engine.
#pragma once

#include "workload/layer.h"

namespace lacuna {

/// What a layer's predictions did. Units: outputs; values are those of the output's own type.
struct PredictedOutputs {
  std::uint64_t predicted = 0;   ///< set to zero
  std::uint64_t wrong = 0;       ///< of these: positive without the prediction
  std::uint64_t missed = 0;      ///< not predicted though zero, of filters that predict
  std::uint64_t value = 0;       ///< sum of all outputs of the layer without predictions
  std::uint64_t lost_value = 0;  ///< of this what predictions set to zero
};

struct Reference {
  Tensor output;
  std::uint64_t wrapped = 0;  ///< sums, bias included, that do not fit the accumulator
  PredictedOutputs predicted;
};

/// Whether the layer's predictions are acted upon.
enum class Predictions : std::uint8_t { Ignored, Followed };

/// The output of `layer`, [N, M, P, Q] of layer.output_type(): accumulator (bias + sum of products, wrapped to
/// `accumulator_bits`, 32 or 48), requantisation, ReLU, clamp, then every |value| < threshold set to zero (0: off).
/// With Followed an output of a filter with n representatives, 0 < n < its nonzero weights, is zero where bias + their
/// products are at or below the filter's threshold. Representatives: nonzero weights by falling magnitude, equal ones
/// by kernel row, then kernel column, then channel; z of them are cut into n groups, of which group i begins with
/// number floor(i z / n); the first of each. The layer needs a prediction and a ReLU then.
Reference reference(const Layer& layer, unsigned accumulator_bits, std::int64_t threshold,
                    Predictions predictions = Predictions::Ignored);
inline Tensor reference_output(const Layer& layer, unsigned accumulator_bits, std::int64_t threshold) {
  return reference(layer, accumulator_bits, threshold).output;
}

}  // namespace lacuna
