// One product for each part, summed in the order of the parts: the same bytes everywhere.
#include "energy/area.h"

#include <algorithm>
#include <bit>

#include "base/hash.h"
#include "machine/family.h"

namespace lacuna {

namespace {

constexpr double kLargest = 1e9;  // um2; a thousand square millimetres for one unit is a slip of the pen

/// The parts of all families, each name once.
std::vector<PartInfo> known_parts() {
  std::vector<PartInfo> known;
  for (const Family* family : families())
    for (const PartInfo& part : family->parts()) {
      const auto at = std::ranges::find(known, part.name, &PartInfo::name);
      if (at == known.end())
        known.push_back(part);
      else
        LACUNA_CHECK(at->unit == part.unit, "families mean different things by part '{}'", part.name);
    }
  return known;
}

AreaEntry read_entry(const yaml::Node& node, const PartInfo& part) {
  const std::string name = fmt::format("parts.{}", part.name);
  const yaml::MapReader map(node, name, {"area", "int8", "int16", "unit", "source"});
  const auto figure = [&](std::string_view key) {
    return yaml::to_real(map.required(key), map.name(key), 0, kLargest);
  };
  AreaEntry entry;
  if (map.optional("int8") != nullptr || map.optional("int16") != nullptr) {
    if (const yaml::Node* one = map.optional("area"))
      fail(one->place, "{} has 'area' and a figure for an operand width; give one or the other", name);
    entry.int8 = figure("int8");
    entry.int16 = figure("int16");
  } else {
    entry.int8 = entry.int16 = figure("area");
  }
  const yaml::Node& unit = map.required("unit");
  const std::string need = fmt::format("um2/{}", part.unit);
  if (const auto word = yaml::to_text(unit, map.name("unit")); word != need)
    fail(unit.place, "{} is '{}'; this part is counted so that it must be '{}'", map.name("unit"), word, need);
  const yaml::Node& source = map.required("source");
  entry.source = yaml::to_text(source, map.name("source"));
  if (entry.source.empty()) fail(source.place, "{} is empty; say where the number is from", map.name("source"));
  return entry;
}

}  // namespace

const AreaEntry* AreaTable::find(std::string_view name) const {
  for (const auto& [part, entry] : entries)
    if (part == name) return &entry;
  return nullptr;
}

AreaTable read_area_table(const std::filesystem::path& path) {
  const yaml::Node document = yaml::load_file(path);
  const yaml::MapReader map(document, "", {"name", "unit", "parts"});
  AreaTable table;
  table.file = document.place.file;
  table.name = yaml::to_text(map.required("name"), "name");
  const yaml::Node& unit = map.required("unit");
  if (const auto word = yaml::to_text(unit, "unit"); word != "um2")
    fail(unit.place, "unit is '{}'; areas are in um2", word);
  const std::vector<PartInfo> known = known_parts();
  std::vector<std::string_view> names;
  for (const PartInfo& part : known) names.push_back(part.name);
  const yaml::MapReader parts(map.required("parts"), "parts", names);
  Hasher hasher;
  for (const PartInfo& part : known) {
    const yaml::Node* const node = parts.optional(part.name);
    if (node == nullptr) continue;
    const AreaEntry entry = read_entry(*node, part);
    hasher.add(part.name);
    hasher.add(std::bit_cast<std::uint64_t>(entry.int8));
    hasher.add(std::bit_cast<std::uint64_t>(entry.int16));
    table.entries.emplace_back(part.name, entry);
  }
  table.hash = hasher.hex();
  return table;
}

void require_areas(const AreaTable& table, const Family& family) {
  std::vector<std::string_view> missing;
  for (const PartInfo& part : family.parts())
    if (table.find(part.name) == nullptr) missing.push_back(part.name);
  if (!missing.empty())
    fail(Place{table.file}, "area table '{}' does not have {}, which machines of datapath {} are made of", table.name,
         join(missing), family.name());
}

Area area(const Machine& machine, const AreaTable& table) {
  const Family& own = family(machine);
  require_areas(table, own);
  const std::vector<double> counts = own.count_parts(machine);
  LACUNA_CHECK(counts.size() == own.parts().size(), "datapath {} counts {} parts of {}", own.name(), counts.size(),
               own.parts().size());
  Area result;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const std::string_view part = own.parts()[i].name;
    const AreaEntry& entry = *table.find(part);
    result.parts.emplace_back(part, counts[i] * (machine.array.operand == Operand::Int8 ? entry.int8 : entry.int16));
  }
  for (const auto& [part, um2] : result.parts) result.total += um2;
  return result;
}

}  // namespace lacuna
