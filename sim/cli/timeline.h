// --timeline FILE, --timeline-cycles FROM-TO: the trace of a run.
#pragma once

#include <memory>

#include "cli/commands.h"
#include "report/report.h"
#include "report/timeline.h"

namespace lacuna {

/// The trace that `options` ask for, or nothing. UserError if the cycles are no range or the file cannot be written.
std::unique_ptr<Timeline> open_timeline(const RunOptions& options, const Report& report);

}  // namespace lacuna
