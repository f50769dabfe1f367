#include "cli/hints.h"

#include <algorithm>
#include <filesystem>
#include <initializer_list>
#include <string_view>

#include "base/error.h"
#include "base/program_files.h"
#include "base/yaml.h"

namespace lacuna {

namespace fs = std::filesystem;

namespace {

enum class FileKind { Unknown, Configuration, Workload, Sweep };

/// By the keys at its top; Unknown for what cannot be read, of which a reader says why.
FileKind kind_of(const fs::path& path) {
  std::error_code error;
  if (fs::is_directory(path, error))
    return fs::is_regular_file(path / "workload.yaml", error) ? FileKind::Workload : FileKind::Unknown;
  try {
    const yaml::Node document = yaml::load_file(path);
    const auto has = [&](std::initializer_list<std::string_view> keys) {
      return std::ranges::any_of(keys, [&](std::string_view key) { return document.find(key) != nullptr; });
    };
    if (has({"layers"})) return FileKind::Workload;
    if (has({"base", "axes", "workloads"})) return FileKind::Sweep;
    if (has({"energy", "clock_mhz", "array", "global_buffer", "dram", "storage"})) return FileKind::Configuration;
  } catch (const UserError&) {
  }
  return FileKind::Unknown;
}

/// UserError if `name` is not there and the program brings a file of that name.
void check_name(const std::string& name, const fs::path& own, std::string_view what) {
  std::error_code error;
  if (!name.empty() && !fs::exists(name, error) && fs::path(name).filename() == name && fs::exists(own, error))
    fail(Place{name}, "there is no such file here; the {} of that name is {}", what, own.string());
}

}  // namespace

void check_kinds(const std::string& config, const std::string& workload) {
  check_name(config, program_files() / "configs/presets" / (config + ".yaml"), "preset");
  check_name(workload, program_files() / "workloads" / workload, "workload");
  const FileKind first = kind_of(config);
  if (first == FileKind::Sweep) fail(Place{config}, "is a sweep; lacuna sweep {} runs it", config);
  if (first != FileKind::Workload) return;
  if (kind_of(workload) == FileKind::Configuration)
    fail(Place{config}, "is a workload and {} a configuration; the configuration comes first", workload);
  fail(Place{config}, "is a workload; the first argument is a configuration, such as {}",
       (program_files() / "configs/default.yaml").string());
}

void check_is_workload(const std::string& workload) {
  check_name(workload, program_files() / "workloads" / workload, "workload");
  const FileKind kind = kind_of(workload);
  if (kind == FileKind::Configuration || kind == FileKind::Sweep)
    fail(Place{workload}, "is a {}; need a workload, a folder with a workload.yaml or that file",
         kind == FileKind::Sweep ? "sweep" : "configuration");
}

void check_is_sweep(const std::string& sweep) {
  switch (kind_of(sweep)) {
    case FileKind::Configuration:
      fail(Place{sweep}, "is a configuration; a sweep file names it under 'base'");
    case FileKind::Workload:
      fail(Place{sweep}, "is a workload; a sweep file names it under 'workloads'");
    case FileKind::Sweep:
    case FileKind::Unknown:
      return;
  }
}

}  // namespace lacuna
