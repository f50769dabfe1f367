// How fast is the engine without a clock? Ratios measured in one run: beside a bare loop over the same masks, beside
// the clocked engines, one core beside two. Prints, judges nothing.
//
//   bench_fast speed WORKLOAD LAYER...           16 x 16 PEs, chunk 64, skip both; products of the dense layer per
//   second bench_fast engines WORKLOAD LAYER NAME...    the same layer on other engines: systemc, rtl
#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/parallel.h"
#include "datapaths/intersect/fast/engine.h"
#include "datapaths/intersect/fast/operands.h"
#include "machine/engine.h"
#include "workload/workload.h"

using namespace lacuna;
namespace fast = intersect::fast;

namespace {

constexpr int kRepeats = 5;

/// Wall time.
double seconds(const std::function<void()>& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

/// Time of one core, which other programs on it do not lengthen.
double core_seconds(const std::function<void()>& work) {
  const auto now = [] {
    timespec t{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
  };
  const double begin = now();
  work();
  return now() - begin;
}

/// The shortest of several runs: what else happens on a machine only ever makes one longer.
double best(double (*measure)(const std::function<void()>&), const std::function<void()>& work) {
  double shortest = measure(work);
  for (int i = 1; i < kRepeats; ++i) shortest = std::min(shortest, measure(work));
  return shortest;
}

/// The masks of a tile, one chunk pair after the other: what any simulator of this machine has to look at.
using AndCount = std::uint64_t (*)(const std::uint64_t* weights, std::uint32_t rows, const std::uint64_t* activations,
                                   std::uint32_t columns);
#define LACUNA_AND_COUNT(name, attributes)                                                                          \
  attributes std::uint64_t name(const std::uint64_t* weights, std::uint32_t rows, const std::uint64_t* activations, \
                                std::uint32_t columns) {                                                            \
    std::uint64_t sum = 0;                                                                                          \
    for (std::uint32_t row = 0; row < rows; ++row) {                                                                \
      const std::uint64_t mask = weights[row];                                                                      \
      for (std::uint32_t column = 0; column < columns; ++column)                                                    \
        sum += static_cast<std::uint64_t>(__builtin_popcountll(mask & activations[column]));                        \
    }                                                                                                               \
    return sum;                                                                                                     \
  }
LACUNA_AND_COUNT(and_count_base, __attribute__((optimize("O3"))))
#if defined(__x86_64__)
LACUNA_AND_COUNT(and_count_popcnt, __attribute__((target("popcnt"), optimize("O3"))))
LACUNA_AND_COUNT(and_count_avx512,
                 __attribute__((target("avx512f,avx512vl,avx512vpopcntdq,prefer-vector-width=512"), optimize("O3"))))
#endif

AndCount and_count() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512vpopcntdq"))
    return and_count_avx512;
  if (__builtin_cpu_supports("popcnt")) return and_count_popcnt;
#endif
  return and_count_base;
}

/// Seconds of a bare loop that ands and counts the masks of every chunk pair of the layer.
double bare_loop(const Machine& machine, const Layer& layer, std::uint64_t executed) {
  intersect::Lowering lowering(machine, layer);
  fast::Operands operands(lowering, fast::best_kernels());
  std::vector<fast::CompactTile> tiles;
  for (std::uint64_t i = 0; i < lowering.tiles(); ++i) tiles.push_back(operands.tile(TileIndex(i)));
  const AndCount count = and_count();
  std::uint64_t sum = 0;
  const double time = best(core_seconds, [&] {
    sum = 0;
    for (const fast::CompactTile& tile : tiles)
      for (std::uint32_t step = 0; step < tile.filters->entries; ++step)
        sum += count(tile.filters->low.data() + std::size_t{step} * tile.filters->pad, tile.tile->rows,
                     tile.windows->low.data() + std::size_t{tile.tile->steps()[step].chunk} * tile.windows->pad,
                     tile.tile->columns);
  });
  if (sum != executed) fmt::print("the bare loop counts {} pairs of nonzeros, the engine {}\n", sum, executed);
  return time;
}

double giga(std::uint64_t products, double time) { return static_cast<double>(products) / time * 1e-9; }

std::vector<Layer> load(const std::string& workload_name, const std::vector<std::string>& names) {
  const Workload workload = Workload::open(workload_name);
  std::vector<Layer> layers;
  for (std::size_t i = 0; i < workload.layer_names().size(); ++i)
    if (std::ranges::find(names, workload.layer_names()[i]) != names.end()) layers.push_back(workload.load(i));
  return layers;
}

/// One product: enough for an engine to get ready.
Layer smallest_layer() {
  Layer layer;
  layer.name = "smallest";
  layer.op = Op::Fc;
  layer.shape.M = layer.shape.C = layer.shape.N = 1;
  layer.weights = Tensor(DType::Int8, {1, 1, 1, 1});
  layer.input = Tensor(DType::UInt8, {1, 1, 1, 1});
  layer.bias.assign(1, 0);
  layer.relu = true;
  return layer;
}

void speed(const std::vector<Layer>& layers) {
  const auto engine = make_engine(EngineKind::Fast);
  const Machine machine;
  Machine terminating;
  intersect::config(terminating).early_termination = intersect::EarlyTermination::Exact;
  fmt::print("kernels {}; G products of the dense layer per second, one core\n", fast::best_kernels().name);
  fmt::print("{:<10} {:>10} {:>12} {:>12} {:>12} {:>10} {:>12}\n", "layer", "G products", "timing only", "with outputs",
             "early term.", "bare loop", "of the limit");
  std::uint64_t products = 0;
  double timing = 0, outputs = 0, stopping = 0, bare = 0;
  for (const Layer& layer : layers) {
    LayerOutcome outcome;
    const double t = best(core_seconds, [&] { outcome = engine->time(machine, layer, nullptr); });
    const double o = best(core_seconds, [&] { engine->run(machine, layer, nullptr); });
    const double e = best(core_seconds, [&] { engine->time(terminating, layer, nullptr); });
    const double b = bare_loop(machine, layer, outcome.pairs[PairClass::Executed]);
    const std::uint64_t n = outcome.dense_pairs;
    fmt::print("{:<10} {:>10.3f} {:>12.1f} {:>12.1f} {:>12.1f} {:>10.1f} {:>12}\n", layer.name,
               static_cast<double>(n) * 1e-9, giga(n, t), giga(n, o), giga(n, e), giga(n, b),
               fmt::format("1/{:.1f}", t / b));
    products += n;
    timing += t;
    outputs += o;
    stopping += e;
    bare += b;
  }
  fmt::print("{:<10} {:>10.3f} {:>12.1f} {:>12.1f} {:>12.1f} {:>10.1f} {:>12}\n", "all",
             static_cast<double>(products) * 1e-9, giga(products, timing), giga(products, outputs),
             giga(products, stopping), giga(products, bare), fmt::format("1/{:.1f}", timing / bare));
  fmt::print("core seconds: timing only {:.3f}, with outputs {:.3f}, early termination {:.3f}, bare loop {:.3f}\n",
             timing, outputs, stopping, bare);

  for (const intersect::fast::Kernels* kernels : intersect::fast::runnable_kernels()) {
    const auto other = intersect::make_fast_engine({.kernels = kernels});
    double time = 0;
    for (const Layer& layer : layers) time += best(core_seconds, [&] { other->time(machine, layer, nullptr); });
    fmt::print("timing only with kernels {}: {:.3f} s, {:.1f} G products/s\n", kernels->name, time,
               giga(products, time));
  }

  for (const Machine* m : {&machine, static_cast<const Machine*>(&terminating)}) {
    const auto all = [&](unsigned threads) {
      std::vector<double> worker_seconds(threads);
      const double wall = best(seconds, [&] {
        std::ranges::fill(worker_seconds, 0.0);
        parallel_for(layers.size(), threads, [&](std::size_t i, unsigned worker) {
          worker_seconds[worker] += core_seconds([&] { engine->time(*m, layers[i], nullptr); });
        });
      });
      return std::pair(wall, worker_seconds);
    };
    const auto [one, one_core] = all(1);
    const auto [two, two_cores] = all(2);
    // Where other programs take cores away, the wall time says little; what each core worked is the time it would take
    // alone.
    fmt::print("all layers, early termination {}: one core {:.3f} s, two cores {:.3f} s, {:.2f} times as fast; ",
               name_of(intersect::config(*m).early_termination), one, two, one / two);
    fmt::print("work of one {:.3f} s, of two {:.3f} s and {:.3f} s\n", one_core[0], two_cores[0], two_cores[1]);
  }
}

void engines(const std::vector<Layer>& layers, const std::vector<std::string>& names) {
  const std::map<std::string, EngineKind> known = {{"systemc", EngineKind::Systemc}, {"rtl", EngineKind::Rtl}};
  const auto without_clock = make_engine(EngineKind::Fast);
  for (const auto termination : {intersect::EarlyTermination::None, intersect::EarlyTermination::Exact}) {
    Machine machine;
    intersect::config(machine).early_termination = termination;
    for (const Layer& layer : layers) {
      LayerOutcome outcome;
      const double base = best(core_seconds, [&] { outcome = without_clock->run(machine, layer, nullptr); });
      fmt::print("{}, early termination {}, {} cycles: fast {:.4f} s with outputs, by {}\n", layer.name,
                 name_of(termination), outcome.cycles, base, outcome.engine_path);
      for (const std::string& name : names) {
        const auto engine = make_engine(known.at(name));
        LayerOutcome other;
        engine->run(machine, smallest_layer(), nullptr);  // compiles the RTL
        const double time = core_seconds([&] { other = engine->run(machine, layer, nullptr); });
        fmt::print("  {}: {:.2f} s, fast is {:.0f} times as fast{}\n", name, time, time / base,
                   other.cycles == outcome.cycles ? "" : "; CYCLES DIFFER");
      }
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() >= 3 && words[0] == "speed") {
    speed(load(words[1], {words.begin() + 2, words.end()}));
    return 0;
  }
  if (words.size() >= 4 && words[0] == "engines") {
    engines(load(words[1], {words[2]}), {words.begin() + 3, words.end()});
    return 0;
  }
  fmt::print(stderr, "usage: {} speed WORKLOAD LAYER... | engines WORKLOAD LAYER NAME...\n", argv[0]);
  return 2;
}
