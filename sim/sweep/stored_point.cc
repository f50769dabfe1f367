// A point as JSON: from a result file into the columns of a store and back.
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/hash.h"
#include "sweep/store.h"

namespace lacuna {

using Json = nlohmann::ordered_json;

namespace {

std::string energy_key(std::string_view unit) { return unit == "pJ" ? "energy_pj" : "energy_rf"; }

}  // namespace

std::string PointIdentity::key() const {
  Hasher hasher;
  hasher.add(config_hash);
  hasher.add(workload_hash);
  hasher.add(layers);
  hasher.add(energy_hash);
  hasher.add(engine);
  hasher.add(result_version);
  return hasher.hex();
}

std::string StoredPoint::result_json() const {
  Json json = Json::object();
  json["program"] = {{"name", "lacuna"}, {"version", program_version}};
  json["config"] = Json::parse(config);
  json["config_hash"] = identity.config_hash;
  json["energy_table"] = {{"name", energy_table}, {"hash", identity.energy_hash}};
  json["workload"] = {{"network", network}, {"source", source}, {"hash", identity.workload_hash}};
  json["engine"] = identity.engine;
  json["layers"] = Json::array();
  for (const auto& layer : layers) {
    json["layers"].push_back(Json::parse(layer.result));
    if (!layer.per_pe_busy.empty()) json["layers"].back()["per_pe_busy"] = Json::parse(layer.per_pe_busy);
  }
  json["total"] = Json::parse(total);
  return json.dump();
}

StoredPoint point_from_result(const std::string& result_json, const std::string& layers) {
  try {
    const Json json = Json::parse(result_json);
    StoredPoint p;
    p.identity.config_hash = json.at("config_hash");
    p.identity.workload_hash = json.at("workload").at("hash");
    p.identity.layers = layers;
    p.identity.energy_hash = json.at("energy_table").at("hash");
    p.identity.engine = json.at("engine");
    p.key = p.identity.key();
    p.program_version = json.at("program").at("version");
    p.machine = json.at("config").at("name");
    p.config = json.at("config").dump();
    p.network = json.at("workload").at("network");
    p.source = json.at("workload").at("source");
    p.energy_table = json.at("energy_table").at("name");
    const Json& total = json.at("total");
    p.total = total.dump();
    p.energy_unit = total.contains("energy_pj") ? "pJ" : "RF";
    p.energy = total.at(energy_key(p.energy_unit)).at("total");
    p.cycles = total.at("cycles");
    p.seconds = total.at("seconds");
    p.verified = total.at("verified");
    for (Json layer : json.at("layers")) {
      std::string busy;
      if (const auto at = layer.find("per_pe_busy"); at != layer.end()) {
        if (!at->empty()) busy = at->dump();
        layer.erase(at);
      }
      p.layers.push_back({layer.at("name"), layer.dump(), std::move(busy)});
    }
    return p;
  } catch (const Json::exception& error) {
    throw Bug(fmt::format("a result without what a store needs: {}", error.what()));
  }
}

}  // namespace lacuna
