// What one action costs: a table of prices with a unit and a source each, read from configs/energy/*.yaml.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/yaml.h"
#include "machine/actions.h"

namespace lacuna {

class Family;

/// pj: picojoules. rf: one access to a 16-bit register file, for tables that give ratios only.
enum class EnergyUnit { Pj, Rf };

template <>
struct EnumNames<EnergyUnit> {
  static constexpr std::array<std::string_view, 2> names = {"pJ", "RF"};
};

/// The price of one action. Actions on an SRAM are priced at a reference capacity and scaled with the square root of
/// the real one; leakage is priced at a reference clock and scaled with the period (a slower clock leaks longer).
struct EnergyEntry {
  double int8 = 0, int16 = 0;  ///< per counted unit; equal where the width does not matter
  std::uint32_t at_bytes = 0;  ///< capacity the price holds for; 0 for what is no SRAM
  std::uint32_t at_mhz = 0;    ///< clock the price holds for; 0 for what is no leakage
  std::string source;
};

struct EnergyTable {
  std::string name;
  EnergyUnit unit = EnergyUnit::Pj;
  std::vector<std::pair<std::string_view, EnergyEntry>> entries;  ///< by action, in the order of known_actions()
  std::string file;                                               ///< for errors
  std::string text;  ///< of the file, word for word; empty if the table was not read from a file
  std::string hash;  ///< 32 hex digits over unit, prices and reference capacities and clocks

  /// The price of the action called `name`, or nullptr.
  [[nodiscard]] const EnergyEntry* find(std::string_view name) const;
};

/// The actions of all families, each name once: those of the first family in the order of its list, then what the next
/// ones have beside them.
std::span<const ActionInfo* const> known_actions();

/// The unit an entry must state: "pJ/byte", "pJ/(byte x PE)". A price per another thing would be off by that factor.
std::string price_unit(const ActionInfo& action, EnergyUnit unit);

/// A table may leave out actions that only some families count. UserError for unknown entries and missing common ones,
/// wrong units, prices without a source, negative prices.
EnergyTable read_energy_table(const std::filesystem::path& path);
EnergyTable read_energy_table(const yaml::Node& document);

/// UserError, in the name of the table's file, if `family` counts actions that the table has no price for.
void require_prices(const EnergyTable& table, const Family& family);

}  // namespace lacuna
