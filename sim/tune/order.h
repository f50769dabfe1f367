// In which order does a filter multiply its nonzero weights? Representatives first, then positive weights, then
// negative ones, where sums may stop.
#pragma once

#include <cstdint>
#include <vector>

#include "workload/layer.h"

namespace lacuna::tune {

/// One nonzero weight and its place in the reduction: channel innermost, then kernel column, then kernel row.
struct Pair {
  std::uint32_t position = 0;
  std::int32_t weight = 0;
  bool operator==(const Pair&) const = default;
};

/// The nonzero weights of filter `m` by falling magnitude; equal ones in the order of the reduction.
std::vector<Pair> by_magnitude(const Layer& layer, std::uint32_t m);

struct FilterOrder {
  std::vector<Pair> pairs;
  /// So many come first. Of the z pairs by magnitude, cut into n groups [i z / n, (i + 1) z / n), each group's first.
  std::uint32_t representatives = 0;
  /// From so many pairs on a sum at or below zero stops: no positive weight is left, and one pair is done at least.
  std::uint32_t settled = 0;
};

/// The order with n representatives, below the number of pairs; 0: exact stops alone.
FilterOrder order_of(const std::vector<Pair>& pairs_by_magnitude, std::uint32_t representatives);

}  // namespace lacuna::tune
