// A result file read back: what `lacuna run` wrote, as numbers again, held against its own laws.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "energy/energy.h"
#include "machine/counts.h"

namespace lacuna {

/// The figures of one layer, or of all layers together.
struct ResultGroup {
  std::string name;          ///< of the layer; "total"
  std::string op;            ///< "conv", "fc", ...; "" in the total
  std::uint64_t images = 0;  ///< batch; 0 in the total
  bool verified = false;     ///< the output was compared with the reference
  /// Low and high end of the 95 % interval of the cycles, where they are estimated from a sample of the tiles.
  std::optional<std::pair<double, double>> sampled_cycles;
  std::uint64_t cycles = 0;
  std::uint64_t dense_pairs = 0;
  Counters<PairClass> pairs;
  Counters<PeClass> pe_cycles;
  ByAction<std::uint64_t> actions;
  Energy energy;                                 ///< in the unit of the result's energy table
  std::vector<std::vector<std::uint64_t>> busy;  ///< [rows][columns] busy cycles of each PE; empty in the total
                                                 ///< and where the result comes from a store
  std::vector<std::string> notes;

  /// Adds counters and energy; `verified` stays true if both are.
  ResultGroup& operator+=(const ResultGroup& other);
};

struct Result {
  std::string part = "layer";  ///< what `layers` are: "point" where they are the points of a sweep
  std::string file;            ///< where it was read
  std::string version;         ///< of the program that wrote it
  std::string engine;
  /// "array.rows" and "16", in the order of the file; parameters that had other names are under those of today.
  std::vector<std::pair<std::string, std::string>> config;
  std::string config_hash;
  std::string energy_table, energy_hash;
  EnergyUnit energy_unit = EnergyUnit::Pj;
  double peak_gops = 0;  ///< 2 operations a cycle for every multiplier; 0 where the result comes from a store's parts
  std::string workload, source, workload_hash;
  std::vector<ResultGroup> layers;
  ResultGroup total;

  /// The value of a parameter as text, "" if the file has no such parameter.
  [[nodiscard]] std::string_view parameter(std::string_view name) const;
  /// The value of a parameter that is a number; UserError if it is missing or none.
  [[nodiscard]] std::uint64_t number(std::string_view name) const;
  /// The layer called `name`, or nullptr.
  [[nodiscard]] const ResultGroup* layer(std::string_view name) const;
};

/// Reads `path`, a result.json or a folder that holds one. UserError, one line, for a file that is damaged, is no
/// result of this program, has words this version does not know, lacks ones it needs, or breaks a law: pairs and
/// PE-cycles that do not add up, a total that is not the sum of its layers.
Result read_result(const std::filesystem::path& path);
/// The same from the text of a file; `file` is its name in errors.
Result parse_result(std::string_view text, const std::string& file);

/// The parts of a result that a store keeps for a point, `config` and `total` of the result file: a Result without
/// layers and names. `file` is the store's name in errors.
Result parse_parts(std::string_view config, std::string_view total, EnergyUnit unit, const std::string& file);

}  // namespace lacuna
