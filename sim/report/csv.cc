// One line per layer for spreadsheets. A field with a comma, a quote or a line end is quoted (RFC 4180).
#include "machine/family.h"
#include "report/csv_line.h"
#include "report/report.h"

namespace lacuna {

namespace {

CsvLine line_of(const Report& report, const LayerReport& layer, const Figures& f, bool is_total) {
  const std::string_view unit = report.energy_unit == EnergyUnit::Pj ? "pj" : "rf";
  const LayerOutcome& o = layer.outcome;
  CsvLine line;
  line.add("layer", o.name);
  line.add("op", layer.op);
  line.add("images", is_total ? std::string() : fmt::format("{}", layer.images));
  line.add("verified", layer.verified ? "true" : "false");
  line.add("cycles", o.cycles);
  line.add("seconds", f.seconds);
  line.add("pairs_dense", o.dense_pairs);
  for (std::size_t i = 0; i < o.pairs.value.size(); ++i)
    line.add(fmt::format("pairs_{}", EnumNames<PairClass>::names[i]), o.pairs.value[i]);
  for (std::size_t i = 0; i < o.pe_cycles.value.size(); ++i)
    line.add(fmt::format("pe_cycles_{}", EnumNames<PeClass>::names[i]), o.pe_cycles.value[i]);
  const ActionList& actions = family(report.machine).actions();
  for (const std::size_t i : traffic_actions(actions))
    line.add(fmt::format("bytes_{}", actions[i].name), o.actions.value.at(i));
  for (const auto& [component, value] : layer.energy.components())
    line.add(fmt::format("energy_{}_{}", component, unit), value);
  line.add(fmt::format("energy_total_{}", unit), layer.energy.total);
  line.add(fmt::format("energy_delay_{}_s", unit), f.energy_delay);
  line.add("utilisation", f.utilisation);
  line.add("effective_gops", f.effective_gops);
  line.add("peak_gops", f.peak_gops);
  line.add("inference_cycles", f.inference_cycles);
  line.add(fmt::format("inference_energy_{}", unit), f.inference_energy);
  line.add("notes", fmt::format("{}", fmt::join(o.notes, "; ")));
  return line;
}

}  // namespace

std::string to_csv(const Report& report) {
  const CsvLine sum = line_of(report, total(report), total_figures(report), true);
  std::string out = sum.head();
  for (const auto& layer : report.layers) out += line_of(report, layer, figures(report, layer), false).values();
  return out + sum.values();
}

}  // namespace lacuna
