// Results read back: the same numbers, and one line for every file that is damaged or not ours.
#include "report/result.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "../temporary_folder.h"
#include "sample.h"

using namespace lacuna;

namespace {

using Json = nlohmann::ordered_json;

/// What parse_result says of the sample after `edit`.
template <typename Edit>
std::string refusal(const Edit& edit) {
  Json json = Json::parse(to_json(sample()));
  edit(json);
  const TemporaryFolder folder;
  return error_text(folder, [&] { (void)parse_result(json.dump(), "r.json"); });
}

}  // namespace

TEST_CASE("a result read back has the numbers of the report") {
  const Report report = sample();
  const Result result = parse_result(to_json(report), "r.json");
  CHECK(result.file == "r.json");
  CHECK(result.version == "1.2.3");
  CHECK(result.engine == "systemc");
  CHECK(result.config_hash == "c0ffee");
  CHECK(result.workload == "net");
  CHECK(result.source == "a test, \"quoted\"");
  CHECK(result.parameter("array.columns") == "3");
  CHECK(result.parameter("intersect.skip") == "both");
  CHECK(result.parameter("array.nothing").empty());
  CHECK(result.number("clock_mhz") == 500);
  REQUIRE(result.layers.size() == 2);
  const ResultGroup& layer = result.layers[1];
  CHECK(layer.name == "layer2");
  CHECK(layer.op == "conv");
  CHECK(layer.images == 4);
  CHECK(layer.verified);
  CHECK(layer.cycles == 2000);
  CHECK(layer.pairs == report.layers[1].outcome.pairs);
  CHECK(layer.pe_cycles == report.layers[1].outcome.pe_cycles);
  CHECK(layer.actions.entries().size() == family(report.machine).actions().size());
  CHECK(layer.actions.of("dram_read") == 128);
  CHECK(layer.actions.of("weight_bus") == 0);
  CHECK(layer.energy.total == 200);
  CHECK(layer.energy.actions.of("dram_read") == 200);
  CHECK(layer.busy == std::vector<std::vector<std::uint64_t>>(2, std::vector<std::uint64_t>(3, 1000)));
  CHECK(layer.notes.size() == 2);
  CHECK(result.total.cycles == 3000);
  CHECK(result.layer("layer1") == &result.layers[0]);
  CHECK(result.layer("layer3") == nullptr);
}

TEST_CASE("a result of no layers is read back") {
  Report report = sample();
  report.layers.clear();
  const Result result = parse_result(to_json(report), "r.json");
  CHECK(result.layers.empty());
  CHECK(result.total.actions.of("dram_read") == 0);
}

TEST_CASE("a result with names of an earlier version is read under those of today and in their order") {
  Json json = Json::parse(to_json(sample()));
  Json& config = json["config"];
  const Json own = config["intersect"];
  for (const auto& [key, value] : own.items()) {
    if (value.is_object())
      config[key] = value;  // "weights" and "activations" were sections
    else
      config["array"][key] = value;
  }
  config.erase("intersect");
  const Result old = parse_result(json.dump(), "old.json"), fresh = parse_result(to_json(sample()), "new.json");
  CHECK(old.parameter("array.skip").empty());
  CHECK(old.config == fresh.config);
}

TEST_CASE("a result of before blocked_memory has none of it") {
  Json json = Json::parse(to_json(sample()));
  for (Json* group : {&json["layers"][0], &json["layers"][1], &json["total"]})
    REQUIRE((*group)["pe_cycles"].erase("blocked_memory") == 1);
  CHECK(parse_result(json.dump(), "r.json").layers[0].pe_cycles == sample().layers[0].outcome.pe_cycles);
}

TEST_CASE("a result of a datapath this version does not have is refused") {
  CHECK(refusal([](Json& j) {
          j["config"]["array"]["datapath"] = "intersekt";
        }).starts_with("r.json: unknown config.array.datapath 'intersekt'; did you mean 'intersect'? ("));
  CHECK(refusal([](Json& j) {
          j["config"]["array"].erase("datapath");
        }).starts_with("r.json: unknown config.array.datapath ''"));
}

TEST_CASE("an action this version does not know is refused") {
  CHECK(refusal([](Json& j) {
          j["layers"][0]["actions"]["dram_raed"] = 3;
        }).starts_with("r.json: unknown layers[0].actions 'dram_raed'; did you mean 'dram_read'? ("));
}

TEST_CASE("a table of ratios is read back as one") {
  Report report = sample();
  report.energy_unit = EnergyUnit::Rf;
  CHECK(parse_result(to_json(report), "r.json").energy_unit == EnergyUnit::Rf);
}

TEST_CASE("a result may be named by its folder") {
  const TemporaryFolder folder;
  folder.write("result.json", to_json(sample()));
  CHECK(read_result(folder.path()).total.cycles == 3000);
  CHECK(read_result(folder.path() / "result.json").total.cycles == 3000);
}

TEST_CASE("a folder without a result says how to make one") {
  const TemporaryFolder folder;
  std::filesystem::create_directory(folder.path() / "out");
  CHECK(error_text(folder, [&] { (void)read_result(folder.path() / "out"); }) ==
        "out: has no result.json; lacuna run -o makes one");
}

TEST_CASE("a file cut short names the place where it ends") {
  const TemporaryFolder folder;
  const std::string text = "{\n  \"program\": {\n    \"name\": ";
  CHECK(error_text(folder, [&] { (void)parse_result(text, "r.json"); }) ==
        "r.json:3:13: is no JSON, or its end is missing");
  CHECK(error_text(folder, [&] { (void)parse_result("", "r.json"); }) ==
        "r.json:1:1: is no JSON, or its end is missing");
  CHECK(error_text(folder, [&] { (void)parse_result("{\"a\": 1e999}", "r.json"); }) ==
        "r.json: is no JSON: a number is out of range");
  CHECK(error_text(folder, [&] { (void)parse_result(std::string(80'000, '['), "r.json"); }) ==
        "r.json: is nested more than 100 deep; a result is not");
}

TEST_CASE("a file of another program is refused") {
  const std::string expected =
      R"(r.json: is no result of lacuna: it does not begin with "program": {"name": "lacuna"})";
  const TemporaryFolder folder;
  for (const std::string text : {"{}", "[1, 2]", "7", R"({"program": 3})", R"({"program": {"name": "other"}})"})
    CHECK(error_text(folder, [&] { (void)parse_result(text, "r.json"); }) == expected);
}

TEST_CASE("a value of the wrong kind is named with its path") {
  CHECK(refusal([](Json& j) { j["layers"][1]["cycles"] = "many"; }) ==
        "r.json: layers[1].cycles is \"many\"; need a whole number");
  CHECK(refusal([](Json& j) { j["total"]["cycles"] = -1; }) == "r.json: total.cycles is -1; need a whole number");
  CHECK(refusal([](Json& j) { j["total"]["energy_pj"]["total"] = nullptr; }) ==
        "r.json: total.energy_pj.total is null; need a number");
  CHECK(refusal([](Json& j) { j["engine"] = 3; }) == "r.json: engine is 3; need text");
  CHECK(refusal([](Json& j) { j["layers"][0]["verified"] = 1; }) ==
        "r.json: layers[0].verified is 1; need true or false");
  CHECK(refusal([](Json& j) { j["layers"] = 5; }) == "r.json: layers is 5; need a list");
  CHECK(refusal([](Json& j) { j["workload"] = "x"; }) == "r.json: workload is \"x\"; need an object");
  CHECK(refusal([](Json& j) { j["config"]["array"]["rows"] = false; }) ==
        "r.json: config.array.rows is false; need a number or text");
  CHECK(refusal([](Json& j) { j["engine"] = std::vector<int>(50, 1); }) ==
        "r.json: engine is [1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1...; need text");
  CHECK(refusal([](Json& j) { j["total"]["sampled"]["intervals"]["cycles"] = {1}; }) ==
        "r.json: total.sampled.intervals.cycles is [1]; need a list of two numbers");
}

TEST_CASE("a key that is missing is named") {
  CHECK(refusal([](Json& j) { j.erase("workload"); }) ==
        "r.json: workload is missing; it is damaged, or no result of this version");
  CHECK(refusal([](Json& j) { j["layers"][0]["pe_cycles"].erase("bubble"); }) ==
        "r.json: layers[0].pe_cycles.bubble is missing; it is damaged, or no result of this version");
  CHECK(refusal([](Json& j) { j["config"]["array"]["rows"] = "x"; }) ==
        "r.json: config.array.rows is 'x'; need a whole number");
}

TEST_CASE("a class this version does not know is refused and not left out of the sums") {
  CHECK(refusal([](Json& j) { j["layers"][0]["pairs"]["skiped"] = 3; }) ==
        "r.json: unknown layers[0].pairs 'skiped'; did you mean 'skipped'? (executed, wasted, gated, skipped, "
        "terminated, predicted)");
}

TEST_CASE("a result that breaks a law is refused") {
  CHECK(refusal([](Json& j) { j["layers"][0]["pairs"]["executed"] = 3001; }) ==
        "r.json: layer 'layer1': pairs of all classes are 9001, dense pairs 9000; the file is damaged");
  CHECK(refusal([](Json& j) { j["layers"][0]["pe_cycles"]["bubble"] = 1; }) ==
        "r.json: layer 'layer1': PE-cycles of all classes are 6001, 2 x 3 PEs x 1000 cycles are 6000; the file is "
        "damaged");
  const std::string busy =
      "r.json: layer 'layer2': per_pe_busy does not add up to the busy PE-cycles of 2 x 3 PEs; the file is damaged";
  CHECK(refusal([](Json& j) { j["layers"][1]["per_pe_busy"][0][0] = 7; }) == busy);
  CHECK(refusal([](Json& j) { j["layers"][1]["per_pe_busy"].erase(1); }) == busy);
  CHECK(refusal([](Json& j) { j["total"]["cycles"] = 2999; }) ==
        "r.json: the total is not the sum of the layers; the file is damaged");
  CHECK(refusal([](Json& j) { j["layers"][1]["name"] = "layer1"; }) ==
        "r.json: layers[1].name is 'layer1', which another layer has; the file is damaged");
}
