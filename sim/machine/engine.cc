#include "machine/engine.h"

namespace lacuna {

SampledOutcome Engine::sample(const Machine&, const Layer&, const SampleOptions&, Progress*) {
  throw Bug("this engine does not sample");
}

LayerOutcome Engine::time(const Machine& machine, const Layer& layer, Progress* progress) {
  LayerOutcome outcome = run(machine, layer, progress);
  outcome.output = Tensor();
  return outcome;
}

}  // namespace lacuna
