// The last lines of a run: what someone with ten seconds wants to know.
#include <algorithm>
#include <array>
#include <cmath>

#include "machine/family.h"
#include "report/number_text.h"
#include "report/report.h"

namespace lacuna {

namespace {

constexpr std::array kPeClassSentences = {
#define X(enumerator, word, sentence) std::string_view{sentence},
    LACUNA_PE_CLASSES(X)
#undef X
};

std::string energy_text(const Report& report, double energy) {
  return report.energy_unit == EnergyUnit::Rf ? fmt::format("{:.4g} RF", energy) : with_prefix(energy * 1e-12, "J");
}

/// "45.3 us and 8.38 uJ an inference, 22,070 inferences a second".
std::string inference_text(const Report& report, const Figures& all) {
  std::string text = fmt::format("{} and {} an inference", with_prefix(all.inference_seconds, "s"),
                                 energy_text(report, all.inference_energy));
  if (all.inference_seconds > 0) {
    const double rate = 1 / all.inference_seconds;
    text += rate >= 100 ? fmt::format(", {} inferences a second", grouped(static_cast<std::uint64_t>(rate)))
                        : fmt::format(", {:.3g} inferences a second", rate);
  }
  return text;
}

std::string dense_text(const Report& report, const Figures& all) {
  const DenseMachine& dense = *report.dense;
  return fmt::format("{}, energy {}, than the same machine with {} ({} cycles, {})",
                     times_text(static_cast<double>(dense.cycles), static_cast<double>(all.cycles), "faster", "slower"),
                     times_text(dense.energy, all.energy, "less", "more"), dense.settings, grouped(dense.cycles),
                     energy_text(report, dense.energy));
}

/// The layer with the most PE-cycles of a class.
const std::string& most_of(const Report& report, std::size_t pe_class) {
  return std::max_element(report.layers.begin(), report.layers.end(),
                          [&](const LayerReport& a, const LayerReport& b) {
                            return a.outcome.pe_cycles.value[pe_class] < b.outcome.pe_cycles.value[pe_class];
                          })
      ->outcome.name;
}

/// A line for busy PE-cycles and one for each of the two largest classes that are not, with the layer most of them are
/// in.
std::vector<std::string> losses(const Report& report, const LayerReport& sum) {
  constexpr std::size_t kMost = 2;
  const auto& classes = sum.outcome.pe_cycles;
  const auto share = [&](std::size_t i) {
    return 100 * static_cast<double>(classes.value[i]) / static_cast<double>(classes.sum());
  };
  constexpr auto kBusy = static_cast<std::size_t>(PeClass::Busy);
  std::vector<std::size_t> lost;
  for (std::size_t i = 0; i < classes.value.size(); ++i)
    if (i != kBusy && classes.value[i] > 0) lost.push_back(i);
  std::stable_sort(lost.begin(), lost.end(), [&](auto a, auto b) { return classes.value[a] > classes.value[b]; });
  lost.resize(std::min(lost.size(), kMost));
  std::vector<std::string> lines = {fmt::format("PE-cycles: {:.1f} % {}{}", share(kBusy),
                                                EnumNames<PeClass>::names[kBusy],
                                                lost.empty() ? "" : "; lost first to")};
  for (const std::size_t i : lost)
    lines.push_back(fmt::format("  {:.1f} % {}: {}{}", share(i), EnumNames<PeClass>::names[i], kPeClassSentences[i],
                                report.layers.size() > 1 ? fmt::format("; most in {}", most_of(report, i)) : ""));
  return lines;
}

std::string outputs_text(const Report& report, const LayerReport& sum) {
  if (sum.verified) return fmt::format("all outputs equal the reference's, bit for bit");
  const auto verified = std::count_if(report.layers.begin(), report.layers.end(), [](auto& l) { return l.verified; });
  if (sum.sampled)
    return fmt::format("an estimate from a sample: {} +- {} cycles with 95 % confidence", grouped(sum.outcome.cycles),
                       grouped(static_cast<std::uint64_t>(std::llround(sum.sampled->cycles.half_width))));
  return verified == 0 ? "no output was compared with the reference"
                       : fmt::format("outputs of {} of {} layers were compared with the reference", verified,
                                     report.layers.size());
}

}  // namespace

std::string summary(const Report& report, std::size_t width) {
  const ArrayConfig& array = report.machine.array;
  std::vector<std::string> lines;
  const std::string head = fmt::format("{} on {}, {} x {} PEs, {} MHz", report.workload, report.machine.name,
                                       array.rows, array.columns, report.machine.clock_mhz);
  if (report.layers.empty()) return head + ": no layers\n";
  const LayerReport sum = total(report);
  const Figures all = total_figures(report);
  lines.push_back(inference_text(report, all));
  lines.push_back(fmt::format("{} cycles, {} in all; {} of dense work, peak {}", grouped(all.cycles),
                              energy_text(report, all.energy), with_prefix(all.effective_gops * 1e9, "OP/s"),
                              with_prefix(all.peak_gops * 1e9, "OP/s")));
  if (report.dense && all.cycles > 0) lines.push_back(dense_text(report, all));
  if (all.cycles > 0)
    for (auto& line : losses(report, sum)) lines.push_back(std::move(line));
  lines.push_back(outputs_text(report, sum));
  std::string out = head + "\n";
  for (const auto& line : lines) out += wrapped("  " + line, width, 6) + "\n";
  return out;
}

}  // namespace lacuna
