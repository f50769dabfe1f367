// The array's SystemVerilog parameters, derived from the configuration's fields: `weights.bus_bytes` is
// WeightsBusBytes, `array.rows` is Rows. Words become their place in the list of words, as in rtl/common/lacuna_pkg.sv.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "machine/config.h"

namespace lacuna::intersect {

struct ModelParameter {
  std::string name;
  std::uint32_t value = 0;
  bool operator==(const ModelParameter&) const = default;
};

/// The parameters of rtl/intersect/intersect_array.sv for `machine`: every field of the sections array, weights and
/// activations, but those that only say how a layer is cut.
std::vector<ModelParameter> model_parameters(const Machine& machine);

}  // namespace lacuna::intersect
