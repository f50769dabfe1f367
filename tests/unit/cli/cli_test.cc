// Parts of the program that no healthy run shows: a wrong output, odd layer names.
#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "../temporary_folder.h"
#include "cli/completion.h"
#include "cli/explain.h"
#include "cli/result_folder.h"
#include "cli/run.h"
#include "cli/verify.h"
#include "tensor/npy.h"

using namespace lacuna;

TEST_CASE("a wrong output is a bug that names layer and index and both values") {
  Tensor expected(DType::Int32, {2, 3, 1, 2}), output = expected;
  CHECK_NOTHROW(verify("conv1", "systemc", output, expected));
  output.as<std::int32_t>()[9] = -7;  // 9 = ((1 x 3 + 1) x 1 + 0) x 2 + 1
  CHECK_THROWS_AS(verify("conv1", "systemc", output, expected), Bug);
  CHECK_THROWS_WITH(verify("conv1", "systemc", output, expected),
                    "layer 'conv1': output [1, 1, 0, 1] is -7 on engine systemc, 0 in the reference");
}

TEST_CASE("an output of another type or shape is a bug") {
  CHECK_THROWS_WITH(verify("fc", "systemc", Tensor(DType::Int8, {2}), Tensor(DType::UInt8, {2})),
                    "layer 'fc': engine systemc gives int8 [2], the reference uint8 [2]");
  CHECK_THROWS_WITH(verify("fc", "systemc", Tensor(DType::Int8, {2, 1}), Tensor(DType::Int8, {2})),
                    "layer 'fc': engine systemc gives int8 [2, 1], the reference int8 [2]");
}

TEST_CASE("two layers never share a file name") {
  CHECK(output_file_name("conv1") == "conv1.output.npy");
  CHECK(output_file_name("a/b c") == "a%2Fb%20c.output.npy");
  CHECK(output_file_name("a%2Fb") == "a%252Fb.output.npy");
}

TEST_CASE("completion offers every command and option") {
  const Commands commands;
  for (const Shell shell : {Shell::Bash, Shell::Zsh, Shell::Fish}) {
    const std::string script = completion_script(commands, shell);
    for (const CLI::App* command : commands.app.get_subcommands({})) {
      CHECK_THAT(script, Catch::Contains(command->get_name()));
      for (const CLI::Option* option : command->get_options())
        for (const auto& name : option->get_lnames())
          CHECK_THAT(script, Catch::Contains((shell == Shell::Fish ? "-l " : "--") + name));
    }
    CHECK_THAT(script, Catch::Contains("table json csv"));
    CHECK_THAT(script, Catch::Contains("array.rows= "));
    CHECK_THAT(script, Catch::Contains("systemc,rtl"));
  }
}

namespace {

RunOptions lenet(const std::string& format) {
  RunOptions options;
  options.config = LACUNA_SOURCE_DIR "/configs/default.yaml";
  options.workload = LACUNA_SOURCE_DIR "/workloads/lenet5";
  options.format = format;
  return options;
}

}  // namespace

TEST_CASE("a report has the same bytes with any number of threads") {
  RunOptions options = lenet("json");
  options.threads = 1;
  const std::string one = run(options);
  for (const unsigned threads : {2u, 3u, 7u}) {
    options.threads = threads;
    CHECK(run(options) == one);
  }
}

TEST_CASE("sums that wrap are counted, and are an error where they must not") {
  const TemporaryFolder folder;
  constexpr std::size_t kLong = 140'000;  // 140,000 x 127 x 127 = 2,258,060,000: above 2^31
  Tensor weights(DType::Int8, {2, kLong}), input(DType::Int8, {1, kLong});
  std::ranges::fill(weights.as<std::int8_t>().first(kLong), std::int8_t{127});
  std::ranges::fill(input.as<std::int8_t>(), std::int8_t{127});
  std::ofstream(folder.path() / "w.npy") << write_npy(weights);
  std::ofstream(folder.path() / "x.npy") << write_npy(input);
  std::ofstream(folder.path() / "workload.yaml") << "network: long\nsource: a test\nlayers:\n"
                                                    "  - {name: fc, op: fc, weights: w.npy, input: x.npy}\n";
  RunOptions options = lenet("table");
  options.workload = folder.path() / "workload.yaml";
  CHECK_THAT(run(options), Catch::Contains("sums wrap: 1 of 2 sums do not fit the accumulator of 32 bits"));
  options.no_wrap = true;
  CHECK_THROWS_WITH(run(options), "--no-wrap: layer 'fc': 1 of 2 sums do not fit the accumulator of 32 bits");
}

TEST_CASE("every setting that an explanation prints gives the cycles it promises") {
  ExplainOptions options;
  options.config = LACUNA_SOURCE_DIR "/configs/default.yaml";
  options.workload = LACUNA_SOURCE_DIR "/workloads/lenet5";
  options.format = "json";
  options.assignments = {"intersect.skip=weights"};
  const auto explanation = nlohmann::json::parse(explain(options));
  const auto cycles_with = [&](const nlohmann::json& settings) {
    RunOptions run_options = lenet("json");
    run_options.timing_only = true;
    run_options.assignments = settings.get<std::vector<std::string>>();
    if (settings.empty() || settings[0] != "intersect.skip=both")
      run_options.assignments.insert(run_options.assignments.begin(), options.assignments.front());
    const auto result = nlohmann::json::parse(run(run_options));
    nlohmann::json cycles = {{"total", result["total"]["cycles"]}, {"layers", nlohmann::json::array()}};
    for (const auto& layer : result["layers"]) cycles["layers"].push_back(layer["cycles"]);
    return cycles;
  };
  CHECK(explanation["cycles"] == cycles_with(nlohmann::json::array()));
  std::size_t runs = 0, won = 0;
  for (const auto& row : explanation["limits"]) {
    if (row["kind"] != "run") continue;
    INFO(row["settings"]);
    CHECK(row["cycles"] == cycles_with(row["settings"]));
    ++runs;
    won += row["won"].get<std::int64_t>() > 0;
  }
  CHECK(runs >= 8);
  CHECK(won >= 5);
  CHECK(explanation["cheapest"]["cycles"] == cycles_with(explanation["cheapest"]["settings"]));
}

TEST_CASE("a timing-only run has the same cycles and energy and says that there was no output") {
  RunOptions options = lenet("csv");
  const std::string all = run(options);
  options.timing_only = true;
  const TemporaryFolder folder;
  options.output = (folder.path() / "result").string();
  std::string timing = run(options);
  const std::string note = "; timing only: no output tensor was made or compared";
  CHECK_THAT(timing, Catch::Contains(note));
  // Apart from that note and the column `verified` nothing differs.
  for (std::size_t at; (at = timing.find(",false,")) != std::string::npos;) timing.replace(at, 7, ",true,");
  for (std::size_t at; (at = timing.find(note)) != std::string::npos;) timing.erase(at, note.size());
  CHECK(timing == all);
  std::set<std::string> files;
  for (const auto& file : std::filesystem::directory_iterator(*options.output)) files.insert(file.path().filename());
  CHECK(files == std::set<std::string>{"config.yaml", "energy.yaml", "result.csv", "result.json"});
}

TEST_CASE("a run is set beside the machine that skips nothing") {
  RunOptions options = lenet("json");
  options.layers = {"fc2"};
  options.assignments = {"intersect.skip=none"};
  const auto dense = nlohmann::json::parse(run(options))["total"];
  options.format = "table";
  CHECK_THAT(run(options), !Catch::Contains("than the same machine"));  // it is that machine
  options.assignments = {"intersect.skip=weights"};
  CHECK_THAT(run(options), Catch::Contains("than the same machine with intersect.skip=none") &&
                               Catch::Contains(fmt::format("({} cycles,", dense["cycles"].get<int>())));
  options.no_dense = true;
  CHECK_THAT(run(options), !Catch::Contains("than the same machine"));
}

TEST_CASE("a sampled run says so and gives intervals around its estimates") {
  RunOptions options = lenet("json");
  options.workload = LACUNA_SOURCE_DIR "/workloads/vgg16";
  options.layers = {"conv1_2"};
  options.sample = "5%";
  const auto json = nlohmann::json::parse(run(options));
  const auto& layer = json["layers"][0];
  const auto& sampled = layer["sampled"];
  CHECK(layer["verified"] == false);
  CHECK(sampled["share"] == 0.05);
  CHECK(sampled["seed"] == 1);
  CHECK(sampled["confidence"] == 0.95);
  CHECK(sampled["measured_tiles"].get<int>() < sampled["simulated_tiles"].get<int>());
  CHECK(2 * sampled["simulated_tiles"].get<int>() <= sampled["tiles"].get<int>());
  const auto inside = [](const nlohmann::json& value, const nlohmann::json& interval) {
    return interval[0] < value && value < interval[1];
  };
  CHECK(inside(layer["cycles"], sampled["intervals"]["cycles"]));
  CHECK(inside(layer["energy_pj"]["total"], sampled["intervals"]["energy_pj"]));
  CHECK(inside(layer["pairs"]["executed"], sampled["intervals"]["pairs"]["executed"]));
  CHECK(inside(layer["pe_cycles"]["busy"], sampled["intervals"]["pe_cycles"]["busy"]));
  CHECK(json["total"]["sampled"]["intervals"]["cycles"] == sampled["intervals"]["cycles"]);
  CHECK_THAT(layer["notes"].dump(), Catch::Contains("with 95 % confidence"));
  options.format = "table";
  CHECK_THAT(run(options), Catch::Contains("Sampled: estimates of all figures from a part of the tiles"));
}
