#include "base/program_files.h"

#include <algorithm>

#include "base/error.h"

namespace lacuna {

namespace fs = std::filesystem;

fs::path program_files() {
  std::error_code unknown;
  const fs::path program = fs::read_symlink("/proc/self/exe", unknown);
  const fs::path installed = program.parent_path().parent_path() / "share/lacuna";
  if (program.parent_path().filename() == "bin" && fs::is_directory(installed, unknown)) return installed;
  return LACUNA_SOURCE_DIR;
}

std::vector<fs::path> config_files(std::string_view name, std::string_view what) {
  const fs::path folder = program_files() / "configs" / name;
  std::error_code error;
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder, error)) files.push_back(entry.path());
  if (error) fail(Place{folder.string()}, "cannot list the {}: {}", what, error.message());
  std::ranges::sort(files);
  return files;
}

}  // namespace lacuna
