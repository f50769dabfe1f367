// The `rtl` engine of a family that is built on the fabric: its SystemVerilog, compiled once a machine, between the
// memory side and the probes.
#pragma once

#include <utility>

#include "datapaths/fabric/rtl/machine.h"
#include "machine/engine.h"
#include "machine/tally.h"
#include "rtl/model_cache.h"

namespace lacuna::fabric {

/// [N, M, P, Q], as the output buffer writes it.
inline Tensor empty_output(const Layer& layer) {
  return Tensor(layer.output_type(), {layer.shape.N, layer.shape.M, layer.shape.P(), layer.shape.Q()});
}

/// For waves alone no events are needed.
struct Unobserved {
  template <typename Event>
  void on(const Event&) {}
};

/// `Rtl`: README.md, section What a family brings.
template <typename Rtl>
class RtlEngine final : public Engine {
 public:
  using Own = typename Rtl::Own;
  using Lowering = typename Own::Lowering;

  explicit RtlEngine(const EngineOptions& options)
      : sources_(ModelSources::standard(Rtl::kFamily, options.rtl)),
        stalls_(options.stall_millionths, options.stall_seed) {}

  LayerOutcome run(const Machine& machine, const Layer& layer, Progress* progress) override {
    Lowering lowering(machine, layer);
    Tally tally(machine, layer, lowering.notes());
    return simulate(lowering, tally, progress);
  }
  LayerOutcome observe(const Machine& machine, const Layer& layer, RecordSink& sink, Progress* progress) override {
    Lowering lowering(machine, layer);
    ObservedTally tally(Tally(machine, layer, lowering.notes()), sink);
    return simulate(lowering, tally, progress);
  }

  void write_waves(const Machine& machine, const Layer& layer, const std::filesystem::path& file, std::uint64_t first,
                   std::uint64_t last) override {
    Lowering lowering(machine, layer);
    TileStore<Own> tiles(lowering);
    Tensor output = empty_output(layer);
    RtlModel model(built_model(sources_, model_parameters(machine), Waves::Yes));
    Unobserved sink;
    RtlMachine<Rtl, Unobserved> rtl(model, lowering, tiles, sink, output, stalls_);
    try {
      for (std::uint64_t now = 0; now <= last && !rtl.finished(); ++now) {
        if (now == first) model.open_waves(file, now);
        rtl.cycle(now);
      }
    } catch (const Bug&) {
      // What the waves are for: they end here.
    }
  }

 private:
  template <typename Sink>
  LayerOutcome simulate(Lowering& lowering, Sink& sink, Progress* progress) {
    TileStore<Own> tiles(lowering);
    Tensor output = empty_output(lowering.layer());
    RtlModel model(built_model(sources_, model_parameters(lowering.machine())));
    RtlMachine<Rtl, Sink> rtl(model, lowering, tiles, sink, output, stalls_);

    std::uint64_t now = 0;
    for (; !rtl.finished(); ++now) {
      rtl.cycle(now);
      constexpr std::uint64_t kProgressPeriod = 4096;
      if (progress && now % kProgressPeriod == 0) progress->tiles(rtl.memory().written, lowering.tiles());
    }
    sink.finish(now);
    LayerOutcome outcome = sink.take();
    outcome.output = std::move(output);
    check_laws(outcome, lowering.machine());
    return outcome;
  }

  ModelSources sources_;
  Stalls stalls_;
};

}  // namespace lacuna::fabric
