// lacuna check: two engines on the same layers, up to the first difference.
#pragma once

#include <string>

#include "cli/commands.h"

namespace lacuna {

struct CheckResult {
  std::string text;  ///< for standard output
  bool agrees = false;
};

/// Compares the engines on every chosen layer, or on random cases, and stops at the first layer in which they differ.
CheckResult check(const CheckOptions& options);

}  // namespace lacuna
