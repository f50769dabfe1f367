// The toy clock by clock: a sequencer says which tile and position it is, an array of PEs works on it.
#include "datapaths/clocked/circuit.h"
#include "toy.h"

namespace lacuna::toy {

namespace {

/// Where the machine is, as all units see it.
struct Now {
  TileIndex tile;
  std::uint64_t offset = 0;  ///< cycle of the tile
};

class SystemcToy : public Engine {
 public:
  LayerOutcome run(const Machine& machine, const Layer& layer, Progress*) override {
    Tally tally(machine, layer, {});
    return simulate(machine, layer, tally);
  }
  LayerOutcome observe(const Machine& machine, const Layer& layer, RecordSink& sink, Progress*) override {
    ObservedTally tally(Tally(machine, layer, {}), sink);
    return simulate(machine, layer, tally);
  }

 private:
  template <typename Sink>
  static LayerOutcome simulate(const Machine& machine, const Layer& layer, Sink& sink) {
    family().check_runs(machine, layer);
    const Work work(machine, layer);
    Tensor output = work.empty_output();
    std::vector<std::int64_t> sums(pe_count(machine));

    clocked::Circuit circuit;
    clocked::Register<Now> place(circuit);
    circuit.add("sequencer", [&](std::uint64_t) {
      const Now now = place.read();
      const bool over = now.offset + 1 == work.tile_cycles();
      place.next() = over ? Now{TileIndex(now.tile + 1), 0} : Now{now.tile, now.offset + 1};
      if (over && now.tile + 1 == work.tiles()) circuit.finish();
    });
    circuit.add("PEs", [&](std::uint64_t cycle) {
      const Now now = place.read();
      for (std::uint32_t pe = 0; pe < sums.size(); ++pe) {
        const Work::Place at = work.place(now.tile, pe);
        if (!work.mapped(at)) {
          sink.on(event::Wait{cycle, pe, PeClass::IdleEdge});
        } else if (now.offset < work.positions()) {
          const StepIndex position(now.offset);
          const std::int64_t product = work.product(at, position);
          sums[pe] = position == 0 ? product : sums[pe] + product;
          sink.on(event::Product{cycle, pe, now.tile, position, product != 0});
        } else {
          sink.on(event::Wait{cycle, pe, PeClass::BlockedOutput});
          if (now.offset + 1 != work.tile_cycles()) continue;
          const std::int64_t value = work.post(sums[pe], at.filter);
          output.set(work.output_index(at), value);
          sink.on(event::Result{cycle, pe, now.tile, value});
        }
      }
    });
    sink.finish(circuit.run());
    LayerOutcome outcome = sink.take();
    outcome.output = std::move(output);
    lacuna::check_laws(outcome, machine);
    return outcome;
  }
};

}  // namespace

std::unique_ptr<Engine> make_systemc_engine() { return std::make_unique<SystemcToy>(); }

}  // namespace lacuna::toy
