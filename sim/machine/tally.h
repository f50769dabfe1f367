// Counters of one layer as a sum over events: the only place that counts. An event of a family has
//
//   void count(Tally&) const                 what it adds
//   Record record(const Machine&) const      the same for recorders: checks and traces
//
// and every engine reports to a sink with on(event): a Tally, or an ObservedTally.
#pragma once

#include "machine/outcome.h"
#include "machine/record.h"
#include "workload/layer.h"

namespace lacuna {

class Tally {
 public:
  /// `notes`: what the lowering says of the layer on this machine.
  Tally(const Machine& machine, const Layer& layer, const std::vector<std::string>& notes);

  [[nodiscard]] const Machine& machine() const { return machine_; }

  template <typename Event>
  void on(const Event& event) {
    event.count(*this);
  }

  void pe_cycles(std::uint32_t pe, PeClass what, std::uint64_t cycles = 1) { outcome_.per_pe[pe][what] += cycles; }
  void pe_cycles(std::uint32_t pe, const Counters<PeClass>& cycles) { outcome_.per_pe[pe] += cycles; }
  void pairs(PairClass what, std::uint64_t count) { outcome_.pairs[what] += count; }
  /// `Action`: CommonAction or the family's own enumeration.
  template <typename Action>
  void add(Action action, std::uint64_t amount) {
    outcome_.actions[action] += amount;
  }
  void outputs_terminated(std::uint64_t count) { outcome_.outputs_terminated += count; }
  void outputs_predicted(std::uint64_t count) { outcome_.outputs_predicted += count; }
  void finish(std::uint64_t cycles) { outcome_.cycles = cycles; }

  /// Everything counted, without the output tensor; to be asked once, after finish().
  LayerOutcome take();

 private:
  const Machine& machine_;
  LayerOutcome outcome_;
};

/// Counts like Tally and hands every event on as a record.
class ObservedTally {
 public:
  ObservedTally(Tally tally, RecordSink& sink) : tally_(std::move(tally)), sink_(sink) {}

  template <typename Event>
  void on(const Event& event) {
    event.count(tally_);
    sink_.on(event.record(tally_.machine()));
  }
  void finish(std::uint64_t cycles) { tally_.finish(cycles); }
  LayerOutcome take() { return tally_.take(); }

 private:
  Tally tally_;
  RecordSink& sink_;
};

}  // namespace lacuna
