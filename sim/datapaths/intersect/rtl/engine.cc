#include "datapaths/intersect/rtl/engine.h"

#include <utility>

#include "machine/event_sink.h"
#include "datapaths/intersect/rtl/machine.h"

namespace lacuna::intersect {

namespace {

/// [N, M, P, Q], as the output buffer writes it.
Tensor empty_output(const Layer& layer) {
  return Tensor(layer.output_type(), {layer.shape.N, layer.shape.M, layer.shape.P(), layer.shape.Q()});
}

class RtlEngine : public Engine {
 public:
  RtlEngine(ModelSources sources, const Stalls& stalls) : sources_(std::move(sources)), stalls_(stalls) {}

  LayerOutcome run(const Machine& machine, const Layer& layer, Progress* progress) override {
    Lowering lowering(machine, layer);
    Fold fold(lowering);
    return simulate(lowering, fold, progress);
  }
  LayerOutcome observe(const Machine& machine, const Layer& layer, EventSink& sink, Progress* progress) override {
    Lowering lowering(machine, layer);
    ObservedFold fold(lowering, sink);
    return simulate(lowering, fold, progress);
  }

 private:
  template <typename Sink>
  LayerOutcome simulate(Lowering& lowering, Sink& sink, Progress* progress) {
    TileStore tiles(lowering);
    Tensor output = empty_output(lowering.layer());
    RtlModel model(built_model(sources_, model_parameters(lowering.machine())));
    RtlMachine<Sink> rtl(model, lowering, tiles, sink, output, stalls_);

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
  Stalls stalls_;
};

/// Who only looks at waves needs no events.
struct Unobserved {
  template <typename Event>
  void on(const Event&) {}
};

}  // namespace

std::unique_ptr<Engine> make_rtl_engine(ModelSources sources, const Stalls& stalls) {
  return std::make_unique<RtlEngine>(std::move(sources), stalls);
}

std::unique_ptr<Engine> make_rtl_engine() { return make_rtl_engine(ModelSources::standard()); }

void write_waves(const ModelSources& sources, const Stalls& stalls, const Machine& machine, const Layer& layer,
                 const std::filesystem::path& file, std::uint64_t first, std::uint64_t last) {
  Lowering lowering(machine, layer);
  TileStore tiles(lowering);
  Tensor output = empty_output(layer);
  RtlModel model(built_model(sources, model_parameters(machine), Waves::Yes));
  Unobserved sink;
  RtlMachine<Unobserved> rtl(model, lowering, tiles, sink, output, stalls);
  try {
    for (std::uint64_t now = 0; now <= last && !rtl.finished(); ++now) {
      if (now == first) model.open_waves(file, now);
      rtl.cycle(now);
    }
  } catch (const RtlFailure&) {
    // What the waves are for: they end here.
  }
}

}  // namespace lacuna::intersect
