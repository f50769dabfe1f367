// Visitors over fields(): one collects the keys of a section, one reads them.
#include "machine/config_reader.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/program_files.h"
#include "machine/family.h"
#include "machine/moved_keys.h"

namespace lacuna {

namespace {

using Visit = std::function<void(FieldVisitor&)>;

/// The keys of one section, without those of the sections in it.
class Keys : public FieldVisitor {
 public:
  std::vector<std::string_view> names;

  void integer(const FieldInfo& info, std::uint32_t&, std::uint32_t, std::uint32_t, std::uint32_t) override {
    names.push_back(info.name);
  }
  void choice(const FieldInfo& info, std::size_t&, std::span<const std::string_view>) override {
    names.push_back(info.name);
  }
  void text(const FieldInfo& info, std::string&) override { names.push_back(info.name); }
  void section(const FieldInfo& info, const Visit&) override { names.push_back(info.name); }
};

/// The place of `word` among `words`, or UserError; `what` names the parameter.
std::size_t index_of(const yaml::Node& node, const std::string& what, std::span<const std::string_view> words) {
  const std::string word = yaml::to_text(node, what);
  const auto found = std::ranges::find(words, word);
  if (found == words.end()) throw UserError(node.place, unknown_word(what, word, words));
  return static_cast<std::size_t>(found - words.begin());
}

/// Reads the keys of one map into a section; what the map does not have keeps its default.
class Reader : public FieldVisitor {
 public:
  static void read(const yaml::Node& node, const std::string& name, const Visit& visit) {
    Keys keys;
    visit(keys);
    Reader reader(yaml::MapReader(node, name, keys.names));
    visit(reader);
  }

  void integer(const FieldInfo& info, std::uint32_t& value, std::uint32_t lowest, std::uint32_t highest,
               std::uint32_t step) override {
    const yaml::Node* node = map_.optional(info.name);
    if (node == nullptr) return;
    value = static_cast<std::uint32_t>(yaml::to_integer(*node, map_.name(info.name), lowest, highest));
    if (value % step != 0)
      fail(node->place, "{} is {}; allowed {}..{} in steps of {}", map_.name(info.name), value, lowest, highest, step);
  }
  void choice(const FieldInfo& info, std::size_t& value, std::span<const std::string_view> words) override {
    if (const yaml::Node* node = map_.optional(info.name)) value = index_of(*node, map_.name(info.name), words);
  }
  void text(const FieldInfo& info, std::string& value) override {
    const yaml::Node* node = map_.optional(info.name);
    if (node == nullptr) return;
    value = yaml::to_text(*node, map_.name(info.name));
    if (value.empty()) fail(node->place, "{} is empty; need text", map_.name(info.name));
  }
  void section(const FieldInfo& info, const Visit& visit) override {
    if (const yaml::Node* node = map_.optional(info.name)) read(*node, map_.name(info.name), visit);
  }

 private:
  explicit Reader(yaml::MapReader map) : map_(std::move(map)) {}

  yaml::MapReader map_;
};

/// `dram: ddr4-3200`: the file of that name takes the place of the word.
void take_dram_channel(yaml::Node& document) {
  if (document.kind != yaml::Kind::Map) return;
  const auto dram = std::ranges::find(document.entries, "dram", [](const auto& entry) { return entry.first.text; });
  if (dram == document.entries.end() || dram->second.kind != yaml::Kind::Scalar) return;
  const std::vector<std::filesystem::path> files = config_files("dram", "DRAM channels");
  std::vector<std::string> names;
  for (const auto& file : files) names.push_back(file.stem().string());
  const std::vector<std::string_view> words(names.begin(), names.end());
  dram->second = yaml::load_file(files[index_of(dram->second, "dram", words)]);
}

/// Puts "a.b=value" into the document as if the file had said it; the place of all of it is the option.
void assign(yaml::Node& document, const std::string& assignment) {
  const Place place{fmt::format("--set {}", assignment)};
  const auto equals = assignment.find('=');
  if (equals == 0 || equals == std::string::npos) fail(place, "need NAME=VALUE, for example array.rows=8");
  std::string_view rest = std::string_view(assignment).substr(0, equals);
  yaml::Node* node = &document;
  while (!rest.empty()) {
    const std::size_t dot = rest.find('.');
    const std::string key(rest.substr(0, dot));
    rest = dot == std::string_view::npos ? "" : rest.substr(dot + 1);
    if (node->kind != yaml::Kind::Map) return;  // the file has no map here; reading it says so, at its place
    yaml::Node* next = nullptr;
    for (auto& entry : node->entries)
      if (entry.first.text == key) next = &entry.second;
    if (next == nullptr) {
      yaml::Node empty;
      empty.kind = yaml::Kind::Map;
      empty.place = place;
      node->entries.emplace_back(yaml::Key{key, place}, std::move(empty));
      next = &node->entries.back().second;
    }
    node = next;
  }
  *node = yaml::Node{};
  node->place = place;
  node->kind = equals + 1 == assignment.size() ? yaml::Kind::Null : yaml::Kind::Scalar;
  node->scalar = assignment.substr(equals + 1);
}

/// The same parameter must not be assigned twice: which one wins would be a guess. A section that is a word comes
/// before the parameters in it.
void assign_all(yaml::Node& document, std::span<const std::string> assignments) {
  std::vector<std::string> seen;
  const auto in_section = [](const std::string& assignment) {
    return assignment.substr(0, assignment.find('=')).find('.') != std::string::npos;
  };
  for (const auto& assignment : assignments) {
    const std::string name = assignment.substr(0, assignment.find('='));
    for (const auto& earlier : seen)
      if (earlier == name) fail(Place{fmt::format("--set {}", assignment)}, "'{}' is set twice", name);
    seen.push_back(name);
    if (!in_section(assignment)) assign(document, assignment);
  }
  take_dram_channel(document);
  for (const auto& assignment : assignments)
    if (in_section(assignment)) assign(document, assignment);
}

/// UserError for "rows=8", which is array.rows: a name that only sections have.
void refuse_bare_names(std::span<const std::string> assignments, Datapath datapath) {
  const std::vector<Parameter> known = parameters(Machine(datapath));
  for (const auto& assignment : assignments) {
    const std::string name = assignment.substr(0, assignment.find('='));
    if (name.find('.') != std::string::npos) continue;
    std::vector<std::string> meant;
    bool is_one = false;
    for (const auto& parameter : known) {
      is_one |= parameter.name == name;
      if (parameter.name.ends_with("." + name)) meant.push_back(parameter.name);
    }
    if (!is_one && !meant.empty())
      fail(Place{fmt::format("--set {}", assignment)}, "there is no parameter '{}'; did you mean {}?", name,
           fmt::join(meant, " or "));
  }
}

/// UserError at the first parameter below `node` that has another name now.
void refuse_moved(const yaml::Node& node, const std::string& section) {
  for (const auto& [key, value] : node.entries) {
    const std::string name = section.empty() ? key.text : section + "." + key.text;
    if (value.kind == yaml::Kind::Map) refuse_moved(value, name);
    if (const auto now = moved_key(name)) fail(key.place, "'{}' is now '{}'", name, *now);
  }
}

/// The family that the document names, the default one if it names none.
Datapath datapath_in(const yaml::Node& document) {
  const yaml::Node* const array = document.find("array");
  const yaml::Node* const word = array == nullptr ? nullptr : array->find("datapath");
  return word == nullptr ? Datapath{} : static_cast<Datapath>(index_of(*word, "array.datapath", datapath_words()));
}

/// A section of another family is a mistake, not a spare part.
void refuse_other_families(const yaml::Node& document, Datapath datapath) {
  const auto words = datapath_words();
  const std::string_view own = family(datapath).name();
  for (const auto& [key, value] : document.entries)
    if (key.text != own && std::ranges::find(words, key.text) != words.end())
      fail(key.place, "section '{}' belongs to datapath {}; array.datapath is {}", key.text, key.text, own);
}

}  // namespace

Machine read_machine(yaml::Node document, std::span<const std::string> assignments) {
  assign_all(document, assignments);
  refuse_moved(document, "");
  const Datapath datapath = datapath_in(document);
  refuse_bare_names(assignments, datapath);
  refuse_other_families(document, datapath);
  Machine machine(datapath);
  Reader::read(document, "", [&machine](FieldVisitor& visitor) { fields(visitor, machine); });
  return machine;
}

std::filesystem::path energy_table_of(const std::filesystem::path& config, const Machine& machine) {
  const std::filesystem::path beside = config.parent_path() / machine.energy;
  const std::filesystem::path own = program_files() / "configs" / machine.energy;
  std::error_code ignored;
  const bool only_own =
      !std::filesystem::is_regular_file(beside, ignored) && std::filesystem::is_regular_file(own, ignored);
  return only_own ? own : beside;
}

MachineFile read_machine(const std::filesystem::path& path, std::span<const std::string> assignments) {
  const yaml::Node document = yaml::load_file(path);
  MachineFile result;
  result.machine = read_machine(document, assignments);
  result.energy_table = energy_table_of(path, result.machine);
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(result.energy_table, ignored)) {
    Place place{path.string()};
    if (const yaml::Node* node = document.find("energy")) place = node->place;
    for (const auto& assignment : assignments)
      if (assignment.starts_with("energy=")) place = Place{fmt::format("--set {}", assignment)};
    fail(place, "energy is '{}'; there is no file '{}'", result.machine.energy, result.energy_table.string());
  }
  return result;
}

}  // namespace lacuna
