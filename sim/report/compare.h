// Two results side by side: what changed in the configuration, and then in cycles, energy, pairs, PE-cycles and
// traffic.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/enum_names.h"
#include "report/result.h"

namespace lacuna {

enum class CompareFormat { Table, Json, Markdown };
enum class GateFigure { Cycles, Energy };

template <>
struct EnumNames<CompareFormat> {
  static constexpr std::array<std::string_view, 3> names = {"table", "json", "markdown"};
};
template <>
struct EnumNames<GateFigure> {
  static constexpr std::array<std::string_view, 2> names = {"cycles", "energy"};
};

/// A count, or an energy in the unit of both tables.
using Quantity = std::variant<std::uint64_t, double>;
double to_double(const Quantity& quantity);

/// One figure of one layer in both results.
struct ChangeRow {
  std::string layer;  ///< "total" for all compared layers together
  std::string name;   ///< of the class or component; "" where the section has one figure only
  Quantity base, now;

  [[nodiscard]] bool differs() const { return base != now; }
};

/// Rows of one kind: "cycles", "energy", "energy_by_component", "pairs", "pe_cycles", "traffic_bytes".
struct ChangeSection {
  std::string key;
  std::string title;            ///< "Cycles"
  std::string column;           ///< what `name` of a row is: "class", "component", ""
  std::vector<ChangeRow> rows;  ///< layer by layer in the order of the base, the total last
};

/// A property of the run with another value: a parameter, the engine, the version, the energy table.
struct ChangedSetting {
  std::string name, base, now;  ///< "" where one side does not have it
};

struct ResultComparison {
  const Result* base = nullptr;
  const Result* now = nullptr;
  std::vector<ChangedSetting> settings;
  std::vector<std::string> warnings;  ///< what a reader must know before the numbers
  std::vector<ChangeSection> sections;
  EnergyUnit unit = EnergyUnit::Pj;

  [[nodiscard]] const ChangeSection* section(std::string_view key) const;
};

/// Compares the layers both have; the others are named in a warning. Both results must outlive the comparison.
/// UserError if they ran different workloads, unless `other_workload`, or have no layer in common.
ResultComparison compare_results(const Result& base, const Result& now, bool other_workload);

struct Gate {
  double percent = 0;               ///< most by which a figure may exceed the base
  std::vector<GateFigure> figures;  ///< at least one
  bool each_layer = false;          ///< layers too, not only the total
};

struct GateVerdict {
  bool passes = true;
  std::vector<std::string> lines;  ///< what was held against what, one a figure of the total, and each one that fails
};

/// UserError if a layer of either result is not in the other, or energies of different units were to be compared.
GateVerdict judge(const ResultComparison& comparison, const Gate& gate);

/// `verdict` may be null: no gate. In the table and in Markdown, rows whose figures are equal are left out of the
/// sections that list classes; JSON has all.
std::string compare_table(const ResultComparison& comparison, const GateVerdict* verdict);
std::string compare_markdown(const ResultComparison& comparison, const GateVerdict* verdict);
std::string compare_json(const ResultComparison& comparison, const GateVerdict* verdict);

}  // namespace lacuna
