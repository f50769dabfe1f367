// The reader of energy tables: one entry for each action of events.h, no more and no less.
#include "energy/table.h"

#include <bit>
#include <vector>

#include "base/hash.h"

namespace lacuna {

namespace {

constexpr double kHighestPrice = 1e9;  // pJ; a millijoule an action is a slip of the pen
constexpr std::uint32_t kHighestBytes = 1u << 30;

bool is_sram(Action action) {
  const auto component = kActionInfo[static_cast<std::size_t>(action)].component;
  return component == "operand_buffer" || component == "global_buffer";
}

bool is_leakage(Action action) { return kActionInfo[static_cast<std::size_t>(action)].component == "leakage"; }

/// "bytes" -> "byte", "accesses" -> "access", "bytes x PEs" -> "(byte x PE)".
std::string singular(std::string_view plural) {
  const auto strip = [](std::string_view word) {
    if (word.ends_with("s")) word.remove_suffix(word.ends_with("sses") ? 2 : 1);
    return word;
  };
  const auto cross = plural.find(" x ");
  if (cross == std::string_view::npos) return std::string(strip(plural));
  return fmt::format("({} x {})", strip(plural.substr(0, cross)), strip(plural.substr(cross + 3)));
}

/// The keys an entry of `action` has; the price is `price`, or `int8` and `int16`.
EnergyEntry read_entry(const yaml::Node& node, Action action, EnergyUnit unit) {
  const std::string name = fmt::format("actions.{}", name_of(action));
  std::vector<std::string_view> legal = {"price", "int8", "int16", "unit", "source"};
  if (is_sram(action)) legal.push_back("at_bytes");
  if (is_leakage(action)) legal.push_back("at_mhz");
  const yaml::MapReader map(node, name, legal);

  EnergyEntry entry;
  const auto price = [&](std::string_view key) {
    return yaml::to_real(map.required(key), map.name(key), 0, kHighestPrice);
  };
  if (const yaml::Node* one = map.optional("price")) {
    for (auto key : {"int8", "int16"})
      if (map.optional(key) != nullptr)
        fail(one->place, "{} has both 'price' and '{}'; give one price, or one for int8 and one for int16", name, key);
    entry.int8 = entry.int16 = price("price");
  } else if (map.optional("int8") != nullptr || map.optional("int16") != nullptr) {
    entry.int8 = price("int8");
    entry.int16 = price("int16");
  } else {
    (void)price("price");  // the simplest form is the one to name
  }
  const yaml::Node& stated = map.required("unit");
  if (const auto word = yaml::to_text(stated, map.name("unit")); word != price_unit(action, unit))
    fail(stated.place, "{} is '{}'; this action is counted so that it must be '{}'", map.name("unit"), word,
         price_unit(action, unit));
  if (is_sram(action))
    entry.at_bytes =
        static_cast<std::uint32_t>(yaml::to_integer(map.required("at_bytes"), map.name("at_bytes"), 1, kHighestBytes));
  if (is_leakage(action))
    entry.at_mhz = static_cast<std::uint32_t>(yaml::to_integer(map.required("at_mhz"), map.name("at_mhz"), 1, 10000));
  const yaml::Node& source = map.required("source");
  entry.source = yaml::to_text(source, map.name("source"));
  if (entry.source.empty()) fail(source.place, "{} is empty; say where the number is from", map.name("source"));
  return entry;
}

}  // namespace

std::string price_unit(Action action, EnergyUnit unit) {
  return fmt::format("{}/{}", name_of(unit), singular(kActionInfo[static_cast<std::size_t>(action)].unit));
}

EnergyTable read_energy_table(const yaml::Node& document) {
  const yaml::MapReader map(document, "", {"name", "unit", "actions"});
  EnergyTable table;
  table.name = yaml::to_text(map.required("name"), "name");
  table.unit = yaml::to_enum<EnergyUnit>(map.required("unit"), "unit");
  const auto& names = EnumNames<Action>::names;
  const yaml::MapReader actions(map.required("actions"), "actions", {names.begin(), names.end()});
  Hasher hasher;
  hasher.add(name_of(table.unit));
  for (std::size_t i = 0; i < kActions; ++i) {
    EnergyEntry& entry = table.entries[i];
    entry = read_entry(actions.required(names[i]), static_cast<Action>(i), table.unit);
    hasher.add(names[i]);
    hasher.add(std::bit_cast<std::uint64_t>(entry.int8));
    hasher.add(std::bit_cast<std::uint64_t>(entry.int16));
    hasher.add(std::uint64_t{entry.at_bytes});
    hasher.add(std::uint64_t{entry.at_mhz});
  }
  table.hash = hasher.hex();
  return table;
}

EnergyTable read_energy_table(const std::filesystem::path& path) {
  std::string text = yaml::read_text(path);
  EnergyTable table = read_energy_table(yaml::load_text(text, path.string()));
  table.text = std::move(text);
  return table;
}

}  // namespace lacuna
