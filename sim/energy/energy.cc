// Prices on a machine, and the products and sums. Products are stored before they are summed, and sums run in the order
// of the family's list: the same bytes everywhere.
#include "energy/energy.h"

#include <cmath>

#include "machine/family.h"

namespace lacuna {

double price(const ActionInfo& action, const Machine& machine, const EnergyTable& table) {
  const EnergyEntry* const entry = table.find(action.name);
  if (entry == nullptr) require_prices(table, family(machine));
  LACUNA_CHECK(entry != nullptr, "action '{}' is none of the machine's", action.name);
  double value = machine.array.operand == Operand::Int8 ? entry->int8 : entry->int16;
  if (action.capacity != nullptr) value *= std::sqrt(action.capacity(machine) / entry->at_bytes);
  if (action.leaks) value *= static_cast<double>(entry->at_mhz) / machine.clock_mhz;
  return value;
}

Energy energy(const Machine& machine, const LayerOutcome& outcome, const EnergyTable& table) {
  const ActionList& list = family(machine).actions();
  LACUNA_CHECK(outcome.actions.value.size() == list.size(), "layer '{}': {} actions are counted, the family has {}",
               outcome.name, outcome.actions.value.size(), list.size());
  Energy result;
  for (std::size_t i = 0; i < list.size(); ++i)
    result.actions[list[i]] = static_cast<double>(outcome.actions.value[i]) * price(list[i], machine, table);
  for (const auto& entry : result.actions.entries()) result.total += entry.value;
  return result;
}

Energy& Energy::operator+=(const Energy& other) {
  actions += other.actions;
  total += other.total;
  return *this;
}

std::vector<std::pair<std::string_view, double>> Energy::components() const {
  std::vector<std::pair<std::string_view, double>> sums;
  for (const auto& [action, value] : actions.entries()) {
    std::size_t at = 0;
    while (at < sums.size() && sums[at].first != action->component) ++at;
    if (at == sums.size()) sums.emplace_back(action->component, 0.0);
    sums[at].second += value;
  }
  return sums;
}

}  // namespace lacuna
