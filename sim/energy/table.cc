// The reader of energy tables: an entry for each action that some family counts.
#include "energy/table.h"

#include <algorithm>
#include <bit>

#include "base/hash.h"
#include "machine/family.h"

namespace lacuna {

namespace {

constexpr double kHighestPrice = 1e9;  // pJ; a millijoule an action is a slip of the pen
constexpr std::uint32_t kHighestBytes = 1u << 30;

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
EnergyEntry read_entry(const yaml::Node& node, const ActionInfo& action, EnergyUnit unit) {
  const std::string name = fmt::format("actions.{}", action.name);
  std::vector<std::string_view> legal = {"price", "int8", "int16", "unit", "source"};
  if (action.capacity != nullptr) legal.push_back("at_bytes");
  if (action.leaks) legal.push_back("at_mhz");
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
  if (action.capacity != nullptr)
    entry.at_bytes =
        static_cast<std::uint32_t>(yaml::to_integer(map.required("at_bytes"), map.name("at_bytes"), 1, kHighestBytes));
  if (action.leaks)
    entry.at_mhz = static_cast<std::uint32_t>(yaml::to_integer(map.required("at_mhz"), map.name("at_mhz"), 1, 10000));
  const yaml::Node& source = map.required("source");
  entry.source = yaml::to_text(source, map.name("source"));
  if (entry.source.empty()) fail(source.place, "{} is empty; say where the number is from", map.name("source"));
  return entry;
}

}  // namespace

const EnergyEntry* EnergyTable::find(std::string_view name) const {
  for (const auto& [action, entry] : entries)
    if (action == name) return &entry;
  return nullptr;
}

std::span<const ActionInfo* const> known_actions() {
  static const std::vector<const ActionInfo*> known = [] {
    std::vector<const ActionInfo*> list;
    for (const Family* family : families())
      for (const ActionInfo& action : family->actions().infos()) {
        const auto at = std::ranges::find(list, action.name, &ActionInfo::name);
        if (at == list.end())
          list.push_back(&action);
        else
          LACUNA_CHECK((*at)->unit == action.unit && (*at)->leaks == action.leaks &&
                           ((*at)->capacity == nullptr) == (action.capacity == nullptr),
                       "families mean different things by action '{}'", action.name);
      }
    return list;
  }();
  return known;
}

std::string price_unit(const ActionInfo& action, EnergyUnit unit) {
  return fmt::format("{}/{}", name_of(unit), singular(action.unit));
}

EnergyTable read_energy_table(const yaml::Node& document) {
  const yaml::MapReader map(document, "", {"name", "unit", "actions"});
  EnergyTable table;
  table.file = document.place.file;
  table.name = yaml::to_text(map.required("name"), "name");
  table.unit = yaml::to_enum<EnergyUnit>(map.required("unit"), "unit");
  std::vector<std::string_view> names;
  for (const ActionInfo* action : known_actions()) names.push_back(action->name);
  const yaml::MapReader actions(map.required("actions"), "actions", names);
  Hasher hasher;
  hasher.add(name_of(table.unit));
  for (const ActionInfo* action : known_actions()) {
    if (!action->common && actions.optional(action->name) == nullptr) continue;
    const EnergyEntry entry = read_entry(actions.required(action->name), *action, table.unit);
    hasher.add(action->name);
    hasher.add(std::bit_cast<std::uint64_t>(entry.int8));
    hasher.add(std::bit_cast<std::uint64_t>(entry.int16));
    hasher.add(std::uint64_t{entry.at_bytes});
    hasher.add(std::uint64_t{entry.at_mhz});
    table.entries.emplace_back(action->name, entry);
  }
  table.hash = hasher.hex();
  return table;
}

void require_prices(const EnergyTable& table, const Family& family) {
  std::vector<std::string_view> missing;
  for (const ActionInfo& action : family.actions().infos())
    if (table.find(action.name) == nullptr) missing.push_back(action.name);
  if (!missing.empty())
    fail(Place{table.file}, "energy table '{}' has no price for {}, which machines of datapath {} count", table.name,
         join(missing), family.name());
}

EnergyTable read_energy_table(const std::filesystem::path& path) {
  std::string text = yaml::read_text(path);
  EnergyTable table = read_energy_table(yaml::load_text(text, path.string()));
  table.text = std::move(text);
  return table;
}

}  // namespace lacuna
