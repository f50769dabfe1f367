// What bounds the speed of every machine: memory. A family's own limits are Family::limits().
#pragma once

#include <vector>

#include "machine/limit.h"

namespace lacuna {

/// The limits of memory, one each; the order of reports.
std::vector<Limit> memory_limits(const Machine& machine);
/// All of `limits` lifted at once.
Limit together(std::string name, std::string sentence, const std::vector<Limit>& limits);

}  // namespace lacuna
