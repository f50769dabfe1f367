// A folder is a result of ours if it holds our result.json and nothing that we do not write.
#include "cli/result_folder.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/signals_held.h"
#include "report/result.h"

namespace lacuna {

namespace fs = std::filesystem;

namespace {

/// The first bytes of every result.json of this program, blanks left out.
constexpr std::string_view kSignature = R"({"program":{"name":"lacuna")";

bool is_result(const fs::path& folder) {
  std::ifstream file(folder / "result.json", std::ios::binary);
  std::string begin;
  for (char c = 0; begin.size() < kSignature.size() && file.get(c);)
    if (c != ' ' && c != '\n') begin += c;
  if (begin != kSignature) return false;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename().string();
    if (name != "result.json" && name != "result.csv" && name != "config.yaml" && name != "energy.yaml" &&
        !name.ends_with(".output.npy"))
      return false;
  }
  return !error;
}

}  // namespace

void check_target_folder(const fs::path& folder, const std::function<bool(const fs::path&)>& is_ours,
                         std::string_view what) {
  const Place place{folder.string()};
  const fs::path target = folder.has_filename() ? folder : folder.parent_path();
  std::error_code error;
  if (fs::exists(fs::symlink_status(target, error))) {
    const bool empty = fs::is_directory(fs::symlink_status(target, error)) && fs::is_empty(target, error);
    if (!empty && (fs::is_symlink(target, error) || !is_ours(target)))
      fail(place, "exists and is no {}; it is not overwritten", what);
  }
  const fs::path parent = target.parent_path().empty() ? fs::path(".") : target.parent_path();
  if (!fs::is_directory(parent, error)) fail(place, "there is no folder '{}' to put it in", parent.string());
  if (::access(parent.c_str(), W_OK | X_OK) != 0) fail(place, "cannot write: {}", std::strerror(errno));
}

void check_result_folder(const fs::path& folder, const ResultIdentity& identity, bool force) {
  check_target_folder(folder, is_result, "result of lacuna");
  std::error_code error;
  if (force || !fs::exists(folder / "result.json", error)) return;
  const Result present = read_result(folder);
  const bool machine = present.config_hash == identity.config_hash;
  if (machine && present.workload_hash == identity.workload_hash) return;
  fail(Place{folder.string()}, "holds the result of another {}, {} on {}; --force replaces it",
       machine ? "workload" : "machine", present.parameter("name"), present.workload);
}

void write_result_folder(const fs::path& folder, const std::map<std::string, std::string>& files,
                         const ResultIdentity& identity, bool force) {
  const SignalsHeld held;
  check_result_folder(folder, identity, force);
  StagedFolder staged(folder);
  for (const auto& [name, contents] : files) staged.write(name, contents);
  staged.commit();
}

std::string output_file_name(const std::string& layer) {
  std::string name;
  for (char c : layer) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= 0x20 || byte == 0x7f || c == '/' || c == '%')
      name += fmt::format("%{:02X}", byte);
    else
      name += c;
  }
  return name + ".output.npy";
}

}  // namespace lacuna
