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
  /// On one line: the layer's shape and kinds, and every parameter of the machine that decides a cycle and is not the
  /// default of its family. Values of tensors are left out; the seed gives them again.
  [[nodiscard]] std::string describe() const;
};

/// The case of `seed` on a machine of `datapath`, the same wherever it is drawn. The family draws its array; layers
/// have up to some 100,000 dense pairs and run on the machine. All seeds share `geometries` arrays, small ones, so that
/// few models of the RTL serve them; 0: each has its own, now and then a large one.
RandomCase random_case(std::uint64_t seed, std::uint64_t geometries = 0, Datapath datapath = Datapath{});

/// The same kind of layer on `machine`.
RandomCase random_case_on(const Machine& machine, std::uint64_t seed);

}  // namespace lacuna
