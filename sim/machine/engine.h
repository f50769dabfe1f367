// The one interface behind which the engines stand: a machine and a layer in, an outcome out.
#pragma once

#include <memory>
#include <string_view>

#include "base/enum_names.h"
#include "machine/config.h"
#include "machine/outcome.h"
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
};

}  // namespace lacuna
