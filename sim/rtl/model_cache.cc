#include "rtl/model_cache.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <system_error>
#include <thread>

#include "base/atomic_file.h"
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
  for (std::string line; std::getline(lines, line);) {
    if (line.ends_with('\r')) line.pop_back();  // an editor of another system
    if (!line.empty() && line[0] != '#') files.push_back(line);
  }
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
std::vector<std::string> complaints(const std::string& text) {
  constexpr std::size_t kLines = 20;
  std::istringstream in(text);
  std::vector<std::string> lines, last;
  bool wanted = false;
  for (std::string line; std::getline(in, line) && lines.size() < kLines;) {
    if (line.starts_with('%'))
      wanted = line.starts_with("%Error");
    else if (line.find(" error: ") != std::string::npos)
      wanted = true;
    else if (line.starts_with("make") || line.starts_with("g++"))
      wanted = false;
    last.push_back(line);
    if (last.size() > kLines) last.erase(last.begin());
    if (!wanted || line.starts_with("%Error: Command Failed") || line.starts_with("%Error: make")) continue;
    lines.push_back(line);
  }
  return lines.empty() ? last : lines;
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
    sources.cache = fs::temp_directory_path() / fmt::format("lacuna-cache-{}", ::geteuid());
  return sources;
}

namespace {

/// Everything that a model is made of, as paths below the RTL's folder.
struct Listing {
  std::vector<std::string> files;
  std::string top;
};

Listing listing_of(const ModelSources& sources) {
  const fs::path family = sources.rtl / sources.family;
  Listing listing{listed(family / "sources.f"), ""};
  if (listing.files.empty()) fail({(family / "sources.f").string()}, "names no source");
  listing.top = fs::path(listing.files.back()).stem().string();
  for (const auto& file : listed(family / "probe/sources.f")) listing.files.push_back(file);
  return listing;
}

std::string key_of(const ModelSources& sources, const Listing& listing, const std::vector<std::string>& all_flags,
                   const std::vector<ModelParameter>& parameters) {
  Hasher hasher;
  hasher.add(verilator_version());
  for (const auto& flag : all_flags) hasher.add(flag);
  for (const auto& file : listing.files) {
    hasher.add(file);
    hasher.add(read_file(sources.rtl / file));
  }
  hasher.add(read_file(sources.rtl / "common/assertions.svh"));
  for (const auto* file : {"ports.def", "options.vlt"}) hasher.add(read_file(sources.rtl / sources.family / file));
  for (const auto* file : {"wrapper.cc", "abi.h", "hooks.h"}) hasher.add(read_file(sources.wrapper / file));
  for (const auto& parameter : parameters) {
    hasher.add(parameter.name);
    hasher.add(std::uint64_t{parameter.value});
  }
  return hasher.hex();
}

/// What is in the cache is executed: UserError if somebody else could put something there.
void need_own_folder(const fs::path& cache) {
  struct stat info {};
  if (::stat(cache.c_str(), &info) != 0) fail({cache.string()}, "cannot be read: {}", std::strerror(errno));
  if (info.st_uid != ::geteuid() || (info.st_mode & (S_IWGRP | S_IWOTH)) != 0)
    fail({cache.string()},
         "is another user's or writable for others; models of the RTL, which are executed, are not kept there "
         "(XDG_CACHE_HOME names another folder)");
}

std::string fingerprint(const std::string& contents) {
  Hasher hasher;
  hasher.add(contents);
  return hasher.hex();
}

/// A model and, beside it, the fingerprint of its file, so that half a file is not executed.
bool is_whole(const fs::path& model, const fs::path& sum) {
  return fs::exists(model) && fs::exists(sum) && read_file(sum) == fingerprint(read_file(model));
}

/// make takes a blank for the end of a name.
bool has_blank(const fs::path& path) { return fs::absolute(path).string().find_first_of(" \t") != std::string::npos; }

/// Where a model is built: a path that make can handle, in the cache if possible. Its own for each process: a build of
/// one that was killed may still be ending.
fs::path build_folder(const fs::path& cache, const std::string& key) {
  if (!has_blank(cache)) return cache / fmt::format("{}.build-{}", key, ::getpid());
  fs::path folder = fs::temp_directory_path() / ("lacuna-" + key + "-XXXXXX");
  std::string name = folder.string();
  if (::mkdtemp(name.data()) == nullptr) fail({name}, "cannot be made: {}", std::strerror(errno));
  return name;
}

void need_no_blank(const fs::path& folder) {
  if (has_blank(folder))
    fail({folder.string()}, "has a blank in its path, which make, who builds models of the RTL, cannot take");
}

std::vector<std::string> build_command(const ModelSources& sources, const Listing& listing,
                                       const std::vector<std::string>& all_flags,
                                       const std::vector<ModelParameter>& parameters, const fs::path& build) {
  const fs::path family = sources.rtl / sources.family;
  std::vector<std::string> command = {"verilator"};
  command.insert(command.end(), all_flags.begin(), all_flags.end());
  command.insert(command.end(), {"--build-jobs", fmt::format("{}", std::max(1u, std::thread::hardware_concurrency()))});
  command.insert(command.end(), {"-CFLAGS", "-I" + fs::absolute(sources.wrapper).string(), "-CFLAGS",
                                 "-I" + fs::absolute(family).string(), "--Mdir", build.string(),
                                 "-I" + (sources.rtl / "common").string(), "--top-module", listing.top});
  if (run_child({"ccache", "--version"}).status == 0) command.insert(command.end(), {"-MAKEFLAGS", "OBJCACHE=ccache"});
  for (const auto& parameter : parameters) command.push_back(fmt::format("-G{}={}", parameter.name, parameter.value));
  command.push_back((family / "options.vlt").string());
  for (const auto& file : listing.files) command.push_back((sources.rtl / file).string());
  command.push_back((fs::absolute(sources.wrapper) / "wrapper.cc").string());
  return command;
}

}  // namespace

fs::path built_model(const ModelSources& sources, const std::vector<ModelParameter>& parameters, Waves waves) {
  const Listing listing = listing_of(sources);
  std::vector<std::string> all_flags = flags();
  if (waves == Waves::Yes) all_flags.insert(all_flags.end(), wave_flags().begin(), wave_flags().end());
  const std::string key = key_of(sources, listing, all_flags, parameters);

  std::error_code error;
  fs::create_directories(sources.cache, error);
  if (error) fail({sources.cache.string()}, "cannot be made: {}; models of the RTL are kept there", error.message());
  need_own_folder(sources.cache);
  const fs::path model = sources.cache / (key + ".so"), sum = sources.cache / (key + ".sum");
  if (is_whole(model, sum)) return model;

  const Lock lock(sources.cache / (key + ".lock"));
  if (is_whole(model, sum)) return model;
  need_no_blank(sources.rtl);
  need_no_blank(sources.wrapper);
  const fs::path build = build_folder(sources.cache, key);
  fs::remove_all(build);
  fs::create_directories(build);
  const ChildResult result =
      run_dependent_child(build_command(sources, listing, all_flags, parameters, build), build.string());
  if (result.status != 0) {
    fs::remove_all(build);
    throw UserError({sources.rtl.string()}, "the RTL does not compile:", complaints(result.error + result.output));
  }
  const std::string built = read_file(build / "model.so");
  write_file(sum, fingerprint(built));
  write_file(model, built);
  fs::remove_all(build);
  return model;
}

}  // namespace lacuna
