#include "datapaths/intersect/systemc/engine.h"

#include <optional>

#include "datapaths/fabric/systemc/machine.h"
#include "datapaths/intersect/parts.h"
#include "datapaths/intersect/skip_rules.h"
#include "datapaths/intersect/systemc/pe_array.h"

namespace lacuna::intersect {

namespace {

class SystemcEngine final : public Engine {
 public:
  SystemcEngine(const EngineOptions& options, std::optional<std::uint64_t> order_seed)
      : stalls_(options.stall_millionths, options.stall_seed), order_seed_(order_seed) {}

  LayerOutcome run(const Machine& machine, const Layer& layer, Progress* progress) override {
    Lowering lowering(machine, layer);
    return simulate_any(lowering, Tally(machine, layer, lowering.notes()), progress);
  }
  LayerOutcome observe(const Machine& machine, const Layer& layer, RecordSink& sink, Progress* progress) override {
    Lowering lowering(machine, layer);
    return simulate_any(lowering, ObservedTally(Tally(machine, layer, lowering.notes()), sink), progress);
  }

 private:
  template <typename Sink>
  LayerOutcome simulate_any(Lowering& lowering, Sink sink, Progress* progress) const {
    const Config& own = config(lowering.machine());
    return with_skip_rule(own.skip, [&](auto rule) {
      using Rule = decltype(rule);
      return own.chunk <= 64 ? simulate<PeArray<Rule, NarrowMask, Sink>>(lowering, sink, progress)
                             : simulate<PeArray<Rule, Mask, Sink>>(lowering, sink, progress);
    });
  }
  template <typename Pes, typename Sink>
  LayerOutcome simulate(Lowering& lowering, Sink& sink, Progress* progress) const {
    const Config& own = config(lowering.machine());
    return fabric::simulate<Own, Pes>(lowering, sink, progress, stalls_,
                                      {own.weights.fifo_depth, own.activations.fifo_depth, 1},
                                      order_seed_ ? &*order_seed_ : nullptr);
  }

  Stalls stalls_;
  std::optional<std::uint64_t> order_seed_;
};

}  // namespace

std::unique_ptr<Engine> make_systemc_engine(const EngineOptions& options) {
  return std::make_unique<SystemcEngine>(options, std::nullopt);
}

std::unique_ptr<Engine> make_shuffled_systemc_engine(const EngineOptions& options, std::uint64_t seed) {
  return std::make_unique<SystemcEngine>(options, seed);
}

}  // namespace lacuna::intersect
