#include "machine/fold.h"

#include <utility>

#include "datapaths/intersect/skip_rules.h"

namespace lacuna {

LayerOutcome Fold::take() {
  LayerOutcome outcome = std::move(outcome_);
  for (const auto& pe : outcome.per_pe) outcome.pe_cycles += pe;
  outcome.pairs[PairClass::Executed] = executed_;
  outcome.pairs[PairClass::Wasted] = wasted_;
  outcome.pairs[PairClass::Gated] = gated_;
  outcome.pairs[PairClass::Skipped] = skipped_;
  outcome.pairs[PairClass::Terminated] = terminated_;

  derive_actions(outcome, machine_);
  return outcome;
}

void derive_actions(LayerOutcome& outcome, const Machine& machine) {
  const auto& pairs = outcome.pairs;
  const auto& classes = outcome.pe_cycles;
  auto& actions = outcome.actions;
  actions[Action::MacExecuted] = pairs[PairClass::Executed];
  actions[Action::MacWasted] = pairs[PairClass::Wasted];
  actions[Action::MacGated] = pairs[PairClass::Gated];
  const std::uint64_t groups = classes[PeClass::Busy] + classes[PeClass::Gated] + classes[PeClass::Bubble];
  actions[Action::PsumUpdate] = classes[PeClass::Busy];
  const bool matches = with_skip_rule(machine.array.skip, [](auto rule) { return decltype(rule)::kMatches; });
  actions[Action::MatchCycle] = matches ? groups * machine.array.chunk : 0;
  actions[Action::FifoRead] = (pairs[PairClass::Executed] + pairs[PairClass::Wasted]) * 2 * operand_bytes(machine);
  actions[Action::PeClock] = groups;
  actions[Action::PeLeakage] = std::uint64_t{machine.array.rows} * machine.array.columns * outcome.cycles;
  actions[Action::SramLeakage] =
      outcome.cycles * (machine.global_buffer.bytes + std::uint64_t{machine.array.rows} * machine.weights.buffer_bytes +
                        std::uint64_t{machine.array.columns} * machine.activations.buffer_bytes);
}

}  // namespace lacuna
