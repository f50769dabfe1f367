// Do two engines do the same? Their event streams side by side, unit by unit, up to the first difference.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "check/traced_event.h"
#include "machine/engine.h"

namespace lacuna {

/// cycles: every event with its cycle. events: every event but waits, in order, whatever its cycle. outputs: values only.
enum class Compare { Cycles, Events, Outputs };

template <>
struct EnumNames<Compare> {
  static constexpr std::array<std::string_view, 3> names = {"cycles", "events", "outputs"};
};

/// The first event in which a unit of the two engines differs.
struct Difference {
  Unit unit;
  std::uint64_t agreed = 0;                 ///< events of this unit that agreed
  std::vector<TracedEvent> last;            ///< the latest of them, oldest first
  std::optional<TracedEvent> left, right;   ///< nothing: the engine had no further event there
};

struct Comparison {
  std::uint64_t agreed = 0;                ///< events that agreed; outputs, if only those were compared
  std::optional<Difference> difference;    ///< of events
  std::string outcome_difference;          ///< of counters or outputs: one line, "" if they agree
  std::string failure;                     ///< "" or what the engine `failed` says of itself: it broke off
  int failed = 0;                          ///< 0: left, 1: right
  std::int64_t latest_shift = 0;           ///< Compare::Events: cycles by which the right side's last event came later
  std::uint64_t shifted = 0;               ///< Compare::Events: events at another cycle
  std::uint64_t left_cycles = 0, right_cycles = 0;

  /// Something was compared and nothing differs.
  [[nodiscard]] bool agrees() const { return agreed != 0 && !difference && outcome_difference.empty() && failure.empty(); }
};

/// Runs both engines on `layer`. Engines with events run at the same time, in two threads, and are stopped at the first
/// difference or when one breaks off (a broken law or assertion); if one has none, whole outcomes are compared: outputs, cycles, classes of every PE, pairs, actions.
Comparison compare_engines(Engine& left, Engine& right, const Machine& machine, const Layer& layer, Compare compare);

/// The first quantity in which two outcomes differ, with both values, or "". `timing`: cycles, PE-cycles and actions too.
std::string first_outcome_difference(const LayerOutcome& left, const LayerOutcome& right, bool timing);

}  // namespace lacuna
