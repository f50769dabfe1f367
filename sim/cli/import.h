// lacuna import: other tools' layer tables and masks become a workload.
#pragma once

#include <string>

#include "cli/commands.h"

namespace lacuna {

/// Reads every file, writes the folder whole or not at all, and returns what to print. UserError at the first fault of
/// a file or an option; nothing is written then.
std::string import_files(const ImportOptions& options);

}  // namespace lacuna
