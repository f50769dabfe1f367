// Comparisons: differences and ratios by hand, what changed, the gate at its limit.
#include "report/compare.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "../temporary_folder.h"
#include "sample.h"

using namespace lacuna;

namespace {

Result read(const Report& report, const std::string& file) { return parse_result(to_json(report), file); }

Result base() { return read(sample(), "base.json"); }

/// The sample on a machine with other rules; layer2 takes 2100 cycles instead of 2000 and 220 pJ instead of 200.
Report slower() {
  Report report = sample();
  intersect::config(report.machine).skip = intersect::SkipRule::Weights;
  report.engine = "fast";
  LayerReport& layer = report.layers[1];
  LayerOutcome& o = layer.outcome;
  o.cycles = 2100;
  o.pe_cycles = {};
  for (auto& pe : o.per_pe) {
    pe[PeClass::Imbalance] = 1100;
    o.pe_cycles += pe;
  }
  o.pairs[PairClass::Wasted] = 6;
  o.pairs[PairClass::Skipped] -= 6;
  layer.energy.total = 220;
  layer.energy.actions[common_action(CommonAction::DramRead)] = 220;
  return report;
}

const ChangeRow& row(const ResultComparison& c, std::string_view section, std::string_view layer,
                     std::string_view name = "") {
  for (const auto& one : c.section(section)->rows)
    if (one.layer == layer && one.name == name) return one;
  throw Bug("no such row");
}

}  // namespace

TEST_CASE("a comparison has every figure of every layer and of all layers together") {
  const Result left = base(), right = read(slower(), "new.json");
  const ResultComparison c = compare_results(left, right, false);
  CHECK(row(c, "cycles", "layer1").base == Quantity(std::uint64_t{1000}));
  CHECK_FALSE(row(c, "cycles", "layer1").differs());
  CHECK(row(c, "cycles", "layer2").now == Quantity(std::uint64_t{2100}));
  CHECK(row(c, "cycles", "total").now == Quantity(std::uint64_t{3100}));
  CHECK(row(c, "energy", "total").base == Quantity(300.0));
  CHECK(row(c, "energy", "total").now == Quantity(320.0));
  CHECK(row(c, "energy_by_component", "layer2", "dram").now == Quantity(220.0));
  CHECK(row(c, "pe_cycles", "layer2", "imbalance").base == Quantity(std::uint64_t{6000}));
  CHECK(row(c, "pe_cycles", "layer2", "imbalance").now == Quantity(std::uint64_t{6600}));
  CHECK(row(c, "pairs", "total", "wasted").now == Quantity(std::uint64_t{6}));
  CHECK(row(c, "traffic_bytes", "total", "dram_read").base == Quantity(std::uint64_t{192}));
  CHECK(c.warnings.empty());
}

TEST_CASE("what changed is said setting by setting") {
  const Result left = base(), right = read(slower(), "new.json");
  const ResultComparison c = compare_results(left, right, false);
  REQUIRE(c.settings.size() == 2);
  CHECK(c.settings[0].name == "intersect.skip");
  CHECK(c.settings[0].base == "both");
  CHECK(c.settings[0].now == "weights");
  CHECK(c.settings[1].name == "engine");
  CHECK(compare_results(left, left, false).settings.empty());
}

TEST_CASE("a parameter only one side has is a change") {
  const Result left = base();
  Result right = left;
  right.config.emplace_back("array.colour", "green");
  const ResultComparison c = compare_results(left, right, false);
  REQUIRE(c.settings.size() == 1);
  CHECK(c.settings[0].base.empty());
  CHECK(c.settings[0].now == "green");
}

TEST_CASE("another workload is refused and compared only on demand") {
  const Result left = base();
  Report other = sample();
  other.workload = "other";
  other.workload_hash = "deadbeef0123";
  const Result right = read(other, "new.json");
  const TemporaryFolder folder;
  CHECK(
      error_text(folder, [&] { (void)compare_results(left, right, false); }) ==
      "new.json: ran workload 'other' (deadbeef), base.json ran 'net' (); --other-workload compares them all the same");
  const ResultComparison c = compare_results(left, right, true);
  CHECK(c.warnings == std::vector<std::string>{"the workloads differ: layers of the same name are compared"});
  CHECK(c.settings[0].now == "other (deadbeef)");
}

TEST_CASE("layers that only one side has are named and left out of the total") {
  Report fewer = sample();
  fewer.layers.erase(fewer.layers.begin());
  const Result left = base(), right = read(fewer, "new.json");
  const ResultComparison c = compare_results(left, right, false);
  CHECK(c.warnings == std::vector<std::string>{"only in base.json: layer1; the total is that of the layers both have"});
  CHECK(row(c, "cycles", "total").base == Quantity(std::uint64_t{2000}));
  const TemporaryFolder folder;
  CHECK(error_text(folder, [&] {
          (void)judge(c, {1, {GateFigure::Cycles}, false});
        }) == "new.json: has no layer 'layer1', which base.json has; a gate compares the same layers");
  fewer.layers[0].outcome.name = "elsewhere";
  const Result neither = read(fewer, "new.json");
  CHECK(error_text(folder, [&] { (void)compare_results(left, neither, false); }) ==
        "new.json: has no layer in common with base.json");
}

TEST_CASE("energies of different units are not compared") {
  Report ratios = sample();
  ratios.energy_unit = EnergyUnit::Rf;
  const Result left = base(), right = read(ratios, "new.json");
  const ResultComparison c = compare_results(left, right, false);
  CHECK(c.section("energy") == nullptr);
  CHECK(c.warnings == std::vector<std::string>{"energies are not compared: pJ and RF are different units"});
  const TemporaryFolder folder;
  CHECK(error_text(folder, [&] {
          (void)judge(c, {1, {GateFigure::Energy}, false});
        }) == "new.json: its energy is in RF, that of base.json in pJ; a gate cannot compare them");
  CHECK(judge(c, {1, {GateFigure::Cycles}, false}).passes);
}

TEST_CASE("other prices and outputs nobody verified are warned of") {
  Report report = sample();
  report.energy_hash = "1234";
  report.layers[0].verified = false;
  const Result left = base(), right = read(report, "new.json");
  CHECK(compare_results(left, right, false).warnings ==
        std::vector<std::string>{"new.json: not every output was compared with the reference",
                                 "the energy tables differ: energies changed with the prices, too"});
}

TEST_CASE("estimates are warned of, with their interval") {
  Report report = sample();
  report.layers[0].sampled.emplace().cycles = {1000, 0};
  report.layers[1].sampled.emplace().cycles = {2000, 150};
  const Result left = base(), right = read(report, "new.json");
  CHECK(compare_results(left, right, false).warnings ==
        std::vector<std::string>{"new.json: estimated from a sample of tiles, 2850 to 3150 cycles in all with 95 % "
                                 "confidence; a smaller difference says nothing"});
  CHECK(compare_results(left, left, false).warnings.empty());
}

TEST_CASE("the gate opens at its limit and closes above it") {
  const Result left = base(), right = read(slower(), "new.json");
  const ResultComparison c = compare_results(left, right, false);
  // Cycles of all layers 3000 -> 3100: 3.33 %; of layer2 2000 -> 2100: 5 %. Energy 300 -> 320: 6.67 %.
  CHECK(judge(c, {3.4, {GateFigure::Cycles}, false}).passes);
  CHECK_FALSE(judge(c, {3.3, {GateFigure::Cycles}, false}).passes);
  CHECK(judge(c, {5, {GateFigure::Cycles}, true}).passes);
  const GateVerdict layers = judge(c, {4.9, {GateFigure::Cycles}, true});
  CHECK_FALSE(layers.passes);
  CHECK(layers.lines == std::vector<std::string>{"FAILED: cycles of layer2 +5.000 %, at most +4.9 % allowed",
                                                 "passed: cycles of all layers +3.333 %, at most +4.9 % allowed"});
  CHECK_FALSE(judge(c, {4, {GateFigure::Cycles, GateFigure::Energy}, false}).passes);
  CHECK(judge(compare_results(left, left, false), {0, {GateFigure::Cycles, GateFigure::Energy}, true}).passes);
  CHECK(judge(compare_results(right, left, false), {0, {GateFigure::Cycles, GateFigure::Energy}, true}).passes);
}

TEST_CASE("a figure that was zero fails the gate by any growth") {
  const Result right = base();
  Result left = right;
  left.layers[0].energy.total = left.layers[1].energy.total = 0;
  const GateVerdict verdict = judge(compare_results(left, right, false), {50, {GateFigure::Energy}, false});
  CHECK_FALSE(verdict.passes);
  CHECK(verdict.lines[0] == "FAILED: energy of all layers from zero, at most +50 % allowed");
}

TEST_CASE("the table leaves out equal classes and shows every layer's cycles") {
  const Result left = base(), right = read(slower(), "new.json");
  const ResultComparison c = compare_results(left, right, false);
  const std::string text = compare_table(c, nullptr);
  CHECK_THAT(text, Catch::StartsWith("new against base: 1.03x slower, energy "));
  CHECK_THAT(text, Catch::Contains("  intersect.skip  both     weights\n"));
  CHECK_THAT(text, Catch::Contains("  layer1  1,000  1,000           0         equal\n"));
  CHECK_THAT(text, Catch::Contains("  total   3,000  3,100        +100  1.03x slower\n"));
  CHECK_THAT(text, Catch::Contains("  layer2  imbalance  6,000  6,600        +600  1.10x more\n"));
  CHECK_THAT(text, Catch::Contains("  layer2  skipped  12,000  11,994          -6  1.000500x less\n"));
  CHECK_THAT(text, !Catch::Contains("starved"));
  CHECK_THAT(text, !Catch::Contains("Gate"));
  const std::string same = compare_table(compare_results(left, left, false), nullptr);
  CHECK_THAT(same, Catch::Contains("nothing: same configuration"));
}

TEST_CASE("energies are grouped by thousands") {
  Report report = sample();
  report.layers[0].energy.total = 1234567.26;
  const Result left = base(), right = read(report, "new.json");
  CHECK_THAT(compare_table(compare_results(left, right, false), nullptr),
             Catch::Contains("  layer1  100.0  1,234,567.3  +1,234,467.3  12345.67x more\n"));
}

TEST_CASE("of very many layers only those that differ are listed") {
  Report many = sample();
  const LayerReport one = many.layers[0];
  many.layers.clear();
  for (int i = 0; i < 70; ++i) {
    many.layers.push_back(one);
    many.layers.back().outcome.name = fmt::format("l{}", i);
  }
  const Result left = read(many, "base.json");
  many.layers[7].outcome.cycles = 1001;
  many.layers[7].outcome.pe_cycles[PeClass::Bubble] = 6;
  many.layers[7].outcome.per_pe.clear();
  const Result right = read(many, "new.json");
  const std::string text = compare_table(compare_results(left, right, false), nullptr);
  CHECK_THAT(text, Catch::Contains("  l7      1,000   1,001          +1  1.001000x slower\n  total  70,000  70,001     "
                                   "     +1  1.000014x slower\n"));
  CHECK_THAT(text, !Catch::Contains("  l8 "));
  CHECK_THAT(text, Catch::Contains("  total  bubble     0    6          +6       -\n"));
  CHECK_THAT(text, !Catch::Contains("  l7  bubble"));
}

TEST_CASE("JSON has equal rows too and null where a ratio has no meaning") {
  const Result left = base(), right = read(slower(), "new.json");
  const ResultComparison c = compare_results(left, right, false);
  const GateVerdict verdict = judge(c, {1, {GateFigure::Cycles}, false});
  const auto json = nlohmann::json::parse(compare_json(c, &verdict));
  CHECK(json["changed"][0] == nlohmann::json({{"name", "intersect.skip"}, {"base", "both"}, {"new", "weights"}}));
  CHECK(json["cycles"][2]["difference"] == 100);
  CHECK(json["cycles"][2]["ratio"].get<double>() == Approx(3100.0 / 3000));
  CHECK(json["pe_cycles"].size() == 3 * EnumNames<PeClass>::names.size());
  bool found = false;
  for (const auto& one : json["pairs"]) {
    if (one["name"] == "skipped" && one["layer"] == "total") CHECK(one["difference"] == -6);
    if (one["name"] != "wasted" || one["layer"] != "total") continue;
    found = true;
    CHECK(one["base"] == 0);
    CHECK(one["ratio"].is_null());
  }
  CHECK(found);
  CHECK(json["gate"]["passes"] == false);
}

TEST_CASE("a path that is no text does not break the JSON") {
  Result left = base();
  left.file = "\xff.json";
  CHECK_NOTHROW(nlohmann::json::parse(compare_json(compare_results(left, left, false), nullptr)));
}

TEST_CASE("Markdown survives names that look like markup") {
  Report report = sample();
  report.layers[0].outcome.name = "a|b`<script>\n#@x";
  const Result left = read(report, "base.json");
  const std::string text = compare_markdown(compare_results(left, left, false), nullptr);
  CHECK_THAT(text, Catch::Contains("| a\\|b\\`&lt;script&gt; \\#\\@x | 1,000 | 1,000 | 0 | equal |\n"));
  CHECK_THAT(text, Catch::StartsWith("### lacuna compare: cycles equal, energy equal\n"));
}
