// How fast does the clocked engine simulate, beside a bare loop over the same number of PEs? Prints, judges nothing.
//
//   bench_systemc WORKLOAD_FOLDER LAYER...      a 16 x 16 array with the default parameters, every skip rule
#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <vector>

#include "datapaths/intersect/config.h"
#include "datapaths/intersect/systemc/engine.h"
#include "workload/workload.h"

using namespace lacuna;
using namespace lacuna::intersect;

namespace {

double seconds(const std::function<void()>& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

/// PE-cycles per second of a loop in which each PE multiplies two bytes and adds: what no simulator can beat by much.
double bare_loop(std::size_t pes) {
  struct Pe {
    std::int64_t psum = 0;
    std::uint8_t weight = 3, activation = 5;
  };
  std::vector<Pe> array(pes);
  constexpr std::uint64_t kCycles = 1'000'000;
  const double time = seconds([&] {
    for (std::uint64_t cycle = 0; cycle < kCycles; ++cycle)
      for (std::size_t i = 0; i < pes; ++i) {
        Pe& pe = array[i];
        pe.psum += pe.weight * pe.activation;
        pe.weight = static_cast<std::uint8_t>(pe.weight + cycle);
        pe.activation = static_cast<std::uint8_t>(pe.activation + i);
      }
  });
  std::int64_t sum = 0;
  for (const Pe& pe : array) sum += pe.psum;
  if (sum == 0) fmt::print("\n");  // the loop must not be optimised away
  return static_cast<double>(kCycles * pes) / time;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    fmt::print(stderr, "usage: {} WORKLOAD_FOLDER LAYER...\n", argv[0]);
    return 2;
  }
  Machine machine = default_machine();
  const std::size_t pes = std::size_t{machine.array.rows} * machine.array.columns;
  const double bare = bare_loop(pes);
  fmt::print("bare loop over {} PEs: {:.0f} M PE-cycles/s\n", pes, bare * 1e-6);
  const Workload workload = Workload::open(argv[1]);
  const auto engine = make_systemc_engine();
  for (std::size_t i = 0; i < workload.layer_names().size(); ++i) {
    bool chosen = false;
    for (int a = 2; a < argc; ++a) chosen |= workload.layer_names()[i] == argv[a];
    if (!chosen) continue;
    const Layer layer = workload.load(i);
    for (const std::string_view skip : EnumNames<SkipRule>::names)
      for (const auto termination : {EarlyTermination::None, EarlyTermination::Exact}) {
        config(machine).skip = parse_enum<SkipRule>(skip, {}, "skip");
        config(machine).early_termination = termination;
        LayerOutcome outcome;
        const double time = seconds([&] { outcome = engine->run(machine, layer, nullptr); });
        const double rate = static_cast<double>(outcome.cycles) / time;
        fmt::print(
            "{} {:<11} early termination {:<5} {:>8} cycles {:>8.0f} cycles/s {:>6.1f} M PE-cycles/s, 1/{:.1f} of the "
            "bare loop\n",
            layer.name, skip, name_of(termination), outcome.cycles, rate, rate * static_cast<double>(pes) * 1e-6,
            bare / (rate * static_cast<double>(pes)));
      }
  }
  return 0;
}
