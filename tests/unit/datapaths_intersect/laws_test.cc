// Bounds that every zero-skipping machine keeps, whatever the layer.
#include <catch2/catch.hpp>

#include "check/random_case.h"
#include "datapaths/intersect/systemc/engine.h"
#include "layers.h"

using namespace lacuna;
using namespace lacuna::test;
using namespace lacuna::intersect;

namespace {

LayerOutcome run(Machine machine, SkipRule skip, const Layer& layer) {
  config(machine).skip = skip;
  return make_systemc_engine(EngineOptions{})->run(machine, layer, nullptr);
}

/// A layer with every `weight_period`-th weight and every `input_period`-th input nonzero.
Layer periodic(std::uint32_t m, std::uint32_t k, std::uint32_t n, int weight_period, int input_period) {
  std::vector<int> weights(std::size_t{m} * k);
  std::vector<int> inputs(std::size_t{n} * k);
  for (std::size_t i = 0; i < weights.size(); ++i) weights[i] = i % weight_period == 0 ? 1 : 0;
  for (std::size_t i = 0; i < inputs.size(); ++i) inputs[i] = i % input_period == 0 ? 1 : 0;
  return fc(m, k, n, weights, inputs);
}

}  // namespace

TEST_CASE("gating never changes cycles") {
  for (std::uint64_t seed = 1000; seed < 1100; ++seed) {
    const RandomCase c = random_case(seed);
    INFO("seed " << seed << ": " << c.describe());
    const LayerOutcome dense = run(c.machine, SkipRule::None, c.layer);
    const LayerOutcome gated = run(c.machine, SkipRule::Gate, c.layer);
    REQUIRE(gated.cycles == dense.cycles);
    REQUIRE(gated.pairs[PairClass::Gated] == dense.pairs[PairClass::Wasted]);
    REQUIRE(gated.pe_cycles[PeClass::Busy] + gated.pe_cycles[PeClass::Gated] == dense.pe_cycles[PeClass::Busy]);
  }
}

TEST_CASE("skipping never costs slots") {
  for (std::uint64_t seed = 2000; seed < 2060; ++seed) {
    RandomCase c = random_case(seed);
    config(c.machine).early_termination = EarlyTermination::None;
    INFO("seed " << seed << ": " << c.describe());
    const auto slots = [&](SkipRule skip) {
      const LayerOutcome outcome = run(c.machine, skip, c.layer);
      return outcome.dense_pairs - outcome.pairs[PairClass::Skipped];
    };
    const std::uint64_t none = slots(SkipRule::None);
    const std::uint64_t weights = slots(SkipRule::Weights);
    const std::uint64_t activations = slots(SkipRule::Activations);
    const std::uint64_t both = slots(SkipRule::Both);
    REQUIRE(none == c.layer.shape.dense_pairs());
    REQUIRE(both <= std::min(weights, activations));
    REQUIRE(std::max(weights, activations) <= none);
    // Inclusion and exclusion: what neither skips is no more than all.
    REQUIRE(weights + activations <= none + both);
  }
}

TEST_CASE("one-sided skipping gains at most one over the density and two-sided one over both") {
  const Machine machine = quick_machine(3, 5);
  const Layer layer = periodic(12, 512, 20, 4, 3);
  const std::uint64_t none = run(machine, SkipRule::None, layer).cycles;
  CHECK(none <= 4 * run(machine, SkipRule::Weights, layer).cycles);
  CHECK(none <= 3 * run(machine, SkipRule::Activations, layer).cycles);
  CHECK(none <= 12 * run(machine, SkipRule::Both, layer).cycles);
}

TEST_CASE("at full density two-sided skipping costs at least what the dense machine costs") {
  const Layer layer = ones(9, 100, 11);
  Machine dense = quick_machine(4, 4);
  config(dense).weights.bus_bytes = config(dense).activations.bus_bytes = 8;
  Machine sparse = dense;
  config(dense).weights.encoding = config(dense).activations.encoding = Encoding::Dense;
  const std::uint64_t none = run(dense, SkipRule::None, layer).cycles;
  CHECK(run(sparse, SkipRule::Both, layer).cycles >= none);
  CHECK(run(dense, SkipRule::Both, layer).cycles == none);
}

TEST_CASE("early termination is refused with a reason where it would not be exact") {
  Machine machine = quick_machine(2, 2);
  config(machine).early_termination = EarlyTermination::Exact;
  const auto notes = [&](const Layer& layer) {
    return make_systemc_engine(EngineOptions{})->run(machine, layer, nullptr).notes;
  };

  CHECK(notes(ones(2, 8, 2, false)) == std::vector<std::string>{"early termination is off: no ReLU follows"});
  CHECK(notes(ones(2, 8, 2, true)).empty());

  Layer negative = ones(2, 8, 2, true);
  negative.input = Tensor(DType::Int8, {2, 8, 1, 1});
  negative.input.as<std::int8_t>()[3] = -4;
  CHECK(notes(negative) == std::vector<std::string>{"early termination is off: an input is negative (-4)"});

  Layer wraps = ones(2, 8, 2, true);
  wraps.bias = {0, 2147483640};
  CHECK(notes(wraps) ==
        std::vector<std::string>{"early termination is off: the sums of filter 1 may leave the 32-bit accumulator"});
}
