#include "datapaths/intersect/systemc/engine.h"

#include <algorithm>
#include <exception>
#include <functional>
#include <systemc>
#include <utility>

#include "datapaths/intersect/systemc/channels.h"
#include "datapaths/intersect/systemc/drain_bank.h"
#include "datapaths/intersect/systemc/feeder_bank.h"
#include "datapaths/intersect/systemc/pe_array.h"
#include "machine/event_sink.h"
#include "datapaths/intersect/skip_rules.h"
#include "memory/memory_unit.h"

/// libsystemc asks for it; Lacuna's programs have their own main and never call it.
int sc_main(int, char**) { return 0; }

namespace lacuna::intersect {

namespace {

/// A unit of the array as a SystemC module: one method, called at each rising edge until the layer is finished.
class ClockedModule : public sc_core::sc_module {
 public:
  sc_core::sc_in<bool> clock_in;

  SC_HAS_PROCESS(ClockedModule);
  ClockedModule(const sc_core::sc_module_name& name, const Register<MemoryState>& memory)
      : sc_module(name), clock_in("clock_in"), memory_(memory) {
    SC_METHOD(edge);
    sensitive << clock_in.pos();
    dont_initialize();
  }

  /// From the next edge on, cycle 0: what the unit does in a cycle.
  void each_cycle(std::function<void(std::uint64_t now)> unit) {
    unit_ = std::move(unit);
    now_ = 0;
    error_ = nullptr;
  }
  /// Cycles done; rethrows what the unit threw.
  std::uint64_t finish() {
    unit_ = nullptr;
    if (error_) std::rethrow_exception(error_);
    return now_;
  }

 private:
  void edge() {
    if (memory_.read().finished) {
      sc_core::sc_pause();
      return;
    }
    try {
      unit_(now_++);
    } catch (...) {
      error_ = std::current_exception();
      sc_core::sc_pause();
    }
  }

  const Register<MemoryState>& memory_;
  std::function<void(std::uint64_t)> unit_;
  std::uint64_t now_ = 0;
  std::exception_ptr error_;
};

/// The modules and the channels between them. SystemC elaborates once in a process, so they are built once and take the
/// size and the work of each layer in turn.
struct Bench {
  sc_core::sc_clock clock{"clock", 1, sc_core::SC_NS};
  ChunkFifos weight_fifos{"weight_fifos"};
  ChunkFifos activation_fifos{"activation_fifos"};
  ResultRegisters results{"results"};
  StopRegisters stops{"stops"};
  Register<FeederState> row_state{"row_state"};
  Register<FeederState> column_state{"column_state"};
  Register<OutputState> output_state{"output_state"};
  Register<MemoryState> memory_state{"memory_state"};

  ClockedModule memory{"memory", memory_state};
  ClockedModule row_feeders{"row_feeders", memory_state};
  ClockedModule column_feeders{"column_feeders", memory_state};
  ClockedModule pe_array{"pe_array", memory_state};
  ClockedModule drain{"drain", memory_state};

  Bench() {
    for (ClockedModule* module : modules()) module->clock_in(clock);
  }
  std::array<ClockedModule*, 5> modules() { return {&memory, &row_feeders, &column_feeders, &pe_array, &drain}; }

  /// Runs until memory is finished; the cycles it took.
  std::uint64_t run() {
    sc_core::sc_start();
    std::uint64_t cycles = 0;
    for (ClockedModule* module : modules()) cycles = module->finish();
    return cycles;
  }

  static Bench& instance() {
    static Bench bench;
    return bench;
  }
};

template <typename Rule, typename Slots, typename Sink>
LayerOutcome simulate(Lowering& lowering, Sink& sink, Progress* progress, const Stalls& stalls) {
  const Machine& machine = lowering.machine();
  const Layer& layer = lowering.layer();
  TileStore tiles(lowering);
  Tensor output(layer.output_type(), {layer.shape.N, layer.shape.M, layer.shape.P(), layer.shape.Q()});

  Bench& bench = Bench::instance();
  const ArrayConfig& array = machine.array;
  bench.weight_fifos.reset(array.rows, array.columns, array.columns, 1, machine.weights.fifo_depth);
  bench.activation_fifos.reset(array.columns, array.rows, 1, array.columns, machine.activations.fifo_depth);
  bench.results.reset(array.rows * array.columns);
  bench.stops.reset(array.rows, array.columns);
  bench.memory_state.reset({});

  MemoryUnit memory(lowering, tiles, stalls);
  FeederBank<Sink> rows(event::Side::Weights, lowering, tiles, sink,
                        {bench.weight_fifos, bench.stops, bench.memory_state, bench.column_state, bench.row_state},
                        stalls);
  FeederBank<Sink> columns(
      event::Side::Activations, lowering, tiles, sink,
      {bench.activation_fifos, bench.stops, bench.memory_state, bench.row_state, bench.column_state}, stalls);
  PeArray<Rule, Slots, Sink> pes(
      lowering, sink,
      {bench.weight_fifos, bench.activation_fifos, bench.stops, bench.results, bench.row_state, bench.column_state});
  DrainBank<Sink> drain(lowering, tiles, sink, {bench.results, bench.memory_state, bench.output_state}, output, stalls);

  bench.row_feeders.each_cycle([&](std::uint64_t now) { rows.cycle(now); });
  bench.column_feeders.each_cycle([&](std::uint64_t now) { columns.cycle(now); });
  bench.pe_array.each_cycle([&](std::uint64_t now) { pes.cycle(now); });
  bench.drain.each_cycle([&](std::uint64_t now) { drain.cycle(now); });
  bench.memory.each_cycle([&](std::uint64_t now) {
    const BlockPosition slowest = std::min(bench.row_state.read().slowest, bench.column_state.read().slowest);
    memory.cycle(now, {slowest, bench.output_state.read().bytes_of(memory.state().written)}, sink);
    bench.memory_state.next() = memory.state();
    constexpr std::uint64_t kProgressPeriod = 4096;
    if (progress && now % kProgressPeriod == 0) progress->tiles(memory.state().written, lowering.tiles());
  });
  sink.on(event::Finish{bench.run()});

  LayerOutcome outcome = sink.take();
  outcome.output = std::move(output);
  check_laws(outcome, machine);
  return outcome;
}

class SystemcEngine : public Engine {
 public:
  explicit SystemcEngine(const Stalls& stalls) : stalls_(stalls) {}

  LayerOutcome run(const Machine& machine, const Layer& layer, Progress* progress) override {
    Lowering lowering(machine, layer);
    Fold fold(lowering);
    return simulate_any(lowering, fold, progress);
  }
  LayerOutcome observe(const Machine& machine, const Layer& layer, EventSink& sink, Progress* progress) override {
    Lowering lowering(machine, layer);
    ObservedFold fold(lowering, sink);
    return simulate_any(lowering, fold, progress);
  }

 private:
  template <typename Sink>
  LayerOutcome simulate_any(Lowering& lowering, Sink& fold, Progress* progress) {
    const ArrayConfig& array = lowering.machine().array;
    return with_skip_rule(array.skip, [&](auto rule) {
      using Rule = decltype(rule);
      return array.chunk <= 64 ? simulate<Rule, NarrowMask>(lowering, fold, progress, stalls_)
                               : simulate<Rule, Mask>(lowering, fold, progress, stalls_);
    });
  }

  Stalls stalls_;
};

}  // namespace

std::unique_ptr<Engine> make_systemc_engine(const Stalls& stalls) { return std::make_unique<SystemcEngine>(stalls); }

std::unique_ptr<Engine> make_systemc_engine() { return make_systemc_engine(Stalls()); }

}  // namespace lacuna::intersect
