#include "machine/outcome.h"

#include "machine/family.h"

namespace lacuna {

void check_laws(const LayerOutcome& outcome, const Machine& machine) {
  LACUNA_CHECK(outcome.pairs.sum() == outcome.dense_pairs, "layer '{}': pairs of all classes are {}, dense pairs {}",
               outcome.name, outcome.pairs.sum(), outcome.dense_pairs);
  const std::uint64_t pes = pe_count(machine);
  LACUNA_CHECK(outcome.pe_cycles.sum() == pes * outcome.cycles,
               "layer '{}': PE-cycles of all classes are {}, PEs x cycles {}", outcome.name, outcome.pe_cycles.sum(),
               pes * outcome.cycles);
  LACUNA_CHECK(outcome.per_pe.size() == pes, "layer '{}': {} PEs counted, the array has {}", outcome.name,
               outcome.per_pe.size(), pes);
  for (std::size_t pe = 0; pe < outcome.per_pe.size(); ++pe)
    LACUNA_CHECK(outcome.per_pe[pe].sum() == outcome.cycles,
                 "layer '{}': PE {} has {} cycles of all classes, the layer {}", outcome.name, pe,
                 outcome.per_pe[pe].sum(), outcome.cycles);
  LACUNA_CHECK(outcome.actions[CommonAction::PostOperation] == outcome.outputs,
               "layer '{}': {} results left, {} outputs", outcome.name, outcome.actions[CommonAction::PostOperation],
               outcome.outputs);
  family(machine.datapath()).check_laws(outcome, machine);
}

}  // namespace lacuna
