// What does a random part of a layer say about all of it? Which tiles are simulated, and 95 % confidence intervals of
// what the others are taken to be. sim/datapaths/intersect/FAST.md states the assumptions.
//
// Tiles overlap in time, so a tile has no time of its own. What can be measured is by how much a run of neighbouring
// tiles, a stretch, puts off the end: the layer's tiles up to the stretch's end, less those up to its beginning. Both
// are simulated exactly, but from a few tiles before the stretch on instead of from the layer's start: the array
// forgets what was before as soon as its FIFOs and buffers have been refilled. Every counter of an outcome is measured
// in this way.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "machine/outcome.h"
#include "workload/layer.h"

namespace lacuna {

struct SampleOptions {
  double share = 0.05;  ///< of the tiles to be measured, 0..1; more if they would be too few to judge
  std::uint64_t seed = 1;
};

/// What is known of a tile before it is simulated.
struct TileFacts {
  std::uint64_t first_window = 0, windows = 0;           ///< (image x P + p) x Q + q of its windows
  bool fetches_weights = false, fetches_inputs = false;  ///< from DRAM
};

/// A layer on a machine as tiles in order, described by the machine's family.
struct TiledLayer {
  const Machine& machine;
  const Layer& layer;
  std::uint64_t tiles = 0;
  std::uint64_t steps = 1;  ///< of the reduction in a tile
  std::uint64_t depth = 1;  ///< steps by which a PE can be behind another
  std::function<TileFacts(std::uint64_t tile)> facts;
};

/// Neighbouring tiles begin..end-1.
struct TileStretch {
  std::uint64_t begin = 0, end = 0;
};

/// Stretches alike in what they fetch from DRAM, of which some are measured.
struct Stratum {
  std::vector<TileStretch> stretches, measured;
};

struct SamplePlan {
  std::uint64_t tiles = 0;
  std::uint64_t warm_up = 0;    ///< tiles simulated before each stretch
  std::vector<Stratum> strata;  ///< the stretch that begins the layer is alone in the first one
  bool whole = false;           ///< the layer is too small for a sample: all of it is to be simulated

  [[nodiscard]] std::uint64_t measured_tiles() const;
  /// Tiles simulated, warm-up included.
  [[nodiscard]] std::uint64_t simulated_tiles() const;
};

/// Draws the stretches of a layer. The same for the same layer, machine and options.
SamplePlan plan_sample(const TiledLayer& layer, const SampleOptions& options);

/// A number that is `value` give or take `half_width` with a confidence of 95 %.
struct Estimate {
  double value = 0, half_width = 0;
};

/// The quantile of Student's t for two-sided intervals of 95 %; `freedom` at least 1.
double student_t(double freedom);

/// Counters that add up over stretches: cycles, pairs, PE-cycles, actions in the order of the family's list.
struct Increment {
  static constexpr std::size_t kPairs = 1, kPeCycles = kPairs + enum_count<PairClass>(),
                               kActions = kPeCycles + enum_count<PeClass>();
  [[nodiscard]] static std::size_t size(const ActionList& actions) { return kActions + actions.size(); }
  std::vector<double> values;
};

/// An outcome that was estimated from a sample of its tiles.
struct SampledOutcome {
  LayerOutcome outcome;  ///< whole numbers near the estimates for which all laws hold; no output tensor
  std::uint64_t tiles = 0, measured_tiles = 0, simulated_tiles = 0;
  /// The measured stretches of each stratum, and how many it has. Empty if the whole layer was simulated.
  struct Measured {
    std::uint64_t stretches = 0;
    std::vector<Increment> increments;
  };
  std::vector<Measured> strata;

  /// The sum over the layer of a weighted sum of counters. Exact if the whole layer was simulated.
  [[nodiscard]] Estimate estimate(std::span<const double> weights) const;
  /// Of one counter, by its place in Increment.
  [[nodiscard]] Estimate estimate(std::size_t counter) const;
};

/// Estimates the layer. `simulate(begin, end)` is the outcome of tiles begin..end-1 as if there were no others.
SampledOutcome sample_layer(const TiledLayer& layer, const SamplePlan& plan,
                            const std::function<LayerOutcome(std::uint64_t begin, std::uint64_t end)>& simulate);

}  // namespace lacuna
