// How fast is the engine without a clock on gather machines? Prints, judges nothing.
//
//   bench_gather WORKLOAD LAYER...    16 x 16 PEs; products of the dense layer per second of one core
#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "datapaths/gather/config.h"
#include "machine/engine.h"
#include "workload/workload.h"

using namespace lacuna;

namespace {

constexpr int kRepeats = 2;

/// Time of one core, which other programs on it do not lengthen.
double core_now() {
  timespec t{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

Machine resident() {
  Machine machine = gather::default_machine();
  gather::Config& c = gather::config(machine);
  c.delivery = gather::Delivery::Resident;
  c.index = gather::IndexCode::Absolute;
  c.reach = gather::Reach::Bank;
  c.windows = 4;
  c.segment = 16384;
  c.weights.buffer_bytes = c.activations.buffer_bytes = 1u << 18;
  return machine;
}

}  // namespace

int main(int count, char** words) {
  const std::vector<std::string> names(words + 2, words + std::max(count, 2));
  if (names.empty()) return 2;
  const Workload workload = Workload::open(words[1]);
  std::vector<Layer> layers;
  for (std::size_t i = 0; i < workload.layer_names().size(); ++i)
    if (std::ranges::find(names, workload.layer_names()[i]) != names.end()) layers.push_back(workload.load(i));
  struct Case {
    std::string name;
    Machine machine;
  };
  std::vector<Case> cases;
  for (const std::uint32_t segment : {64u, 256u}) {
    cases.push_back({fmt::format("stream, segment {}", segment), gather::default_machine()});
    gather::config(cases.back().machine).segment = segment;
    gather::config(cases.back().machine).activations.buffer_bytes = 1u << 14;
  }
  cases.push_back({"resident, natural order", resident()});
  cases.push_back({"resident, sign", resident()});
  gather::config(cases.back().machine).weight_order = gather::WeightOrder::Sign;
  const std::unique_ptr<Engine> engine = make_engine(EngineKind::Fast);
  for (Case& c : cases) {
    c.machine.array.rows = c.machine.array.columns = 16;
    double all = 0, products = 0;
    std::string path;
    for (const Layer& layer : layers) {
      double best = 1e9;
      for (int i = 0; i < kRepeats; ++i) {
        const double begin = core_now();
        path = engine->time(c.machine, layer, nullptr).engine_path;
        best = std::min(best, core_now() - begin);
      }
      all += best;
      products += 1e-9 * static_cast<double>(layer.shape.dense_pairs());
      fmt::print("{:24} {:10} {:8.3f} s {:8.1f} G products/s\n", c.name, layer.name, best,
                 1e-9 * static_cast<double>(layer.shape.dense_pairs()) / best);
    }
    fmt::print("{:24} {:10} {:8.3f} s {:8.1f} G products/s ({})\n", c.name, "all", all, products / all, path);
  }
  return 0;
}
