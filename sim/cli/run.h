// lacuna run: a workload on a machine, layer after layer, each held against the reference convolution.
#pragma once

#include <string>

#include "cli/commands.h"

namespace lacuna {

/// Simulates, writes the result folder if one is asked for, and returns the text for standard output.
std::string run(const RunOptions& options);

}  // namespace lacuna
