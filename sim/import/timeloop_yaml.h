// Timeloop's dialect of YAML: files included by a template line, and maps that take over others' keys.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/yaml.h"

namespace lacuna::imports {

struct TimeloopDocument {
  yaml::Node root;                 ///< every `<<` and `<<<` is carried out; places are those of the files
  std::vector<std::string> notes;  ///< what was taken for a file that is not there
};

/// Reads `path`. {{include_text('FILE')}} on a line of its own is replaced by that file, looked for beside the one that
/// includes it; Timeloop's own problem_base.yaml, if it is not there, by its shape, which is built in. UserError for
/// any other template expression, and where base/yaml.h has one.
///
///   <<: *a, or [*a, *b]   keys that are not there are taken over; the earlier in the list wins
///   <<<: *a               the same, map by map all the way down; lists are joined, its own items first
TimeloopDocument read_timeloop_yaml(const std::filesystem::path& path);

}  // namespace lacuna::imports
