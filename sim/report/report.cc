// The figures every format shares.
#include "report/report.h"

#include <cmath>

#include "machine/family.h"

namespace lacuna {

namespace {

/// Everything but the per-inference figures, which depend on each layer's own batch.
Figures common(const Machine& machine, const LayerReport& layer) {
  Figures f;
  const LayerOutcome& outcome = layer.outcome;
  const double hertz = static_cast<double>(machine.clock_mhz) * 1e6;
  const auto pes = static_cast<double>(pe_count(machine));
  const double pairs_per_cycle = family(machine).pairs_per_cycle(machine);
  f.cycles = outcome.cycles;
  f.seconds = static_cast<double>(f.cycles) / hertz;
  f.energy = layer.energy.total;
  f.energy_delay = f.energy * f.seconds;
  f.peak_gops = 2 * pes * pairs_per_cycle * hertz / 1e9;
  if (f.cycles == 0) return f;
  const double pe_cycles = pes * static_cast<double>(f.cycles);
  f.utilisation = static_cast<double>(outcome.pe_cycles[PeClass::Busy]) / pe_cycles;
  f.multiplier_utilisation = static_cast<double>(outcome.pairs[PairClass::Executed]) / (pe_cycles * pairs_per_cycle);
  f.effective_gops = 2 * static_cast<double>(outcome.dense_pairs) / f.seconds / 1e9;
  return f;
}

/// Layers are sampled independently of each other, so variances add up; the quantile of each is kept, which errs on the
/// wide side.
void add(Sampled& sum, const Sampled& layer) {
  const auto add_one = [](Estimate& to, const Estimate& from) {
    to.value += from.value;
    to.half_width = std::hypot(to.half_width, from.half_width);
  };
  sum.share = layer.share;
  sum.seed = layer.seed;
  sum.tiles += layer.tiles;
  sum.measured_tiles += layer.measured_tiles;
  sum.simulated_tiles += layer.simulated_tiles;
  add_one(sum.cycles, layer.cycles);
  add_one(sum.energy, layer.energy);
  for (std::size_t i = 0; i < sum.pairs.size(); ++i) add_one(sum.pairs[i], layer.pairs[i]);
  for (std::size_t i = 0; i < sum.pe_cycles.size(); ++i) add_one(sum.pe_cycles[i], layer.pe_cycles[i]);
}

}  // namespace

Figures figures(const Report& report, const LayerReport& layer) {
  LACUNA_CHECK(layer.images > 0, "layer '{}' has no images", layer.outcome.name);
  Figures f = common(report.machine, layer);
  const auto images = static_cast<double>(layer.images);
  f.inference_cycles = static_cast<double>(f.cycles) / images;
  f.inference_seconds = f.seconds / images;
  f.inference_energy = f.energy / images;
  f.inference_energy_delay = f.inference_energy * f.inference_seconds;
  return f;
}

Figures total_figures(const Report& report) {
  Figures f = common(report.machine, total(report));
  for (const auto& layer : report.layers) {
    const Figures one = figures(report, layer);
    f.inference_cycles += one.inference_cycles;
    f.inference_seconds += one.inference_seconds;
    f.inference_energy += one.inference_energy;
  }
  f.inference_energy_delay = f.inference_energy * f.inference_seconds;
  return f;
}

LayerReport total(const Report& report) {
  LayerReport sum;
  const ActionList& actions = family(report.machine).actions();
  sum.outcome.name = "total";
  sum.outcome.actions = ActionCounts(actions);
  sum.energy.actions = ByAction<double>(actions);
  sum.verified = !report.layers.empty();
  for (const auto& layer : report.layers) {
    const LayerOutcome& o = layer.outcome;
    sum.outcome.cycles += o.cycles;
    sum.outcome.dense_pairs += o.dense_pairs;
    sum.outcome.pairs += o.pairs;
    sum.outcome.pe_cycles += o.pe_cycles;
    sum.outcome.actions += o.actions;
    sum.outcome.windows += o.windows;
    sum.outcome.outputs += o.outputs;
    sum.outcome.outputs_terminated += o.outputs_terminated;
    sum.outcome.outputs_predicted += o.outputs_predicted;
    sum.energy += layer.energy;
    sum.verified = sum.verified && layer.verified;
    sum.timing_only = sum.timing_only || layer.timing_only;
    if (layer.sampled) add(sum.sampled ? *sum.sampled : sum.sampled.emplace(), *layer.sampled);
  }
  return sum;
}

std::vector<std::size_t> traffic_actions(const ActionList& list) {
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < list.size(); ++i)
    if (list[i].moves_bytes) places.push_back(i);
  return places;
}

}  // namespace lacuna
