// The report a person reads. Columns that are zero for every layer are left out; the result file has them all.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <numeric>

#include "machine/config_reader.h"
#include "machine/family.h"
#include "report/notes_text.h"
#include "report/number_text.h"
#include "report/report.h"
#include "report/text_table.h"

namespace lacuna {

namespace {

std::string percent(std::uint64_t part, std::uint64_t whole) {
  if (whole == 0) return "-";
  return fmt::format("{:.2f}", 100.0 * static_cast<double>(part) / static_cast<double>(whole));
}

/// A unit that keeps the largest figure of the run readable; ratios stay as they are.
struct Scale {
  double factor;
  std::string_view unit;
};

Scale energy_scale(const Report& report, double largest) {
  if (report.energy_unit == EnergyUnit::Rf) return {1, "RF"};
  if (largest >= 1e10) return {1e-9, "mJ"};
  if (largest >= 1e7) return {1e-6, "uJ"};
  if (largest >= 1e4) return {1e-3, "nJ"};
  return {1, "pJ"};
}

/// The lines of each table: layers in the order of the network, of many only the largest and one line for the others;
/// then all of them together.
struct Lines {
  struct Line {
    LayerReport layer;
    Figures figures;
  };
  std::vector<Line> lines;
  std::size_t others = 0;  ///< layers in the line of the others
  std::size_t width = 0;   ///< of a line of text
};

Lines lines_of(const Report& report, const TableOptions& options) {
  constexpr std::size_t kLargest = 10;
  std::vector<std::size_t> order(report.layers.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return report.layers[a].outcome.cycles > report.layers[b].outcome.cycles;
  });
  // A line for one or two others would save nothing.
  const std::size_t shown = options.all_layers || order.size() <= kLargest + 2 ? order.size() : kLargest;
  std::sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(shown));
  Lines result;
  result.width = options.width;
  result.others = order.size() - shown;
  for (std::size_t i = 0; i < shown; ++i) {
    const LayerReport& layer = report.layers[order[i]];
    result.lines.push_back({layer, figures(report, layer)});
  }
  if (result.others > 0) {
    Report rest = report;
    rest.layers.clear();
    for (std::size_t i = shown; i < order.size(); ++i) rest.layers.push_back(report.layers[order[i]]);
    LayerReport sum = total(rest);
    sum.outcome.name = fmt::format("{} others", result.others);
    result.lines.push_back({std::move(sum), total_figures(rest)});
  }
  result.lines.push_back({total(report), total_figures(report)});
  return result;
}

/// The cells of a line after the name.
using Cells = std::function<std::vector<std::string>(const LayerReport&, const Figures&)>;

std::string per_layer(const Lines& lines, std::vector<std::string> head, const Cells& cells) {
  head.insert(head.begin(), "layer");
  TextTable table(std::move(head));
  for (const auto& [layer, figures] : lines.lines) {
    auto row = cells(layer, figures);
    row.insert(row.begin(), layer.outcome.name);
    table.add(std::move(row));
  }
  return table.text(lines.width);
}

/// Shares of the classes of an enumeration, classes nobody is in left out.
template <typename Enum>
std::string shares(const Lines& lines, Counters<Enum> LayerOutcome::*counters) {
  const LayerReport& sum = lines.lines.back().layer;
  std::vector<std::size_t> shown;
  std::vector<std::string> head;
  for (std::size_t i = 0; i < enum_count<Enum>(); ++i) {
    if ((sum.outcome.*counters).value[i] == 0) continue;
    shown.push_back(i);
    head.emplace_back(EnumNames<Enum>::names[i]);
  }
  return per_layer(lines, head, [&](const LayerReport& layer, const Figures&) {
    const Counters<Enum>& of = layer.outcome.*counters;
    std::vector<std::string> row;
    for (std::size_t i : shown) row.push_back(percent(of.value[i], of.sum()));
    return row;
  });
}

std::string header(const Report& report, std::size_t width) {
  const ArrayConfig& a = report.machine.array;
  const std::string_view own = family(report.machine).name();
  // What is set below the family's name; deeper sections are details that the result file has.
  std::string settings;
  for (const auto& p : parameters(report.machine)) {
    if (!p.name.starts_with(own) || p.name[own.size()] != '.') continue;
    const std::string key = p.name.substr(own.size() + 1);
    if (key.find('.') == std::string::npos)
      settings += fmt::format("{}{} {}", settings.empty() ? "" : ", ", key, p.value);
  }
  std::string out = fmt::format("workload  {}, engine {}\n", report.workload, report.engine);
  out += fmt::format("machine   {}: {}, {} x {} PEs, {}, {} MHz\n", report.machine.name, own, a.rows, a.columns,
                     name_of(a.operand), report.machine.clock_mhz);
  if (!settings.empty()) out += wrapped("          " + settings, width, 10) + "\n";
  return out;
}

/// Where the numbers come from: what a reader needs who wants to repeat them.
std::string sources(const Report& report, std::size_t width) {
  return "\nFrom\n" +
         wrapped(fmt::format("  workload {}: {}; hash {}", report.workload, report.source, report.workload_hash), width,
                 4) +
         fmt::format("\n  lacuna {}, config {}\n  energy table {}, hash {}\n", report.version, report.config_hash,
                     report.energy_table, report.energy_hash);
}

std::string cycles_section(const Lines& lines, const Scale& scale) {
  const std::uint64_t all = lines.lines.back().figures.cycles;
  return "\nCycles\n" + per_layer(lines,
                                  {"cycles", "% of all", "time us", "dense pairs", "util. %", "GOP/s",
                                   fmt::format("energy {}", scale.unit), "output"},
                                  [&](const LayerReport& layer, const Figures& f) {
                                    return std::vector<std::string>{grouped(f.cycles),
                                                                    percent(f.cycles, all),
                                                                    fmt::format("{:.3f}", f.seconds * 1e6),
                                                                    grouped(layer.outcome.dense_pairs),
                                                                    fmt::format("{:.2f}", 100 * f.utilisation),
                                                                    fmt::format("{:.2f}", f.effective_gops),
                                                                    fmt::format("{:.3f}", f.energy * scale.factor),
                                                                    layer.verified      ? "verified"
                                                                    : layer.timing_only ? "none"
                                                                                        : "not verified"};
                                  });
}

std::string energy_section(const Lines& lines, const Scale& scale) {
  std::vector<std::size_t> shown;
  std::vector<std::string> head;
  const auto components = lines.lines.back().layer.energy.components();
  for (std::size_t i = 0; i < components.size(); ++i) {
    if (components[i].second == 0) continue;
    shown.push_back(i);
    head.emplace_back(components[i].first);
  }
  head.emplace_back("total");
  return fmt::format("\nEnergy by component, {}\n", scale.unit) +
         per_layer(lines, head, [&](const LayerReport& layer, const Figures&) {
           const auto values = layer.energy.components();
           std::vector<std::string> row;
           for (std::size_t i : shown) row.push_back(fmt::format("{:.3f}", values[i].second * scale.factor));
           row.push_back(fmt::format("{:.3f}", layer.energy.total * scale.factor));
           return row;
         });
}

std::string traffic_section(const Report& report, const Lines& lines) {
  std::vector<std::string> head;
  const ActionList& actions = family(report.machine).actions();
  const std::vector<std::size_t> traffic = traffic_actions(actions);
  for (const std::size_t i : traffic) {
    std::string word(actions[i].name);
    for (const auto& [from, to] : {std::pair("_buffer", ""), {"activation", "act."}, {"_", " "}})
      if (const auto at = word.find(from); at != std::string::npos) word.replace(at, std::strlen(from), to);
    head.push_back(word);
  }
  return "\nTraffic of buffers and DRAM, bytes\n" +
         per_layer(lines, head, [&traffic](const LayerReport& layer, const Figures&) {
           std::vector<std::string> row;
           for (const std::size_t i : traffic) row.push_back(grouped(layer.outcome.actions.value.at(i)));
           return row;
         });
}

/// What was measured of each layer and how far its estimates may be off.
std::string sampled_section(const Lines& lines, const Scale& scale) {
  return "\nSampled: estimates of all figures from a part of the tiles, +- with 95 % confidence\n" +
         per_layer(
             lines, {"tiles", "measured", "simulated", "cycles +-", "%", fmt::format("energy {} +-", scale.unit), "%"},
             [&](const LayerReport& layer, const Figures&) {
               const Sampled& s = *layer.sampled;
               const auto percent = [](const Estimate& e) {
                 return fmt::format("{:.2f}", e.value == 0 ? 0 : 100 * e.half_width / e.value);
               };
               return std::vector<std::string>{
                   grouped(s.tiles),           grouped(s.measured_tiles),
                   grouped(s.simulated_tiles), grouped(static_cast<std::uint64_t>(std::llround(s.cycles.half_width))),
                   percent(s.cycles),          fmt::format("{:.3f}", s.energy.half_width * scale.factor),
                   percent(s.energy)};
             });
}

}  // namespace

std::string to_table(const Report& report, const TableOptions& options) {
  const Lines lines = lines_of(report, options);
  const LayerReport& sum = lines.lines.back().layer;
  const Scale scale = energy_scale(report, sum.energy.total);
  std::string out = header(report, options.width);
  if (lines.others > 0)
    out += fmt::format("\nThe ten of {} layers with the most cycles; --all-layers shows each.\n", report.layers.size());
  out += cycles_section(lines, scale);
  if (sum.sampled) out += sampled_section(lines, scale);
  out += "\nPairs, % of the dense layer\n" + shares(lines, &LayerOutcome::pairs);
  out += "\nPE-cycles, %\n" + shares(lines, &LayerOutcome::pe_cycles);
  out += energy_section(lines, scale);
  out += traffic_section(report, lines);
  out += notes_text(report, options);
  out += sources(report, options.width);
  return out + "\n" + summary(report, options.width);
}

}  // namespace lacuna
