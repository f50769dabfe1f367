// What was probably meant: arguments in the wrong order, a file of another kind, the name of a preset. Asked before a
// reader complains of what it finds in a file that was never meant for it.
#pragma once

#include <string>

namespace lacuna {

/// UserError if `config` is no configuration but something else that the program knows, if it and `workload` are
/// swapped, or if one of them is not there and the program has one of that name.
void check_kinds(const std::string& config, const std::string& workload);

/// UserError if `workload` is not there and the program has one of that name, or if it is a configuration or a sweep.
void check_is_workload(const std::string& workload);

/// UserError if `sweep` is a configuration or a workload.
void check_is_sweep(const std::string& sweep);

}  // namespace lacuna
