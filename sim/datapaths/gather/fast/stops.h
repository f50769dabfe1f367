// After which entry does each lane stop? The rule of README.md, "Stop", for the sums of one filter and many windows
// side by side. None of it depends on time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "datapaths/gather/fast/operands.h"

namespace lacuna::gather::fast {

/// Windows whose sums are taken side by side.
constexpr std::uint32_t kSideBySide = 64;

/// The inputs of up to kSideBySide windows, position by position.
template <typename Input>
struct Across {
  std::vector<Input> inputs;           ///< [position][window]
  std::vector<std::uint64_t> nonzero;  ///< [position] bit w: the input of window w is not zero

  /// `rows`: [window][stride], `k` positions of each. Inputs of missing windows are zeros.
  void fill(const fabric::fast::ValueKernels& kernels, const Input* rows, std::size_t stride, std::uint32_t windows,
            std::uint32_t k);
};

/// Where a sum stops.
struct Stop {
  std::uint32_t entry = kNever;  ///< the number of the entry, from 1, after which it does, or kNever
  bool predicted = false;        ///< at the threshold
};

/// Sums of one filter, window by window.
template <typename Sum>
struct FilterSums {
  std::array<Sum, kSideBySide> sums{};  ///< with the bias
  std::array<Stop, kSideBySide> stops{};
};

/// Finds the stops of a filter. Sums are those with its settled entries; what a sum is afterwards that stopped is not
/// above zero, others are complete. Returns by how many products of nonzero operands those up to stops are more than
/// those with the settled entries, modulo 2^64.
template <typename Input, typename Sum>
std::uint64_t find_stops(const Filter& filter, const Across<Input>& across, std::uint32_t windows,
                         FilterSums<Sum>& lanes);

}  // namespace lacuna::gather::fast
