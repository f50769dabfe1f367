#include "machine/fold.h"

#include <utility>

#include "machine/skip_rules.h"

namespace lacuna {

LayerOutcome Fold::take() {
  LayerOutcome outcome = std::move(outcome_);
  for (const auto& pe : outcome.per_pe) outcome.pe_cycles += pe;
  outcome.pairs[PairClass::Executed] = executed_;
  outcome.pairs[PairClass::Wasted] = wasted_;
  outcome.pairs[PairClass::Gated] = gated_;
  outcome.pairs[PairClass::Skipped] = skipped_;
  outcome.pairs[PairClass::Terminated] = terminated_;

  const std::uint64_t pes = outcome.per_pe.size();
  const auto& classes = outcome.pe_cycles;
  auto& actions = outcome.actions;
  actions[Action::MacExecuted] = executed_;
  actions[Action::MacWasted] = wasted_;
  actions[Action::MacGated] = gated_;
  const std::uint64_t groups = classes[PeClass::Busy] + classes[PeClass::Gated] + classes[PeClass::Bubble];
  actions[Action::PsumUpdate] = classes[PeClass::Busy];
  const bool matches = with_skip_rule(machine_.array.skip, [](auto rule) { return decltype(rule)::kMatches; });
  actions[Action::MatchCycle] = matches ? groups * machine_.array.chunk : 0;
  actions[Action::FifoRead] = (executed_ + wasted_) * 2 * operand_bytes_;
  actions[Action::PeClock] = groups;
  actions[Action::PeLeakage] = pes * outcome.cycles;
  actions[Action::SramLeakage] =
      outcome.cycles * (machine_.global_buffer.bytes + std::uint64_t{machine_.array.rows} * machine_.weights.buffer_bytes +
                        std::uint64_t{machine_.array.columns} * machine_.activations.buffer_bytes);
  return outcome;
}

}  // namespace lacuna
