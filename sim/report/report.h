// What is said of a run: the outcome of every layer with its energy, and everything needed to repeat it.
//
// A report holds no date, no host and no path, so the same input gives the same bytes.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "energy/energy.h"
#include "machine/outcome.h"
#include "machine/sample.h"
#include "workload/reference.h"

namespace lacuna {

/// How an outcome was estimated from a part of the layer's tiles, with intervals of 95 % confidence.
struct Sampled {
  double share = 0;  ///< of the tiles that was asked for
  std::uint64_t seed = 0;
  std::uint64_t tiles = 0, measured_tiles = 0;
  std::uint64_t simulated_tiles = 0;  ///< those in front of measured ones included
  Estimate cycles, energy;
  std::array<Estimate, enum_count<PairClass>()> pairs;
  std::array<Estimate, enum_count<PeClass>()> pe_cycles;
};

struct LayerReport {
  LayerOutcome outcome;                       ///< without the output tensor, which the caller keeps
  std::string op;                             ///< "conv", "fc", ...
  std::uint64_t images = 1;                   ///< batch size: per-inference figures are divided by it
  bool verified = false;                      ///< the output was compared with the reference and is equal
  bool timing_only = false;                   ///< there was no output to compare
  std::optional<PredictedOutputs> predicted;  ///< what predictions did to a verified output, if there were any
  Energy energy;
  std::optional<Sampled> sampled;  ///< of the sum: if a layer was sampled
};

/// The same layers on the machine beside this one that skips nothing.
struct DenseMachine {
  std::string settings;  ///< the assignments that make it of this machine, with blanks between them
  std::uint64_t cycles = 0;
  double energy = 0;  ///< in the unit of the energy table
};

struct Report {
  std::string version;  ///< of the program
  std::string engine;
  Machine machine;
  std::string config_hash;
  std::string energy_table, energy_hash;
  EnergyUnit energy_unit = EnergyUnit::Pj;
  std::string workload, source, workload_hash;
  std::vector<LayerReport> layers;
  std::optional<DenseMachine> dense;  ///< for the summary only; no result file has it
};

/// Figures derived from one layer's counters, or from the sums over all layers (which run one after the other).
struct Figures {
  std::uint64_t cycles = 0;
  double seconds = 0;                 ///< cycles / clock
  double energy = 0;                  ///< in the unit of the energy table
  double energy_delay = 0;            ///< energy x seconds
  double utilisation = 0;             ///< busy PE-cycles / PE-cycles
  double multiplier_utilisation = 0;  ///< executed pairs / (PEs x pairs a PE takes in a cycle at best x cycles)
  double effective_gops = 0;          ///< 2 operations for every dense pair, skipped ones too, per second / 1e9
  double peak_gops = 0;               ///< 2 x PEs x pairs a PE takes in a cycle at best x clock / 1e9
  double inference_cycles = 0;        ///< each layer's cycles / its images, summed
  double inference_seconds = 0;
  double inference_energy = 0;
  double inference_energy_delay = 0;
};

Figures figures(const Report& report, const LayerReport& layer);
Figures total_figures(const Report& report);
/// Counters and energy of all layers added up; `name` is "total", notes are empty.
LayerReport total(const Report& report);

/// Places in the list of the actions that move bytes through a buffer or DRAM: the keys of "traffic_bytes".
std::vector<std::size_t> traffic_actions(const ActionList& list);

struct TableOptions {
  std::size_t width = 100;  ///< characters of a line; a table that is wider goes on below itself
  bool all_layers = false;  ///< each layer, however many; otherwise of many layers the ten with the most cycles
};

/// For people: tables of cycles, pairs, PE-cycles, energy and traffic, the notes, where the numbers come from, and last
/// the summary(), which is what a screen still shows when all else has scrolled away.
std::string to_table(const Report& report, const TableOptions& options = {});
/// A few lines: speed and energy of an inference, against the dense machine if it is known, where PE-cycles are lost,
/// and whether the outputs were compared. Lines are at most `width` wide.
std::string summary(const Report& report, std::size_t width);
/// For programs: the keys of the result file.
std::string to_json(const Report& report);
/// For spreadsheets: a head line, one line per layer, one for the total (RFC 4180 quoting).
std::string to_csv(const Report& report);

}  // namespace lacuna
