// lacuna prune: a workload of which weights have become zero by a criterion, everything else kept.
#pragma once

#include <string>

#include "cli/commands.h"

namespace lacuna {

/// Prunes, writes the folder whole or not at all, and returns what to print: what is left of each layer. UserError for
/// a wrong option or a workload that cannot be read; nothing is written then.
std::string prune(const PruneOptions& options);

}  // namespace lacuna
