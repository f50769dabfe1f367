// A figure for each action: counts read back from results, energies. Figures of machines of one family stand in the
// order of its list; in sums over several families the actions of the later ones follow.
#pragma once

#include <string_view>
#include <vector>

#include "machine/actions.h"

namespace lacuna {

template <typename T>
class ByAction {
 public:
  struct Entry {
    const ActionInfo* action;
    T value;
    /// Two families that use a name mean the same by it.
    bool operator==(const Entry& other) const { return action->name == other.action->name && value == other.value; }
  };

  ByAction() = default;
  /// Zero for every action of `list`.
  explicit ByAction(const ActionList& list) {
    for (const ActionInfo& action : list.infos()) entries_.push_back({&action, T{}});
  }

  [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }
  /// The entry of `action`, a new one behind the others if there is none; `action` must outlive it.
  T& operator[](const ActionInfo& action) {
    for (Entry& entry : entries_)
      if (entry.action->name == action.name) return entry.value;
    return entries_.emplace_back(Entry{&action, T{}}).value;
  }
  /// The figure of the action called `name`; nothing was done if there is none.
  [[nodiscard]] T of(std::string_view name) const {
    for (const Entry& entry : entries_)
      if (entry.action->name == name) return entry.value;
    return T{};
  }
  ByAction& operator+=(const ByAction& other) {
    for (std::size_t i = 0; i < other.entries_.size(); ++i) {
      const Entry& entry = other.entries_[i];
      if (i < entries_.size() && entries_[i].action == entry.action)  // of one family
        entries_[i].value += entry.value;
      else
        (*this)[*entry.action] += entry.value;
    }
    return *this;
  }
  bool operator==(const ByAction&) const = default;

 private:
  std::vector<Entry> entries_;
};

}  // namespace lacuna
