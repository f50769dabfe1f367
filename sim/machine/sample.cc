#include "machine/sample.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <utility>

#include "base/random.h"
#include "machine/family.h"

namespace lacuna {

namespace {

/// Stretches measured of a stratum, at least: fewer say too little about how much stretches differ.
constexpr std::uint64_t kFewestStretches = 10;
/// Stretches aimed at in all, which decides how long one is, up to the longest.
constexpr double kStretches = 20;
constexpr std::uint64_t kLongestStretch = 64;
/// Tiles after which a start with an empty array and idle memory is forgotten, where PEs and memory are about as fast;
/// and tiles in which a PE falls behind another by as many steps as a tile has. Both were found by trial: FAST.md.
constexpr std::uint64_t kTilesToForget = 64, kTilesToFallBehind = 24;
/// Stretches whose share of padding differs by more from the usual one are a kind of their own.
constexpr double kBorder = 0.005;

std::uint64_t ceil_div(std::uint64_t a, std::uint64_t b) { return (a + b - 1) / b; }

/// So that layers of one size are not sampled at the same places. FNV-1a.
std::uint64_t seed_of(const std::string& layer, std::uint64_t seed) {
  std::uint64_t hash = 14695981039346656037u ^ seed;
  for (const char c : layer) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211u;
  return hash;
}

/// Sorts stretches by what is known of them before they are simulated.
class StretchKinds {
 public:
  explicit StretchKinds(const TiledLayer& tiled) : tiled_(tiled) {
    const ConvShape& shape = tiled.layer.shape;
    const auto inside = [](std::uint32_t taps, std::uint32_t outputs, std::uint32_t stride, std::uint32_t dilation,
                           std::uint32_t pad, std::uint32_t extent) {
      std::vector<std::uint32_t> counts(outputs);
      for (std::uint32_t o = 0; o < outputs; ++o)
        for (std::uint32_t t = 0; t < taps; ++t) {
          const std::int64_t at = std::int64_t{o} * stride + std::int64_t{t} * dilation - pad;
          counts[o] += at >= 0 && at < extent;
        }
      return counts;
    };
    rows_ = inside(shape.R, shape.P(), shape.stride_h, shape.dilation_h, shape.pad_top, shape.H);
    columns_ = inside(shape.S, shape.Q(), shape.stride_w, shape.dilation_w, shape.pad_left, shape.W);
  }

  /// The share of a stretch's pairs that are not padding.
  [[nodiscard]] double share_inside(const TileStretch& stretch) const {
    const ConvShape& shape = tiled_.layer.shape;
    std::uint64_t inside = 0, all = 0;
    for (std::uint64_t tile = stretch.begin; tile < stretch.end; ++tile) {
      const TileFacts facts = tiled_.facts(tile);
      for (std::uint64_t window = facts.first_window; window < facts.first_window + facts.windows; ++window) {
        inside += std::uint64_t{rows_[window / shape.Q() % shape.P()]} * columns_[window % shape.Q()];
        all += std::uint64_t{shape.R} * shape.S;
      }
    }
    return static_cast<double>(inside) / static_cast<double>(all);
  }

  /// 1 if the stretch fetches weights from DRAM, and 2 if it fetches inputs.
  [[nodiscard]] int fetches(const TileStretch& stretch) const {
    bool weights = false, inputs = false;
    for (std::uint64_t tile = stretch.begin; tile < stretch.end; ++tile) {
      const TileFacts facts = tiled_.facts(tile);
      weights |= facts.fetches_weights;
      inputs |= facts.fetches_inputs;
    }
    return (weights ? 1 : 0) + (inputs ? 2 : 0);
  }

 private:
  const TiledLayer& tiled_;
  std::vector<std::uint32_t> rows_, columns_;  ///< [output row or column]: taps of the kernel inside the input
};

std::vector<double> values_of(const LayerOutcome& outcome) {
  std::vector<double> values(Increment::kActions + outcome.actions.value.size());
  values[0] = static_cast<double>(outcome.cycles);
  const auto copy = [&](const auto& counters, std::size_t at) {
    for (const std::uint64_t value : counters.value) values[at++] = static_cast<double>(value);
  };
  copy(outcome.pairs, Increment::kPairs);
  copy(outcome.pe_cycles, Increment::kPeCycles);
  copy(outcome.actions, Increment::kActions);
  return values;
}

/// Whole numbers near `shares`, none below zero, in proportion, that add up to `sum`.
template <typename Enum>
Counters<Enum> rounded(std::array<double, enum_count<Enum>()> shares, std::uint64_t sum) {
  double total = 0;
  for (double& share : shares) total += share = std::max(share, 0.0);
  Counters<Enum> counters;
  std::array<std::size_t, enum_count<Enum>()> order{};
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::uint64_t left = sum;
  for (std::size_t i = 0; i < shares.size(); ++i) {
    shares[i] *= total > 0 ? static_cast<double>(sum) / total : 0;
    counters.value[i] = std::min(left, static_cast<std::uint64_t>(shares[i]));
    shares[i] -= static_cast<double>(counters.value[i]);
    left -= counters.value[i];
  }
  std::ranges::stable_sort(order, [&](std::size_t a, std::size_t b) { return shares[a] > shares[b]; });
  for (std::size_t i = 0; left != 0; i = (i + 1) % order.size(), --left) ++counters.value[order[i]];
  return counters;
}

}  // namespace

std::uint64_t SamplePlan::measured_tiles() const {
  std::uint64_t sum = 0;
  for (const Stratum& stratum : strata)
    for (const TileStretch& stretch : stratum.measured) sum += stretch.end - stretch.begin;
  return whole ? tiles : sum;
}

std::uint64_t SamplePlan::simulated_tiles() const {
  std::uint64_t sum = 0;
  for (const Stratum& stratum : strata)
    for (const TileStretch& stretch : stratum.measured)
      sum += stretch.end - stretch.begin + (stretch.begin == 0 ? 0 : 2 * std::min(warm_up, stretch.begin));
  return whole ? tiles : sum;
}

SamplePlan plan_sample(const TiledLayer& tiled, const SampleOptions& options) {
  SamplePlan plan;
  plan.tiles = tiled.tiles;
  // Memory runs two blocks ahead of feeders, results wait for two tiles. Rows with dense filters fall behind others by
  // what the FIFOs hold, little by little: some per cent of a tile in a tile.
  plan.warm_up = kTilesToForget + ceil_div(kTilesToFallBehind * tiled.depth, tiled.steps);

  const double wanted = static_cast<double>(plan.tiles) * options.share;
  const auto length =
      static_cast<std::uint64_t>(std::clamp(wanted / kStretches, 1.0, static_cast<double>(kLongestStretch)));
  // The first stretch begins with an empty array, and the last may be short: both are measured always.
  std::vector<TileStretch> alone, stretches;
  for (std::uint64_t begin = 0; begin < plan.tiles; begin += length) {
    const TileStretch stretch{begin, std::min(plan.tiles, begin + length)};
    (begin == 0 || stretch.end == plan.tiles ? alone : stretches).push_back(stretch);
  }
  const StretchKinds kinds_of(tiled);
  std::vector<double> inside;
  for (const TileStretch& stretch : stretches) inside.push_back(kinds_of.share_inside(stretch));
  std::vector<double> sorted = inside;
  std::ranges::sort(sorted);
  std::map<int, Stratum> kinds;
  for (std::size_t i = 0; i < stretches.size(); ++i) {
    const bool border = std::abs(inside[i] - sorted[sorted.size() / 2]) > kBorder;
    kinds[kinds_of.fetches(stretches[i]) + (border ? 4 : 0)].stretches.push_back(stretches[i]);
  }
  for (const TileStretch& stretch : alone) plan.strata.push_back({{stretch}, {stretch}});
  Random random(seed_of(tiled.layer.name, options.seed));
  for (auto& [kind, stratum] : kinds) {
    std::vector<TileStretch> left = stratum.stretches;
    const auto share = static_cast<std::uint64_t>(std::ceil(static_cast<double>(left.size()) * options.share));
    for (std::uint64_t n = std::min<std::uint64_t>(left.size(), std::max(kFewestStretches, share)); n != 0; --n) {
      const std::uint64_t at = random.below(left.size());
      stratum.measured.push_back(left[at]);
      left[at] = left.back();
      left.pop_back();
    }
    std::ranges::sort(stratum.measured, {}, &TileStretch::begin);
    plan.strata.push_back(std::move(stratum));
  }
  plan.whole = 2 * plan.simulated_tiles() > plan.tiles;  // the layer itself is exact, and costs little more
  return plan;
}

double student_t(double freedom) {
  // Tables; between two entries the one with less freedom, whose interval is wider.
  constexpr std::array<double, 30> kFew = {12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228,
                                           2.201,  2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086,
                                           2.080,  2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042};
  LACUNA_CHECK(freedom >= 1, "{} degrees of freedom", freedom);
  if (freedom < 40) return kFew[std::min(kFew.size(), static_cast<std::size_t>(freedom)) - 1];
  return freedom < 60 ? 2.021 : freedom < 120 ? 2.000 : 1.980;
}

Estimate SampledOutcome::estimate(std::span<const double> weights) const {
  Estimate result;
  const auto sum = [&](const std::vector<double>& values) {
    return std::inner_product(values.begin(), values.end(), weights.begin(), 0.0);
  };
  if (strata.empty()) {
    result.value = sum(values_of(outcome));
    return result;
  }
  // Stratified sampling without replacement (Cochran, Sampling Techniques, 1977, chapter 5); degrees of freedom by
  // Satterthwaite.
  double variance = 0, squares = 0;
  for (const Measured& stratum : strata) {
    const auto n = static_cast<double>(stratum.increments.size());
    const auto all = static_cast<double>(stratum.stretches);
    double mean = 0, spread = 0;
    for (const Increment& increment : stratum.increments) mean += sum(increment.values) / n;
    result.value += all * mean;
    if (stratum.increments.size() == stratum.stretches) continue;
    for (const Increment& increment : stratum.increments) {
      const double difference = sum(increment.values) - mean;
      spread += difference * difference / (n - 1);
    }
    const double part = all * (all - n) * spread / n;
    variance += part;
    squares += part * part / (n - 1);
  }
  if (variance > 0) result.half_width = student_t(variance * variance / squares) * std::sqrt(variance);
  return result;
}

Estimate SampledOutcome::estimate(std::size_t counter) const {
  const std::size_t size = strata.empty() ? Increment::kActions + outcome.actions.value.size()
                                          : strata.front().increments.front().values.size();
  std::vector<double> weights(size);
  weights[counter] = 1;
  return estimate(weights);
}

SampledOutcome sample_layer(const TiledLayer& tiled, const SamplePlan& plan,
                            const std::function<LayerOutcome(std::uint64_t, std::uint64_t)>& simulate) {
  const Machine& machine = tiled.machine;
  const ConvShape& shape = tiled.layer.shape;
  SampledOutcome sampled;
  sampled.tiles = plan.tiles;
  sampled.measured_tiles = plan.measured_tiles();
  sampled.simulated_tiles = plan.simulated_tiles();
  LayerOutcome& outcome = sampled.outcome;
  if (plan.whole) {
    outcome = simulate(0, plan.tiles);
    return sampled;
  }

  using Classes = std::array<double, enum_count<PeClass>()>;
  std::vector<Classes> per_pe(pe_count(machine));
  double terminated = 0, predicted = 0;  // outputs
  for (const Stratum& stratum : plan.strata) {
    auto& measured = sampled.strata.emplace_back();
    measured.stretches = stratum.stretches.size();
    const double weight = static_cast<double>(stratum.stretches.size()) / static_cast<double>(stratum.measured.size());
    const auto add = [&](const LayerOutcome& part, double sign, Increment& increment) {
      const auto values = values_of(part);
      increment.values.resize(values.size());
      for (std::size_t i = 0; i < values.size(); ++i) increment.values[i] += sign * values[i];
      terminated += sign * weight * static_cast<double>(part.outputs_terminated);
      predicted += sign * weight * static_cast<double>(part.outputs_predicted);
      for (std::size_t pe = 0; pe < per_pe.size(); ++pe)
        for (std::size_t i = 0; i < per_pe[pe].size(); ++i)
          per_pe[pe][i] += sign * weight * static_cast<double>(part.per_pe[pe].value[i]);
    };
    for (const TileStretch& stretch : stratum.measured) {
      const std::uint64_t begin = stretch.begin - std::min(stretch.begin, plan.warm_up);
      Increment& increment = measured.increments.emplace_back();
      const LayerOutcome with = simulate(begin, stretch.end);
      if (outcome.name.empty()) {
        outcome.name = with.name;
        outcome.notes = with.notes;
        outcome.actions = ActionCounts(family(machine).actions());
      }
      add(with, 1, increment);
      if (begin < stretch.begin) add(simulate(begin, stretch.begin), -1, increment);
    }
  }

  outcome.cycles = static_cast<std::uint64_t>(std::llround(sampled.estimate(0).value));
  outcome.dense_pairs = shape.dense_pairs();
  outcome.windows = std::uint64_t{shape.N} * shape.P() * shape.Q();
  outcome.outputs = outcome.windows * shape.M;
  const auto outputs = [&](double estimate) {
    return std::min(outcome.outputs, static_cast<std::uint64_t>(std::llround(std::max(0.0, estimate))));
  };
  outcome.outputs_terminated = outputs(terminated);
  outcome.outputs_predicted = outputs(predicted);
  std::array<double, enum_count<PairClass>()> pairs{};
  for (std::size_t i = 0; i < pairs.size(); ++i) pairs[i] = sampled.estimate(Increment::kPairs + i).value;
  outcome.pairs = rounded<PairClass>(pairs, outcome.dense_pairs);
  for (const Classes& classes : per_pe) {
    outcome.per_pe.push_back(rounded<PeClass>(classes, outcome.cycles));
    outcome.pe_cycles += outcome.per_pe.back();
  }
  for (std::size_t i = 0; i < outcome.actions.value.size(); ++i)
    outcome.actions.value[i] =
        static_cast<std::uint64_t>(std::llround(std::max(0.0, sampled.estimate(Increment::kActions + i).value)));
  outcome.actions[CommonAction::PostOperation] = outcome.outputs;
  family(machine).derive_actions(outcome, machine);
  check_laws(outcome, machine);
  return sampled;
}

}  // namespace lacuna
