// The result file. Its keys are a promise to other programs: they are added to, never renamed.
#include "machine/family.h"
#include "report/json_text.h"
#include "report/report.h"

namespace lacuna {

namespace {

/// "energy_pj" or "energy_rf": the unit is in the key, so nobody adds joules to ratios.
std::string with_unit(std::string_view key, EnergyUnit unit) {
  return fmt::format("{}_{}", key, unit == EnergyUnit::Pj ? "pj" : "rf");
}

template <typename Enum>
Json counters_json(const Counters<Enum>& counters) {
  Json json = Json::object();
  for (std::size_t i = 0; i < counters.value.size(); ++i)
    json[std::string(EnumNames<Enum>::names[i])] = counters.value[i];
  return json;
}

/// Busy cycles of every PE, a list per row of the array.
Json per_pe_json(const LayerOutcome& outcome, const Machine& machine) {
  Json rows = Json::array();
  if (outcome.per_pe.empty()) return rows;
  for (std::uint32_t r = 0; r < machine.array.rows; ++r) {
    Json row = Json::array();
    for (std::uint32_t c = 0; c < machine.array.columns; ++c)
      row.push_back(outcome.per_pe.at(std::size_t{r} * machine.array.columns + c)[PeClass::Busy]);
    rows.push_back(std::move(row));
  }
  return rows;
}

/// The groups a layer and the total have in common.
void add_groups(Json& json, const Report& report, const LayerReport& layer, const Figures& f) {
  const LayerOutcome& o = layer.outcome;
  json["cycles"] = o.cycles;
  json["seconds"] = f.seconds;
  Json pairs = {{"dense", o.dense_pairs}};
  pairs.update(counters_json(o.pairs));
  json["pairs"] = std::move(pairs);
  json["pe_cycles"] = counters_json(o.pe_cycles);
  json["utilisation"] = {{"pe", f.utilisation}, {"multipliers", f.multiplier_utilisation}};
  json["throughput_gops"] = {{"effective", f.effective_gops}, {"peak", f.peak_gops}};
  json["outputs"] = {{"all", o.outputs}, {"terminated", o.outputs_terminated}, {"predicted", o.outputs_predicted}};
  Json traffic = Json::object();
  const ActionList& actions = family(report.machine).actions();
  for (const std::size_t i : traffic_actions(actions)) traffic[std::string(actions[i].name)] = o.actions.value.at(i);
  json["traffic_bytes"] = std::move(traffic);
  json["actions"] = Json::object();
  for (std::size_t i = 0; i < actions.size(); ++i)
    json["actions"][std::string(actions[i].name)] = o.actions.value.at(i);

  const auto energy = with_unit("energy", report.energy_unit);
  json[energy] = {{"total", layer.energy.total}};
  for (const auto& [component, value] : layer.energy.components()) json[energy][std::string(component)] = value;
  const auto by_action = with_unit("energy_by_action", report.energy_unit);
  json[by_action] = Json::object();
  for (const auto& [action, value] : layer.energy.actions.entries()) json[by_action][std::string(action->name)] = value;
  const auto product = with_unit("energy_delay", report.energy_unit) + "_s";
  json[product] = f.energy_delay;
  json["per_inference"] = {{"cycles", f.inference_cycles},
                           {"seconds", f.inference_seconds},
                           {energy, f.inference_energy},
                           {product, f.inference_energy_delay}};
}

/// Low and high end of the interval; nothing is below zero.
Json interval_json(const Estimate& estimate) {
  return Json::array({std::max(0.0, estimate.value - estimate.half_width), estimate.value + estimate.half_width});
}

template <typename Enum, std::size_t kCount>
Json intervals_json(const std::array<Estimate, kCount>& estimates) {
  Json json = Json::object();
  for (std::size_t i = 0; i < kCount; ++i) json[std::string(EnumNames<Enum>::names[i])] = interval_json(estimates[i]);
  return json;
}

/// Units: outputs; values are those of the output's own type.
Json predictions_json(const PredictedOutputs& p) {
  return {{"predicted", p.predicted},
          {"wrong", p.wrong},
          {"missed", p.missed},
          {"value", p.value},
          {"lost_value", p.lost_value}};
}

Json sampled_json(const Sampled& sampled, const Report& report) {
  const std::string energy = report.energy_unit == EnergyUnit::Pj ? "energy_pj" : "energy_rf";
  return {{"share", sampled.share},
          {"seed", sampled.seed},
          {"tiles", sampled.tiles},
          {"measured_tiles", sampled.measured_tiles},
          {"simulated_tiles", sampled.simulated_tiles},
          {"confidence", 0.95},
          {"intervals",
           {{"cycles", interval_json(sampled.cycles)},
            {energy, interval_json(sampled.energy)},
            {"pairs", intervals_json<PairClass>(sampled.pairs)},
            {"pe_cycles", intervals_json<PeClass>(sampled.pe_cycles)}}}};
}

}  // namespace

std::string to_json(const Report& report) {
  Json json = Json::object();
  json["program"] = {{"name", "lacuna"}, {"version", report.version}};
  json["config"] = config_json(report.machine);
  json["config_hash"] = report.config_hash;
  json["energy_table"] = {{"name", report.energy_table}, {"hash", report.energy_hash}};
  json["workload"] = {{"network", report.workload}, {"source", report.source}, {"hash", report.workload_hash}};
  json["engine"] = report.engine;
  json["layers"] = Json::array();
  for (const auto& layer : report.layers) {
    Json one = Json::object();
    one["name"] = layer.outcome.name;
    one["op"] = layer.op;
    one["images"] = layer.images;
    one["verified"] = layer.verified;
    add_groups(one, report, layer, figures(report, layer));
    one["per_pe_busy"] = per_pe_json(layer.outcome, report.machine);
    if (layer.predicted) one["predictions"] = predictions_json(*layer.predicted);
    if (layer.sampled) one["sampled"] = sampled_json(*layer.sampled, report);
    one["notes"] = layer.outcome.notes;
    if (!layer.outcome.engine_path.empty()) one["engine_path"] = layer.outcome.engine_path;
    json["layers"].push_back(std::move(one));
  }
  const LayerReport sum = total(report);
  Json all = Json::object();
  all["verified"] = sum.verified;
  add_groups(all, report, sum, total_figures(report));
  if (sum.sampled) all["sampled"] = sampled_json(*sum.sampled, report);
  json["total"] = std::move(all);
  return json_text(json);
}

}  // namespace lacuna
