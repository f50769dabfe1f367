// --layers a,b: which layers of a workload a command works on.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "workload/workload.h"

namespace lacuna {

/// Indices of the wanted layers, in the order of the network; all if none is named. `wanted`: lists of names, separated
/// by commas. UserError for an unknown, doubled or empty name.
std::vector<std::size_t> chosen_layers(const Workload& workload, const std::vector<std::string>& wanted);

}  // namespace lacuna
