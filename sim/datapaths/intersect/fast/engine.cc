#include "datapaths/intersect/fast/engine.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "datapaths/intersect/fast/events.h"
#include "datapaths/intersect/fast/operands.h"
#include "datapaths/intersect/fast/pe_by_pe.h"
#include "datapaths/intersect/fast/row_array.h"
#include "datapaths/intersect/fast/rows_with_stops.h"
#include "datapaths/intersect/fast/values.h"
#include "machine/config_reader.h"
#include "machine/sample.h"
#include "machine/tally.h"

namespace lacuna::intersect {

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
  std::unique_ptr<LayerTimer> timer(const Machine&, const Layer& layer) override {
    return std::make_unique<FastTimer>(*this, layer);
  }
  void use_threads(unsigned threads) override { threads_ = std::max(1u, threads); }
  [[nodiscard]] bool runs_layers_at_once() const override { return true; }

  [[nodiscard]] bool samples(const Machine&) const override { return true; }

  SampledOutcome sample(const Machine& machine, const Layer& layer, const SampleOptions& options,
                        Progress* progress) override {
    Lowering lowering(machine, layer);
    const TiledLayer tiled = tiled_layer(lowering);
    const SamplePlan plan = plan_sample(tiled, options);
    if (plan.whole) return sample_layer(tiled, plan, [&](auto, auto) { return time(machine, layer, progress); });
    fast::Operands operands(lowering, kernels_);
    fast::Values values(operands, false);
    std::uint64_t done = 0;
    return sample_layer(tiled, plan, [&](std::uint64_t begin, std::uint64_t end) {
      operands.use_tiles(begin, end - begin);
      for (const fast::ValueArea& area : areas_of(lowering, begin, end)) values.compute(operands, area, threads_);
      LayerOutcome outcome = timed(lowering, operands, values, nullptr);
      outcome.dense_pairs = outcome.outputs = 0;
      for (TileIndex tile; tile < operands.tiles(); ++tile) outcome.outputs += operands.geometry(tile).pes();
      outcome.dense_pairs = outcome.outputs * operands.k();
      check_laws(outcome, machine);
      if (progress) progress->tiles(done += end - begin, plan.simulated_tiles());
      return outcome;
    });
  }

  LayerOutcome observe(const Machine& machine, const Layer& layer, RecordSink& sink, Progress* progress) override {
    Lowering lowering(machine, layer);
    fast::Operands operands(lowering, kernels_);
    fast::Values values(operands, true);
    values.compute(operands, threads_);
    fast::EventRecorder recorder(operands, values.output(), sink);
    timed_by<fast::PeByPe>("", lowering, operands, values, progress, &recorder);
    // The outcome is that of run(), so that a caller who compares two engines compares both ways.
    LayerOutcome outcome = timed(lowering, operands, values, nullptr);
    outcome.output = values.take_output();
    check_laws(outcome, machine);
    return outcome;
  }

 private:
  /// Values are computed once for all machines that have the same ones.
  class FastTimer : public LayerTimer {
   public:
    FastTimer(const FastEngine& engine, const Layer& layer) : engine_(engine), layer_(layer) {}

    LayerOutcome time(const Machine& machine, Progress* progress) override {
      Lowering lowering(machine, layer_);
      fast::Operands operands(lowering, engine_.kernels_);
      LayerOutcome outcome = engine_.timed(lowering, operands, values_of(machine, operands), progress);
      check_laws(outcome, machine);
      return outcome;
    }

   private:
    const fast::Values& values_of(const Machine& machine, const fast::Operands& operands) {
      const std::lock_guard lock(mutex_);
      auto& values = values_[config_hash(fast::values_machine(machine))];
      if (!values) {
        auto computed = std::make_unique<fast::Values>(operands, false);
        computed->compute(operands, engine_.threads_);
        values = std::move(computed);
      }
      return *values;
    }

    const FastEngine& engine_;
    const Layer& layer_;
    std::mutex mutex_;
    std::map<std::string, std::unique_ptr<const fast::Values>> values_;  ///< by values_machine()
  };

  LayerOutcome simulate(const Machine& machine, const Layer& layer, bool outputs, Progress* progress) const {
    Lowering lowering(machine, layer);
    fast::Operands operands(lowering, kernels_);
    fast::Values values(operands, outputs);
    values.compute(operands, threads_);
    LayerOutcome outcome = timed(lowering, operands, values, progress);
    outcome.output = values.take_output();
    check_laws(outcome, machine);
    return outcome;
  }

  /// What samples ask of a layer.
  static TiledLayer tiled_layer(const Lowering& lowering) {
    const Machine& machine = lowering.machine();
    const Config& c = config(machine);
    const ConvShape& shape = lowering.layer().shape;
    const std::uint64_t windows = std::uint64_t{shape.N} * shape.P() * shape.Q();
    const std::uint64_t per_tile = c.mapping == Mapping::Filters ? 1 : machine.array.columns;
    const std::uint64_t k = std::uint64_t{shape.R} * shape.S * (shape.C / shape.groups);
    return {machine,
            lowering.layer(),
            lowering.tiles(),
            (k + c.chunk - 1) / c.chunk,
            std::max(c.weights.fifo_depth, c.activations.fifo_depth),
            [&lowering, windows, per_tile](std::uint64_t tile) {
              const Lowering::Position at = lowering.position(TileIndex(tile));
              const std::uint64_t first = at.window_tile * per_tile;
              return TileFacts{first, std::min(per_tile, windows - first),
                               lowering.plan().weights(at.group, at.filter_tile, at.window_tile).bytes != 0,
                               lowering.plan().inputs(at.group, at.filter_tile, at.window_tile).bytes != 0};
            }};
  }
  /// Filters and windows of tiles begin..end-1.
  static std::vector<fast::ValueArea> areas_of(const Lowering& lowering, std::uint64_t begin, std::uint64_t end) {
    const Machine& machine = lowering.machine();
    const ConvShape& shape = lowering.layer().shape;
    const bool one_window = config(machine).mapping == Mapping::Filters;
    const std::uint32_t blocks = (shape.M / shape.groups + machine.array.rows - 1) / machine.array.rows;
    const std::uint32_t tile_blocks = one_window ? machine.array.columns : 1;
    const std::uint64_t windows = std::uint64_t{shape.N} * shape.P() * shape.Q();
    const std::uint64_t tile_windows = one_window ? 1 : machine.array.columns;
    std::vector<fast::ValueArea> areas;
    for (TileIndex tile(begin); tile < end; ++tile) {
      const Lowering::Position at = lowering.position(tile);
      const fast::ValueArea area{at.group, at.filter_tile * tile_blocks,
                                 std::min(blocks, (at.filter_tile + 1) * tile_blocks), at.window_tile * tile_windows,
                                 std::min(windows, (at.window_tile + 1) * tile_windows)};
      if (!areas.empty() && areas.back().group == area.group &&
          areas.back().first_filter_tile == area.first_filter_tile && areas.back().last_window == area.first_window)
        areas.back().last_window = area.last_window;
      else
        areas.push_back(area);
    }
    return areas;
  }

  /// The outcome of the tiles in use, rows of PEs at a time where that is exact; laws are not checked, without output.
  /// Its engine_path says what was done and why.
  LayerOutcome timed(const Lowering& lowering, fast::Operands& operands, const fast::Values& values,
                     Progress* progress) const {
    std::optional<fast::Refusal> refusal =
        whole_rows_ ? fast::refusal_of_rows(lowering) : std::optional(fast::Refusal::NotAsked);
    if (!refusal) {
      try {
        if (lowering.early_termination())
          return timed_by<fast::RowsWithStops>("rows with stops", lowering, operands, values, progress);
        return timed_by<fast::RowsWithoutStops>("rows", lowering, operands, values, progress);
      } catch (const fast::RowsRefused& late) {
        refusal = late.refusal;
      }
    }
    return timed_by<fast::PeByPe>(fmt::format("PE by PE: {}", fast::sentence(*refusal)), lowering, operands, values,
                                  progress);
  }
  template <typename Timing, typename... Recorder>
  static LayerOutcome timed_by(std::string path, const Lowering& lowering, fast::Operands& operands,
                               const fast::Values& values, Progress* progress, Recorder*... recorder) {
    Tally tally(lowering.machine(), lowering.layer(), lowering.notes());
    Timing timing(operands, values, tally, recorder...);
    timing.run([&](std::uint64_t written) {
      if (progress) progress->tiles(written, lowering.tiles());
    });
    LayerOutcome outcome = tally.take();
    outcome.engine_path = std::move(path);
    return outcome;
  }

  const fast::Kernels& kernels_;
  bool whole_rows_;
  unsigned threads_ = 1;
};

}  // namespace

std::unique_ptr<Engine> make_fast_engine() { return make_fast_engine(FastOptions{}); }
std::unique_ptr<Engine> make_fast_engine(const FastOptions& options) { return std::make_unique<FastEngine>(options); }

}  // namespace lacuna::intersect
