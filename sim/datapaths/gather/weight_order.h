// In which order a filter's entries are kept, and after which of them lanes look at their sums: README.md, Resident.
#pragma once

#include <cstdint>
#include <vector>

#include "datapaths/gather/config.h"

namespace lacuna::gather {

/// A weight of a filter. Its value is zero where the index code asks for one.
struct Entry {
  std::int32_t value = 0;
  std::uint32_t at = 0;     ///< stream: position in its segment; resident: address in the input tile, of window 0
  std::uint32_t index = 0;  ///< as it is sent
};

/// After which entries of a filter lanes may stop. Entries are numbered from 1.
struct Checks {
  std::uint32_t predicted = 0;        ///< the number of representatives; 0: the filter predicts nothing
  std::int64_t threshold = 0;         ///< at or below which entry `predicted` predicts
  std::uint32_t terminated_from = 0;  ///< from this entry on sums at or below zero stop, where the weight is not zero
};

/// Sorts `entries`, given in the order of the reduction. `representatives`: what the workload says of the filter.
/// Returns where lanes may stop, with a threshold of zero.
Checks sort_entries(std::vector<Entry>& entries, WeightOrder order, std::uint32_t representatives);

}  // namespace lacuna::gather
