// Prices on a machine, and the products and sums. Products are stored before they are summed, and sums run in the order
// of the actions: the same bytes everywhere.
#include "energy/energy.h"

#include <cmath>

namespace lacuna {

namespace {

/// Bytes of the SRAM an action goes to: a feeder's buffer, or one bank of the global buffer.
double capacity(Action action, const Machine& machine) {
  switch (action) {
    case Action::WeightBufferWrite:
    case Action::WeightBufferRead:
      return machine.weights.buffer_bytes;
    case Action::ActivationBufferWrite:
    case Action::ActivationBufferRead:
      return machine.activations.buffer_bytes;
    case Action::GlobalBufferRead:
    case Action::GlobalBufferWrite:
      return static_cast<double>(machine.global_buffer.bytes) / machine.global_buffer.banks;
    default:
      throw Bug(fmt::format("action '{}' has a reference capacity but no SRAM", name_of(action)));
  }
}

}  // namespace

double price(Action action, const Machine& machine, const EnergyTable& table) {
  const EnergyEntry& entry = table[action];
  double value = machine.array.operand == Operand::Int8 ? entry.int8 : entry.int16;
  if (entry.at_bytes != 0) value *= std::sqrt(capacity(action, machine) / entry.at_bytes);
  if (entry.at_mhz != 0) value *= static_cast<double>(entry.at_mhz) / machine.clock_mhz;
  return value;
}

Energy energy(const Machine& machine, const LayerOutcome& outcome, const EnergyTable& table) {
  Energy result;
  for (std::size_t i = 0; i < kActions; ++i)
    result.actions[i] = static_cast<double>(outcome.actions.value[i]) * price(static_cast<Action>(i), machine, table);
  for (double value : result.actions) result.total += value;
  return result;
}

Energy& Energy::operator+=(const Energy& other) {
  for (std::size_t i = 0; i < kActions; ++i) actions[i] += other.actions[i];
  total += other.total;
  return *this;
}

std::vector<std::pair<std::string_view, double>> Energy::components() const {
  std::vector<std::pair<std::string_view, double>> sums;
  for (std::size_t i = 0; i < kActions; ++i) {
    const auto component = kActionInfo[i].component;
    std::size_t at = 0;
    while (at < sums.size() && sums[at].first != component) ++at;
    if (at == sums.size()) sums.emplace_back(component, 0.0);
    sums[at].second += actions[i];
  }
  return sums;
}

}  // namespace lacuna
