// Visitors over fields(): one lists the parameters, one collects the keys of a section, one reads them.
#include "machine/config_reader.h"

#include <fmt/format.h>

#include "base/hash.h"

namespace lacuna {

namespace {

/// "array.rows" for the key `rows` of the section `array`.
std::string dotted(std::string_view section, std::string_view key) {
  return section.empty() ? std::string(key) : fmt::format("{}.{}", section, key);
}

/// Appends every parameter below a section to a list.
class Lister {
 public:
  Lister(std::vector<Parameter>& list, std::string section) : list_(list), section_(std::move(section)) {}

  void integer(const FieldInfo& info, std::uint32_t& value, std::uint32_t lowest, std::uint32_t highest,
               std::uint32_t step = 1) {
    Parameter& p = add(info, Parameter::Type::Integer, fmt::format("{}", value));
    p.lowest = lowest;
    p.highest = highest;
    p.step = step;
  }
  template <typename Enum>
  void choice(const FieldInfo& info, Enum& value) {
    Parameter& p = add(info, Parameter::Type::Choice, std::string(name_of(value)));
    p.words.assign(EnumNames<Enum>::names.begin(), EnumNames<Enum>::names.end());
  }
  void text(const FieldInfo& info, std::string& value) { add(info, Parameter::Type::Text, value); }
  template <typename Section>
  void section(const FieldInfo& info, Section& value) {
    Lister inner(list_, dotted(section_, info.name));
    fields(inner, value);
  }

 private:
  Parameter& add(const FieldInfo& info, Parameter::Type type, std::string value) {
    Parameter p;
    p.name = dotted(section_, info.name);
    p.type = type;
    p.value = std::move(value);
    p.unit = info.unit;
    p.sentence = info.sentence;
    return list_.emplace_back(std::move(p));
  }

  std::vector<Parameter>& list_;
  std::string section_;
};

/// The keys of one section, without those of the sections in it, and what a section is for.
struct Keys {
  std::vector<std::string_view> names;
  std::vector<std::pair<std::string_view, std::string_view>> sections;  ///< name and sentence

  void integer(const FieldInfo& info, std::uint32_t&, std::uint32_t, std::uint32_t, std::uint32_t = 1) {
    names.push_back(info.name);
  }
  template <typename Enum>
  void choice(const FieldInfo& info, Enum&) {
    names.push_back(info.name);
  }
  void text(const FieldInfo& info, std::string&) { names.push_back(info.name); }
  template <typename Section>
  void section(const FieldInfo& info, Section&) {
    names.push_back(info.name);
    sections.emplace_back(info.name, info.sentence);
  }
};

template <typename Section>
Keys keys_of(Section& value) {
  Keys keys;
  fields(keys, value);
  return keys;
}

/// Reads the keys of one map into a section; what the map does not have keeps its default.
class Reader {
 public:
  template <typename Section>
  static void read(const yaml::Node& node, const std::string& name, Section& value) {
    Reader reader(yaml::MapReader(node, name, keys_of(value).names));
    fields(reader, value);
  }

  void integer(const FieldInfo& info, std::uint32_t& value, std::uint32_t lowest, std::uint32_t highest,
               std::uint32_t step = 1) {
    const yaml::Node* node = map_.optional(info.name);
    if (node == nullptr) return;
    value = static_cast<std::uint32_t>(yaml::to_integer(*node, map_.name(info.name), lowest, highest));
    if (value % step != 0)
      fail(node->place, "{} is {}; allowed {}..{} in steps of {}", map_.name(info.name), value, lowest, highest, step);
  }
  template <typename Enum>
  void choice(const FieldInfo& info, Enum& value) {
    if (const yaml::Node* node = map_.optional(info.name)) value = yaml::to_enum<Enum>(*node, map_.name(info.name));
  }
  void text(const FieldInfo& info, std::string& value) {
    const yaml::Node* node = map_.optional(info.name);
    if (node == nullptr) return;
    value = yaml::to_text(*node, map_.name(info.name));
    if (value.empty()) fail(node->place, "{} is empty; need text", map_.name(info.name));
  }
  template <typename Section>
  void section(const FieldInfo& info, Section& value) {
    if (const yaml::Node* node = map_.optional(info.name)) read(*node, map_.name(info.name), value);
  }

 private:
  explicit Reader(yaml::MapReader map) : map_(std::move(map)) {}

  yaml::MapReader map_;
};

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

/// The same parameter must not be assigned twice: which one wins would be a guess.
void assign_all(yaml::Node& document, std::span<const std::string> assignments) {
  std::vector<std::string> seen;
  for (const auto& assignment : assignments) {
    const std::string name = assignment.substr(0, assignment.find('='));
    for (const auto& earlier : seen)
      if (earlier == name) fail(Place{fmt::format("--set {}", assignment)}, "'{}' is set twice", name);
    seen.push_back(name);
    assign(document, assignment);
  }
}

/// A plain YAML word where that is safe, otherwise single quotes. Numbers and known words never need them.
std::string scalar_text(const Parameter& p) {
  if (p.type != Parameter::Type::Text) return p.value;
  bool plain = !p.value.empty() && p.value != "null" && p.value != "~" && p.value != "true" && p.value != "false";
  for (char c : p.value)
    plain = plain && ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
                      c == '/' || c == '.');
  if (plain) return p.value;
  std::string out = "\"";
  for (char c : p.value) {
    if (c == '"' || c == '\\') out += '\\';
    if (c == '\n')
      out += "\\n";
    else if (c == '\t')
      out += "\\t";
    else
      out += c;
  }
  return out + '"';
}

/// YAML of all parameters; `comments` adds what the manual says of each.
std::string write_yaml(const Machine& machine, bool comments) {
  Machine copy = machine;
  const Keys top = keys_of(copy);
  std::string out, section;
  for (const auto& p : parameters(machine)) {
    const auto dot = p.name.find('.');
    const std::string here = dot == std::string::npos ? "" : p.name.substr(0, dot);
    const std::string key = dot == std::string::npos ? p.name : p.name.substr(dot + 1);
    if (here != section) {
      if (comments) {
        out += '\n';
        for (const auto& [name, sentence] : top.sections)
          if (name == here) out += fmt::format("# {}\n", sentence);
      }
      out += here + ":\n";
      section = here;
    } else if (comments) {
      out += '\n';
    }
    const std::string_view indent = here.empty() ? "" : "  ";
    if (comments) {
      out += fmt::format("{}# {}\n", indent, p.sentence);
      const std::string unit = p.unit.empty() ? "" : fmt::format("; unit: {}", p.unit);
      if (p.type != Parameter::Type::Text) out += fmt::format("{}# Legal: {}{}\n", indent, p.legal(), unit);
    }
    out += fmt::format("{}{}: {}\n", indent, key, scalar_text(p));
  }
  return out;
}

}  // namespace

std::string Parameter::legal() const {
  switch (type) {
    case Type::Integer:
      return step == 1 ? fmt::format("{}..{}", lowest, highest)
                       : fmt::format("{}..{} in steps of {}", lowest, highest, step);
    case Type::Choice:
      return join(words);
    case Type::Text:
      return "text";
  }
  throw Bug("unknown Parameter::Type");
}

std::vector<Parameter> parameters(const Machine& machine) {
  Machine copy = machine;  // fields() visits by reference
  std::vector<Parameter> list;
  Lister lister(list, "");
  fields(lister, copy);
  return list;
}

Machine read_machine(yaml::Node document, std::span<const std::string> assignments) {
  assign_all(document, assignments);
  Machine machine;
  Reader::read(document, "", machine);
  return machine;
}

MachineFile read_machine(const std::filesystem::path& path, std::span<const std::string> assignments) {
  const yaml::Node document = yaml::load_file(path);
  MachineFile result;
  result.machine = read_machine(document, assignments);
  result.energy_table = path.parent_path() / result.machine.energy;
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

std::string to_yaml(const Machine& machine) { return write_yaml(machine, false); }

std::string manual() {
  return "# The default machine, and the manual of its parameters: what each one means, what is legal, its unit.\n"
         "# A configuration names only what differs from these defaults; unknown keys are errors. Written by\n"
         "# `lacuna list manual` from the same table that reads configurations.\n" +
         write_yaml(Machine{}, true);
}

std::string config_hash(const Machine& machine) {
  Hasher hasher;
  for (const auto& p : parameters(machine)) {
    if (p.name == "name" || p.name == "energy") continue;
    hasher.add(p.name);
    hasher.add(p.value);
  }
  return hasher.hex();
}

}  // namespace lacuna
