#include "cli/compare_rtl.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/child_process.h"
#include "base/program_files.h"
#include "check/compare_engines.h"
#include "cli/choose_layers.h"
#include "cli/hints.h"
#include "cli/progress.h"
#include "energy/energy.h"
#include "machine/config_reader.h"
#include "machine/family.h"
#include "report/compare.h"
#include "report/number_text.h"
#include "report/text_table.h"
#include "workload/workload.h"

namespace lacuna {

namespace {

using nlohmann::ordered_json;

constexpr std::array<std::string_view, 3> kSides = {"model", "base_rtl", "edited_rtl"};
enum Side : std::size_t { kModel, kBase, kEdited };

/// Counts the records of each kind.
class RecordCounts : public RecordSink {
 public:
  void on(const Record& record) override {
    if (record.kind >= of_kind.size()) of_kind.resize(record.kind + std::size_t{1});
    ++of_kind[record.kind];
  }
  std::vector<std::uint64_t> of_kind;
};

/// One engine on one layer.
struct Observed {
  LayerOutcome outcome;
  std::vector<std::uint64_t> events;  ///< [kind of record]
  double energy = 0;
};

/// A quantity on all three sides; `broken`: the edited RTL broke off before it was known.
struct Row {
  std::string name;
  std::array<double, 3> value{};
};

struct LayerRows {
  std::string name;
  std::string outputs;  ///< "" or how the edited RTL's outputs differ from the model's
  std::vector<Row> rows;
};

/// What the area script says of one part of the array.
struct Area {
  std::string part;
  double base = 0, edited = 0;            ///< um2
  double base_path = 0, edited_path = 0;  ///< ns
};

Observed observed(Engine& engine, const Machine& machine, const Layer& layer, const EnergyTable& table) {
  RecordCounts counts;
  Observed result;
  result.outcome = engine.observe(machine, layer, counts, nullptr);
  result.energy = energy(machine, result.outcome, table).total;
  result.events = std::move(counts.of_kind);
  result.events.resize(family(machine).vocabulary().kinds.size());
  return result;
}

LayerRows rows_of(const std::string& name, const Vocabulary& vocabulary, const std::array<Observed, 3>& sides) {
  LayerRows result{name, first_outcome_difference(sides[kModel].outcome, sides[kEdited].outcome, Compare::Outputs), {}};
  const auto add = [&](const std::string& row, auto value) {
    Row one{row, {}};
    for (std::size_t i = 0; i < sides.size(); ++i) one.value[i] = static_cast<double>(value(sides[i]));
    result.rows.push_back(one);
  };
  add("cycles", [](const Observed& o) { return o.outcome.cycles; });
  add("energy", [](const Observed& o) { return o.energy; });
  for (std::size_t i = 0; i < enum_count<PairClass>(); ++i)
    add(fmt::format("pairs {}", EnumNames<PairClass>::names[i]),
        [&](const Observed& o) { return o.outcome.pairs.value[i]; });
  for (std::size_t i = 0; i < vocabulary.kinds.size(); ++i)
    add(fmt::format("events {}", vocabulary.kinds[i].name), [&](const Observed& o) { return o.events[i]; });
  return result;
}

LayerRows total_of(const std::vector<LayerRows>& layers) {
  LayerRows total{"total", "", layers.front().rows};
  for (std::size_t l = 1; l < layers.size(); ++l)
    for (std::size_t r = 0; r < total.rows.size(); ++r)
      for (std::size_t s = 0; s < 3; ++s) total.rows[r].value[s] += layers[l].rows[r].value[s];
  return total;
}

ordered_json area_report(const CompareOptions& options, const std::string& rtl) {
  std::vector<std::string> command = {
      program_files() / "scripts/area", options.base, "--rtl", rtl, "--configured", "--format", "json"};
  for (const auto& assignment : options.assignments) command.insert(command.end(), {"--set", assignment});
  const ChildResult done = run_dependent_child(command);
  if (done.status != 0)
    fail(Place{rtl}, "the area is not known: {}; --no-area leaves it out",
         done.error.empty() ? "scripts/area does not run" : done.error.substr(0, done.error.find('\n')));
  return ordered_json::parse(done.output);
}

std::vector<Area> areas(const CompareOptions& options) {
  const ordered_json base = area_report(options, program_files() / "rtl"), edited = area_report(options, options.rtl);
  std::vector<Area> result;
  for (const auto& part : base.at("parts"))
    for (const auto& other : edited.at("parts"))
      if (part.at("part") == other.at("part"))
        result.push_back({part.at("part"), part.at("area_um2"), other.at("area_um2"),
                          part.value("longest_path_ns", 0.0), other.value("longest_path_ns", 0.0)});
  return result;
}

std::string change(double base, double now) {
  if (base == now) return "";
  return base == 0 ? "new" : fmt::format("{:+.2f} %", 100 * (now - base) / base);
}

std::string number(const std::string& row, double value) {
  return row == "energy" ? fmt::format("{:.6g}", value) : grouped(static_cast<std::uint64_t>(value));
}

std::string to_table(const std::vector<LayerRows>& layers, const std::vector<Area>& areas, std::string_view unit,
                     bool markdown) {
  std::string text;
  const auto table = [&](const std::string& title, std::vector<std::string> head,
                         const std::vector<std::vector<std::string>>& rows) {
    if (!markdown) {
      TextTable lines(std::move(head));
      for (const auto& row : rows) lines.add(row);
      text += title + "\n" + lines.text();
      return;
    }
    const auto line = [&](const std::vector<std::string>& cells) {
      for (const auto& cell : cells) text += "| " + cell + " ";
      text += "|\n";
    };
    text += "**" + title + "**\n\n";
    line(head);
    text += "|---" + [&] {
      std::string rest;
      for (std::size_t i = 1; i < head.size(); ++i) rest += "|--:";
      return rest;
    }() + "|\n";
    for (const auto& row : rows) line(row);
    text += "\n";
  };
  for (const auto& layer : layers) {
    std::vector<std::vector<std::string>> rows;
    for (const Row& row : layer.rows) {
      if (row.value == std::array<double, 3>{}) continue;
      rows.push_back({row.name == "energy" ? fmt::format("energy, {}", unit) : row.name,
                      number(row.name, row.value[kModel]), number(row.name, row.value[kBase]),
                      number(row.name, row.value[kEdited]), change(row.value[kBase], row.value[kEdited])});
    }
    const std::string outputs =
        layer.outputs.empty() ? "outputs equal" : "outputs differ, model and edited RTL: " + layer.outputs;
    table(layer.name == "total" ? layer.name : fmt::format("{}: {}", layer.name, outputs),
          {"", "model", "base RTL", "edited RTL", "edited / base"}, rows);
  }
  if (areas.empty()) return text;
  std::vector<std::vector<std::string>> rows;
  for (const Area& a : areas)
    rows.push_back({a.part, fmt::format("{:.0f}", a.base), fmt::format("{:.0f}", a.edited), change(a.base, a.edited),
                    fmt::format("{:.2f}", a.base_path), fmt::format("{:.2f}", a.edited_path),
                    change(a.base_path, a.edited_path)});
  table("area and longest path, OSU 0.18 um cells (synthesis scatters by about 1 %, also where nothing is edited)",
        {"", "base um2", "edited um2", "change", "base ns", "edited ns", "change"}, rows);
  return text;
}

std::string to_json(const std::vector<LayerRows>& layers, const std::vector<Area>& areas, std::string_view unit) {
  ordered_json json;
  json["energy_unit"] = unit;
  for (const auto& layer : layers) {
    ordered_json one;
    one["name"] = layer.name;
    one["outputs"] = layer.outputs.empty() ? "equal" : layer.outputs;
    for (const Row& row : layer.rows)
      for (std::size_t s = 0; s < kSides.size(); ++s) {
        ordered_json& cell = one[row.name][std::string(kSides[s])];
        if (row.name == "energy")
          cell = row.value[s];
        else
          cell = static_cast<std::uint64_t>(row.value[s]);
      }
    json["layers"].push_back(one);
  }
  for (const Area& a : areas)
    json["area"].push_back({{"part", a.part},
                            {"base_um2", a.base},
                            {"edited_um2", a.edited},
                            {"base_longest_path_ns", a.base_path},
                            {"edited_longest_path_ns", a.edited_path}});
  return json.dump(2) + "\n";
}

}  // namespace

CompareResult compare_rtl(const CompareOptions& options) {
  const Place place{"--rtl"};
  const auto format = parse_enum<CompareFormat>(options.format, Place{"--format"}, "format");
  if (!options.fail_above.empty() || !options.fail_on.empty() || options.each_layer || options.other_workload)
    fail(place, "gates are for two results; lacuna check is the gate of an edit");
  check_kinds(options.base, options.now);
  const MachineFile file = read_machine(options.base, options.assignments);
  const EnergyTable table = read_energy_table(file.energy_table);
  const Workload workload = Workload::open(options.now);
  const auto indices = chosen_layers(workload, options.layers);

  const std::array<std::unique_ptr<Engine>, 3> engines = {make_engine(EngineKind::Systemc),
                                                          make_engine(EngineKind::Rtl),
                                                          make_engine(EngineKind::Rtl, {.rtl = options.rtl})};
  std::vector<LayerRows> layers;
  TerminalProgress progress;
  for (std::size_t i = 0; i < indices.size(); ++i) {
    const Layer layer = workload.load(indices[i]);
    progress.layer(layer.name, i, indices.size());
    std::array<Observed, 3> sides;
    for (std::size_t s = 0; s < engines.size(); ++s) {
      try {
        sides[s] = observed(*engines[s], file.machine, layer, table);
      } catch (const Bug& failure) {
        if (s != kEdited) throw;
        return {fmt::format("{}: the edited RTL breaks off: {}\n", layer.name, failure.what()), false};
      }
    }
    layers.push_back(rows_of(layer.name, family(file.machine).vocabulary(), sides));
  }
  const bool equal = std::ranges::all_of(layers, [](const LayerRows& layer) { return layer.outputs.empty(); });
  if (layers.size() > 1) layers.push_back(total_of(layers));
  const std::vector<Area> area = options.no_area ? std::vector<Area>() : areas(options);
  const std::string_view unit = name_of(table.unit);
  if (format == CompareFormat::Json) return {to_json(layers, area, unit), equal};
  return {to_table(layers, area, unit, format == CompareFormat::Markdown), equal};
}

}  // namespace lacuna
