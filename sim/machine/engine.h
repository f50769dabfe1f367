// The one interface behind which the engines stand: a machine and a layer in, an outcome out.
#pragma once

#include <memory>
#include <string_view>

#include "base/enum_names.h"
#include "machine/config.h"
#include "machine/event_sink.h"
#include "machine/outcome.h"
#include "machine/sample.h"
#include "workload/layer.h"

namespace lacuna {

/// Told now and then how far a layer is, in tiles.
class Progress {
 public:
  virtual ~Progress() = default;
  virtual void tiles(std::uint64_t done, std::uint64_t total) = 0;
};

class Engine {
 public:
  virtual ~Engine() = default;
  /// Simulates `layer` on `machine`. UserError if the layer cannot run on this machine (operands too wide, a buffer
  /// that does not hold one chunk). Laws are checked before it returns.
  virtual LayerOutcome run(const Machine& machine, const Layer& layer, Progress* progress) = 0;

  /// The same outcome without the output tensor; the engine may leave out what no other number depends on.
  virtual LayerOutcome time(const Machine& machine, const Layer& layer, Progress* progress);

  /// Whether sample() simulates parts of a layer.
  [[nodiscard]] virtual bool samples() const { return false; }
  /// Estimates the outcome from a random part of the layer's tiles. Bug if the engine does not sample.
  virtual SampledOutcome sample(const Machine& machine, const Layer& layer, const SampleOptions& options,
                                Progress* progress);

  /// At most `threads` threads for one layer. Changes no result; engines that use one thread pass over it.
  virtual void use_threads(unsigned /*threads*/) {}
  /// Whether layers may be run from several threads at once.
  [[nodiscard]] virtual bool runs_layers_at_once() const { return false; }

  /// The same as run(), with what every unit does given to `sink`, by cycle.
  virtual LayerOutcome observe(const Machine& machine, const Layer& layer, EventSink& sink, Progress* progress) = 0;
};

}  // namespace lacuna
