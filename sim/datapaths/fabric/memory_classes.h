// Which classes of PE-cycles are memory's, and which tile holds up which. README.md, section Where a PE-cycle goes.
#pragma once

#include <cstdint>

#include "machine/counts.h"

namespace lacuna::fabric {

/// Memory is why the PE has no work.
constexpr bool is_memorys(PeClass c) { return c == PeClass::StarvedMemory || c == PeClass::BlockedMemory; }

/// A tile begins when the results of two tiles before have left, into the half of the output buffer of two tiles before
/// those.
constexpr std::uint64_t kTilesToWritten = 4;

}  // namespace lacuna::fabric
