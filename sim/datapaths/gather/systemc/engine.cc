#include "datapaths/gather/systemc/engine.h"

#include <optional>

#include "datapaths/fabric/systemc/machine.h"
#include "datapaths/gather/systemc/pe_array.h"
#include "datapaths/gather/systemc/resident_pe.h"
#include "datapaths/gather/systemc/stream_pe.h"

namespace lacuna::gather {

namespace {

class SystemcEngine final : public Engine {
 public:
  SystemcEngine(const EngineOptions& options, std::optional<std::uint64_t> order_seed)
      : stalls_(options.stall_millionths, options.stall_seed), order_seed_(order_seed) {}

  LayerOutcome run(const Machine& machine, const Layer& layer, Progress* progress) override {
    Lowering lowering(machine, layer);
    return simulate(lowering, Tally(machine, layer, lowering.notes()), progress);
  }
  LayerOutcome observe(const Machine& machine, const Layer& layer, RecordSink& sink, Progress* progress) override {
    Lowering lowering(machine, layer);
    return simulate(lowering, ObservedTally(Tally(machine, layer, lowering.notes()), sink), progress);
  }

 private:
  template <typename Sink>
  LayerOutcome simulate(Lowering& lowering, Sink sink, Progress* progress) const {
    const Config& own = config(lowering.machine());
    const fabric::PeBuffers sizes{own.weights.fifo_depth, own.segments_resident, lowering.placement().windows};
    const std::uint64_t* const shuffle = order_seed_ ? &*order_seed_ : nullptr;
    if (own.delivery == Delivery::Stream)
      return fabric::simulate<Own, PeArray<StreamPe, Sink>>(lowering, sink, progress, stalls_, sizes, shuffle);
    return fabric::simulate<Own, PeArray<ResidentPe, Sink>>(lowering, sink, progress, stalls_, sizes, shuffle);
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

}  // namespace lacuna::gather
