// A comparison for programs: every row, equal or not.
#include <nlohmann/json.hpp>

#include "report/compare.h"

namespace lacuna {

namespace {

using Json = nlohmann::ordered_json;

Json side(const Result& result) {
  return {{"file", result.file},
          {"version", result.version},
          {"engine", result.engine},
          {"config_hash", result.config_hash},
          {"energy_table", {{"name", result.energy_table}, {"hash", result.energy_hash}}},
          {"workload", {{"network", result.workload}, {"hash", result.workload_hash}}}};
}

Json number(const Quantity& quantity) {
  return std::visit([](auto value) { return Json(value); }, quantity);
}

/// Counts may fall, so their difference is signed; both are far below 2^63.
Json difference(const ChangeRow& row) {
  if (const auto* base = std::get_if<std::uint64_t>(&row.base))
    return static_cast<std::int64_t>(std::get<std::uint64_t>(row.now) - *base);
  return std::get<double>(row.now) - std::get<double>(row.base);
}

/// null where the base is zero and the new figure is not.
Json ratio(const ChangeRow& row) {
  const double base = to_double(row.base), now = to_double(row.now);
  if (base == now) return 1.0;
  return base == 0 ? Json(nullptr) : Json(now / base);
}

}  // namespace

std::string compare_json(const ResultComparison& c, const GateVerdict* verdict) {
  Json json = Json::object();
  json["base"] = side(*c.base);
  json["new"] = side(*c.now);
  json["warnings"] = c.warnings;
  json["changed"] = Json::array();
  for (const auto& s : c.settings) json["changed"].push_back({{"name", s.name}, {"base", s.base}, {"new", s.now}});
  json["energy_unit"] = name_of(c.unit);
  for (const auto& section : c.sections) {
    Json& rows = json[section.key] = Json::array();
    for (const auto& row : section.rows) {
      Json one = {{"layer", row.layer}};
      if (!section.column.empty()) one["name"] = row.name;
      one["base"] = number(row.base);
      one["new"] = number(row.now);
      one["difference"] = difference(row);
      one["ratio"] = ratio(row);
      rows.push_back(std::move(one));
    }
  }
  if (verdict) json["gate"] = {{"passes", verdict->passes}, {"lines", verdict->lines}};
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";  // a path may be no text
}

}  // namespace lacuna
