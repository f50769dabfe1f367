// The engine without a clock against the clocked one: the whole outcome, on cases drawn at random.
#include <catch2/catch.hpp>
#include <initializer_list>

#include "base/random.h"
#include "check/compare_engines.h"
#include "check/random_case.h"
#include "datapaths/intersect/fast_engine.h"
#include "datapaths/intersect/fast_kernels.h"
#include "datapaths/intersect/systemc_engine.h"

using namespace lacuna;

namespace {

void require_equal(const RandomCase& c, std::uint64_t seed, std::string_view what, const LayerOutcome& clocked,
                   const LayerOutcome& fast) {
  INFO("seed " << seed << ", " << what << ": " << c.describe());
  REQUIRE(first_outcome_difference(clocked, fast, Compare::Cycles) == "");
  REQUIRE(clocked.notes == fast.notes);
}

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
  if (c.machine.array.mapping == Mapping::Filters) c.machine.weights.buffer_bytes *= 40;
  return c;
}

}  // namespace

TEST_CASE("random layers on random machines take the same cycles and end in the same classes without a clock") {
  const auto fast = make_fast_engine();
  const auto systemc = make_systemc_engine();
  for (std::uint64_t seed = 1; seed <= 500; ++seed) {
    const RandomCase c = random_case(seed);
    require_equal(c, seed, "default", systemc->run(c.machine, c.layer, nullptr), fast->run(c.machine, c.layer, nullptr));
  }
}

TEST_CASE("arrays of several vectors agree with the clocked engine on every instruction set") {
  const auto systemc = make_systemc_engine();
  for (std::uint64_t seed = 30000; seed < 30150; ++seed) {
    const RandomCase c = wide_case(seed);
    const LayerOutcome clocked = systemc->run(c.machine, c.layer, nullptr);
    for (const fast::Kernels* kernels : fast::runnable_kernels()) {
      const auto fast = make_fast_engine({.kernels = kernels});
      require_equal(c, seed, kernels->name, clocked, fast->run(c.machine, c.layer, nullptr));
    }
  }
}

TEST_CASE("PEs taken one by one end as rows of them do") {
  const auto systemc = make_systemc_engine();
  const auto one_by_one = make_fast_engine({.whole_rows = false});
  for (std::uint64_t seed = 40000; seed < 40200; ++seed) {
    const RandomCase c = random_case(seed);
    require_equal(c, seed, "one by one", systemc->run(c.machine, c.layer, nullptr),
                  one_by_one->run(c.machine, c.layer, nullptr));
  }
}

TEST_CASE("an outcome does not depend on the number of threads or on whether outputs are kept") {
  const auto fast = make_fast_engine();
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
