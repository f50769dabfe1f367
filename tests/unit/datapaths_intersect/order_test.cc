// The units of the clocked machine talk through registers only: in which order they are evaluated within a cycle
// changes neither a number nor a record.
#include <catch2/catch.hpp>
#include <map>
#include <utility>
#include <vector>

#include "check/random_case.h"
#include "datapaths/intersect/systemc/engine.h"

using namespace lacuna;

namespace {

/// The records of each unit in the order in which it reported them; units of different kinds report in their own order.
struct ByUnit : RecordSink {
  std::map<std::pair<std::uint16_t, std::uint32_t>, std::vector<Record>> records;
  void on(const Record& record) override { records[{record.kind, record.unit}].push_back(record); }
};

}  // namespace

TEST_CASE("the order in which units are evaluated changes nothing") {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    const RandomCase c = random_case(seed);
    const EngineOptions options{.stall_millionths = seed % 2 == 0 ? 100000u : 0u, .stall_seed = seed, .rtl = {}};
    ByUnit expected, shuffled;
    const LayerOutcome a = intersect::make_systemc_engine(options)->observe(c.machine, c.layer, expected, nullptr);
    const LayerOutcome b =
        intersect::make_shuffled_systemc_engine(options, seed)->observe(c.machine, c.layer, shuffled, nullptr);
    INFO("seed " << seed);
    REQUIRE(!expected.records.empty());
    REQUIRE(a.cycles == b.cycles);
    REQUIRE(a.pairs == b.pairs);
    REQUIRE(a.per_pe == b.per_pe);
    REQUIRE(a.actions == b.actions);
    REQUIRE(a.output == b.output);
    REQUIRE(expected.records == shuffled.records);
  }
}
