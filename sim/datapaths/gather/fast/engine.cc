#include "datapaths/gather/fast/engine.h"

#include <algorithm>

#include "datapaths/gather/fast/events.h"
#include "datapaths/gather/fast/operands.h"
#include "datapaths/gather/fast/pe_by_pe.h"
#include "datapaths/gather/fast/values.h"
#include "machine/tally.h"

namespace lacuna::gather {

namespace {

class FastEngine : public Engine {
 public:
  LayerOutcome run(const Machine& machine, const Layer& layer, Progress* progress) override {
    return simulate(machine, layer, true, nullptr, progress);
  }
  LayerOutcome time(const Machine& machine, const Layer& layer, Progress* progress) override {
    return simulate(machine, layer, false, nullptr, progress);
  }
  LayerOutcome observe(const Machine& machine, const Layer& layer, RecordSink& sink, Progress* progress) override {
    return simulate(machine, layer, true, &sink, progress);
  }
  void use_threads(unsigned threads) override { threads_ = std::max(1u, threads); }
  [[nodiscard]] bool runs_layers_at_once() const override { return true; }

 private:
  LayerOutcome simulate(const Machine& machine, const Layer& layer, bool outputs, RecordSink* sink,
                        Progress* progress) const {
    const Lowering lowering(machine, layer);
    fast::Operands operands(lowering);
    fast::Values values(operands, outputs, threads_);
    Tally tally(machine, layer, lowering.notes());
    std::optional<fast::EventRecorder> recorder;
    if (sink) recorder.emplace(operands, values.output(), *sink);
    fast::run_pe_by_pe(operands, values, tally, recorder ? &*recorder : nullptr, [&](std::uint64_t written) {
      if (progress) progress->tiles(written, lowering.tiles());
    });
    LayerOutcome outcome = tally.take();
    if (outputs) outcome.output = values.take_output();
    check_laws(outcome, machine);
    return outcome;
  }

  unsigned threads_ = 1;
};

}  // namespace

std::unique_ptr<Engine> make_fast_engine() { return std::make_unique<FastEngine>(); }

}  // namespace lacuna::gather
