// The machine against the plain convolution and its laws, on cases drawn at random.
#include <catch2/catch.hpp>

#include "check/random_case.h"
#include "datapaths/intersect/systemc/engine.h"
#include "workload/reference.h"

using namespace lacuna;
using namespace lacuna::intersect;

TEST_CASE("random layers on random machines give the reference output and keep the laws") {
  const auto engine = make_systemc_engine(EngineOptions{});
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    const RandomCase c = random_case(seed);
    INFO("seed " << seed << ": " << c.describe());
    const LayerOutcome outcome = engine->run(c.machine, c.layer, nullptr);
    REQUIRE(outcome.output == reference_output(c.layer, accumulator_bits(c.machine), c.machine.post.threshold));
  }
}
