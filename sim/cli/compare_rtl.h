// lacuna compare --rtl: what an edit of the RTL did to cycles, events, energy and area.
#pragma once

#include "cli/commands.h"
#include "cli/compare.h"

namespace lacuna {

/// Runs the model, the RTL as it is and the edited RTL on the same layers. Passes if all outputs are equal. UserError
/// for options that go with two results only, for RTL that does not compile, or if the area cannot be found.
CompareResult compare_rtl(const CompareOptions& options);

}  // namespace lacuna
