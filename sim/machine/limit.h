// Something that bounds the speed of a machine, as a change of parameters that lifts it. `lacuna explain` runs the
// lifted machines; sim/explain/README.md says how.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "machine/config.h"

namespace lacuna {

struct Limit {
  std::string name;                 ///< "dram_latency"
  std::string sentence;             ///< what is limited, a noun phrase: "the latency of DRAM"
  std::vector<std::string> lifted;  ///< assignments, as of --set, that lift it: "dram.latency=0"; at least one
};

/// "dram.latency=0": the assignment of a whole number to the end of its range. Bug if `machine` has no such parameter.
std::string at_lowest(const Machine& machine, std::string_view parameter);
std::string at_highest(const Machine& machine, std::string_view parameter);

/// `machine` with `assignments` made. UserError as for --set.
Machine changed(const Machine& machine, std::span<const std::string> assignments);

/// From `machine` to where a limit is lifted: assignments of each rung, the nearest first and `lifted` last. Numbers
/// double or halve from one to the next, all at once; words change with the first. Empty if nothing changes.
std::vector<std::vector<std::string>> ladder(const Machine& machine, std::span<const std::string> lifted);

}  // namespace lacuna
