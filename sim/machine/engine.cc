#include "machine/engine.h"

namespace lacuna {

LayerOutcome Engine::observe(const Machine&, const Layer&, EventSink&) { throw Bug("this engine reports no events"); }

}  // namespace lacuna
