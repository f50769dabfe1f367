// Counters as a fold over events: the only place that counts.
#pragma once

#include "datapaths/intersect/events.h"
#include "datapaths/intersect/lowering.h"
#include "machine/outcome.h"

namespace lacuna {

/// Sets the actions that follow from cycles, pairs and PE-cycles of an outcome.
void derive_actions(LayerOutcome& outcome, const Machine& machine);

/// A sink that adds up what one layer did. Every engine reports to one.
class Fold {
 public:
  explicit Fold(const Lowering& lowering) : machine_(lowering.machine()) {
    outcome_.name = lowering.layer().name;
    outcome_.dense_pairs = lowering.layer().shape.dense_pairs();
    outcome_.windows =
        std::uint64_t{lowering.layer().shape.N} * lowering.layer().shape.P() * lowering.layer().shape.Q();
    outcome_.outputs = outcome_.windows * lowering.layer().shape.M;
    outcome_.notes = lowering.layer().notes;
    for (const auto& note : lowering.notes()) outcome_.notes.push_back(note);
    outcome_.per_pe.resize(std::size_t{machine_.array.rows} * machine_.array.columns);
  }

  void on(const event::Group& e) {
    executed_ += e.executed;
    wasted_ += e.wasted;
    gated_ += e.gated;
    const bool multiplied = e.executed + e.wasted != 0;
    const PeClass what = multiplied ? PeClass::Busy : e.gated != 0 ? PeClass::Gated : PeClass::Bubble;
    ++outcome_.per_pe[e.pe][what];
  }
  void on(const event::Kill& e) {
    terminated_ += e.slots;
    ++outcome_.per_pe[e.pe][PeClass::Bubble];
  }
  void on(const event::Wait& e) { ++outcome_.per_pe[e.pe][e.why]; }
  void on(const event::Open& e) { skipped_ += e.skipped; }
  void on(const event::Stop& e) {
    terminated_ += e.terminated;
    skipped_ += e.skipped;
    ++outcome_.outputs_terminated;
  }
  void on(const event::Retire&) {}
  void on(const event::Send& e) {
    const bool weights = e.side == event::Side::Weights;
    const std::uint64_t wire = weights ? machine_.array.columns : machine_.array.rows;
    add(weights ? Action::WeightBufferRead : Action::ActivationBufferRead, e.bytes);
    add(weights ? Action::WeightBus : Action::ActivationBus, e.bytes * wire);
    add(Action::FifoWrite, std::uint64_t{e.bytes} * e.destinations);
  }
  void on(const event::Drain&) {
    add(Action::DrainBus, std::uint64_t{accumulator_bits(machine_) / 8} * machine_.array.rows);
    add(Action::PostOperation, 1);
  }
  void on(const event::Fetch& e) {
    const Block& block = e.tile->blocks[e.block];
    // Zero weights in chunks that no pass walks are seen by no PE.
    if (e.block == 0) skipped_ += e.tile->filters->left_out * e.tile->windows->windows.size();
    add(Action::DramRead, block.dram_bytes);
    add(Action::GlobalBufferWrite, block.dram_bytes);
    add(Action::GlobalBufferRead, block.buffer_bytes);
    add(Action::WeightBufferWrite, block.weight_write_bytes);
    add(Action::ActivationBufferWrite, block.activation_write_bytes);
  }
  void on(const event::Write& e) {
    add(Action::GlobalBufferWrite, e.bytes);
    add(Action::GlobalBufferRead, e.bytes);
    add(Action::DramWrite, e.dram_bytes);
  }
  void on(const event::PeSum& e) {
    outcome_.per_pe[e.pe] += e.cycles;
    executed_ += e.executed;
    wasted_ += e.wasted;
    gated_ += e.gated;
    skipped_ += e.skipped;
    terminated_ += e.terminated;
    outcome_.outputs_terminated += e.stops;
  }
  void on(const event::Finish& e) { outcome_.cycles = e.cycles; }

  /// Everything counted, without the output tensor; to be asked once, after Finish.
  LayerOutcome take();

 private:
  void add(Action action, std::uint64_t amount) { outcome_.actions[action] += amount; }

  const Machine& machine_;
  LayerOutcome outcome_;
  std::uint64_t executed_ = 0, wasted_ = 0, gated_ = 0, skipped_ = 0, terminated_ = 0;
};

}  // namespace lacuna
