#include "datapaths/gather/fast/engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "datapaths/gather/fast/events.h"
#include "datapaths/gather/fast/operands.h"
#include "datapaths/gather/fast/pe_by_pe.h"
#include "datapaths/gather/fast/rows.h"
#include "datapaths/gather/fast/values.h"
#include "machine/tally.h"

namespace lacuna::gather {

namespace {

class FastEngine : public Engine {
 public:
  LayerOutcome run(const Machine& machine, const Layer& layer, Progress* progress) override {
    return simulate(machine, layer, true, progress);
  }
  LayerOutcome time(const Machine& machine, const Layer& layer, Progress* progress) override {
    return simulate(machine, layer, false, progress);
  }
  LayerOutcome observe(const Machine& machine, const Layer& layer, RecordSink& sink, Progress* progress) override {
    const Lowering lowering(machine, layer);
    fast::Operands operands(lowering, true);
    fast::Values values(operands, true, threads_);
    fast::EventRecorder recorder(operands, values.output(), sink);
    Tally tally(machine, layer, lowering.notes());
    fast::run_pe_by_pe(operands, values, tally, &recorder, told(lowering, progress));
    // The outcome is that of run(), so that a caller who compares two engines compares both ways.
    LayerOutcome outcome = timed(operands, values, nullptr);
    outcome.output = values.take_output();
    check_laws(outcome, machine);
    return outcome;
  }
  void use_threads(unsigned threads) override { threads_ = std::max(1u, threads); }
  [[nodiscard]] bool runs_layers_at_once() const override { return true; }

 private:
  LayerOutcome simulate(const Machine& machine, const Layer& layer, bool outputs, Progress* progress) const {
    const Lowering lowering(machine, layer);
    fast::Operands operands(lowering, keeps_entries(machine));
    fast::Values values(operands, outputs, threads_);
    LayerOutcome outcome = timed(operands, values, progress);
    if (outputs) outcome.output = values.take_output();
    check_laws(outcome, machine);
    return outcome;
  }

  /// Whether PE-cycles depend on which entries meet a zero.
  static bool keeps_entries(const Machine& machine) { return config(machine).zeros == Zeros::Gated; }

  static std::function<void(std::uint64_t)> told(const Lowering& lowering, Progress* progress) {
    return [&lowering, progress](std::uint64_t written) {
      if (progress) progress->tiles(written, lowering.tiles());
    };
  }

  /// The outcome, whole rows of PEs at a time where that is exact; without output. Its engine_path says what was done
  /// and why.
  static LayerOutcome timed(fast::Operands& operands, const fast::Values& values, Progress* progress) {
    const Lowering& lowering = operands.lowering();
    const auto outcome = [&](std::string path, auto run) {
      Tally tally(lowering.machine(), lowering.layer(), lowering.notes());
      run(tally);
      LayerOutcome result = tally.take();
      result.engine_path = std::move(path);
      return result;
    };
    std::string_view why = "filters are resident: one item a tile";
    if (operands.streams() && config(lowering.machine()).step != Step::None) {
      why = "PEs begin segments together";
    } else if (operands.streams()) {
      try {
        return outcome("rows", [&](Tally& tally) {
          fast::count_products(values, tally);
          fast::Rows(operands, values, tally).run(told(lowering, progress));
        });
      } catch (const fast::RowsRefused& refused) {
        why = refused.why;
      }
    }
    return outcome(fmt::format("PE by PE: {}", why), [&](Tally& tally) {
      fast::run_pe_by_pe(operands, values, tally, nullptr, told(lowering, progress));
    });
  }

  unsigned threads_ = 1;
};

}  // namespace

std::unique_ptr<Engine> make_fast_engine() { return std::make_unique<FastEngine>(); }

}  // namespace lacuna::gather
