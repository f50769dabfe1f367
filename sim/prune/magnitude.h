// Pruning by magnitude: which weights of layers stay. The others become zero; nothing is trained, and nothing else of a
// layer changes. The same weights on every machine.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "workload/layer.h"
#include "workload/pattern.h"

namespace lacuna::pruning {

/// What one step of each filter's weights is worth, [M], so that weights of filters with scales of their own can be
/// compared: `steps` where they are known; else what a step adds to the layer's output, multiplier / 2^shift; of a
/// layer without requantisation 1.
std::vector<double> filter_scales(const Layer& layer, const std::vector<double>& steps);

struct Weighed {
  std::uint64_t nonzero = 0;
  double magnitude = 0;  ///< sum of |weight| x scale of its filter
};
Weighed weigh(const Layer& layer, const std::vector<double>& scales);

/// Keeps the N largest magnitudes of each M consecutive positions of every filter's reduction, channel innermost; of
/// equal ones the first.
void to_pattern(Layer& layer, Pattern pattern);

struct Scaled {
  Layer* layer;
  std::vector<double> scales;  ///< as filter_scales() gives them
};

/// Keeps the round(density x weights) largest of |weight| x scale of all `layers` together; of equal ones at the
/// threshold as many as fit, spread evenly over the layers' filters. Of several layers each is measured by its own mean
/// magnitude, for steps of different layers cannot be compared. 0 < density < 1.
void to_density(std::span<const Scaled> layers, double density);

}  // namespace lacuna::pruning
