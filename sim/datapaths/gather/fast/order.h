// In which order are a filter's entries sent? README.md, Resident.
#pragma once

#include <vector>

#include "datapaths/gather/fast/operands.h"

namespace lacuna::gather::fast {

/// Puts the entries of `filter`, given in the order of the reduction, into `order`, and says how far sums run before
/// they may stop. `representatives`, with `threshold`: what the workload says, zero where nothing is predicted. Weights
/// have so many bits.
void put_in_order(Filter& filter, WeightOrder order, std::uint32_t representatives, std::int64_t threshold,
                  unsigned bits);

}  // namespace lacuna::gather::fast
