// Reports: figures by hand, the promised keys, columns that line up.
#include "report/report.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <sstream>

#include "report/number_text.h"
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
       {"default: intersect, 2 x 3 PEs, int8, 500 MHz", "chunk 64, lanes 2, skip both, early_termination none,",
        "config c0ffee", "Pairs, % of the dense layer", "PE-cycles, %", "Energy by component, pJ", "1,000", "33.33",
        "verified", "layer2: only layer 2"})
    CHECK_THAT(text, Catch::Contains(part));
  CHECK_THAT(text, !Catch::Contains("predicted"));       // zero everywhere
  CHECK_THAT(text, Catch::Contains("\n  generated\n"));  // said once for both layers
}

TEST_CASE("a report ends with its summary") {
  Report report = sample();
  // Per inference 1000/2 + 2000/4 cycles of 2 ns, 100/2 + 200/4 pJ; 2 x 27,000 operations in 3000 cycles of 2 ns; half
  // of the PE-cycles are busy, the others imbalance, two thirds of them in layer2.
  const std::string expected =
      "net on default, 2 x 3 PEs, 500 MHz\n"
      "  2 us and 100 pJ an inference, 500,000 inferences a second\n"
      "  3,000 cycles, 300 pJ in all; 9 GOP/s of dense work, peak 12 GOP/s\n"
      "  PE-cycles: 50.0 % busy; lost first to\n"
      "    50.0 % imbalance: done or ready, waiting for other PEs; most in layer2\n"
      "  all outputs equal the reference's, bit for bit\n";
  CHECK(summary(report, 100) == expected);
  CHECK_THAT(to_table(report), Catch::EndsWith("\n\n" + expected));

  report.dense = DenseMachine{"intersect.skip=none", 6000, 150};
  CHECK_THAT(summary(report, 200), Catch::Contains("\n  2.00x faster, energy 2.00x more, than the same machine with "
                                                   "intersect.skip=none (6,000 cycles, 150 pJ)\n"));
  report.layers[0].verified = false;
  CHECK_THAT(summary(report, 100), Catch::Contains("outputs of 1 of 2 layers were compared with the reference"));
  report.layers.clear();
  CHECK(summary(report, 100) == "net on default, 2 x 3 PEs, 500 MHz: no layers\n");
}

TEST_CASE("of many layers the ten with the most cycles have lines and the others one") {
  Report report = sample();
  const LayerReport first = report.layers[0];
  report.layers.clear();
  for (std::uint64_t i = 0; i < 13; ++i) {
    report.layers.push_back(first);
    report.layers.back().outcome.name = fmt::format("l{}", i);
    report.layers.back().outcome.cycles = i < 3 ? 10 + i : 1000;  // l0, l1 and l2 are small: 33 cycles
    report.layers.back().outcome.notes = {fmt::format("kind: text {}", i)};
  }
  const std::string text = to_table(report);
  CHECK_THAT(text, Catch::Contains("\n  3 others      33 "));
  CHECK_THAT(text, Catch::Contains("\n  l3 ") && Catch::Contains("\n  l12 ") && !Catch::Contains("\n  l2 "));
  CHECK_THAT(text, Catch::Contains("The ten of 13 layers with the most cycles; --all-layers shows each."));
  CHECK_THAT(text, Catch::Contains("\n  13 of 13 layers: kind: 13 different notes; --all-layers shows them\n"));
  const std::string all = to_table(report, {100, true});
  CHECK_THAT(all,
             Catch::Contains("\n  l2 ") && !Catch::Contains("others") && Catch::Contains("\n  l7: kind: text 7\n"));
  report.layers.pop_back();  // twelve are shown: a line for two others would save none
  CHECK_THAT(to_table(report), !Catch::Contains("others"));
}

TEST_CASE("no line of a report is wider than asked for") {
  for (const std::size_t width : {60, 80, 100})
    for (const auto& line : lines_of(to_table(sample(), {width, false}))) {
      INFO(line);
      CHECK(line.size() <= width);
    }
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

TEST_CASE("columns of a table that is too wide go on below") {
  TextTable table({"name", "one", "two", "three"});
  table.add({"a", "1", "22", "333"});
  // 2 + 4 and 2 + 3 a column: 16 characters hold two columns, the third needs 2 + 5.
  CHECK(table.text(16) ==
        "  name  one  two\n"
        "  a       1   22\n"
        "\n"
        "  name  three\n"
        "  a       333\n");
  CHECK(table.text(1) ==
        "  name  one\n  a       1\n\n"
        "  name  two\n  a      22\n\n"
        "  name  three\n  a       333\n");
  CHECK(table.text(23) == table.text());
}

TEST_CASE("numbers read as people say them") {
  CHECK(times_text(33, 10, "less", "more") == "3.30x less");
  CHECK(times_text(10, 11, "faster", "slower") == "1.10x slower");
  CHECK(times_text(10000, 10001, "less", "more") == "1.000100x more");  // never "1.00x"
  CHECK(times_text(5, 5, "less", "more") == "equal");
  CHECK(times_text(0, 5, "less", "more") == "-");
  CHECK(with_prefix(22.745e-6, "s") == "22.75 us");
  CHECK(with_prefix(0, "J") == "0 J");
  CHECK(with_prefix(1, "s") == "1 s");
  CHECK(with_prefix(0.99999, "s") == "1 s");
  CHECK(with_prefix(999.96, "s") == "1 ks");
  CHECK(with_prefix(1e-15, "J") == "0.001 pJ");
  CHECK(wrapped("  aa bb cc", 7, 4) == "  aa bb\n    cc");
  CHECK(wrapped("longer than that", 4, 0) == "longer\nthan\nthat");
}
