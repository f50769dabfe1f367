// Which points of a sweep will be looked at first?
#pragma once

#include <cstddef>
#include <vector>

#include "report/page.h"

namespace lacuna {

/// Indices of all points. First those on the front of any two figures among the points of their network; then, by
/// cycles and energy, the front of what is left, and so on: the points that become the front when filters take others
/// away.
std::vector<std::size_t> front_order(const PageSweep& sweep);

}  // namespace lacuna
