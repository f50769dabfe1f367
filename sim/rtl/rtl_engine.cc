#include "rtl/rtl_engine.h"

#include <utility>

#include "machine/event_sink.h"
#include "rtl/rtl_machine.h"

namespace lacuna {

namespace {

class RtlEngine : public Engine {
 public:
  explicit RtlEngine(ModelSources sources) : sources_(std::move(sources)) {}

  LayerOutcome run(const Machine& machine, const Layer& layer, Progress* progress) override {
    Lowering lowering(machine, layer);
    Fold fold(lowering);
    return simulate(lowering, fold, progress);
  }
  [[nodiscard]] bool has_events() const override { return true; }
  LayerOutcome observe(const Machine& machine, const Layer& layer, EventSink& sink) override {
    Lowering lowering(machine, layer);
    ObservedFold fold(lowering, sink);
    return simulate(lowering, fold, nullptr);
  }

 private:
  template <typename Sink>
  LayerOutcome simulate(Lowering& lowering, Sink& sink, Progress* progress) {
    const Layer& layer = lowering.layer();
    TileStore tiles(lowering);
    Tensor output(layer.output_type(), {layer.shape.N, layer.shape.M, layer.shape.P(), layer.shape.Q()});
    RtlModel model(built_model(sources_, model_parameters(lowering.machine())));
    RtlMachine<Sink> rtl(model, lowering, tiles, sink, output);

    std::uint64_t now = 0;
    for (; !rtl.finished(); ++now) {
      rtl.cycle(now);
      constexpr std::uint64_t kProgressPeriod = 4096;
      if (progress && now % kProgressPeriod == 0) progress->tiles(rtl.memory().written, lowering.tiles());
    }
    sink.on(event::Finish{now});
    LayerOutcome outcome = sink.take();
    outcome.output = std::move(output);
    check_laws(outcome, lowering.machine());
    return outcome;
  }

  ModelSources sources_;
};

}  // namespace

std::unique_ptr<Engine> make_rtl_engine(ModelSources sources) { return std::make_unique<RtlEngine>(std::move(sources)); }

std::unique_ptr<Engine> make_rtl_engine() { return make_rtl_engine(ModelSources::standard()); }

}  // namespace lacuna
