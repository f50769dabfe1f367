#include "rtl/model_cache.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <system_error>
#include <thread>

#include "base/child_process.h"
#include "base/hash.h"
#include "base/program_files.h"

namespace lacuna {

namespace fs = std::filesystem;

namespace {

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) fail({path.string()}, "cannot be read; the RTL engine compiles it");
  std::ostringstream text;
  text << in.rdbuf();
  return std::move(text).str();
}

/// Paths listed in a sources.f, relative to the RTL's folder.
std::vector<std::string> listed(const fs::path& list) {
  std::vector<std::string> files;
  std::istringstream lines(read_file(list));
  for (std::string line; std::getline(lines, line);)
    if (!line.empty() && line[0] != '#') files.push_back(line);
  return files;
}

const std::string& verilator_version() {
  static const std::string version = [] {
    const ChildResult result = run_child({"verilator", "--version"});
    if (result.status != 0) fail({"--engine rtl"}, "verilator is needed to compile the RTL, and it does not run");
    return result.output;
  }();
  return version;
}

/// Options of Verilator and the C++ compiler, beside sources and parameters. The makefile's own -Os is replaced.
/// Registers that no reset sets start with arbitrary bits.
const std::vector<std::string>& flags() {
  static const std::vector<std::string> list = {
      "--cc",
      "--exe",
      "--build",
      "--assert",
      "-O3",
      "-fno-gate",  // keeps what PEs read in their own ports: their code stays the same for all
      "--x-assign",
      "unique",
      "--x-initial",
      "unique",
      "-Wno-fatal",
      "-Wno-WIDTH",
      "-Werror-USERERROR",  // $error while the array is elaborated: a word that the RTL does not know

      "--prefix",
      "Vmodel",
      "-CFLAGS",
      "-fPIC -fvisibility=hidden -fno-gnu-unique -std=c++20 -include hooks.h",
      "-LDFLAGS",
      "-shared",
      "-MAKEFLAGS",
      "OPT_FAST=-O2 OPT_SLOW=-O0 OPT_GLOBAL=-O2",
      "-o",
      "model.so"};
  return list;
}

const std::vector<std::string>& wave_flags() {
  static const std::vector<std::string> list = {"--trace-fst", "--trace-structs", "--timescale-override", "1ns/100ps"};
  return list;
}

/// The lines of a build that say what is wrong: errors, and what follows each up to the next message.
std::string complaints(const std::string& text) {
  constexpr int kLines = 20;
  std::istringstream lines(text);
  std::string result;
  int taken = 0;
  bool wanted = false;
  for (std::string line; std::getline(lines, line) && taken < kLines;) {
    if (line.starts_with('%'))
      wanted = line.starts_with("%Error");
    else if (line.find(" error: ") != std::string::npos)
      wanted = true;
    else if (line.starts_with("make") || line.starts_with("g++"))
      wanted = false;
    if (!wanted || line.starts_with("%Error: Command Failed") || line.starts_with("%Error: make")) continue;
    result += "\n  " + line;
    ++taken;
  }
  return result.empty() ? "\n  " + text.substr(text.size() > 2000 ? text.size() - 2000 : 0) : result;
}

/// Holds a lock file for as long as it lives; the lock dies with the process.
class Lock {
 public:
  explicit Lock(const fs::path& path) : file_(open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0666)) {
    if (file_ < 0) fail({path.string()}, "cannot be written; models of the RTL are kept there");
    while (flock(file_, LOCK_EX) != 0)
      if (errno != EINTR) throw std::system_error(errno, std::generic_category(), path.string());
  }
  ~Lock() { close(file_); }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

 private:
  int file_;
};

}  // namespace

ModelSources ModelSources::standard(std::string_view family, const fs::path& edited) {
  ModelSources sources;
  sources.rtl = edited.empty() ? program_files() / "rtl" : edited;
  sources.family = family;
  sources.wrapper = program_files() / "sim/rtl/model";
  const char* const cache = std::getenv("XDG_CACHE_HOME");
  const char* const home = std::getenv("HOME");
  if (cache && *cache)
    sources.cache = fs::path(cache) / "lacuna";
  else if (home && *home)
    sources.cache = fs::path(home) / ".cache" / "lacuna";
  else
    sources.cache = fs::temp_directory_path() / "lacuna-cache";
  return sources;
}

fs::path built_model(const ModelSources& sources, const std::vector<ModelParameter>& parameters, Waves waves) {
  const fs::path family = sources.rtl / sources.family;
  std::vector<std::string> files = listed(family / "sources.f");
  if (files.empty()) fail({(family / "sources.f").string()}, "names no source");
  const std::string top = fs::path(files.back()).stem().string();
  for (const auto& file : listed(family / "probe/sources.f")) files.push_back(file);

  Hasher hasher;
  hasher.add(verilator_version());
  std::vector<std::string> all_flags = flags();
  if (waves == Waves::Yes) all_flags.insert(all_flags.end(), wave_flags().begin(), wave_flags().end());
  for (const auto& flag : all_flags) hasher.add(flag);
  for (const auto& file : files) {
    hasher.add(file);
    hasher.add(read_file(sources.rtl / file));
  }
  hasher.add(read_file(sources.rtl / "common/assertions.svh"));
  for (const auto* file : {"ports.def", "options.vlt"}) hasher.add(read_file(family / file));
  for (const auto* file : {"wrapper.cc", "abi.h", "hooks.h"}) hasher.add(read_file(sources.wrapper / file));
  for (const auto& parameter : parameters) {
    hasher.add(parameter.name);
    hasher.add(std::uint64_t{parameter.value});
  }
  const std::string key = hasher.hex();

  std::error_code error;
  fs::create_directories(sources.cache, error);
  if (error) fail({sources.cache.string()}, "cannot be made: {}; models of the RTL are kept there", error.message());
  const fs::path model = sources.cache / (key + ".so");
  if (fs::exists(model)) return model;

  const Lock lock(sources.cache / (key + ".lock"));
  if (fs::exists(model)) return model;
  const fs::path build = sources.cache / (key + ".build");
  fs::remove_all(build);
  fs::create_directories(build);
  std::vector<std::string> command = {"verilator"};
  for (const auto& flag : all_flags) command.push_back(flag);
  command.insert(command.end(), {"--build-jobs", fmt::format("{}", std::max(1u, std::thread::hardware_concurrency()))});
  command.insert(command.end(), {"-CFLAGS", "-I" + fs::absolute(sources.wrapper).string(), "-CFLAGS",
                                 "-I" + fs::absolute(family).string(), "--Mdir", build.string(),
                                 "-I" + (sources.rtl / "common").string(), "--top-module", top});
  for (const auto& parameter : parameters) command.push_back(fmt::format("-G{}={}", parameter.name, parameter.value));
  command.push_back((family / "options.vlt").string());
  for (const auto& file : files) command.push_back((sources.rtl / file).string());
  command.push_back((fs::absolute(sources.wrapper) / "wrapper.cc").string());

  const ChildResult result = run_child(command, "", Interrupts::Shared);
  if (result.status != 0) {
    fs::remove_all(build);
    fail({sources.rtl.string()}, "the RTL does not compile:{}", complaints(result.error + result.output));
  }
  fs::rename(build / "model.so", model);
  fs::remove_all(build);
  return model;
}

}  // namespace lacuna
