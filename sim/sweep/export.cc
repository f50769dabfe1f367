// One flat object for each row; CSV is its values under the keys of all rows.
#include "sweep/export.h"

#include <nlohmann/json.hpp>
#include <set>
#include <vector>

#include "machine/moved_keys.h"

namespace lacuna {

namespace {

using Json = nlohmann::ordered_json;

/// "energy_pj" -> "energy", "energy_delay_rf_s" -> "energy_delay_s"
std::string without_unit(const std::string& key) {
  if (!key.starts_with("energy")) return key;
  for (const std::string_view unit : {"_pj", "_rf"}) {
    const auto at = key.find(unit);
    if (at != std::string::npos && (at + 3 == key.size() || key[at + 3] == '_'))
      return key.substr(0, at) + key.substr(at + 3);
  }
  return key;
}

/// Objects become "outer.inner", lists of texts one text.
void flatten(const Json& json, const std::string& prefix, Json& row) {
  for (const auto& [key, value] : json.items()) {
    const std::string name = prefix + without_unit(key);
    if (value.is_object()) {
      flatten(value, name + ".", row);
    } else if (value.is_array()) {
      std::string text;
      for (const auto& item : value) text += (text.empty() ? "" : "; ") + item.get<std::string>();
      row[name] = text;
    } else {
      row[name] = value;
    }
  }
}

std::string csv_field(const Json& value) {
  const std::string text = value.is_null() ? "" : value.is_string() ? value.get<std::string>() : value.dump();
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

/// The parameters of a point under the names of today.
void add_config(const std::string& config, Json& row) {
  Json flat = Json::object();
  flatten(Json::parse(config), "", flat);
  for (const auto& [name, value] : flat.items()) row[moved_key(name).value_or(name)] = value;
}

/// The columns of a table whose rows do not all have the same: in the order in which rows first name them.
class Columns {
 public:
  void add(const Json& row) {
    for (const auto& [key, value] : row.items())
      if (known_.insert(key).second) names_.push_back(key);
  }
  [[nodiscard]] std::string head() const {
    std::string line;
    for (const auto& name : names_) line += (line.empty() ? "" : ",") + csv_field(name);
    return line + "\n";
  }
  [[nodiscard]] std::string line(const Json& row) const {
    std::string line;
    for (const auto& name : names_) {
      const auto at = row.find(name);
      line += (&name == &names_.front() ? "" : ",") + (at == row.end() ? "" : csv_field(*at));
    }
    return line + "\n";
  }
  [[nodiscard]] bool empty() const { return names_.empty(); }

 private:
  std::vector<std::string> names_;
  std::set<std::string> known_;
};

/// Calls `use` with every row.
void each_row(const Store& store, const std::optional<StoredSweep>& sweep, ExportRows rows,
              const std::function<void(const Json&)>& use) {
  const auto add = [&](const std::optional<std::uint64_t>& position, const StoredPoint& p) {
    Json row = Json::object();
    if (position) row["position"] = *position;
    row["key"] = p.key;
    row["network"] = p.network;
    row["engine"] = p.identity.engine;
    row["config_hash"] = p.identity.config_hash;
    row["workload_hash"] = p.identity.workload_hash;
    row["program_version"] = p.program_version;
    row["energy_unit"] = p.energy_unit;
    add_config(p.config, row);
    if (sweep && !sweep->area_hash.empty()) {
      const auto area = store.area(p.identity.config_hash, sweep->area_hash);
      row["area_um2"] = area ? Json(area->um2) : Json();
    }
    if (rows == ExportRows::Points) {
      flatten(Json::parse(p.total), "", row);
      use(row);
      return;
    }
    for (const auto& layer : p.layers) {
      Json line = row;
      Json figures = Json::parse(layer.result);
      line["layer"] = layer.name;
      figures.erase("name");
      flatten(figures, "", line);
      use(line);
    }
  };
  const bool layers = rows == ExportRows::Layers;
  if (sweep)
    store.each_point_of(sweep->id, layers, [&](std::uint64_t position, const StoredPoint& p) { add(position, p); });
  else
    store.each_point(layers, [&](const StoredPoint& p) { add(std::nullopt, p); });
}

}  // namespace

void export_points(const Store& store, const std::optional<StoredSweep>& sweep, ExportFormat format, ExportRows rows,
                   const std::function<void(const std::string&)>& use) {
  if (format == ExportFormat::Jsonl) {
    each_row(store, sweep, rows, [&](const Json& row) { use(row.dump() + "\n"); });
    return;
  }
  Columns columns;  // machines of several families, or points of several versions, do not have the same
  each_row(store, sweep, rows, [&](const Json& row) { columns.add(row); });
  if (columns.empty()) return;
  use(columns.head());
  each_row(store, sweep, rows, [&](const Json& row) { use(columns.line(row)); });
}

}  // namespace lacuna
