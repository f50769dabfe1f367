// Every value of every axis is read as the parameter it stands for, at its own place, before anything else happens.
#include "sweep/sweep_file.h"

#include <algorithm>

#include "machine/config_reader.h"
#include "machine/family.h"
#include "machine/moved_keys.h"

namespace lacuna {

namespace fs = std::filesystem;

namespace {

constexpr std::int64_t kMostValues = 100'000;  ///< of one range

/// A scalar as if it stood at `place`.
yaml::Node text_node(const std::string& text, const Place& place) {
  yaml::Node node;
  node.kind = yaml::Kind::Scalar;
  node.place = place;
  node.scalar = text;
  return node;
}

/// {from: 4, to: 32, step: 4} or {from: 8, to: 128, factor: 2}
std::vector<yaml::Node> range_values(const yaml::Node& node, const std::string& name) {
  constexpr std::int64_t kHighest = std::int64_t{1} << 40;
  const yaml::MapReader map(node, name, {"from", "to", "step", "factor"});
  const auto number = [&](std::string_view key, std::int64_t lowest) {
    return yaml::to_integer(map.required(key), map.name(key), lowest, kHighest);
  };
  const std::int64_t from = number("from", 0), to = number("to", 0);
  if (to < from) fail(map.required("to").place, "{} ends at {}, before its begin {}", name, to, from);
  const bool steps = map.optional("step") != nullptr;
  if (steps == (map.optional("factor") != nullptr))
    fail(node.place, "{} needs either 'step' (from, from + step, ...) or 'factor' (from, from x factor, ...)", name);
  const std::int64_t by = number(steps ? "step" : "factor", steps ? 1 : 2);
  if (!steps && from == 0)
    fail(map.required("from").place, "{} is 0; a range with a factor begins at 1 or more", map.name("from"));
  std::vector<yaml::Node> values;
  for (std::int64_t value = from; value <= to; value = steps ? value + by : value * by) {
    if (static_cast<std::int64_t>(values.size()) == kMostValues)
      fail(node.place, "{} has more than {} values", name, kMostValues);
    values.push_back(text_node(std::to_string(value), node.place));
  }
  return values;
}

/// Reads one value as the parameter `name` of whatever family has it, at its place; the machine it makes is of no
/// interest.
void check_value(const std::string& name, const Place& place, const yaml::Node& value) {
  yaml::Node document;
  document.kind = yaml::Kind::Map;
  document.place = place;
  put(document, name, place, value);
  std::vector<std::string> sections;
  for (const auto& parameter : all_parameters()) {
    std::string section = parameter.name.substr(0, parameter.name.find('.'));
    if (sections.empty() || sections.back() != section) sections.push_back(std::move(section));
  }
  const std::string section = name.substr(0, name.find('.'));
  if (!moved_key(name)) {  // reading it says where it is now
    const yaml::MapReader known(document, "", {sections.begin(), sections.end()});
    if (const auto families = datapath_words(); std::ranges::find(families, section) != families.end())
      put(document, "array.datapath", place, text_node(section, place));
  }
  (void)read_machine(document);
}

Axis read_axis(const yaml::Key& key, const yaml::Node& node) {
  Axis axis{key.text, key.place, {}};
  if (key.text == "name") fail(key.place, "'name' decides no number; it is no axis");
  if (key.text == "array.datapath")
    fail(key.place, "'array.datapath' is no axis; list a base configuration of each datapath");
  if (node.kind == yaml::Kind::Sequence)
    axis.values = node.items;
  else if (node.kind == yaml::Kind::Map)
    axis.values = range_values(node, key.text);
  else
    fail(node.place, "{} needs a list of values, or {{from, to, step}} or {{from, to, factor}}", key.text);
  if (axis.values.empty()) fail(node.place, "{} has no values", key.text);
  for (std::size_t i = 0; i < axis.values.size(); ++i) {
    check_value(axis.name, axis.place, axis.values[i]);
    for (std::size_t j = 0; j < i && node.kind == yaml::Kind::Sequence; ++j)
      if (axis.values[j].scalar == axis.values[i].scalar)
        fail(axis.values[i].place, "{} has the value '{}' twice", key.text, axis.values[i].scalar);
  }
  return axis;
}

void need_map(const yaml::Node& node, std::string_view what) {
  if (node.kind != yaml::Kind::Map || node.entries.empty())
    fail(node.place, "{} needs a map from parameters to values, for example array.rows: [8, 16]", what);
}

void read_axes(const yaml::MapReader& map, SweepFile& file) {
  if (const yaml::Node* axes = map.optional("axes")) {
    need_map(*axes, "axes");
    file.axes_place = axes->place;
    for (const auto& [key, node] : axes->entries) file.dimensions.push_back({{read_axis(key, node)}});
  }
  if (const yaml::Node* zips = map.optional("zip")) {
    if (zips->kind != yaml::Kind::Sequence) fail(zips->place, "zip needs a list of maps of axes that move together");
    for (const auto& group : zips->items) {
      need_map(group, "zip");
      Dimension dimension;
      for (const auto& [key, node] : group.entries) {
        dimension.axes.push_back(read_axis(key, node));
        const Axis &first = dimension.axes.front(), &last = dimension.axes.back();
        if (first.values.size() != last.values.size())
          fail(last.place, "{} has {} values, {} has {}; axes of a zip have equally many", last.name,
               last.values.size(), first.name, first.values.size());
      }
      file.dimensions.push_back(std::move(dimension));
    }
  }
}

/// A parameter has one value in a point, so it is said once.
void check_said_once(const SweepFile& file, const yaml::Node* set) {
  std::vector<std::string> seen;
  const auto once = [&](const std::string& name, const Place& place) {
    if (std::ranges::find(seen, name) != seen.end()) fail(place, "{} is given twice in this sweep", name);
    seen.push_back(name);
  };
  if (set != nullptr)
    for (const auto& entry : set->entries) once(entry.first.text, entry.first.place);
  for (const auto& dimension : file.dimensions)
    for (const auto& axis : dimension.axes) once(axis.name, axis.place);
}

/// A single text, or a list of them.
std::vector<const yaml::Node*> one_or_more(const yaml::Node& node, std::string_view what) {
  std::vector<const yaml::Node*> list;
  if (node.kind == yaml::Kind::Sequence)
    for (const auto& item : node.items) list.push_back(&item);
  else
    list.push_back(&node);
  if (list.empty()) fail(node.place, "{} is an empty list", what);
  return list;
}

void read_bases(const yaml::MapReader& map, const fs::path& folder, SweepFile& file) {
  const yaml::Node* set = map.optional("set");
  if (set != nullptr) {
    need_map(*set, "set");
    for (const auto& [key, value] : set->entries) check_value(key.text, key.place, value);
  }
  check_said_once(file, set);
  for (const yaml::Node* node : one_or_more(map.required("base"), "base")) {
    BaseConfig base{folder / yaml::to_text(*node, "base"), node->place, {}};
    std::error_code ignored;
    if (!fs::is_regular_file(base.path, ignored))
      fail(node->place, "there is no configuration '{}'", base.path.string());
    base.document = yaml::load_file(base.path);
    (void)read_machine(base.document);
    if (set != nullptr)
      for (const auto& [key, value] : set->entries) put(base.document, key.text, key.place, value);
    file.bases.push_back(std::move(base));
  }
}

void read_workloads(const yaml::MapReader& map, const fs::path& folder, SweepFile& file) {
  for (const yaml::Node* node : one_or_more(map.required("workloads"), "workloads")) {
    WorkloadChoice choice;
    choice.place = node->place;
    if (node->kind == yaml::Kind::Map) {
      const yaml::MapReader one(*node, "workloads", {"path", "layers"});
      choice.path = folder / yaml::to_text(one.required("path"), "workloads.path");
      for (const yaml::Node* layer : one_or_more(one.required("layers"), "workloads.layers")) {
        choice.layers.push_back(yaml::to_text(*layer, "workloads.layers"));
        choice.layer_places.push_back(layer->place);
      }
    } else {
      choice.path = folder / yaml::to_text(*node, "workloads");
    }
    std::error_code ignored;
    if (!fs::exists(choice.path, ignored)) fail(node->place, "there is no workload '{}'", choice.path.string());
    file.workloads.push_back(std::move(choice));
  }
}

std::uint64_t seed_of(const yaml::MapReader& map) {
  const yaml::Node* node = map.optional("seed");
  return node == nullptr ? 1 : static_cast<std::uint64_t>(yaml::to_integer(*node, map.name("seed"), 0, 1'000'000'000));
}

constexpr std::int64_t kMostPoints = 10'000'000;

Samples read_samples(const yaml::Node& node) {
  const yaml::MapReader map(node, "samples", {"random", "latin_hypercube", "seed"});
  const bool random = map.optional("random") != nullptr;
  if (random == (map.optional("latin_hypercube") != nullptr))
    fail(node.place, "samples needs either 'random' or 'latin_hypercube', with the number of configurations to draw");
  const std::string_view key = random ? "random" : "latin_hypercube";
  return {random ? Samples::Kind::Random : Samples::Kind::LatinHypercube,
          static_cast<std::uint64_t>(yaml::to_integer(map.required(key), map.name(key), 1, kMostPoints)), seed_of(map)};
}

Search read_search(const yaml::Node& node, const SweepFile& file) {
  const yaml::MapReader map(node, "search", {"objectives", "points", "share", "seed"});
  Search search;
  const yaml::Node& objectives = map.required("objectives");
  for (const yaml::Node* one : one_or_more(objectives, "search.objectives")) {
    const auto objective = yaml::to_enum<Objective>(*one, "search.objectives");
    if (std::ranges::find(search.objectives, objective) != search.objectives.end())
      fail(one->place, "objective '{}' is named twice", name_of(objective));
    if (objective == Objective::Area && !file.area)
      fail(one->place, "area needs an area table: area: ../area/45nm.yaml");
    search.objectives.push_back(objective);
  }
  const bool points = map.optional("points") != nullptr;
  if (points == (map.optional("share") != nullptr))
    fail(node.place, "search needs either 'points', how many configurations it may simulate, or 'share' of the space");
  if (points)
    search.points =
        static_cast<std::uint64_t>(yaml::to_integer(map.required("points"), "search.points", 1, kMostPoints));
  else
    search.share = yaml::to_real(map.required("share"), "search.share", 0, 1);
  search.seed = seed_of(map);
  return search;
}

}  // namespace

void put(yaml::Node& document, const std::string& name, const Place& place, const yaml::Node& value) {
  yaml::Node* node = &document;
  std::string_view rest = name;
  for (;;) {
    const std::size_t dot = rest.find('.');
    const std::string key(rest.substr(0, dot));
    auto at = std::ranges::find_if(node->entries, [&](const auto& entry) { return entry.first.text == key; });
    if (at == node->entries.end()) {
      yaml::Node section;
      section.kind = yaml::Kind::Map;
      section.place = place;
      node->entries.emplace_back(yaml::Key{key, place}, std::move(section));
      at = node->entries.end() - 1;
    }
    node = &at->second;
    if (dot == std::string_view::npos) break;
    rest.remove_prefix(dot + 1);
    if (node->kind != yaml::Kind::Map) return;  // the configuration has no map here; reading it says so
  }
  *node = value;
}

bool Dimension::ordered() const {
  std::vector<double> numbers;
  for (const auto& value : axes.front().values) {
    if (value.quoted || value.scalar.find_first_not_of("0123456789_") != std::string::npos) return false;
    numbers.push_back(static_cast<double>(yaml::to_integer(value, axes.front().name, 0, std::int64_t{1} << 53)));
  }
  return std::ranges::is_sorted(numbers) || std::ranges::is_sorted(numbers, std::greater<>());
}

Place SweepFile::place_of(std::string_view parameter) const {
  for (const auto& dimension : dimensions)
    for (const auto& axis : dimension.axes)
      if (axis.name == parameter) return axis.place;
  return axes_place.line != 0 ? axes_place : bases.front().place;
}

SweepFile read_sweep(const fs::path& path) {
  SweepFile file;
  file.path = path;
  file.text = yaml::read_text(path);
  const yaml::Node document = yaml::load_text(file.text, path.string());
  const yaml::MapReader map(document, "",
                            {"name", "base", "set", "workloads", "engine", "axes", "zip", "skip_where", "samples",
                             "search", "area", "invalid"});
  const fs::path folder = path.parent_path();
  file.name = path.stem().string();
  if (const yaml::Node* name = map.optional("name")) {
    file.name = yaml::to_text(*name, "name");
    if (file.name.empty()) fail(name->place, "name is empty; need text");
  }
  file.engine_place = Place{path.string()};
  if (const yaml::Node* engine = map.optional("engine")) {
    file.engine = yaml::to_text(*engine, "engine");
    file.engine_place = engine->place;
  }
  if (const yaml::Node* area = map.optional("area")) file.area = folder / yaml::to_text(*area, "area");
  read_axes(map, file);
  read_bases(map, folder, file);
  read_workloads(map, folder, file);
  if (const yaml::Node* conditions = map.optional("skip_where"))
    for (const yaml::Node* one : one_or_more(*conditions, "skip_where")) file.skip_where.emplace_back(*one);
  const yaml::Node *samples = map.optional("samples"), *search = map.optional("search");
  if (samples != nullptr && search != nullptr) fail(search->place, "a sweep has samples or a search, not both");
  if (samples != nullptr) file.samples = read_samples(*samples);
  if (search != nullptr) file.search = read_search(*search, file);
  if (const yaml::Node* invalid = map.optional("invalid")) {
    const std::string word = yaml::to_text(*invalid, "invalid");
    constexpr std::string_view words[] = {"refuse", "skip"};
    if (word != words[0] && word != words[1]) throw UserError(invalid->place, unknown_word("invalid", word, words));
    file.skip_invalid = word == words[1];
  }
  return file;
}

}  // namespace lacuna
