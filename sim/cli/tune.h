// lacuna tune: predictive early termination is chosen for a network or a workload.
#pragma once

#include <string>

#include "cli/commands.h"

namespace lacuna {

/// Writes the folder whole or not at all, and returns what to print. UserError at the first fault of a file or an
/// option; nothing is written then.
std::string tune_file(const TuneOptions& options);

}  // namespace lacuna
