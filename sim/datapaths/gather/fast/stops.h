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

/// Sums of one filter, window by window.
template <typename Sum>
struct FilterSums {
  std::array<Sum, kSideBySide> sums{};             ///< with the bias
  std::array<std::uint32_t, kSideBySide> stops{};  ///< the number of the entry, from 1, after which it stops, or kNever
};

/// Finds the stops of a filter, whose entries are in the order of signs. Sums are those with the entries up to the last
/// positive one; what a sum is afterwards that stopped is not above zero, others are complete. Returns the products of
/// nonzero operands with negative weights, up to stops.
template <typename Input, typename Sum>
std::uint64_t find_stops(const Filter& filter, const Across<Input>& across, std::uint32_t windows,
                         FilterSums<Sum>& lanes);

}  // namespace lacuna::gather::fast
