// What can be said of a layer's predictions from its weights alone.
#pragma once

#include <cstdint>

#include "workload/layer.h"

namespace lacuna {

/// Filters with representatives that have no more nonzero weights than these: they predict nothing.
std::uint32_t idle_predictions(const Layer& layer);

}  // namespace lacuna
