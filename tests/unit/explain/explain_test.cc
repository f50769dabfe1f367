// Every gain comes true when the settings are made; bounds are worked out by hand.
#include "explain/explain.h"

#include <catch2/catch.hpp>

#include "../datapaths_intersect/layers.h"
#include "check/random_case.h"
#include "machine/family.h"

using namespace lacuna;

namespace {

LayerSource source_of(const std::vector<Layer>& layers) {
  LayerSource source;
  for (const Layer& layer : layers) {
    source.names.push_back(layer.name);
    source.work.push_back(layer.shape.dense_pairs());
  }
  source.load = [layers](std::size_t i) { return layers[i]; };
  return source;
}

Explanation explained(const Machine& machine, const std::vector<Layer>& layers, unsigned threads = 1) {
  const auto engine = make_engine(EngineKind::Fast);
  return explain(*engine, machine, source_of(layers), threads, [](std::size_t) {});
}

const Finding& called(const Explanation& explanation, std::string_view limit) {
  const auto at = std::ranges::find(explanation.findings, limit, &Finding::limit);
  REQUIRE(at != explanation.findings.end());
  return *at;
}

bool has(const Explanation& explanation, std::string_view limit) {
  return std::ranges::find(explanation.findings, limit, &Finding::limit) != explanation.findings.end();
}

using Rungs = std::vector<std::vector<std::string>>;

}  // namespace

TEST_CASE("a ladder halves what shrinks and doubles what grows and ends at the lifted value") {
  Machine m = intersect::default_machine();
  const auto rungs = [&](const std::vector<std::string>& lifted) { return ladder(m, lifted); };
  m.dram.latency = 15;
  CHECK(rungs({"dram.latency=0"}) ==
        Rungs{{"dram.latency=7"}, {"dram.latency=3"}, {"dram.latency=1"}, {"dram.latency=0"}});
  m.dram.bytes_per_cycle = 1500;
  CHECK(rungs({"dram.bytes_per_cycle=4096"}) == Rungs{{"dram.bytes_per_cycle=3000"}, {"dram.bytes_per_cycle=4096"}});
  CHECK(rungs({"intersect.filter_order=density"}) == Rungs{{"intersect.filter_order=density"}});
  // What is there first stays there.
  CHECK(rungs({"intersect.lanes=2", "intersect.weights.fifo_depth=10"}) ==
        Rungs{{"intersect.lanes=2", "intersect.weights.fifo_depth=8"},
              {"intersect.lanes=2", "intersect.weights.fifo_depth=10"}});
  intersect::config(m).chunk = 24;
  CHECK(rungs({"intersect.chunk=8"}) == Rungs{{"intersect.chunk=8"}});  // 12 is no multiple of 8
  CHECK(rungs({"intersect.chunk=24"}).empty());
}

TEST_CASE("a limit that the machine does not have has no row") {
  Machine m = intersect::default_machine();
  const std::vector<Layer> layers = {test::ones(4, 16, 4)};
  CHECK(has(explained(m, layers), "dram_latency"));
  CHECK(has(explained(m, layers), "filter_order"));
  CHECK_FALSE(has(explained(m, layers), "skip_rule"));
  m.dram.latency = m.dram.t_rcd = m.dram.t_rp = m.dram.t_cas = 0;
  intersect::config(m).filter_order = intersect::FilterOrder::Density;
  intersect::config(m).skip = intersect::SkipRule::Weights;
  CHECK_FALSE(has(explained(m, layers), "dram_latency"));
  CHECK_FALSE(has(explained(m, layers), "filter_order"));
  CHECK(called(explained(m, layers), "skip_rule").settings == std::vector<std::string>{"intersect.skip=both"});
  const Explanation e = explained(m, layers);
  for (const std::string& setting : called(e, "memory").settings) CHECK(setting != "dram.latency=0");
}

TEST_CASE("what a run promises is what the clocked engine takes with the settings") {
  const auto clocked = make_engine(EngineKind::Systemc);
  std::size_t runs = 0, differ = 0;
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    const RandomCase one = random_case(seed);
    INFO("seed " << seed << ": " << one.describe());
    const Explanation e = explained(one.machine, {one.layer});
    CHECK(e.cycles.front() == clocked->run(one.machine, one.layer, nullptr).cycles);
    for (const Finding& finding : e.findings) {
      if (finding.evidence != Evidence::Run) continue;
      INFO("limit " << finding.limit);
      CHECK(finding.cycles.front() == clocked->run(changed(one.machine, finding.settings), one.layer, nullptr).cycles);
      ++runs;
      differ += finding.cycles != e.cycles;
    }
  }
  CHECK(runs > 80);
  CHECK(differ > 30);  // else nothing was tried
}

TEST_CASE("layers of many random machines run without any limit and share nothing that differs") {
  const auto fast = make_engine(EngineKind::Fast);
  for (std::uint64_t seed = 100; seed < 180; ++seed) {
    const RandomCase one = random_case(seed), other = random_case_on(one.machine, seed + 1000);
    INFO("seed " << seed << ": " << one.describe());
    const Explanation e = explained(one.machine, {one.layer, other.layer}, 3);
    for (const Finding& finding : e.findings) {
      if (finding.evidence != Evidence::Run) continue;
      INFO("limit " << finding.limit);
      const Machine lifted = changed(one.machine, finding.settings);
      CHECK(finding.cycles == std::vector{fast->time(lifted, one.layer, nullptr).cycles,
                                          fast->time(lifted, other.layer, nullptr).cycles});
    }
  }
}

TEST_CASE("the cheapest change is the first rung that wins half of what the largest limit wins") {
  std::size_t in_between = 0;
  const auto fast = make_engine(EngineKind::Fast);
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    const RandomCase one = random_case(seed);
    INFO("seed " << seed << ": " << one.describe());
    const Explanation e = explained(one.machine, {one.layer});
    std::int64_t most = 0;
    for (const Finding& finding : e.findings)
      if (finding.evidence == Evidence::Run && !finding.combined) most = std::max(most, won(e, finding.cycles));
    REQUIRE(e.cheapest.has_value() == (most > 0));
    if (!e.cheapest) continue;
    const Finding& winner = e.findings[e.cheapest->finding];
    CHECK(won(e, winner.cycles) == most);
    CHECK(2 * won(e, e.cheapest->cycles) >= most);
    for (const auto& rung : ladder(one.machine, winner.settings)) {
      const std::uint64_t cycles = fast->time(changed(one.machine, rung), one.layer, nullptr).cycles;
      if (rung == e.cheapest->settings) {
        CHECK(e.cheapest->cycles == std::vector{cycles});
        break;
      }
      ++in_between;
      CHECK(2 * won(e, {cycles}) < most);
    }
  }
  CHECK(in_between > 0);  // else the first rung was taken for the nearest always
}

TEST_CASE("bounds and shares follow from counts") {
  // 2 x 2 PEs with one filter and two windows: two PEs do 64 products each, the others have nothing.
  const Machine m = test::quick_machine(2, 2);
  const Layer layer = test::ones(1, 64, 2);
  const Explanation e = explained(m, {layer});
  const LayerOutcome outcome = make_engine(EngineKind::Systemc)->run(m, layer, nullptr);
  CHECK(called(e, "perfect_balance").cycles == std::vector<std::uint64_t>{32});  // 128 PE-cycles of work / 4 PEs
  CHECK(called(e, "no_overhead").cycles == std::vector<std::uint64_t>{32});      // 128 pairs / 4 multipliers
  CHECK(called(e, "edges").cycles == std::vector{outcome.cycles - outcome.pe_cycles[PeClass::IdleEdge] / 4});
  CHECK(outcome.pe_cycles[PeClass::IdleEdge] >= 4);
  CHECK(called(e, "output").cycles == std::vector{outcome.cycles - outcome.pe_cycles[PeClass::BlockedOutput] / 4});
  CHECK(called(e, "perfect_balance").evidence == Evidence::AtMost);
  CHECK(called(e, "edges").evidence == Evidence::Share);
  CHECK(called(e, "edges").settings.empty());

  // Rounded up: 17 x 3 pairs on 4 PEs are 12.75; with two lanes a PE takes 9 cycles for 17 of them, 27 / 4 are 6.75.
  Machine two = m;
  intersect::config(two).lanes = 2;
  intersect::config(two).chunk = 24;
  const Explanation of_two = explained(two, {test::ones(1, 17, 3)});
  CHECK(called(of_two, "perfect_balance").cycles == std::vector<std::uint64_t>{7});
  CHECK(called(of_two, "no_overhead").cycles == std::vector<std::uint64_t>{7});  // 51 pairs / 8 multipliers: 6.375
}

TEST_CASE("an explanation is the same with any number of threads") {
  std::vector<Layer> layers;
  const Machine machine = intersect::default_machine();
  for (std::uint64_t seed = 1; seed <= 5; ++seed) layers.push_back(random_case_on(machine, seed).layer);
  const Explanation one = explained(machine, layers, 1);
  for (const unsigned threads : {2u, 3u, 16u}) {
    const Explanation more = explained(machine, layers, threads);
    CHECK(more.cycles == one.cycles);
    REQUIRE(more.findings.size() == one.findings.size());
    for (std::size_t i = 0; i < one.findings.size(); ++i) CHECK(more.findings[i].cycles == one.findings[i].cycles);
  }
}
