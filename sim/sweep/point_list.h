// Points by number, for a process that shall compute just these: a task of an array takes one list.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "sweep/sweep.h"

namespace lacuna {

/// A line a point: number of the configuration, index of the workload, key.
std::string point_list(const std::vector<PointTask>& tasks);
/// Reads such a list. UserError, with the line, for what is no point of this sweep: keys tell lists of other sweep
/// files.
std::vector<PointTask> read_point_list(const std::filesystem::path& path, const Sweep& sweep);

}  // namespace lacuna
