// Records and the units they come from in the words of their family.
#pragma once

#include <cstdint>
#include <string>

#include "machine/record.h"

namespace lacuna {

/// Records that follow each other in one unit are compared in order.
struct Unit {
  std::uint16_t info = 0;   ///< index in Vocabulary::units
  std::uint32_t index = 0;  ///< within these
};

[[nodiscard]] Unit unit_of(const Record& record, const Vocabulary& vocabulary);
/// "PE (2, 5)", "row feeder 2", "memory (writes)".
[[nodiscard]] std::string text_of(const Unit& unit, const Vocabulary& vocabulary, std::uint32_t columns);

/// "cycle 12 group tile 3 step 1 executed 1 wasted 0 gated 0 psum -7". How long it took follows where `cycle` is its
/// first one; the class of a PE-cycle, where there are no values to tell.
[[nodiscard]] std::string text_of(const Record& record, const Vocabulary& vocabulary);

}  // namespace lacuna
