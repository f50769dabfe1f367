// Where the files are that belong to the program and are not part of it: configs/, rtl/, sim/rtl/model/, scripts/.
#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

namespace lacuna {

/// PREFIX/share/lacuna if the running program is PREFIX/bin/NAME and that folder is there (`cmake --install`),
/// otherwise the folder of the sources it was built from.
std::filesystem::path program_files();

/// The files of a folder below configs/, "presets", by name. UserError, which says `what` they are, if it cannot be
/// read.
std::vector<std::filesystem::path> config_files(std::string_view folder, std::string_view what);

}  // namespace lacuna
