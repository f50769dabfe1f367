// LeNet-5, pruned, with its real tensors: all five skip rules with and without early termination.
#include <catch2/catch.hpp>
#include <chrono>

#include "datapaths/intersect/systemc_engine.h"
#include "rtl/rtl_engine.h"
#include "outcome_difference.h"
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

TEST_CASE("LeNet-5 takes the same cycles in RTL under every skip rule with and without early termination") {
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
        const LayerOutcome a = systemc->run(machine, layer, nullptr);
        const LayerOutcome b = rtl->run(machine, layer, nullptr);
        INFO("first difference: " << first_difference(a, b).value_or("none"));
        REQUIRE_FALSE(first_difference(a, b));
      }
    }
}

// How fast is the compiled array? 8x8 PEs, chunks of 16, the whole of LeNet-5; printed, not judged.
TEST_CASE("cycles per second of the RTL", "[.bench]") {
  const auto rtl = make_rtl_engine();
  const Workload workload = lenet5();
  Machine machine;
  machine.array.rows = machine.array.columns = 8;
  machine.array.chunk = 16;
  for (std::size_t i = 0; i < workload.layer_names().size(); ++i) {
    const Layer layer = workload.load(i);
    if (i == 0) rtl->run(machine, layer, nullptr);  // builds the model
    const auto start = std::chrono::steady_clock::now();
    const LayerOutcome outcome = rtl->run(machine, layer, nullptr);
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    WARN(layer.name << ": " << outcome.cycles << " cycles, "
                    << static_cast<std::uint64_t>(static_cast<double>(outcome.cycles) / seconds.count()) << " cycles/s");
  }
}
