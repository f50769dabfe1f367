#include "datapaths/intersect/systemc/engine.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "datapaths/clocked/circuit.h"
#include "datapaths/fabric/systemc/channels.h"
#include "datapaths/fabric/systemc/drain_bank.h"
#include "datapaths/fabric/systemc/feeder_bank.h"
#include "datapaths/intersect/parts.h"
#include "datapaths/intersect/skip_rules.h"
#include "datapaths/intersect/systemc/pe_array.h"

namespace lacuna::intersect {

namespace {

using fabric::ChunkFifos;
using fabric::Circuit;
using fabric::DrainBank;
using fabric::FeederBank;
using fabric::FeederState;
using fabric::OutputState;
using fabric::Register;
using fabric::ResultRegisters;
using fabric::StopRegisters;

/// The units of one machine for one layer, and the registers between them.
template <typename Rule, typename Slots, typename Sink>
class ClockedMachine {
 public:
  ClockedMachine(Lowering& lowering, Sink& sink, Progress* progress, const Stalls& stalls, Tensor& output)
      : lowering_(lowering),
        sink_(sink),
        progress_(progress),
        tiles_(lowering),
        memory_(tiles_, stalls),
        rows_(Side::Weights, lowering, tiles_, sink, {weight_fifos_, stops_, memory_state_, column_state_, row_state_},
              stalls),
        columns_(Side::Activations, lowering, tiles_, sink,
                 {activation_fifos_, stops_, memory_state_, row_state_, column_state_}, stalls),
        pes_(lowering, sink,
             {weight_fifos_,
              activation_fifos_,
              stops_,
              results_,
              {row_state_, column_state_, output_state_, memory_state_}}),
        drain_(lowering, tiles_, sink, {results_, memory_state_, output_state_}, output, stalls) {
    circuit_.add("memory", [this](std::uint64_t now) { memory_cycle(now); });
    circuit_.add("row feeders", [this](std::uint64_t now) { rows_.cycle(now); });
    circuit_.add("column feeders", [this](std::uint64_t now) { columns_.cycle(now); });
    circuit_.add("PEs", [this](std::uint64_t now) { pes_.cycle(now); });
    circuit_.add("drain buses", [this](std::uint64_t now) { drain_.cycle(now); });
  }

  /// Before run().
  void shuffle(std::uint64_t seed) { circuit_.shuffle(seed); }
  /// Runs until the last output is written; cycles.
  std::uint64_t run() { return circuit_.run(); }

 private:
  /// Memory, and the end of the layer with its last write.
  void memory_cycle(std::uint64_t now) {
    const BlockPosition slowest = std::min(row_state_.read().slowest, column_state_.read().slowest);
    memory_.cycle(now, {slowest, output_state_.read().bytes_of(memory_.state().writing)}, sink_);
    memory_state_.next() = memory_.state();
    constexpr std::uint64_t kProgressPeriod = 4096;
    if (progress_ && now % kProgressPeriod == 0) progress_->tiles(memory_.state().written, lowering_.tiles());
    if (memory_.state().finished) circuit_.finish();
  }

  Lowering& lowering_;
  Sink& sink_;
  Progress* progress_;
  const ArrayConfig& array_ = lowering_.machine().array;
  const Config& config_ = config(lowering_.machine());

  Circuit circuit_;
  ChunkFifos<Own> weight_fifos_{circuit_, array_.rows, array_.columns, array_.columns, 1, config_.weights.fifo_depth};
  ChunkFifos<Own> activation_fifos_{circuit_, array_.columns, array_.rows,
                                    1,        array_.columns, config_.activations.fifo_depth};
  ResultRegisters results_{circuit_, array_.rows* array_.columns, 1};
  StopRegisters stops_{circuit_, array_.rows, array_.columns};
  Register<FeederState> row_state_{circuit_}, column_state_{circuit_};
  Register<OutputState> output_state_{circuit_};
  Register<MemoryState> memory_state_{circuit_};

  TileStore tiles_;
  BlockMemory memory_;
  FeederBank<Own, Sink> rows_, columns_;
  PeArray<Rule, Slots, Sink> pes_;
  DrainBank<Own, Sink> drain_;
};

class SystemcEngine final : public Engine {
 public:
  SystemcEngine(const EngineOptions& options, std::optional<std::uint64_t> order_seed)
      : stalls_(options.stall_millionths, options.stall_seed), order_seed_(order_seed) {}

  LayerOutcome run(const Machine& machine, const Layer& layer, Progress* progress) override {
    Lowering lowering(machine, layer);
    return simulate_any(lowering, Tally(machine, layer, lowering.notes()), progress);
  }
  LayerOutcome observe(const Machine& machine, const Layer& layer, RecordSink& sink, Progress* progress) override {
    Lowering lowering(machine, layer);
    return simulate_any(lowering, ObservedTally(Tally(machine, layer, lowering.notes()), sink), progress);
  }

 private:
  template <typename Sink>
  LayerOutcome simulate_any(Lowering& lowering, Sink sink, Progress* progress) const {
    const Config& own = config(lowering.machine());
    return with_skip_rule(own.skip, [&](auto rule) {
      using Rule = decltype(rule);
      return own.chunk <= 64 ? simulate<Rule, NarrowMask>(lowering, sink, progress)
                             : simulate<Rule, Mask>(lowering, sink, progress);
    });
  }

  template <typename Rule, typename Slots, typename Sink>
  LayerOutcome simulate(Lowering& lowering, Sink& sink, Progress* progress) const {
    const Layer& layer = lowering.layer();
    Tensor output(layer.output_type(), {layer.shape.N, layer.shape.M, layer.shape.P(), layer.shape.Q()});
    ClockedMachine<Rule, Slots, Sink> machine(lowering, sink, progress, stalls_, output);
    if (order_seed_) machine.shuffle(*order_seed_);
    sink.finish(machine.run());
    LayerOutcome outcome = sink.take();
    outcome.output = std::move(output);
    check_laws(outcome, lowering.machine());
    return outcome;
  }

  Stalls stalls_;
  std::optional<std::uint64_t> order_seed_;
};

}  // namespace

std::unique_ptr<Engine> make_systemc_engine(const EngineOptions& options) {
  return std::make_unique<SystemcEngine>(options, std::nullopt);
}

std::unique_ptr<Engine> make_shuffled_systemc_engine(const EngineOptions& options, std::uint64_t seed) {
  return std::make_unique<SystemcEngine>(options, seed);
}

}  // namespace lacuna::intersect
