// Where the files are that belong to the program and are not part of it: configs/, rtl/, sim/rtl/model/, scripts/.
#pragma once

#include <filesystem>

namespace lacuna {

/// PREFIX/share/lacuna if the running program is PREFIX/bin/NAME and that folder is there (`cmake --install`),
/// otherwise the folder of the sources it was built from.
std::filesystem::path program_files();

}  // namespace lacuna
