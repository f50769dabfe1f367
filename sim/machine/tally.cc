#include "machine/tally.h"

#include <utility>

#include "machine/family.h"

namespace lacuna {

Tally::Tally(const Machine& machine, const Layer& layer, const std::vector<std::string>& notes) : machine_(machine) {
  outcome_.name = layer.name;
  outcome_.dense_pairs = layer.shape.dense_pairs();
  outcome_.windows = std::uint64_t{layer.shape.N} * layer.shape.P() * layer.shape.Q();
  outcome_.outputs = outcome_.windows * layer.shape.M;
  outcome_.notes = layer.notes;
  for (const auto& note : notes) outcome_.notes.push_back(note);
  outcome_.per_pe.resize(pe_count(machine));
  outcome_.actions = ActionCounts(family(machine.datapath()).actions());
}

LayerOutcome Tally::take() {
  LayerOutcome outcome = std::move(outcome_);
  for (const auto& pe : outcome.per_pe) outcome.pe_cycles += pe;
  family(machine_.datapath()).derive_actions(outcome, machine_);
  return outcome;
}

}  // namespace lacuna
