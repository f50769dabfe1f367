// The SystemVerilog parameters of a family's top module, derived from the configuration's fields: `array.rows` is Rows,
// `intersect.weights.bus_bytes` is WeightsBusBytes. Words become their place in the list of words, as the family's
// package has them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "machine/config.h"

namespace lacuna {

struct ModelParameter {
  std::string name;
  std::uint32_t value = 0;
  bool operator==(const ModelParameter&) const = default;
};

/// The parameters of the top module for `machine`: the fields of the sections `array` and of the family that the array
/// is built by (Concerns::Array); a section within the family's gives its name to those in it. Bug if one is a text.
std::vector<ModelParameter> model_parameters(const Machine& machine);

/// "bus_bytes" is BusBytes.
std::string camel_case(std::string_view words);

}  // namespace lacuna
