// Pages that no ordinary run makes: a sweep of 10,000 points, names that look like markup, no layers at all.
//
//   report_pages FOLDER    writes points.html, strange.html, twins.html, empty.html
#include <fmt/format.h>

#include <cstdio>
#include <filesystem>

#include "base/atomic_file.h"
#include "base/random.h"
#include "machine/family.h"
#include "report/page.h"
#include "report/report.h"

using namespace lacuna;

namespace {

/// Everything that ends an element, begins one, or breaks a string somewhere.
const std::string kStrange =
    "</script><script>window.injected=1</script><img src=x onerror=window.injected=1>\"'`&amp;<!--\\u0000${x}"
    "\xe2\x80\xa8\xe2\x80\xae \xd8\xb9\xd8\xb1\xd8\xa8\xd9\x8a \xf0\x9f\x90\x89 @STYLE@ @DATA@ __proto__";

Report report_of(std::vector<std::string> layers, const std::string& name) {
  Report report;
  report.version = "1.2.3";
  report.engine = "fast";
  report.machine.name = name;
  report.machine.array.rows = 3;
  report.machine.array.columns = 5;
  report.config_hash = "c0ffee";
  report.energy_table = name;
  report.workload = name;
  report.source = name;
  std::uint64_t scale = 1;
  for (auto& layer_name : layers) {
    LayerReport layer;
    LayerOutcome& o = layer.outcome;
    o.name = std::move(layer_name);
    o.notes = {name};
    layer.op = "conv";
    layer.verified = true;
    o.cycles = 1000 * scale;
    o.dense_pairs = 15000 * scale;
    o.pairs[PairClass::Executed] = 6000 * scale;
    o.pairs[PairClass::Skipped] = 9000 * scale;
    for (std::uint64_t pe = 0; pe < 15; ++pe) {
      Counters<PeClass> classes;
      classes[PeClass::Busy] = 40 * scale * (pe + 1);
      classes[PeClass::StarvedMemory] = 1000 * scale - classes[PeClass::Busy];
      o.per_pe.push_back(classes);
      o.pe_cycles += classes;
    }
    const ActionList& actions = family(report.machine).actions();
    o.actions = ActionCounts(actions);
    o.actions[CommonAction::DramRead] = 640 * scale;
    layer.energy.actions = ByAction<double>(actions);
    layer.energy.actions[common_action(CommonAction::DramRead)] = 1000.0 * static_cast<double>(scale);
    layer.energy.actions[common_action(CommonAction::MacExecuted)] = 500.0 * static_cast<double>(scale);
    layer.energy.total = 1500.0 * static_cast<double>(scale);
    report.layers.push_back(std::move(layer));
    ++scale;
  }
  return report;
}

/// 10,000 points over seven parameters, two networks, areas; figures that follow a rule with noise of a fixed seed.
PageSweep many_points() {
  PageSweep sweep;
  sweep.name = "ten thousand";
  sweep.file = "results/points.sqlite";
  sweep.axes = {"array.rows", "array.columns", "intersect.chunk", "intersect.skip", "intersect.weights.fifo_depth"};
  Random random(7);
  const std::vector<std::string> skips = {"none", "gate", "activations", "weights", "both"};
  for (std::uint64_t i = 0; i < 10'000; ++i) {
    const std::uint64_t rows = std::uint64_t{4} << (i % 5), columns = std::uint64_t{4} << (i / 5 % 5),
                        chunk = std::uint64_t{16} << (i / 25 % 4), skip = i / 100 % 5, depth = 1 + i / 500 % 20;
    PagePoint point;
    point.settings = {{"name", "default"},
                      {"array.rows", fmt::format("{}", rows)},
                      {"array.columns", fmt::format("{}", columns)},
                      {"intersect.chunk", fmt::format("{}", chunk)},
                      {"intersect.skip", skips[skip]},
                      {"intersect.weights.fifo_depth", fmt::format("{}", depth)},
                      {"intersect.activations.fifo_depth", fmt::format("{}", depth)},  // follows from that of weights
                      {"network", i % 2 == 0 ? "lenet5" : "alexnet"},
                      {"engine", "fast"}};
    point.cycles = 50'000'000 / (rows * columns * (skip + 1)) + random.below(100'000);
    point.seconds = static_cast<double>(point.cycles) / 1e9;
    point.energy = 1e7 + static_cast<double>(rows * columns) * 1e4 + static_cast<double>(random.below(10'000'000));
    point.um2 = static_cast<double>(rows * columns) * 1e3;
    for (std::size_t k = 0; k < point.pe_cycles.value.size(); ++k)
      point.pe_cycles.value[k] = random.below(point.cycles);
    sweep.points.push_back(std::move(point));
  }
  // As many maps as `lacuna report` gives to a page: 16 x 16 PEs, four layers, 3 MiB.
  Random busy(8);
  for (std::size_t i = 0; i < 800; ++i)
    for (const std::string layer : {"conv1", "conv2", "fc1", "fc2"}) {
      PageMap map = {layer, 5000, {}};
      map.busy.assign(16, std::vector<std::uint64_t>(16));
      for (auto& row : map.busy)
        for (auto& pe : row) pe = 100 + busy.below(900);
      sweep.points[i].maps.push_back(std::move(map));
    }
  return sweep;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const std::filesystem::path folder = argv[1];
  const auto page = [&](const std::string& name, const PageContent& content) {
    write_file(folder / name, to_page(content));
  };
  page("points.html", {"1.2.3", {}, {many_points()}});

  const std::string longest = kStrange + std::string(3000, 'x');
  PageSweep strange = {kStrange, longest, EnergyUnit::Pj, {}, many_points().points};
  strange.points.resize(60);
  for (auto& point : strange.points) point.maps.clear();
  for (std::size_t i = 0; i < strange.points.size(); ++i) {
    strange.points[i].settings.emplace_back(kStrange, longest + (i % 2 == 0 ? "a" : "b"));
    strange.points[i].settings.emplace_back("constructor", i % 3 == 0 ? "__proto__" : "toString");
    strange.points[i].settings.emplace_back("many words", fmt::format("{} {}", kStrange, i % 30));
  }
  const Result odd =
      parse_result(to_json(report_of({kStrange, longest, "__proto__"}, kStrange)), kStrange + "/result.json");
  Result other = odd;
  other.file = longest + "/result.json";
  const ExplainPage why = {
      longest,
      kStrange,
      kStrange,
      kStrange,
      kStrange,
      longest,
      kStrange,
      {longest},
      {kStrange, "__proto__"},
      100,
      {{kStrange, longest, "run", {longest}, {10, -3}}, {"__proto__", kStrange, "share", {}, {0, 0}}}};
  page("strange.html", {kStrange, {odd, other}, {strange}, {why}});

  const Result plain = parse_result(to_json(report_of({"conv1", "conv2"}, "plain")), "a/result.json");
  page("twins.html", {"1.2.3", {plain, plain}, {}});
  page("empty.html", {"1.2.3", {parse_result(to_json(report_of({}, "nothing")), "empty.json")}, {}});
  std::puts("4 pages");
}
