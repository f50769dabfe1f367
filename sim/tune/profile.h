// What does a prediction save in a layer, and what does it lose? The layer is run exactly on its recorded input, and
// the sums after the representatives are held against the true ones.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "workload/layer.h"

namespace lacuna::tune {

/// Counts of outputs and multiplications of a filter, or of a layer. Values are sums, bias included, times the scale of
/// requantisation: those of different filters may be added.
struct Outcome {
  std::uint64_t products = 0;   ///< multiplications done, exact stops included
  std::uint64_t predicted = 0;  ///< outputs set to zero after the representatives
  std::uint64_t wrong = 0;      ///< of these positive ones
  std::uint64_t missed = 0;     ///< outputs at or below zero that were not predicted, of filters that predict
  double lost = 0;              ///< the values of the wrong ones, added up
  Outcome& operator+=(const Outcome& other);
};

/// What a filter does without prediction.
struct Exact {
  std::uint64_t outputs = 0, positive = 0;
  std::uint64_t pairs = 0;     ///< outputs times nonzero weights
  std::uint64_t products = 0;  ///< of these done where sums stop exactly
  double mass = 0;             ///< positive values, added up
  Exact& operator+=(const Exact& other);
};

/// How one filter may predict.
struct Candidate {
  std::uint32_t representatives = 0;
  std::int64_t threshold = 0;
  Outcome outcome;
};

struct FilterProfile {
  Exact exact;
  std::vector<Candidate> candidates;
};

/// Why no filter of the layer may predict; nothing if they may: ReLU follows, no input is negative, and no sum can
/// leave the accumulator, whatever inputs of its type other images bring; machines look at the inputs that they have.
std::optional<std::string> prediction_refusal(const Layer& layer);

/// Of each filter, candidates of z / 16, z / 8, z / 4 and z / 2 of its z nonzero weights as representatives, and as
/// thresholds just below the least positive output's partial sum, and those that 1, 2, 5, 10, 20, 30, 50, 70 and 90 %
/// of them are below. A filter without a positive output: the largest partial sum it has. A filter of fewer than two
/// nonzero weights has none. The layer's input is what it is profiled on; prediction_refusal() has nothing to say.
std::vector<FilterProfile> profile(const Layer& layer, unsigned threads);

/// What the layer does with `prediction` on its own input, each filter in its own units.
struct FilterMeasure {
  Exact exact;
  Outcome outcome;
};
std::vector<FilterMeasure> measure(const Layer& layer, const Prediction& prediction, unsigned threads);

/// Outputs [N, M, P, Q] that the layer predicts to be zero of an input of other images than its own: 1, else 0.
/// `images` of them; the layer's weights, bias and shape but for N are taken.
std::vector<std::uint8_t> predicted_outputs(const Layer& layer, const Prediction& prediction, std::uint32_t images,
                                            const std::vector<std::uint16_t>& input);

/// The elements of an input without negative ones.
std::vector<std::uint16_t> unsigned_values(const Tensor& input);

}  // namespace lacuna::tune
