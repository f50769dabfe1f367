// lacuna report: results as one HTML page.
#pragma once

#include <string>

#include "cli/commands.h"

namespace lacuna {

/// Writes the page; the line for standard output. UserError for files that are no results or cannot be written.
std::string report(const ReportOptions& options);

}  // namespace lacuna
