// How much energy did it take? Counters times the table: per action, per component, in all.
#pragma once

#include <array>
#include <string_view>
#include <utility>
#include <vector>

#include "energy/table.h"
#include "machine/outcome.h"

namespace lacuna {

/// In the unit of the table.
struct Energy {
  std::array<double, kActions> actions{};  ///< by Action
  double total = 0;

  double operator[](Action action) const { return actions[static_cast<std::size_t>(action)]; }
  /// Sums over the actions of a component, in the order in which events.h first names the components.
  [[nodiscard]] std::vector<std::pair<std::string_view, double>> components() const;
  Energy& operator+=(const Energy& other);
};

/// What one unit of `action` costs on `machine`:
///
///   SRAM      price x sqrt(capacity / at_bytes), capacity being one operand buffer or one bank of the global buffer
///   leakage   price x at_mhz / clock_mhz
///   others    price
///
/// An SRAM between published sizes grows roughly with the square root of its capacity: an approximation.
double price(Action action, const Machine& machine, const EnergyTable& table);

/// Energy of one layer. Zero counts cost nothing whatever their price.
Energy energy(const Machine& machine, const LayerOutcome& outcome, const EnergyTable& table);

}  // namespace lacuna
