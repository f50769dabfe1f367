// Reports: figures by hand, the promised keys, columns that line up.
#include "report/report.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <sstream>

#include "report/text_table.h"
#include "sample.h"

using namespace lacuna;

namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

}  // namespace

TEST_CASE("figures follow from counters and the clock") {
  const Report report = sample();
  const Figures f = figures(report, report.layers[0]);
  CHECK(f.cycles == 1000);
  CHECK(f.seconds == Approx(2e-6));  // 1000 cycles of 2 ns
  CHECK(f.utilisation == Approx(0.5));
  CHECK(f.multiplier_utilisation == Approx(3000.0 / (6 * 2 * 1000)));
  CHECK(f.effective_gops == Approx(2 * 9000 / 2e-6 / 1e9));
  CHECK(f.peak_gops == Approx(2 * 12 * 0.5));  // 12 multipliers at 0.5 GHz
  CHECK(f.energy_delay == Approx(100 * 2e-6));
  CHECK(f.inference_cycles == Approx(500));
  CHECK(f.inference_energy == Approx(50));

  const Figures all = total_figures(report);
  CHECK(all.cycles == 3000);
  CHECK(all.inference_cycles == Approx(1000.0 / 2 + 2000.0 / 4));
  CHECK(all.inference_energy == Approx(100.0 / 2 + 200.0 / 4));
  CHECK(all.energy_delay == Approx(300 * 6e-6));
}

TEST_CASE("a report of no layers has zeros and no divisions by zero") {
  Report report = sample();
  report.layers.clear();
  CHECK(total_figures(report).effective_gops == 0);
  CHECK_FALSE(total(report).verified);
  CHECK_NOTHROW(to_table(report));
  CHECK_NOTHROW(nlohmann::json::parse(to_json(report)));
}

TEST_CASE("a layer says which way its engine took where it has several") {
  Report report = sample();
  REQUIRE(report.layers.size() == 2);
  report.layers[1].outcome.engine_path = "PE by PE: mapping filters";
  const auto json = nlohmann::json::parse(to_json(report));
  CHECK_FALSE(json["layers"][0].contains("engine_path"));
  CHECK(json["layers"][1]["engine_path"] == "PE by PE: mapping filters");
}

TEST_CASE("the result file has the promised keys") {
  const auto json = nlohmann::json::parse(to_json(sample()));
  for (const std::string key : {"program", "config", "config_hash", "workload", "engine", "layers", "total"})
    CHECK(json.contains(key));
  CHECK(json["program"]["name"] == "lacuna");
  CHECK(json["program"]["version"] == "1.2.3");
  CHECK(json["config"]["array"]["rows"] == 2);
  CHECK(json["config"]["intersect"]["skip"] == "both");
  CHECK(json["config"]["intersect"]["weights"]["fifo_depth"] == 4);
  REQUIRE(json["layers"].size() == 2);
  const auto& layer = json["layers"][1];
  for (const auto& group : {layer, json["total"]}) {
    for (const std::string key : {"cycles", "pairs", "pe_cycles", "traffic_bytes", "energy_pj", "actions"})
      CHECK(group.contains(key));
    for (auto name : EnumNames<PairClass>::names) CHECK(group["pairs"].contains(std::string(name)));
    for (auto name : EnumNames<PeClass>::names) CHECK(group["pe_cycles"].contains(std::string(name)));
    for (const std::string key :
         {"dram_read", "dram_write", "global_buffer_read", "global_buffer_write", "weight_buffer_write",
          "weight_buffer_read", "activation_buffer_write", "activation_buffer_read"})
      CHECK(group["traffic_bytes"].contains(key));
    CHECK(group["traffic_bytes"].size() == 8);
  }
  CHECK(layer["name"] == "layer2");
  CHECK(layer["pairs"]["dense"] == 18000);
  CHECK(layer["energy_pj"]["total"] == 200.0);
  CHECK(layer["energy_pj"]["dram"] == 200.0);
  CHECK(layer["notes"].size() == 2);
  CHECK(layer["per_pe_busy"] == nlohmann::json::parse("[[1000, 1000, 1000], [1000, 1000, 1000]]"));
  CHECK(json["total"]["cycles"] == 3000);
  CHECK(json["total"]["pairs"]["executed"] == 9000);
}

TEST_CASE("a table of ratios puts another unit into the keys") {
  Report report = sample();
  report.energy_unit = EnergyUnit::Rf;
  const auto json = nlohmann::json::parse(to_json(report));
  CHECK(json["total"].contains("energy_rf"));
  CHECK_FALSE(json["total"].contains("energy_pj"));
  CHECK_THAT(to_csv(report), Catch::Contains("energy_total_rf"));
  CHECK_THAT(to_table(report), Catch::Contains("Energy by component, RF"));
}

TEST_CASE("the CSV has a line per layer and a total and quotes what needs it") {
  const auto lines = lines_of(to_csv(sample()));
  REQUIRE(lines.size() == 4);
  CHECK(lines[0].starts_with("layer,op,images,verified,cycles,"));
  CHECK(lines[1].starts_with("layer1,conv,2,true,1000,"));
  CHECK(lines[1].ends_with("\"generated; only layer 1, \"\"this\"\"\""));
  CHECK(lines[3].starts_with("total,,,true,3000,"));
  const auto commas = [](const std::string& line) { return std::count(line.begin(), line.end(), ','); };
  CHECK(commas(lines[0]) == commas(lines[3]));
  CHECK(commas(lines[0]) + 1 == commas(lines[1]));  // the quoted one
}

TEST_CASE("the table says what a reader needs") {
  const std::string text = to_table(sample());
  for (const std::string part :
       {"default: intersect, 2 x 3 PEs, int8, 500 MHz", "chunk 64, lanes 2, skip both, early_termination none, ",
        "config c0ffee", "Pairs, % of the dense layer", "PE-cycles, %", "Energy by component, pJ", "Per inference",
        "1,000", "33.33", "verified", "layer2: only layer 2"})
    CHECK_THAT(text, Catch::Contains(part));
  CHECK_THAT(text, !Catch::Contains("predicted"));       // zero everywhere
  CHECK_THAT(text, Catch::Contains("\n  generated\n"));  // said once for both layers
}

TEST_CASE("the same report gives the same bytes") {
  CHECK(to_json(sample()) == to_json(sample()));
  CHECK(to_table(sample()) == to_table(sample()));
}

TEST_CASE("columns line up and lines have no trailing blanks") {
  TextTable table({"name", "n", "last"});
  table.add({"a", "1000", "x"});
  table.add({"\xc3\xa4\xc3\xb6", "1", ""});  // two characters of two bytes each
  CHECK(table.text() ==
        "  name     n  last\n"
        "  a     1000     x\n"
        "  \xc3\xa4\xc3\xb6       1\n");
  CHECK_THROWS_AS(table.add({"too few"}), Bug);
}
