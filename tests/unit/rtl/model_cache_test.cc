// Models of the RTL are built once and kept; what can go wrong with that is said in one line or with the compiler's.
#include "rtl/model_cache.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "../temporary_folder.h"
#include "machine/family.h"
#include "rtl/model_parameters.h"
#include "rtl/rtl_model.h"

using namespace lacuna;
namespace fs = std::filesystem;

namespace {

/// The standard RTL with its models in a folder of the test.
ModelSources sources_in(const fs::path& cache) {
  ModelSources sources = ModelSources::standard(families().front()->name());
  sources.cache = cache;
  return sources;
}

void write(const fs::path& path, const std::string& text) { std::ofstream(path) << text; }

std::string error_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const UserError& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("RTL that does not compile is refused with the compiler's lines") {
  const TemporaryFolder folder;
  ModelSources sources = sources_in(folder.path() / "cache");
  fs::copy(sources.rtl, folder.path() / "rtl", fs::copy_options::recursive);
  sources.rtl = folder.path() / "rtl";
  write(sources.rtl / "common/prefix_pick.sv", "module prefix_pick; this is no SystemVerilog\n");
  const std::string text = error_of([&] { (void)built_model(sources, model_parameters(Machine{})); });
  CHECK(text.find("the RTL does not compile:") != std::string::npos);
  CHECK(text.find("prefix_pick.sv:1") != std::string::npos);
  // Nothing that looks like a model is left behind.
  for (const auto& entry : fs::directory_iterator(sources.cache)) CHECK(entry.path().extension() != ".so");
}

TEST_CASE("a word that the RTL does not know ends the build") {
  const TemporaryFolder folder;
  Machine machine;
  machine.array.rows = machine.array.columns = 1;
  std::vector<ModelParameter> parameters = model_parameters(machine);
  const auto skip = std::ranges::find(parameters, "Skip", &ModelParameter::name);
  REQUIRE(skip != parameters.end());
  skip->value = 1000;
  const std::string text = error_of([&] { (void)built_model(sources_in(folder.path()), parameters); });
  INFO(text);
  CHECK(text.find("the RTL does not compile:") != std::string::npos);
  CHECK(text.find("unknown skip rule") != std::string::npos);
}

TEST_CASE("a cache that cannot be made is refused") {
  const TemporaryFolder folder;
  write(folder.path() / "file", "");
  const fs::path cache = folder.path() / "file" / "cache";
  CHECK(error_of([&] { (void)built_model(sources_in(cache), model_parameters(Machine{})); }) ==
        cache.string() + ": cannot be made: Not a directory; models of the RTL are kept there");
}

TEST_CASE("a lock that cannot be written is refused") {
  const TemporaryFolder folder;
  // /proc exists and takes no files.
  const std::string text = error_of([&] { (void)built_model(sources_in("/proc"), model_parameters(Machine{})); });
  CHECK(text.find("/proc/") == 0);
  CHECK(text.find(".lock: cannot be written; models of the RTL are kept there") != std::string::npos);
}

TEST_CASE("a model that is no shared object is refused") {
  const TemporaryFolder folder;
  write(folder.path() / "model.so", "not a shared object");
  const std::string text = error_of([&] { RtlModel model(folder.path() / "model.so"); });
  CHECK(text.find("model.so: cannot be loaded: ") != std::string::npos);
  CHECK(text.find("; remove it to have it built anew") != std::string::npos);
}

TEST_CASE("a shared object that is no model is refused") {
  // The C library is one that is there on every machine.
  CHECK(error_of([] { RtlModel model("libc.so.6"); }) == "libc.so.6: is not a model; remove it to have it built anew");
}

TEST_CASE("half a model in the cache is built anew, also where the path has a blank") {
  const TemporaryFolder folder;
  Machine machine;
  machine.array.rows = machine.array.columns = 1;
  const ModelSources sources = sources_in(folder.path() / "my cache");
  const fs::path model = built_model(sources, model_parameters(machine));
  const auto size = fs::file_size(model);
  const auto made = fs::last_write_time(model);
  CHECK(built_model(sources, model_parameters(machine)) == model);
  CHECK(fs::last_write_time(model) == made);
  fs::resize_file(model, size / 2);
  CHECK(built_model(sources, model_parameters(machine)) == model);
  CHECK(fs::file_size(model) == size);
  CHECK_NOTHROW(RtlModel(model));
}

TEST_CASE("a cache that others can write is refused") {
  const TemporaryFolder folder;
  const fs::path cache = folder.path() / "open";
  fs::create_directory(cache);
  fs::permissions(cache, fs::perms::all);
  CHECK(error_of([&] { (void)built_model(sources_in(cache), model_parameters(Machine{})); }) ==
        cache.string() +
            ": is another user's or writable for others; models of the RTL, which are executed, are not kept there "
            "(XDG_CACHE_HOME names another folder)");
}

TEST_CASE("RTL in a folder with a blank is refused with the reason") {
  const TemporaryFolder folder;
  ModelSources sources = sources_in(folder.path() / "cache");
  fs::copy(sources.rtl, folder.path() / "my rtl", fs::copy_options::recursive);
  sources.rtl = folder.path() / "my rtl";
  CHECK(error_of([&] { (void)built_model(sources, model_parameters(Machine{})); }) ==
        sources.rtl.string() + ": has a blank in its path, which make, who builds models of the RTL, cannot take");
}

TEST_CASE("a machine without verilator is told so") {
  const TemporaryFolder folder;
  setenv("PATH", "/nowhere", 1);
  CHECK(error_of([&] { (void)built_model(sources_in(folder.path()), model_parameters(Machine{})); }) ==
        "--engine rtl: verilator is needed to compile the RTL, and it does not run");
}
