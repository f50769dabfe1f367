#include "cli/check_text.h"

#include <fmt/format.h>

#include "machine/family.h"

namespace lacuna {

std::string explained(const Comparison& comparison, const EngineNames& engines, const Machine& machine) {
  if (!comparison.failure.empty())
    return fmt::format("  {}{} breaks off: {}\n",
                       comparison.agreed == 0 ? "" : fmt::format("{} events agree, then ", comparison.agreed),
                       engines.of(comparison.failed), comparison.failure);
  if (!comparison.difference) {
    if (comparison.outcome_difference.empty()) return "  nothing was compared\n";
    return fmt::format("  {} and {} differ in {}\n", engines.left, engines.right, comparison.outcome_difference);
  }
  const Vocabulary& vocabulary = family(machine).vocabulary();
  const Difference& d = *comparison.difference;
  std::string text = fmt::format("  {} events agree, then {} differs after {} of its own\n", comparison.agreed,
                                 text_of(d.unit, vocabulary, machine.array.columns), d.agreed);
  for (const Record& record : d.last) text += fmt::format("    both: {}\n", text_of(record, vocabulary));
  const auto side = [&](int i, const std::optional<Record>& record) {
    text += fmt::format("    {}: {}\n", engines.of(i), record ? text_of(*record, vocabulary) : "no further event");
  };
  side(0, d.left);
  side(1, d.right);
  std::string also;
  for (const Unit& unit : comparison.also)
    also += (also.empty() ? "" : ", ") + text_of(unit, vocabulary, machine.array.columns);
  if (!also.empty()) text += fmt::format("    also in this cycle: {}\n", also);
  return text;
}

std::string agreed_line(const std::string& name, const Comparison& comparison, Compare compare,
                        const Machine& machine) {
  std::string text = fmt::format("{}: {} {} agree, {} cycles", name, comparison.agreed,
                                 compare == Compare::Outputs ? "outputs" : "events", comparison.left_cycles);
  if (comparison.first_shift) {
    const Vocabulary& vocabulary = family(machine).vocabulary();
    const Shift& shift = *comparison.first_shift;
    text +=
        fmt::format("; {} events come at another cycle, the first in {}: {}, there in cycle {}; {} cycles there ({:+})",
                    comparison.shifted, text_of(unit_of(shift.left, vocabulary), vocabulary, machine.array.columns),
                    text_of(shift.left, vocabulary), shift.right_cycle, comparison.right_cycles,
                    static_cast<std::int64_t>(comparison.right_cycles - comparison.left_cycles));
  }
  return text + "\n";
}

std::string quoted(const std::string& word) {
  const bool plain = !word.empty() && word.find_first_not_of(
                                          "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                          "_-./=,:+@%") == std::string::npos;
  if (plain) return word;
  std::string text = "'";
  for (const char c : word) c == '\'' ? text += "'\\''" : text += c;
  return text + "'";
}

}  // namespace lacuna
