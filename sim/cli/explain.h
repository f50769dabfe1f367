// lacuna explain: what lifting each limit of a machine would gain on a workload.
#pragma once

#include <string>

#include "cli/commands.h"

namespace lacuna {

/// Times the machine with and without limits, writes the explanation if a file is asked for, and returns the text for
/// standard output.
std::string explain(const ExplainOptions& options);

}  // namespace lacuna
