// lacuna sweep and lacuna merge: design spaces into stores.
#pragma once

#include <functional>
#include <string>

#include "cli/sweep_options.h"

namespace lacuna {

/// Where text for standard output goes.
using Print = std::function<void(const std::string&)>;

/// Returns the exit status: 0, or 128 + the signal that stopped it.
int sweep(const SweepOptions& options, const Print& print);
void merge(const MergeOptions& options, const Print& print);

}  // namespace lacuna
