#include "cli/workload_folder.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <fstream>

#include "base/atomic_file.h"
#include "base/signals_held.h"

namespace lacuna {

namespace fs = std::filesystem;

namespace {

constexpr std::array<std::string_view, 6> kTensors = {".weights.npy",    ".input.npy",           ".bias.npy",
                                                      ".requantise.npy", ".representatives.npy", ".thresholds.npy"};

constexpr std::array<std::string_view, 3> kTexts = {"workload.yaml", "recording.json", "tuning.json"};

}  // namespace

bool is_written_by(std::string_view command, const fs::path& folder) {
  const std::string signature = fmt::format("# Written by {}", command);
  std::ifstream file(folder / "workload.yaml", std::ios::binary);
  std::string begin(signature.size() + 1, '\0');
  if (!file.read(begin.data(), static_cast<std::streamsize>(begin.size())) || !begin.starts_with(signature) ||
      (begin.back() != ' ' && begin.back() != '.'))
    return false;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename().string();
    const auto has = [&](std::string_view ending) { return name.ends_with(ending); };
    if (std::ranges::find(kTexts, name) == kTexts.end() && !std::ranges::any_of(kTensors, has)) return false;
  }
  return !error;
}

void write_workload_folder(const fs::path& folder, const std::map<std::string, std::string>& files,
                           const std::function<void(const fs::path&)>& check) {
  const SignalsHeld held;
  StagedFolder staged(folder);
  for (const auto& [name, contents] : files) staged.write(name, contents);
  check(staged.path());
  staged.commit();
}

}  // namespace lacuna
