// What does the program know? Datapaths, engines, events, parameters, presets, layer kinds, formats, words of families.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/commands.h"

namespace lacuna {

/// The words `lacuna list` takes.
const std::vector<std::string_view>& list_topics();

/// The text for standard output; UserError for a topic or format that does not exist.
std::string list(const ListOptions& options);

}  // namespace lacuna
