// A completion script for a shell, generated from the command tree, so that it cannot lag behind the options.
#pragma once

#include <string>

#include "cli/commands.h"

namespace lacuna {

std::string completion_script(const Commands& commands, Shell shell);

}  // namespace lacuna
