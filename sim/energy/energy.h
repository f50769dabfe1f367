// How much energy did it take? Counters times the table: per action, per component, in all.
#pragma once

#include <string_view>
#include <utility>
#include <vector>

#include "energy/by_action.h"
#include "energy/table.h"
#include "machine/outcome.h"

namespace lacuna {

/// In the unit of the table.
struct Energy {
  ByAction<double> actions;
  double total = 0;

  /// Sums over the actions of a component, in the order in which `actions` first names the components.
  [[nodiscard]] std::vector<std::pair<std::string_view, double>> components() const;
  Energy& operator+=(const Energy& other);
};

/// What one unit of `action` costs on `machine`:
///
///   SRAM      price x sqrt(capacity / at_bytes), capacity being that of ActionInfo
///   leakage   price x at_mhz / clock_mhz
///   others    price
///
/// An SRAM between published sizes grows roughly with the square root of its capacity: an approximation. UserError if
/// the table has no price for it.
double price(const ActionInfo& action, const Machine& machine, const EnergyTable& table);

/// Energy of one layer. Zero counts cost nothing whatever their price. UserError as require_prices().
Energy energy(const Machine& machine, const LayerOutcome& outcome, const EnergyTable& table);

}  // namespace lacuna
