// The units of one machine for one layer as a circuit, and the registers between them. `Pes` is the family's array of
// PEs: built from the lowering, a sink and PePorts, it has cycle(now).
#pragma once

#include <algorithm>
#include <cstdint>

#include "datapaths/clocked/circuit.h"
#include "datapaths/fabric/block_memory.h"
#include "datapaths/fabric/systemc/channels.h"
#include "datapaths/fabric/systemc/drain_bank.h"
#include "datapaths/fabric/systemc/feeder_bank.h"
#include "datapaths/fabric/systemc/waiting.h"
#include "machine/engine.h"

namespace lacuna::fabric {

/// What PEs read and write.
template <typename Own>
struct PePorts {
  ChunkFifos<Own>& weights;
  ChunkFifos<Own>& activations;
  StopRegisters& stops;
  ResultRegisters& results;
  typename Waiting<Own>::Ports waiting;
};

/// The sizes of what lies between feeders, PEs and drain buses.
struct PeBuffers {
  std::uint32_t weights, activations;  ///< entries of the FIFOs
  std::uint32_t results;               ///< result registers, the most a tile needs
};

template <typename Own, typename Pes, typename Sink>
class ClockedMachine {
 public:
  using Lowering = typename Own::Lowering;

  ClockedMachine(Lowering& lowering, Sink& sink, Progress* progress, const Stalls& stalls, Tensor& output,
                 const PeBuffers& sizes)
      : lowering_(lowering),
        sink_(sink),
        progress_(progress),
        weight_fifos_(circuit_, array_.rows, array_.columns, array_.columns, 1, sizes.weights),
        activation_fifos_(circuit_, array_.columns, array_.rows, 1, array_.columns, sizes.activations),
        results_(circuit_, array_.rows * array_.columns, sizes.results),
        tiles_(lowering),
        memory_(tiles_, stalls),
        rows_(Side::Weights, lowering, tiles_, sink, {weight_fifos_, stops_, memory_state_, column_state_, row_state_},
              stalls),
        columns_(Side::Activations, lowering, tiles_, sink,
                 {activation_fifos_, stops_, memory_state_, row_state_, column_state_}, stalls),
        pes_(lowering, sink,
             PePorts<Own>{weight_fifos_,
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

  Circuit circuit_;
  ChunkFifos<Own> weight_fifos_, activation_fifos_;
  ResultRegisters results_;
  StopRegisters stops_{circuit_, array_.rows, array_.columns};
  Register<FeederState> row_state_{circuit_}, column_state_{circuit_};
  Register<OutputState> output_state_{circuit_};
  Register<MemoryState> memory_state_{circuit_};

  TileStore<Own> tiles_;
  BlockMemory<Own> memory_;
  FeederBank<Own, Sink> rows_, columns_;
  Pes pes_;
  DrainBank<Own, Sink> drain_;
};

/// Simulates the layer of `lowering`; its outcome, with the output tensor and all laws checked. `shuffle`: null, or the
/// seed of another order of units in a cycle.
template <typename Own, typename Pes, typename Sink>
LayerOutcome simulate(typename Own::Lowering& lowering, Sink& sink, Progress* progress, const Stalls& stalls,
                      const PeBuffers& sizes, const std::uint64_t* shuffle) {
  const Layer& layer = lowering.layer();
  Tensor output(layer.output_type(), {layer.shape.N, layer.shape.M, layer.shape.P(), layer.shape.Q()});
  ClockedMachine<Own, Pes, Sink> machine(lowering, sink, progress, stalls, output, sizes);
  if (shuffle) machine.shuffle(*shuffle);
  sink.finish(machine.run());
  LayerOutcome outcome = sink.take();
  outcome.output = std::move(output);
  check_laws(outcome, lowering.machine());
  return outcome;
}

}  // namespace lacuna::fabric
