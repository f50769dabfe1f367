// A found case as files: a configuration and a workload that every command takes.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "check/random_case.h"

namespace lacuna {

/// Names and contents of config.yaml, workload.yaml and the tensors. `source` says where the case comes from.
std::map<std::string, std::string> files_of(const RandomCase& kept, const std::string& source);

}  // namespace lacuna
