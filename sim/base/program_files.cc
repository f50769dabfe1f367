#include "base/program_files.h"

namespace lacuna {

namespace fs = std::filesystem;

fs::path program_files() {
  std::error_code unknown;
  const fs::path program = fs::read_symlink("/proc/self/exe", unknown);
  const fs::path installed = program.parent_path().parent_path() / "share/lacuna";
  if (program.parent_path().filename() == "bin" && fs::is_directory(installed, unknown)) return installed;
  return LACUNA_SOURCE_DIR;
}

}  // namespace lacuna
