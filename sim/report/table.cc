// The report a person reads. Columns that are zero for every layer are left out; the result file has them all.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <sstream>

#include "machine/config_reader.h"
#include "machine/family.h"
#include "report/number_text.h"
#include "report/report.h"
#include "report/text_table.h"

namespace lacuna {

namespace {

std::string percent(std::uint64_t part, std::uint64_t whole) {
  if (whole == 0) return "-";
  return fmt::format("{:.2f}", 100.0 * static_cast<double>(part) / static_cast<double>(whole));
}

/// `text` broken at blanks into lines of about 100 columns, the next ones indented like the head of the report.
std::string wrapped(const std::string& text) {
  constexpr std::size_t kWidth = 100;
  std::string out, line;
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    if (!line.empty() && line.size() + 1 + word.size() > kWidth) {
      out += line + "\n          ";
      line.clear();
    }
    line += line.empty() ? word : " " + word;
  }
  return out + line;
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

/// One line per layer and one for the total; `cells` gives the cells of a line after the name.
using Cells = std::function<std::vector<std::string>(const LayerReport&, const Figures&)>;

std::string per_layer(const Report& report, std::vector<std::string> head, const Cells& cells) {
  head.insert(head.begin(), "layer");
  TextTable table(std::move(head));
  const auto add = [&](const LayerReport& layer, const Figures& f) {
    auto row = cells(layer, f);
    row.insert(row.begin(), layer.outcome.name);
    table.add(std::move(row));
  };
  for (const auto& layer : report.layers) add(layer, figures(report, layer));
  add(total(report), total_figures(report));
  return table.text();
}

/// Shares of the classes of an enumeration, classes nobody is in left out.
template <typename Enum>
std::string shares(const Report& report, Counters<Enum> LayerOutcome::*counters) {
  const LayerReport sum = total(report);
  std::vector<std::size_t> shown;
  std::vector<std::string> head;
  for (std::size_t i = 0; i < enum_count<Enum>(); ++i) {
    if ((sum.outcome.*counters).value[i] == 0) continue;
    shown.push_back(i);
    head.emplace_back(EnumNames<Enum>::names[i]);
  }
  return per_layer(report, head, [&](const LayerReport& layer, const Figures&) {
    const Counters<Enum>& of = layer.outcome.*counters;
    std::vector<std::string> row;
    for (std::size_t i : shown) row.push_back(percent(of.value[i], of.sum()));
    return row;
  });
}

std::string header(const Report& report) {
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
  std::string out = fmt::format("lacuna {}, engine {}\n", report.version, report.engine);
  out += fmt::format("machine   {}: {}, {} x {} PEs, {}, {} MHz\n", report.machine.name, own, a.rows, a.columns,
                     name_of(a.operand), report.machine.clock_mhz);
  if (!settings.empty()) out += fmt::format("          {}\n", wrapped(settings));
  out += fmt::format("          config {}\n", report.config_hash);
  out += fmt::format("workload  {}\n", wrapped(fmt::format("{}: {}", report.workload, report.source)));
  out += fmt::format("          hash {}\n", report.workload_hash);
  out += fmt::format("energy    table {}, hash {}\n", report.energy_table, report.energy_hash);
  return out;
}

std::string energy_section(const Report& report) {
  const LayerReport sum = total(report);
  const Scale scale = energy_scale(report, sum.energy.total);
  std::vector<std::size_t> shown;
  std::vector<std::string> head;
  const auto components = sum.energy.components();
  for (std::size_t i = 0; i < components.size(); ++i) {
    if (components[i].second == 0) continue;
    shown.push_back(i);
    head.emplace_back(components[i].first);
  }
  head.emplace_back("total");
  return fmt::format("\nEnergy by component, {}\n", scale.unit) +
         per_layer(report, head, [&](const LayerReport& layer, const Figures&) {
           const auto values = layer.energy.components();
           std::vector<std::string> row;
           for (std::size_t i : shown) row.push_back(fmt::format("{:.3f}", values[i].second * scale.factor));
           row.push_back(fmt::format("{:.3f}", layer.energy.total * scale.factor));
           return row;
         });
}

/// What was measured of each layer and how far its estimates may be off.
std::string sampled_section(const Report& report, const Scale& scale) {
  return "\nSampled: estimates of all figures from a part of the tiles, +- with 95 % confidence\n" +
         per_layer(
             report, {"tiles", "measured", "simulated", "cycles +-", "%", fmt::format("energy {} +-", scale.unit), "%"},
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

/// Everything a reader must know, a line each; a note all layers share is said once.
std::string notes(const Report& report) {
  std::vector<std::pair<std::string, std::vector<std::string>>> said;  // note and the layers that say it
  for (const auto& layer : report.layers)
    for (const auto& note : layer.outcome.notes) {
      auto at = std::find_if(said.begin(), said.end(), [&](const auto& entry) { return entry.first == note; });
      if (at == said.end()) at = said.insert(said.end(), {note, {}});
      at->second.push_back(layer.outcome.name);
    }
  std::string out = "\nNotes\n";
  for (const auto& [note, layers] : said)
    out += layers.size() == report.layers.size() ? fmt::format("  {}\n", note)
                                                 : fmt::format("  {}: {}\n", fmt::join(layers, ", "), note);
  out +=
      "  utilisation is busy PE-cycles of all; effective throughput counts 2 operations for every dense pair,\n"
      "  skipped ones too; peak is 2 operations a cycle for every multiplier\n"
      "  per inference: each layer divided by its images\n";
  return out;
}

}  // namespace

std::string to_table(const Report& report) {
  std::string out = header(report);
  const LayerReport sum = total(report);
  const Scale scale = energy_scale(report, sum.energy.total);
  const std::string_view product = report.energy_unit == EnergyUnit::Pj ? "EDP J s" : "EDP RF s";
  const double to_joule = report.energy_unit == EnergyUnit::Pj ? 1e-12 : 1;

  out += "\nCycles and throughput\n" +
         per_layer(report,
                   {"cycles", "time us", "dense pairs", "util. %", "effective GOP/s", "peak GOP/s",
                    fmt::format("energy {}", scale.unit), std::string(product), "output"},
                   [&](const LayerReport& layer, const Figures& f) {
                     return std::vector<std::string>{grouped(f.cycles),
                                                     fmt::format("{:.3f}", f.seconds * 1e6),
                                                     grouped(layer.outcome.dense_pairs),
                                                     fmt::format("{:.2f}", 100 * f.utilisation),
                                                     fmt::format("{:.2f}", f.effective_gops),
                                                     fmt::format("{:.2f}", f.peak_gops),
                                                     fmt::format("{:.3f}", f.energy * scale.factor),
                                                     fmt::format("{:.4g}", f.energy_delay * to_joule),
                                                     layer.verified      ? "verified"
                                                     : layer.timing_only ? "none"
                                                                         : "not verified"};
                   });
  if (sum.sampled) out += sampled_section(report, scale);
  out += "\nPairs, % of the dense layer\n" + shares(report, &LayerOutcome::pairs);
  out += "\nPE-cycles, %\n" + shares(report, &LayerOutcome::pe_cycles);
  out += energy_section(report);

  std::vector<std::string> head;
  const ActionList& actions = family(report.machine).actions();
  const std::vector<std::size_t> traffic = traffic_actions(actions);
  for (const std::size_t i : traffic) {
    std::string word(actions[i].name);
    for (const auto& [from, to] : {std::pair("_buffer", ""), {"activation", "act."}, {"_", " "}})
      if (const auto at = word.find(from); at != std::string::npos) word.replace(at, std::strlen(from), to);
    head.push_back(word);
  }
  out += "\nTraffic of buffers and DRAM, bytes\n";
  out += per_layer(report, head, [&traffic](const LayerReport& layer, const Figures&) {
    std::vector<std::string> row;
    for (const std::size_t i : traffic) row.push_back(grouped(layer.outcome.actions.value.at(i)));
    return row;
  });

  out += "\nPer inference\n" +
         per_layer(report, {"images", "cycles", "time us", fmt::format("energy {}", scale.unit), std::string(product)},
                   [&](const LayerReport& layer, const Figures& f) {
                     return std::vector<std::string>{layer.op.empty() ? "" : grouped(layer.images),
                                                     fmt::format("{:.1f}", f.inference_cycles),
                                                     fmt::format("{:.3f}", f.inference_seconds * 1e6),
                                                     fmt::format("{:.3f}", f.inference_energy * scale.factor),
                                                     fmt::format("{:.4g}", f.inference_energy_delay * to_joule)};
                   });
  return out + notes(report);
}

}  // namespace lacuna
