// The engine without a clock against the clocked one, on cases drawn at random: event by event, and whole outcomes of
// every way in which it may compute them.
#include <array>
#include <catch2/catch.hpp>
#include <initializer_list>
#include <optional>
#include <utility>

#include "base/error.h"
#include "base/random.h"
#include "check/compare_engines.h"
#include "check/random_case.h"
#include "datapaths/intersect/events.h"
#include "datapaths/intersect/fast/engine.h"
#include "datapaths/intersect/fast/kernels/kernels.h"
#include "datapaths/intersect/systemc/engine.h"

using namespace lacuna;

namespace {

void require_equal(const RandomCase& c, std::uint64_t seed, std::string_view what, const LayerOutcome& clocked,
                   const LayerOutcome& fast) {
  INFO("seed " << seed << ", " << what << ": " << c.describe());
  REQUIRE(first_outcome_difference(clocked, fast, Compare::Cycles) == "");
  REQUIRE(clocked.notes == fast.notes);
}

/// Counts the records of each kind.
class KindCounts : public RecordSink {
 public:
  void on(const Record& record) override { ++counts_.at(record.kind); }
  [[nodiscard]] std::uint64_t of(intersect::Kind kind) const { return counts_.at(static_cast<std::size_t>(kind)); }

 private:
  std::array<std::uint64_t, 16> counts_{};
};

/// A random case on an array around and above the width of the vectors that hold a row of PEs.
RandomCase wide_case(std::uint64_t seed) {
  RandomCase c = random_case(seed);
  Random random(seed);
  const auto one_of = [&](std::initializer_list<std::uint32_t> values) {
    return values.begin()[random.below(values.size())];
  };
  c.machine.array.rows = one_of({1, 3, 5, 15, 16, 17});
  c.machine.array.columns = one_of({15, 16, 16, 16, 17, 32, 32, 33, 40});
  // A row that serves its PEs one by one fetches a chunk for each of up to 40 columns.
  if (intersect::config(c.machine).mapping == intersect::Mapping::Filters)
    intersect::config(c.machine).weights.buffer_bytes *= 40;
  return c;
}

}  // namespace

TEST_CASE("random layers on random machines do the same in every cycle without a clock") {
  const auto fast = make_engine(EngineKind::Fast);
  const auto systemc = make_engine(EngineKind::Systemc);
  for (std::uint64_t seed = 1; seed <= 500; ++seed) {
    const RandomCase c = random_case(seed);
    INFO("seed " << seed << ": " << c.describe());
    const Comparison events = compare_engines(*systemc, *fast, c.machine, c.layer, Compare::Cycles);
    CHECK(!events.difference);
    CHECK(events.failure == "");
    CHECK(events.outcome_difference == "");
    REQUIRE(events.agrees());
    REQUIRE(events.agreed > events.left_cycles);  // every PE does something in every cycle
  }
}

TEST_CASE("watching the engine without a clock changes nothing of the outcome") {
  const auto fast = make_engine(EngineKind::Fast);
  for (std::uint64_t seed = 20000; seed < 20100; ++seed) {
    const RandomCase c = random_case(seed);
    KindCounts counts;
    const LayerOutcome observed = fast->observe(c.machine, c.layer, counts, nullptr);
    require_equal(c, seed, "observed", fast->run(c.machine, c.layer, nullptr), observed);
    CHECK(counts.of(intersect::Kind::Drain) == observed.outputs);
    CHECK(counts.of(intersect::Kind::Group) + counts.of(intersect::Kind::Kill) + counts.of(intersect::Kind::Wait) ==
          observed.pe_cycles.sum());
    CHECK(counts.of(intersect::Kind::Stop) == observed.outputs_terminated);
  }
}

TEST_CASE("arrays of several vectors agree with the clocked engine on every instruction set") {
  const auto systemc = make_engine(EngineKind::Systemc);
  for (std::uint64_t seed = 30000; seed < 30150; ++seed) {
    const RandomCase c = wide_case(seed);
    const LayerOutcome clocked = systemc->run(c.machine, c.layer, nullptr);
    for (const intersect::fast::Kernels* kernels : intersect::fast::runnable_kernels()) {
      const auto fast = intersect::make_fast_engine({.kernels = kernels});
      require_equal(c, seed, kernels->name, clocked, fast->run(c.machine, c.layer, nullptr));
    }
  }
}

TEST_CASE("PEs taken one by one end as rows of them do") {
  const auto systemc = make_engine(EngineKind::Systemc);
  const auto one_by_one = intersect::make_fast_engine({.whole_rows = false});
  for (std::uint64_t seed = 40000; seed < 40200; ++seed) {
    const RandomCase c = random_case(seed);
    require_equal(c, seed, "one by one", systemc->run(c.machine, c.layer, nullptr),
                  one_by_one->run(c.machine, c.layer, nullptr));
  }
}

TEST_CASE("an outcome says which way it was computed and why PEs were taken one by one") {
  RandomCase c = random_case(40000);
  intersect::Config& config = intersect::config(c.machine);
  config.mapping = intersect::Mapping::FiltersWindows;
  config.skip = intersect::SkipRule::Both;
  config.early_termination = intersect::EarlyTermination::None;
  const auto path = [&](bool whole_rows) {
    return intersect::make_fast_engine({.whole_rows = whole_rows})->run(c.machine, c.layer, nullptr).engine_path;
  };
  CHECK(path(true) == "rows");
  CHECK(path(false) == "PE by PE: asked for");
  config.skip = intersect::SkipRule::Gate;
  config.lanes = 1;
  CHECK(path(true) == "rows");
  config.lanes = 2;
  CHECK(path(true) == "PE by PE: gate with several lanes");
  config.mapping = intersect::Mapping::Filters;
  config.weights.buffer_bytes *= 40;
  CHECK(path(true) == "PE by PE: mapping filters: a row serves its PEs one by one");
}

TEST_CASE("arrays that divide a layer's filters or windows agree on every instruction set") {
  // Tiles that map every PE, or all rows, or all columns, run a block at a time; short tiles let feeders run ahead.
  const auto one_by_one = intersect::make_fast_engine({.whole_rows = false});
  const auto run = [](Engine& engine, const RandomCase& c) -> std::optional<LayerOutcome> {
    try {
      return engine.time(c.machine, c.layer, nullptr);
    } catch (const UserError&) {
      return std::nullopt;  // a buffer does not hold a chunk
    }
  };
  std::size_t compared = 0;
  for (std::uint64_t seed = 97000; seed < 99000; ++seed) {
    RandomCase c = random_case(seed);
    Random random(seed);
    // One of the two largest divisors up to `most`.
    const auto divisor = [&](std::uint64_t number, std::uint32_t most) {
      std::uint32_t largest = 1, second = 1;
      for (std::uint32_t i = 2; i <= most; ++i)
        if (number % i == 0) second = std::exchange(largest, i);
      return random.below(2) == 0 ? largest : second;
    };
    const ConvShape& shape = c.layer.shape;
    ArrayConfig& array = c.machine.array;
    if (random.below(4) != 0) intersect::config(c.machine).mapping = intersect::Mapping::FiltersWindows;
    if (random.below(4) != 0) array.rows = divisor(shape.M / shape.groups, 40);
    array.columns = random.below(2) == 0   ? divisor(std::uint64_t{shape.N} * shape.P() * shape.Q(), 48)
                    : random.below(2) == 0 ? 16
                                           : 32;
    if (random.below(2) == 0) intersect::config(c.machine).early_termination = intersect::EarlyTermination::Exact;
    if (random.below(2) == 0) intersect::config(c.machine).chunk = 128;
    if (random.below(2) == 0) {
      intersect::config(c.machine).weights.fifo_depth = 1 + static_cast<std::uint32_t>(random.below(8));
      intersect::config(c.machine).activations.fifo_depth = 1 + static_cast<std::uint32_t>(random.below(8));
    }
    if (random.below(3) == 0) {
      c.machine.dram.bytes_per_cycle = 1 + static_cast<std::uint32_t>(random.below(64));
      c.machine.dram.latency = static_cast<std::uint32_t>(random.below(200));
      c.machine.dram.outstanding = 1 + static_cast<std::uint32_t>(random.below(6));
      c.machine.dram.turnaround = static_cast<std::uint32_t>(random.below(20));
      c.machine.dram.t_rcd = static_cast<std::uint32_t>(random.below(20));
    }
    const auto expected = run(*one_by_one, c);
    if (!expected) continue;
    ++compared;
    for (const intersect::fast::Kernels* kernels : intersect::fast::runnable_kernels()) {
      const auto fast = intersect::make_fast_engine({.kernels = kernels});
      require_equal(c, seed, kernels->name, *expected, *run(*fast, c));
    }
  }
  CHECK(compared > 1500);
}

TEST_CASE("an outcome does not depend on the number of threads or on whether outputs are kept") {
  const auto fast = make_engine(EngineKind::Fast);
  for (std::uint64_t seed = 50000; seed < 50100; ++seed) {
    const RandomCase c = random_case(seed);
    fast->use_threads(1);
    const LayerOutcome one = fast->run(c.machine, c.layer, nullptr);
    for (const unsigned threads : {2u, 3u, 7u}) {
      fast->use_threads(threads);
      require_equal(c, seed, "threads", one, fast->run(c.machine, c.layer, nullptr));
      LayerOutcome timed = fast->time(c.machine, c.layer, nullptr);
      CHECK(timed.output == Tensor());
      timed.output = one.output;
      require_equal(c, seed, "timing only", one, timed);
    }
  }
}

TEST_CASE("deep FIFOs agree with the clocked engine") {
  const auto fast = make_engine(EngineKind::Fast);
  const auto systemc = make_engine(EngineKind::Systemc);
  for (std::uint64_t seed = 60000; seed < 60150; ++seed) {
    RandomCase c = random_case(seed);
    intersect::config(c.machine).weights.fifo_depth = seed % 2 == 0 ? 64 : 33;
    intersect::config(c.machine).activations.fifo_depth = seed % 3 == 0 ? 63 : 17;
    require_equal(c, seed, "deep", systemc->run(c.machine, c.layer, nullptr), fast->run(c.machine, c.layer, nullptr));
  }
}

TEST_CASE("rows of PEs whose times leave 32 bits end as PEs taken one by one do") {
  // Rows count in 32 bits from a base that moves every 2^29 cycles; slow DRAM and rows of inputs that no buffer holds
  // make a small layer last far longer.
  Layer layer;
  layer.name = "slow";
  layer.shape.C = 16;
  layer.shape.M = 7;
  layer.shape.H = 61;
  layer.shape.W = 77;
  layer.weights = Tensor(DType::Int8, {7, 16, 1, 1});
  layer.input = Tensor(DType::UInt8, {1, 16, 61, 77});
  layer.bias.assign(7, 0);
  layer.requantise.assign(7, {1, 4});
  layer.relu = true;
  Random random(1);
  for (auto& weight : layer.weights.as<std::int8_t>())
    weight = static_cast<std::int8_t>(static_cast<int>(random.below(255)) - 127);
  for (auto& value : layer.input.as<std::uint8_t>()) value = static_cast<std::uint8_t>(random.below(256));
  const auto rows = make_engine(EngineKind::Fast);
  const auto one_by_one = intersect::make_fast_engine({.whole_rows = false});
  for (const auto termination : {intersect::EarlyTermination::None, intersect::EarlyTermination::Exact}) {
    RandomCase c;
    c.layer = layer;
    c.machine.array.rows = 3;
    c.machine.array.columns = 1;
    intersect::config(c.machine).early_termination = termination;
    c.machine.global_buffer.bytes = 1024;
    intersect::config(c.machine).order = Order::WindowsOuter;
    c.machine.dram.latency = 100000;
    c.machine.dram.outstanding = 1;
    const LayerOutcome expected = one_by_one->run(c.machine, c.layer, nullptr);
    REQUIRE(expected.cycles > (std::uint64_t{1} << 30));
    require_equal(c, 0, "slow DRAM", expected, rows->run(c.machine, c.layer, nullptr));
  }
}
