// lacuna compare: two results side by side, and a gate for CI.
#pragma once

#include <string>

#include "cli/commands.h"

namespace lacuna {

struct CompareResult {
  std::string text;    ///< for standard output
  bool passes = true;  ///< false: the gate failed, exit status 1
};

/// UserError for options that make no sense together, files that are no results, workloads that differ.
CompareResult compare(const CompareOptions& options);

}  // namespace lacuna
