#include "cli/target_file.h"

#include <fstream>
#include <string>

#include "base/error.h"

namespace lacuna {

void check_target_file(const std::filesystem::path& path, std::string_view begin, std::string_view what, bool force) {
  std::error_code error;
  if (force || !std::filesystem::is_regular_file(path, error) || std::filesystem::file_size(path, error) == 0) return;
  std::string found(begin.size(), '\0');
  std::ifstream file(path, std::ios::binary);
  if (!file.read(found.data(), static_cast<std::streamsize>(found.size())) || found != begin)
    fail(Place{path.string()}, "exists and is no {}; --force overwrites it", what);
}

}  // namespace lacuna
