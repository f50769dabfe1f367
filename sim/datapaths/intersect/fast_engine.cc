#include "datapaths/intersect/fast_engine.h"

#include <optional>
#include <utility>

#include "datapaths/intersect/fast_operands.h"
#include "datapaths/intersect/fast_timing.h"
#include "datapaths/intersect/fast_values.h"
#include "datapaths/intersect/fast_wide.h"
#include "machine/fold.h"

namespace lacuna {

namespace {

class FastEngine : public Engine {
 public:
  LayerOutcome run(const Machine& machine, const Layer& layer, Progress* progress) override {
    Lowering lowering(machine, layer);
    fast::Operands operands(lowering, fast::best_kernels());
    fast::Values values(operands);
    std::optional<LayerOutcome> outcome;
    if (fast::WideTiming::takes(lowering)) outcome = time<fast::WideTiming>(lowering, operands, values, progress);
    if (!outcome) outcome = time<fast::Timing>(lowering, operands, values, progress);
    outcome->output = values.take_output();
    check_laws(*outcome, machine);
    return std::move(*outcome);
  }

 private:
  /// The outcome of a layer without the output; nothing if this way of timing turns out not to take it.
  template <typename Timing>
  static std::optional<LayerOutcome> time(Lowering& lowering, fast::Operands& operands, const fast::Values& values,
                                          Progress* progress) {
    Fold fold(lowering);
    try {
      Timing timing(operands, values, fold);
      timing.run([&](std::uint64_t written) {
        if (progress) progress->tiles(written, lowering.tiles());
      });
    } catch (const fast::TooWide&) {
      return std::nullopt;
    }
    return fold.take();
  }
};

}  // namespace

std::unique_ptr<Engine> make_fast_engine() { return std::make_unique<FastEngine>(); }

}  // namespace lacuna
