// LeNet-5, pruned, with its real tensors: all five skip rules with and without early termination.
#include <catch2/catch.hpp>

#include "check/compare_engines.h"
#include "datapaths/intersect/config.h"
#include "machine/engine.h"
#include "workload/workload.h"

using namespace lacuna;

namespace {

Workload lenet5() { return Workload::open(std::string(LACUNA_SOURCE_DIR) + "/workloads/lenet5"); }

Machine small_machine() {
  Machine machine;
  machine.array.rows = 3;
  machine.array.columns = 2;
  intersect::config(machine).chunk = 16;
  intersect::config(machine).weights = {.buffer_bytes = 1024, .bus_bytes = 8, .fifo_depth = 2};
  intersect::config(machine).activations = {.buffer_bytes = 512, .bus_bytes = 8, .fifo_depth = 2};
  return machine;
}

}  // namespace

TEST_CASE("LeNet-5 does the same in RTL event by event under every skip rule with and without early termination") {
  const auto systemc = make_engine(EngineKind::Systemc);
  const auto rtl = make_engine(EngineKind::Rtl);
  const Workload workload = lenet5();
  for (std::size_t rule = 0; rule < enum_count<intersect::SkipRule>(); ++rule)
    for (const auto early : {intersect::EarlyTermination::None, intersect::EarlyTermination::Exact}) {
      const auto skip = static_cast<intersect::SkipRule>(rule);
      Machine machine = small_machine();
      intersect::config(machine).skip = skip;
      intersect::config(machine).early_termination = early;
      for (std::size_t i = 0; i < workload.layer_names().size(); ++i) {
        const Layer layer = workload.load(i);
        CAPTURE(name_of(skip), name_of(early), layer.name);
        const Comparison c = compare_engines(*systemc, *rtl, machine, layer, Compare::Cycles);
        INFO("agreed " << c.agreed << " events; " << c.outcome_difference << c.failure);
        REQUIRE(c.agrees());
      }
    }
}
