// A machine and a layer drawn at random, corners weighted: what examples do not find.
#pragma once

#include <cstdint>
#include <string>

#include "machine/config.h"
#include "workload/layer.h"

namespace lacuna {

struct RandomCase {
  Machine machine;
  Layer layer;
  /// Everything that decides the case, on one line.
  [[nodiscard]] std::string describe() const;
};

/// The case of `seed`, the same on every machine. Arrays up to 8 x 8 (and now and then to 40 x 40, if no model
/// of the RTL has to be compiled), layers up to some 100,000 dense pairs; every buffer
/// holds a chunk. All seeds share `geometries` arrays with their feeders, so that few models of the RTL serve them; 0:
/// each has its own.
RandomCase random_case(std::uint64_t seed, std::uint64_t geometries = 0);

/// The same kind of layer on `machine`.
RandomCase random_case_on(const Machine& machine, std::uint64_t seed);

}  // namespace lacuna
