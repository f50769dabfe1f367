// Do two engines do the same? Their records side by side, unit by unit, up to the first difference.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "check/record_text.h"
#include "machine/engine.h"

namespace lacuna {

/// cycles: every event with its cycle. events: what every unit does, in its order, whatever the cycle: a stage more in
/// a pipeline shifts time and changes nothing else. outputs: values only.
///
/// What time changes lawfully is not compared by `events`: each kind of record says what of it is the same in a machine
/// that does the same things later (KindInfo::shifts). Pairs by class are, at the end.
enum class Compare { Cycles, Events, Outputs };

template <>
struct EnumNames<Compare> {
  static constexpr std::array<std::string_view, 3> names = {"cycles", "events", "outputs"};
};

/// The first event in which a unit of the two engines differs.
struct Difference {
  Unit unit;
  std::uint64_t agreed = 0;           ///< events of this unit that agreed
  std::vector<Record> last;           ///< the latest of them, oldest first
  std::optional<Record> left, right;  ///< nothing: the engine had no further event there
};

/// An event that came at another cycle on the right side.
struct Shift {
  Record left;
  std::uint64_t right_cycle = 0;
};

struct Comparison {
  std::uint64_t agreed = 0;              ///< events that agreed; outputs, if only those were compared
  std::optional<Difference> difference;  ///< of events
  std::vector<Unit> also;                ///< other units that differ in the same cycle
  std::string outcome_difference;        ///< of counters or outputs: one line, "" if they agree
  std::string failure;                   ///< "" or what the engine `failed` says of itself: it broke off
  int failed = 0;                        ///< 0: left, 1: right
  std::optional<std::uint64_t>
      cycle;                         ///< of the difference or of the latest event before it broke off; nothing: agreed
  std::uint64_t shifted = 0;         ///< Compare::Events: events at another cycle
  std::optional<Shift> first_shift;  ///< Compare::Events: the earliest of them
  std::int64_t latest_shift = 0;     ///< Compare::Events: cycles by which the right side's last event came later
  std::uint64_t left_cycles = 0, right_cycles = 0;

  /// Something was compared and nothing differs.
  [[nodiscard]] bool agrees() const {
    return agreed != 0 && !difference && outcome_difference.empty() && failure.empty();
  }
};

/// Runs both engines on `layer`, at the same time, in two threads; they are stopped some cycles after the first
/// difference or when one breaks off (a broken law or assertion). At the end whole outcomes are compared: outputs,
/// cycles, classes of every PE, pairs, actions.
Comparison compare_engines(Engine& left, Engine& right, const Machine& machine, const Layer& layer, Compare compare);

/// The first quantity in which two outcomes differ, with both values, or "". Outputs always; pairs unless only outputs
/// are compared; cycles, PE-cycles and actions strictly.
std::string first_outcome_difference(const LayerOutcome& left, const LayerOutcome& right, Compare compare);

}  // namespace lacuna
