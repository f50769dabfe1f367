// The toy without a clock: what happens in which cycle is a formula.
#include "toy.h"

namespace lacuna::toy {

namespace {

class FastToy : public Engine {
 public:
  LayerOutcome run(const Machine& machine, const Layer& layer, Progress*) override {
    Tally tally(machine, layer, {});
    return simulate(machine, layer, tally);
  }
  LayerOutcome observe(const Machine& machine, const Layer& layer, RecordSink& sink, Progress*) override {
    ObservedTally tally(Tally(machine, layer, {}), sink);
    return simulate(machine, layer, tally);
  }
  [[nodiscard]] bool runs_layers_at_once() const override { return true; }

 private:
  template <typename Sink>
  static LayerOutcome simulate(const Machine& machine, const Layer& layer, Sink& sink) {
    family().check_runs(machine, layer);
    const Work work(machine, layer);
    Tensor output = work.empty_output();
    for (TileIndex tile; tile < work.tiles(); ++tile) {
      const std::uint64_t begin = tile * work.tile_cycles(), last = begin + work.tile_cycles() - 1;
      for (StepIndex k; k < work.positions(); ++k)
        for (std::uint32_t pe = 0; pe < pe_count(machine); ++pe) {
          const Work::Place at = work.place(tile, pe);
          if (work.mapped(at))
            sink.on(event::Product{begin + k, pe, tile, k, work.product(at, k) != 0});
          else
            sink.on(event::Wait{begin + k, pe, PeClass::IdleEdge});
        }
      for (std::uint64_t cycle = begin + work.positions(); cycle <= last; ++cycle)
        for (std::uint32_t pe = 0; pe < pe_count(machine); ++pe)
          sink.on(
              event::Wait{cycle, pe, work.mapped(work.place(tile, pe)) ? PeClass::BlockedOutput : PeClass::IdleEdge});
      for (std::uint32_t pe = 0; pe < pe_count(machine); ++pe) {
        const Work::Place at = work.place(tile, pe);
        if (!work.mapped(at)) continue;
        std::int64_t sum = 0;
        for (std::uint32_t k = 0; k < work.positions(); ++k) sum += work.product(at, k);
        output.set(work.output_index(at), work.post(sum, at.filter));
        sink.on(event::Result{last, pe, tile, work.post(sum, at.filter)});
      }
    }
    sink.finish(work.tiles() * work.tile_cycles());
    LayerOutcome outcome = sink.take();
    outcome.output = std::move(output);
    lacuna::check_laws(outcome, machine);
    return outcome;
  }
};

}  // namespace

std::unique_ptr<Engine> make_fast_engine() { return std::make_unique<FastToy>(); }

}  // namespace lacuna::toy
