#include "datapaths/intersect/fast_engine.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "datapaths/intersect/fast_operands.h"
#include "datapaths/intersect/fast_stopping.h"
#include "datapaths/intersect/fast_timing.h"
#include "datapaths/intersect/fast_values.h"
#include "datapaths/intersect/fast_wide.h"
#include "machine/fold.h"

namespace lacuna {

namespace {

class FastEngine : public Engine {
 public:
  explicit FastEngine(const FastOptions& options)
      : kernels_(options.kernels ? *options.kernels : fast::best_kernels()), whole_rows_(options.whole_rows) {}

  LayerOutcome run(const Machine& machine, const Layer& layer, Progress* progress) override {
    return simulate(machine, layer, true, progress);
  }
  LayerOutcome time(const Machine& machine, const Layer& layer, Progress* progress) override {
    return simulate(machine, layer, false, progress);
  }
  void use_threads(unsigned threads) override { threads_ = std::max(1u, threads); }
  [[nodiscard]] bool runs_layers_at_once() const override { return true; }

 private:
  LayerOutcome simulate(const Machine& machine, const Layer& layer, bool outputs, Progress* progress) const {
    Lowering lowering(machine, layer);
    fast::Operands operands(lowering, kernels_);
    fast::Values values(operands, outputs);
    values.compute(threads_);
    std::optional<LayerOutcome> outcome;
    if (whole_rows_ && fast::WideTiming::takes(lowering))
      outcome = time<fast::WideTiming>(lowering, operands, values, progress);
    if (whole_rows_ && fast::StoppingTiming::takes(lowering))
      outcome = time<fast::StoppingTiming>(lowering, operands, values, progress);
    if (!outcome) outcome = time<fast::Timing>(lowering, operands, values, progress);
    outcome->output = values.take_output();
    check_laws(*outcome, machine);
    return std::move(*outcome);
  }

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

  const fast::Kernels& kernels_;
  bool whole_rows_;
  unsigned threads_ = 1;
};

}  // namespace

std::unique_ptr<Engine> make_fast_engine() { return make_fast_engine(FastOptions{}); }
std::unique_ptr<Engine> make_fast_engine(const FastOptions& options) { return std::make_unique<FastEngine>(options); }

}  // namespace lacuna
