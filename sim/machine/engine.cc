#include "machine/engine.h"

namespace lacuna {

LayerOutcome Engine::observe(const Machine&, const Layer&, EventSink&) { throw Bug("this engine reports no events"); }

LayerOutcome Engine::time(const Machine& machine, const Layer& layer, Progress* progress) {
  LayerOutcome outcome = run(machine, layer, progress);
  outcome.output = Tensor();
  return outcome;
}

}  // namespace lacuna
