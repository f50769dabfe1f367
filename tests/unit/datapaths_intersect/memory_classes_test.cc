// Do the classes tell what memory costs? Cycles that a memory without limits would save, held against the PE-cycles
// that are memory's. README.md, section Where a PE-cycle goes.
#include "datapaths/fabric/memory_classes.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>

#include "datapaths/intersect/config.h"
#include "machine/config_reader.h"
#include "machine/engine.h"
#include "workload/workload.h"

using namespace lacuna;
using namespace lacuna::intersect;

namespace {

std::filesystem::path source(const char* folder) { return std::filesystem::path(LACUNA_SOURCE_DIR) / folder; }

/// Cycles of all layers, and of these the share that is memory's over all PEs.
struct Cost {
  double cycles = 0, memory = 0;

  void add(const LayerOutcome& outcome, const Machine& machine) {
    cycles += static_cast<double>(outcome.cycles);
    std::uint64_t of_memory = 0;
    for (std::size_t i = 0; i < enum_count<PeClass>(); ++i)
      if (fabric::is_memorys(static_cast<PeClass>(i))) of_memory += outcome.pe_cycles.value[i];
    memory += static_cast<double>(of_memory) / (machine.array.rows * machine.array.columns);
  }
};

/// The fastest memory that a configuration may have.
Machine without_limits(Machine machine) {
  machine.dram.latency = machine.dram.turnaround = machine.dram.t_rcd = machine.dram.t_rp = machine.dram.t_cas = 0;
  machine.dram.bytes_per_cycle = 4096;
  machine.dram.outstanding = 64;
  machine.global_buffer.banks = machine.global_buffer.bytes_per_cycle = 256;
  return machine;
}

struct Case {
  const char* workload;
  std::vector<std::string> layers;  ///< none: all
  double margin;                    ///< of the cycles: short tiles of unequal PEs starve some before all
};

const std::vector<Case> kCases = {
    {"lenet5", {}, 0.15},
    {"lenet-300-100", {}, 0.15},
    {"mobilenet-v1", {"dw1", "pw1", "dw2", "pw2"}, 0.04},
    {"alexnet", {"conv2", "fc8"}, 0.04},
};

const std::vector<const char*> kMachines = {"default",         "presets/dense",       "presets/gate",
                                            "presets/weights", "presets/activations", "presets/exact_termination",
                                            "presets/sparten"};

}  // namespace

TEST_CASE("what a memory without limits would save is about what is memory's") {
  const auto engine = make_engine(EngineKind::Fast);
  for (const char* name : kMachines) {
    const Machine machine = read_machine(source("configs") / (std::string(name) + ".yaml")).machine;
    const Machine unlimited = without_limits(machine);
    for (const Case& c : kCases) {
      const Workload workload = Workload::open(source("workloads") / c.workload);
      Cost with, without;
      for (std::size_t i = 0; i < workload.layer_names().size(); ++i) {
        if (!c.layers.empty() && std::ranges::find(c.layers, workload.layer_names()[i]) == c.layers.end()) continue;
        const Layer layer = workload.load(i);
        with.add(engine->run(machine, layer, nullptr), machine);
        without.add(engine->run(unlimited, layer, nullptr), machine);
      }
      const double saved = (with.cycles - without.cycles) / with.cycles;
      const double told = (with.memory - without.memory) / with.cycles;
      INFO(name << ", " << c.workload << ": saved " << saved << ", told " << told);
      CHECK(told == Approx(saved).margin(c.margin));
    }
  }
}
