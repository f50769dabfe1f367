#include "machine/actions.h"

#include "machine/config.h"

namespace lacuna {

namespace detail {
double global_buffer_bank(const Machine& machine) {
  return static_cast<double>(machine.global_buffer.bytes) / machine.global_buffer.banks;
}
}  // namespace detail

ActionList::ActionList(std::span<const ActionInfo> infos) : infos_(infos) {
  common_.fill(infos.size());
  for (std::size_t i = 0; i < infos.size(); ++i) {
    LACUNA_CHECK(find(infos[i].name) == i, "action '{}' is listed twice", infos[i].name);
    if (infos[i].common) common_[static_cast<std::size_t>(*infos[i].common)] = i;
  }
  for (std::size_t i = 0; i < kCommonActions; ++i)
    LACUNA_CHECK(common_[i] < infos.size(), "action '{}' is not in a family's list",
                 common_action(static_cast<CommonAction>(i)).name);
}

std::optional<std::size_t> ActionList::find(std::string_view name) const {
  for (std::size_t i = 0; i < infos_.size(); ++i)
    if (infos_[i].name == name) return i;
  return std::nullopt;
}

ActionCounts& ActionCounts::operator+=(const ActionCounts& other) {
  if (other.list_ == nullptr) return *this;
  if (list_ == nullptr) return *this = other;
  LACUNA_CHECK(list_ == other.list_, "actions of two families are added");
  for (std::size_t i = 0; i < value.size(); ++i) value[i] += other.value[i];
  return *this;
}

}  // namespace lacuna
