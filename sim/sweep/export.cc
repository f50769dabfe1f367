// One flat object for each row; CSV is its values under the keys of the first.
#include "sweep/export.h"

#include <nlohmann/json.hpp>
#include <vector>

#include "base/error.h"

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

class Writer {
 public:
  Writer(ExportFormat format, const std::function<void(const std::string&)>& use) : format_(format), use_(use) {}

  void add(const Json& row) {
    if (format_ == ExportFormat::Jsonl) {
      use_(row.dump() + "\n");
      return;
    }
    std::string head, line;
    for (const auto& [key, value] : row.items()) {
      head += (head.empty() ? "" : ",") + csv_field(key);
      line += (line.empty() ? "" : ",") + csv_field(value);
    }
    if (head_.empty()) {
      head_ = head;
      use_(head + "\n");
    }
    LACUNA_CHECK(head == head_, "two points of a store have different columns");
    use_(line + "\n");
  }

 private:
  ExportFormat format_;
  const std::function<void(const std::string&)>& use_;
  std::string head_;
};

}  // namespace

void export_points(const Store& store, const std::optional<StoredSweep>& sweep, ExportFormat format, ExportRows rows,
                   const std::function<void(const std::string&)>& use) {
  Writer writer(format, use);
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
    flatten(Json::parse(p.config), "", row);
    if (sweep && !sweep->area_hash.empty()) {
      const auto area = store.area(p.identity.config_hash, sweep->area_hash);
      row["area_um2"] = area ? Json(area->um2) : Json();
    }
    if (rows == ExportRows::Points) {
      flatten(Json::parse(p.total), "", row);
      writer.add(row);
      return;
    }
    for (const auto& layer : p.layers) {
      Json line = row;
      Json figures = Json::parse(layer.result);
      line["layer"] = layer.name;
      figures.erase("name");
      flatten(figures, "", line);
      writer.add(line);
    }
  };
  const bool layers = rows == ExportRows::Layers;
  if (sweep)
    store.each_point_of(sweep->id, layers, [&](std::uint64_t position, const StoredPoint& p) { add(position, p); });
  else
    store.each_point(layers, [&](const StoredPoint& p) { add(std::nullopt, p); });
}

}  // namespace lacuna
