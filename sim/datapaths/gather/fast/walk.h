// What does a PE do that walks a resident filter over the window groups of an input tile? README.md, "PE, resident".
#pragma once

#include <cstdint>

#include "datapaths/gather/events.h"
#include "datapaths/gather/fast/operands.h"
#include "datapaths/gather/fast/stops.h"

namespace lacuna::gather::fast {

/// Adds what a PE does with `filter` and `column` to `done`, products as if one operand of each were zero; the cycles
/// that it takes. `stops`: Values::stops() of the filter.
std::uint32_t walk(const Operands& operands, std::uint32_t group, const Filter& filter, const Stop* stops,
                   const ColumnWindows& column, event::PeSum& done);

}  // namespace lacuna::gather::fast
