// The RTL against the SystemC engine: cycles, classes of every PE, counters and outputs are the same, layer by layer.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <optional>
#include <vector>

#include "check/compare_engines.h"
#include "check/random_case.h"
#include "datapaths/intersect/config.h"
#include "machine/engine.h"

using namespace lacuna;

namespace {

/// What decides a model: all else is drawn at random, so that few models serve many cases.
struct Model {
  ArrayConfig array;
  intersect::Config config;
};

const std::vector<Model> kListed = {
    // FIFOs of one and two chunks, buses of odd width, buffers of few words.
    {.array = {.rows = 3, .columns = 2},
     .config = {.chunk = 16,
                .early_termination = intersect::EarlyTermination::Exact,
                .weights = {.buffer_bytes = 128, .bus_bytes = 4, .fifo_depth = 2},
                .activations = {.buffer_bytes = 120, .bus_bytes = 3, .fifo_depth = 1}}},
    {.array = {.rows = 2, .columns = 4, .operand = Operand::Int16},
     .config = {.chunk = 8,
                .lanes = 2,
                .skip = intersect::SkipRule::Gate,
                .early_termination = intersect::EarlyTermination::Exact,
                .weights = {.buffer_bytes = 96, .bus_bytes = 8, .fifo_depth = 3},
                .activations =
                    {.buffer_bytes = 256, .bus_bytes = 16, .fifo_depth = 4, .encoding = intersect::Encoding::Dense}}},
    {.array = {.rows = 2, .columns = 3},
     .config = {.chunk = 24,
                .lanes = 3,
                .skip = intersect::SkipRule::Activations,
                .early_termination = intersect::EarlyTermination::Exact,
                .mapping = intersect::Mapping::Filters,
                .weights = {.buffer_bytes = 512, .bus_bytes = 4, .fifo_depth = 1},
                .activations = {.buffer_bytes = 64, .bus_bytes = 1, .fifo_depth = 2}}},
    {.array = {.rows = 3, .columns = 3},
     .config =
         {.chunk = 72,
          .skip = intersect::SkipRule::Weights,
          .early_termination = intersect::EarlyTermination::Exact,
          .mapping = intersect::Mapping::Filters,
          .weights = {.buffer_bytes = 768, .bus_bytes = 64, .fifo_depth = 2, .encoding = intersect::Encoding::Dense},
          .activations = {.buffer_bytes = 1024, .bus_bytes = 256, .fifo_depth = 8}}},
    {.array = {.rows = 4, .columns = 1},
     .config = {.chunk = 128,
                .lanes = 8,
                .skip = intersect::SkipRule::None,
                .early_termination = intersect::EarlyTermination::Exact,
                .weights = {.buffer_bytes = 1000, .bus_bytes = 8, .fifo_depth = 1},
                .activations = {.buffer_bytes = 8192, .bus_bytes = 2, .fifo_depth = 1}}},
    // No early termination: what its hardware would do is not there.
    {.array = {.rows = 5, .columns = 4},
     .config = {.chunk = 32,
                .weights = {.buffer_bytes = 100, .bus_bytes = 1, .fifo_depth = 4},
                .activations = {.buffer_bytes = 8192, .bus_bytes = 16, .fifo_depth = 2}}},
};

/// Those, and one for each skip rule that none of them has.
std::vector<Model> models() {
  std::vector<Model> all = kListed;
  for (std::size_t i = 0; i < enum_count<intersect::SkipRule>(); ++i) {
    const auto rule = static_cast<intersect::SkipRule>(i);
    if (std::ranges::any_of(kListed, [&](const Model& model) { return model.config.skip == rule; })) continue;
    all.push_back({.array = {.rows = 2, .columns = 3},
                   .config = {.chunk = 16,
                              .lanes = 2,
                              .skip = rule,
                              .early_termination = intersect::EarlyTermination::Exact,
                              .weights = {.buffer_bytes = 256, .bus_bytes = 4, .fifo_depth = 2},
                              .activations = {.buffer_bytes = 256, .bus_bytes = 4, .fifo_depth = 2}}});
  }
  return all;
}

/// The case of `seed` on one of the models, or nothing if its operands are wider than the model's.
std::optional<RandomCase> case_on_a_model(std::uint64_t seed) {
  RandomCase c = random_case(seed);
  static const std::vector<Model> all = models();
  const Model& model = all[seed % all.size()];
  if (c.layer.operand_bits() == 16 && model.array.operand == Operand::Int8) return std::nullopt;
  intersect::Config& config = intersect::config(c.machine);
  const auto [order, filter_order] = std::pair(config.order, config.filter_order);
  c.machine.array = model.array;
  config = model.config;
  config.order = order;
  config.filter_order = filter_order;
  return c;
}

/// LACUNA_SEED=n tries seed n alone, LACUNA_SEEDS=n the first n.
std::pair<std::uint64_t, std::uint64_t> seeds(std::uint64_t usual) {
  const auto number = [](const char* name) { return std::strtoull(std::getenv(name), nullptr, 10); };
  if (std::getenv("LACUNA_SEED")) return {number("LACUNA_SEED"), number("LACUNA_SEED")};
  return {1, std::getenv("LACUNA_SEEDS") ? number("LACUNA_SEEDS") : usual};
}

}  // namespace

TEST_CASE("the RTL and the SystemC machine give the same outcome for random layers") {
  const auto systemc = make_engine(EngineKind::Systemc);
  const auto rtl = make_engine(EngineKind::Rtl);
  const auto [first, last] = seeds(300);
  for (std::uint64_t seed = first; seed <= last; ++seed) {
    const auto c = case_on_a_model(seed);
    if (!c) continue;
    INFO("LACUNA_SEED=" << seed << ": " << c->describe());
    const LayerOutcome a = systemc->run(c->machine, c->layer, nullptr);
    const LayerOutcome b = rtl->run(c->machine, c->layer, nullptr);
    REQUIRE(first_outcome_difference(a, b, Compare::Cycles) == "");
  }
}

// Every case needs its own model, half a minute each: for a night, not for every build.
TEST_CASE("the RTL and the SystemC machine give the same outcome for random layers on random machines", "[.hunt]") {
  const auto systemc = make_engine(EngineKind::Systemc);
  const auto rtl = make_engine(EngineKind::Rtl);
  const auto [first, last] = seeds(20);
  for (std::uint64_t seed = first; seed <= last; ++seed) {
    const RandomCase c = random_case(seed);
    INFO("LACUNA_SEED=" << seed << ": " << c.describe());
    const LayerOutcome a = systemc->run(c.machine, c.layer, nullptr);
    const LayerOutcome b = rtl->run(c.machine, c.layer, nullptr);
    REQUIRE(first_outcome_difference(a, b, Compare::Cycles) == "");
  }
}
