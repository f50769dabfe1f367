// LeNet-5, pruned, with its real tensors: all five skip rules with and without early termination.
#include <catch2/catch.hpp>

#include "check/compare_engines.h"
#include "datapaths/intersect/systemc/engine.h"
#include "datapaths/intersect/rtl/engine.h"
#include "workload/workload.h"

using namespace lacuna;

namespace {

Workload lenet5() { return Workload::open(std::string(LACUNA_SOURCE_DIR) + "/workloads/lenet5"); }

Machine small_machine() {
  Machine machine;
  machine.array.rows = 3;
  machine.array.columns = 2;
  machine.array.chunk = 16;
  machine.weights = {.buffer_bytes = 1024, .bus_bytes = 8, .fifo_depth = 2};
  machine.activations = {.buffer_bytes = 512, .bus_bytes = 8, .fifo_depth = 2};
  return machine;
}

}  // namespace

TEST_CASE("LeNet-5 does the same in RTL event by event under every skip rule with and without early termination") {
  const auto systemc = make_systemc_engine();
  const auto rtl = make_rtl_engine();
  const Workload workload = lenet5();
  for (const SkipRule skip : {SkipRule::None, SkipRule::Gate, SkipRule::Activations, SkipRule::Weights, SkipRule::Both})
    for (const EarlyTermination early : {EarlyTermination::None, EarlyTermination::Exact}) {
      Machine machine = small_machine();
      machine.array.skip = skip;
      machine.array.early_termination = early;
      for (std::size_t i = 0; i < workload.layer_names().size(); ++i) {
        const Layer layer = workload.load(i);
        CAPTURE(name_of(skip), name_of(early), layer.name);
        const Comparison c = compare_engines(*systemc, *rtl, machine, layer, Compare::Cycles);
        INFO("agreed " << c.agreed << " events; " << c.outcome_difference << c.failure);
        REQUIRE(c.agrees());
      }
    }
}
