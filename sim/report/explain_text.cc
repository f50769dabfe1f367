// The explanation a person reads.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "report/explain_report.h"
#include "report/number_text.h"
#include "report/text_table.h"

namespace lacuna {

namespace {

std::string signed_text(std::int64_t value) {
  return value < 0 ? "-" + grouped(static_cast<std::uint64_t>(-value)) : grouped(static_cast<std::uint64_t>(value));
}

std::string percent(double part, std::uint64_t whole) {
  return whole == 0 ? "-" : fmt::format("{:.1f}", 100 * part / static_cast<double>(whole));
}

/// Cycles won as percent of all cycles.
std::string won_percent(const Explanation& e, const std::vector<std::uint64_t>& cycles) {
  return percent(static_cast<double>(won(e, cycles)), total(e.cycles));
}

std::string faster(const Explanation& e, const std::vector<std::uint64_t>& cycles) {
  return times_text(static_cast<double>(total(e.cycles)), static_cast<double>(total(cycles)), "faster", "slower");
}

/// The layer in which most is won; "" where none wins.
std::string most_in(const Explanation& e, const std::vector<std::uint64_t>& cycles) {
  std::int64_t most = 0;
  std::string name;
  for (std::size_t i = 0; i < cycles.size(); ++i) {
    const auto gain = static_cast<std::int64_t>(e.cycles[i]) - static_cast<std::int64_t>(cycles[i]);
    if (gain <= most) continue;
    most = gain;
    name = e.layers[i];
  }
  return name;
}

std::string as_options(const std::vector<std::string>& settings) {
  return fmt::format("--set {}", fmt::join(settings, " --set "));
}

const Finding* finding_called(const Explanation& e, std::string_view limit) {
  const auto at = std::ranges::find(e.findings, limit, &Finding::limit);
  return at == e.findings.end() ? nullptr : &*at;
}

/// Findings as the table shows them: runs first, those that win most in front.
std::vector<const Finding*> in_order(const Explanation& e) {
  std::vector<const Finding*> order;
  for (const Finding& finding : e.findings) order.push_back(&finding);
  std::ranges::stable_sort(order, [&](const Finding* a, const Finding* b) {
    if (a->evidence != b->evidence) return a->evidence < b->evidence;
    return won(e, a->cycles) > won(e, b->cycles);
  });
  return order;
}

std::string evidence_text(Evidence evidence) {
  return evidence == Evidence::AtMost ? "at most" : std::string(name_of(evidence));
}

std::string settings_text(const Explanation& e, std::size_t width) {
  std::string out;
  for (const Finding* finding : in_order(e)) {
    std::string line = fmt::format("  {}: {}", finding->limit, finding->sentence);
    if (!finding->settings.empty()) line += fmt::format("; {}", fmt::join(finding->settings, " "));
    out += wrapped(line, width, 6) + "\n";
  }
  return out;
}

}  // namespace

std::vector<std::string> explain_sentences(const ExplainReport& report) {
  const Explanation& e = report.explanation;
  std::vector<std::string> sentences;
  if (e.cheapest) {
    const Finding& first = e.findings[e.cheapest->finding];
    sentences.push_back(fmt::format(
        "The largest single limit is {} ({}): lifted, {} takes {} cycles instead of {}, {}{}.", first.sentence,
        first.limit, report.workload, grouped(total(first.cycles)), grouped(total(e.cycles)), faster(e, first.cycles),
        e.layers.size() > 1 ? fmt::format("; most is won in {}", most_in(e, first.cycles)) : ""));
    const double share = static_cast<double>(won(e, e.cheapest->cycles)) / static_cast<double>(won(e, first.cycles));
    sentences.push_back(e.cheapest->settings == first.settings
                            ? fmt::format("It takes {}; nothing nearer wins half of that.", as_options(first.settings))
                            : fmt::format("{} alone wins {:.0f} % of that: {} cycles, {}.",
                                          as_options(e.cheapest->settings), 100 * share,
                                          grouped(total(e.cheapest->cycles)), faster(e, e.cheapest->cycles)));
  } else {
    sentences.push_back("No single limit costs a cycle.");
  }
  std::string left;
  if (const Finding* memory = finding_called(e, "memory"))
    left = fmt::format("All of memory together is worth {} % of the cycles", won_percent(e, memory->cycles));
  if (const Finding* balance = finding_called(e, "perfect_balance"))
    left += fmt::format("{} PEs do not go below {} cycles: less takes more PEs, more multipliers or less work",
                        left.empty() ? "" : ";", grouped(total(balance->cycles)));
  sentences.push_back(left + ". Gains overlap and do not add up.");
  return sentences;
}

std::string explain_table(const ExplainReport& report, std::size_t width) {
  const Explanation& e = report.explanation;
  TextTable table({"limit lifted", "kind", "cycles", "won", "won %", "most in"}, 2);
  for (const Finding* finding : in_order(e))
    table.add({finding->limit, evidence_text(finding->evidence), grouped(total(finding->cycles)),
               signed_text(won(e, finding->cycles)), won_percent(e, finding->cycles), most_in(e, finding->cycles)});
  std::string out = fmt::format("Cycles without one limit\n{}\nLimits, and the settings that lift them\n{}\nKinds\n",
                                table.text(width), settings_text(e, width));
  for (std::size_t i = 0; i < kEvidenceSentences.size(); ++i)
    out += wrapped(fmt::format("  {}: {}", evidence_text(static_cast<Evidence>(i)), kEvidenceSentences[i]), width, 4) +
           "\n";
  const ArrayConfig& array = report.machine.array;
  const std::uint64_t pe_cycles = e.pe_cycles.sum();
  const std::string head = fmt::format("{} on {}, {} x {} PEs: {} cycles, {} % of PE-cycles busy", report.workload,
                                       report.machine.name, array.rows, array.columns, grouped(total(e.cycles)),
                                       percent(static_cast<double>(e.pe_cycles[PeClass::Busy]), pe_cycles));
  out += "\n" + wrapped(head, width, 2) + "\n";
  for (const auto& sentence : explain_sentences(report)) out += wrapped("  " + sentence, width, 2) + "\n";
  return out;
}

}  // namespace lacuna
