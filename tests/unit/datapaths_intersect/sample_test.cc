// Estimates from a part of the tiles against whole runs.
#include "machine/sample.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <string>
#include <vector>

#include "base/random.h"
#include "datapaths/intersect/actions.h"
#include "datapaths/intersect/config.h"
#include "machine/engine.h"

using namespace lacuna;

namespace {

/// A convolution of 16 filters over a batch; `input_density` falls from the first image to the last.
Layer layer_of(std::uint64_t seed, double weight_density, double input_density) {
  Layer layer;
  layer.name = "sampled";
  layer.op = Op::Conv;
  ConvShape& s = layer.shape;
  s.N = 4;
  s.C = 16;
  s.M = 16;
  s.H = s.W = 80;
  s.R = s.S = 3;
  s.pad_top = s.pad_bottom = s.pad_left = s.pad_right = 1;
  layer.weights = Tensor(DType::Int8, {s.M, s.C, s.R, s.S});
  layer.input = Tensor(DType::UInt8, {s.N, s.C, s.H, s.W});
  layer.bias.assign(s.M, 0);
  layer.requantise.assign(s.M, {1, 8});
  layer.relu = true;
  Random random(seed);
  for (auto& weight : layer.weights.as<std::int8_t>())
    if (random.unit() < weight_density) weight = static_cast<std::int8_t>(static_cast<int>(random.below(255)) - 127);
  const std::size_t image = std::size_t{s.C} * s.H * s.W;
  const auto inputs = layer.input.as<std::uint8_t>();
  for (std::size_t i = 0; i < inputs.size(); ++i)
    if (random.unit() < input_density * (1 - 0.1 * static_cast<double>(i / image)))
      inputs[i] = static_cast<std::uint8_t>(1 + random.below(255));
  return layer;
}

Machine small_machine() {
  Machine machine;
  machine.array.rows = machine.array.columns = 4;
  intersect::config(machine).chunk = 16;
  return machine;
}

struct Tally {
  int within = 0, all = 0;
  [[nodiscard]] double share() const { return static_cast<double>(within) / all; }
};

}  // namespace

TEST_CASE("Student's t has the quantiles of its closed forms") {
  CHECK(student_t(1) == Approx(std::tan(M_PI * 0.475)).epsilon(1e-4));
  CHECK(student_t(2) == Approx(0.95 * std::sqrt(2 / (4 * 0.975 * 0.025))).epsilon(1e-4));
  CHECK(student_t(2.9) == student_t(2));
  CHECK(student_t(1e9) > 1.959964);  // of the normal distribution: intervals err on the wide side
  for (double freedom = 1; freedom < 200; ++freedom) CHECK(student_t(freedom + 1) <= student_t(freedom));
  CHECK_THROWS_AS(student_t(0.5), Bug);
}

TEST_CASE("intervals of samples hold what whole runs count about 95 times in 100") {
  const auto engine = make_engine(EngineKind::Fast);
  std::vector<Machine> machines(4, small_machine());
  intersect::config(machines[1]).early_termination = intersect::EarlyTermination::Exact;
  machines[2].dram.bytes_per_cycle = 1;
  intersect::config(machines[3]).order = Order::WindowsOuter;
  intersect::config(machines[3]).weights.fifo_depth = intersect::config(machines[3]).activations.fifo_depth = 8;
  constexpr std::size_t kDram = Increment::kActions + static_cast<std::size_t>(intersect::Action::DramRead);
  const std::vector<std::size_t> counters{0, Increment::kPairs, Increment::kPeCycles, kDram};
  std::vector<Tally> tallies(counters.size());
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    const Layer layer = layer_of(seed, 0.2 + 0.2 * static_cast<double>(seed), seed == 2 ? 1.0 : 0.5);
    for (const Machine& machine : machines) {
      const LayerOutcome whole = engine->time(machine, layer, nullptr);
      const std::vector<double> truth{static_cast<double>(whole.cycles),
                                      static_cast<double>(whole.pairs[PairClass::Executed]),
                                      static_cast<double>(whole.pe_cycles[PeClass::Busy]),
                                      static_cast<double>(whole.actions[intersect::Action::DramRead])};
      for (std::uint64_t draw = 1; draw <= 12; ++draw) {
        const SampledOutcome sampled = engine->sample(machine, layer, {.share = 0.05, .seed = draw}, nullptr);
        REQUIRE_FALSE(sampled.strata.empty());
        REQUIRE(2 * sampled.simulated_tiles <= sampled.tiles);
        for (std::size_t i = 0; i < counters.size(); ++i) {
          const Estimate estimate = sampled.estimate(counters[i]);
          ++tallies[i].all;
          tallies[i].within += std::abs(estimate.value - truth[i]) <= estimate.half_width + 1e-9 * truth[i];
        }
      }
    }
  }
  for (std::size_t i = 0; i < counters.size(); ++i) {
    INFO("counter " << counters[i] << ": " << tallies[i].within << " of " << tallies[i].all);
    CHECK(tallies[i].share() > 0.9);
  }
}

TEST_CASE("a sample depends on its seed alone and larger shares give narrower intervals") {
  const auto engine = make_engine(EngineKind::Fast);
  const Layer layer = layer_of(7, 0.4, 0.5);
  const Machine machine = small_machine();
  const SampledOutcome sampled = engine->sample(machine, layer, {.share = 0.03, .seed = 1}, nullptr);
  engine->use_threads(3);
  const SampledOutcome again = engine->sample(machine, layer, {.share = 0.03, .seed = 1}, nullptr);
  CHECK(sampled.outcome.cycles == again.outcome.cycles);
  CHECK(sampled.outcome.per_pe == again.outcome.per_pe);
  CHECK(sampled.estimate(0).half_width == again.estimate(0).half_width);
  CHECK(engine->sample(machine, layer, {.share = 0.03, .seed = 2}, nullptr).outcome.cycles != sampled.outcome.cycles);
  double narrow = 0, wide = 0;
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    wide += engine->sample(machine, layer, {.share = 0.03, .seed = seed}, nullptr).estimate(0).half_width;
    narrow += engine->sample(machine, layer, {.share = 0.15, .seed = seed}, nullptr).estimate(0).half_width;
  }
  CHECK(narrow < 0.8 * wide);
}

TEST_CASE("a layer too small for a sample is simulated whole and exact") {
  const auto engine = make_engine(EngineKind::Fast);
  Layer layer = layer_of(3, 0.4, 0.5);
  Machine machine = small_machine();
  machine.array.rows = machine.array.columns = 16;
  const SampledOutcome sampled = engine->sample(machine, layer, {.share = 0.5, .seed = 1}, nullptr);
  const LayerOutcome whole = engine->time(machine, layer, nullptr);
  CHECK(sampled.strata.empty());
  CHECK(sampled.measured_tiles == sampled.tiles);
  CHECK(sampled.outcome.per_pe == whole.per_pe);
  CHECK(sampled.outcome.actions == whole.actions);
  CHECK(sampled.estimate(0).value == static_cast<double>(whole.cycles));
  CHECK(sampled.estimate(0).half_width == 0);
}
