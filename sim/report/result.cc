// The keys of a result file, and the laws that its numbers keep.
#include "report/result.h"

#include <algorithm>
#include <charconv>
#include <set>

#include "base/error.h"
#include "base/yaml.h"
#include "machine/config_reader.h"
#include "machine/family.h"
#include "machine/moved_keys.h"
#include "report/json_value.h"

namespace lacuna {

namespace {

using Config = std::vector<std::pair<std::string, std::string>>;

/// Sections may stand in sections.
void add_config(const JsonValue& json, const std::string& section, Config& config) {
  for (const auto& [key, value] : json.entries()) {
    const std::string name = section.empty() ? key : section + "." + key;
    if (value.is_object())
      add_config(value, name, config);
    else
      config.emplace_back(name, value.word());
  }
}

/// A configuration of an earlier version gets the names of today, and their order.
Config config_of(const JsonValue& json) {
  Config config;
  add_config(json, "", config);
  bool moved = false;
  for (auto& [name, value] : config)
    if (auto now = moved_key(name)) {
      name = std::move(*now);
      moved = true;
    }
  if (!moved) return config;
  const std::vector<Parameter> order = all_parameters();
  std::ranges::stable_sort(config, {}, [&](const auto& entry) {
    return std::ranges::find(order, entry.first, &Parameter::name) - order.begin();
  });
  return config;
}

/// The actions of the family whose machine a result is of.
const ActionList& actions_of(const Result& result) {
  const std::string_view name = result.parameter("array.datapath");
  const auto words = datapath_words();
  const auto at = std::ranges::find(words, name);
  if (at == words.end()) throw UserError(Place{result.file}, unknown_word("config.array.datapath", name, words));
  return families()[static_cast<std::size_t>(at - words.begin())]->actions();
}

/// Every word of the enumeration and, but for `beside`, no other: a sum that leaves one out would be wrong in silence.
/// `newer`: a word that results of earlier versions do not have.
template <typename Enum>
Counters<Enum> counters(const JsonValue& value, std::string_view beside = {}, std::string_view newer = {}) {
  Counters<Enum> result;
  for (std::size_t i = 0; i < enum_count<Enum>(); ++i) {
    const std::string_view name = EnumNames<Enum>::names[i];
    if (name != newer || value.has(name)) result.value[i] = value[name].whole();
  }
  const auto& words = EnumNames<Enum>::names;
  for (const auto& [key, entry] : value.entries())
    if (key != beside && std::find(words.begin(), words.end(), key) == words.end())
      throw UserError(Place{value.file()}, unknown_word(value.path(), key, words));
  return result;
}

/// Every action of the list and no other.
ByAction<std::uint64_t> action_counts(const JsonValue& value, const ActionList& list) {
  ByAction<std::uint64_t> result;
  std::vector<std::string_view> words;
  for (const ActionInfo& action : list.infos()) {
    words.push_back(action.name);
    result[action] = value[action.name].whole();
  }
  for (const auto& [key, entry] : value.entries())
    if (std::ranges::find(words, key) == words.end())
      throw UserError(Place{value.file()}, unknown_word(value.path(), key, words));
  return result;
}

Energy energy_of(const JsonValue& group, const ActionList& list, EnergyUnit unit) {
  const std::string suffix = unit == EnergyUnit::Pj ? "pj" : "rf";
  Energy energy;
  energy.total = group["energy_" + suffix]["total"].number();
  const JsonValue actions = group["energy_by_action_" + suffix];
  for (const ActionInfo& action : list.infos()) energy.actions[action] = actions[action.name].number();
  return energy;
}

/// What layers and the total have in common.
ResultGroup common(const JsonValue& json, const ActionList& list, EnergyUnit unit) {
  ResultGroup group;
  group.verified = json["verified"].truth();
  group.cycles = json["cycles"].whole();
  group.dense_pairs = json["pairs"]["dense"].whole();
  group.pairs = counters<PairClass>(json["pairs"], "dense");
  group.pe_cycles = counters<PeClass>(json["pe_cycles"], {}, "blocked_memory");
  group.actions = action_counts(json["actions"], list);
  group.energy = energy_of(json, list, unit);
  if (json.has("sampled")) group.sampled_cycles = json["sampled"]["intervals"]["cycles"].interval();
  return group;
}

ResultGroup layer_of(const JsonValue& json, const ActionList& list, EnergyUnit unit) {
  ResultGroup group = common(json, list, unit);
  group.name = json["name"].text();
  group.op = json["op"].text();
  group.images = json["images"].whole();
  if (json.has("per_pe_busy"))  // results that come from a store have none
    for (const auto& row : json["per_pe_busy"].list()) {
      group.busy.emplace_back();
      for (const auto& pe : row.list()) group.busy.back().push_back(pe.whole());
    }
  for (const auto& note : json["notes"].list()) group.notes.push_back(note.text());
  return group;
}

/// The sums every result keeps. A file that breaks one was edited or damaged.
void check_sums(const Result& result) {
  const Place place{result.file};
  const std::uint64_t rows = result.number("array.rows"), columns = result.number("array.columns");
  ResultGroup sum;
  sum.verified = !result.layers.empty();
  sum.actions = ByAction<std::uint64_t>(actions_of(result));
  for (const auto& layer : result.layers) {
    if (layer.pairs.sum() != layer.dense_pairs)
      fail(place, "layer '{}': pairs of all classes are {}, dense pairs {}; the file is damaged", layer.name,
           layer.pairs.sum(), layer.dense_pairs);
    if (layer.pe_cycles.sum() != rows * columns * layer.cycles)
      fail(place, "layer '{}': PE-cycles of all classes are {}, {} x {} PEs x {} cycles are {}; the file is damaged",
           layer.name, layer.pe_cycles.sum(), rows, columns, layer.cycles, rows * columns * layer.cycles);
    std::uint64_t busy = 0;
    bool square = layer.busy.empty() || layer.busy.size() == rows;
    for (const auto& row : layer.busy) {
      square = square && row.size() == columns;
      for (std::uint64_t cycles : row) busy += cycles;
    }
    if (!square || (!layer.busy.empty() && busy != layer.pe_cycles[PeClass::Busy]))
      fail(place, "layer '{}': per_pe_busy does not add up to the busy PE-cycles of {} x {} PEs; the file is damaged",
           layer.name, rows, columns);
    sum += layer;
  }
  const ResultGroup& total = result.total;
  if (sum.cycles != total.cycles || sum.dense_pairs != total.dense_pairs || sum.pairs != total.pairs ||
      sum.pe_cycles != total.pe_cycles || sum.actions != total.actions)
    fail(place, "the total is not the sum of the layers; the file is damaged");
}

}  // namespace

ResultGroup& ResultGroup::operator+=(const ResultGroup& other) {
  verified = verified && other.verified;
  cycles += other.cycles;
  dense_pairs += other.dense_pairs;
  pairs += other.pairs;
  pe_cycles += other.pe_cycles;
  actions += other.actions;
  energy += other.energy;
  return *this;
}

std::string_view Result::parameter(std::string_view name) const {
  for (const auto& [key, value] : config)
    if (key == name) return value;
  return {};
}

std::uint64_t Result::number(std::string_view name) const {
  const std::string_view text = parameter(name);
  std::uint64_t value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || read.ec != std::errc() || read.ptr != text.data() + text.size())
    fail(Place{file}, "config.{} is '{}'; need a whole number", name, text);
  return value;
}

const ResultGroup* Result::layer(std::string_view name) const {
  for (const auto& layer : layers)
    if (layer.name == name) return &layer;
  return nullptr;
}

Result parse_result(std::string_view text, const std::string& file) {
  const Json json = parse_json(text, file);
  const JsonValue document(json, file);
  if (!document.has("program") || !document["program"].has("name") || document["program"]["name"].word() != "lacuna")
    fail(Place{file}, "is no result of lacuna: it does not begin with \"program\": {{\"name\": \"lacuna\"}}");

  Result result;
  result.file = file;
  result.version = document["program"]["version"].text();
  result.engine = document["engine"].text();
  result.config = config_of(document["config"]);
  result.config_hash = document["config_hash"].text();
  result.energy_table = document["energy_table"]["name"].text();
  result.energy_hash = document["energy_table"]["hash"].text();
  result.energy_unit = document["total"].has("energy_rf") ? EnergyUnit::Rf : EnergyUnit::Pj;
  result.workload = document["workload"]["network"].text();
  result.source = document["workload"]["source"].text();
  result.workload_hash = document["workload"]["hash"].text();
  const ActionList& list = actions_of(result);
  std::set<std::string> names;
  for (const auto& layer : document["layers"].list()) {
    result.layers.push_back(layer_of(layer, list, result.energy_unit));
    if (!names.insert(result.layers.back().name).second)
      fail(Place{file}, "{}.name is '{}', which another layer has; the file is damaged", layer.path(),
           result.layers.back().name);
  }
  result.total = common(document["total"], list, result.energy_unit);
  result.peak_gops = document["total"]["throughput_gops"]["peak"].number();
  result.total.name = "total";
  check_sums(result);
  return result;
}

Result parse_parts(std::string_view config, std::string_view total, EnergyUnit unit, const std::string& file) {
  Result result;
  result.file = file;
  const Json config_json = parse_json(config, file), total_json = parse_json(total, file);
  result.config = config_of(JsonValue(config_json, file, "config"));
  result.energy_unit = unit;
  result.total = common(JsonValue(total_json, file, "total"), actions_of(result), unit);
  return result;
}

Result read_result(const std::filesystem::path& path) {
  constexpr std::uint64_t kLargestResult = 1024;  // MiB
  std::error_code error;
  std::filesystem::path file = path;
  if (std::filesystem::is_directory(path, error)) {
    file = path / "result.json";
    if (!std::filesystem::exists(file, error))
      fail(Place{path.string()}, "has no result.json; lacuna run -o makes one");
  }
  return parse_result(yaml::read_text(file, kLargestResult), file.string());
}

}  // namespace lacuna
