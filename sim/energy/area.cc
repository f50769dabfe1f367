// One product for each part, summed in the order of the parts: the same bytes everywhere.
#include "energy/area.h"

#include <bit>

#include "base/hash.h"

namespace lacuna {

namespace {

constexpr double kLargest = 1e9;  // um2; a thousand square millimetres for one unit is a slip of the pen

/// What the figures of a part are for.
constexpr std::array<std::string_view, kParts> kUnits = {"um2/multiplier", "um2/adder", "um2/bit", "um2/bit",
                                                         "um2/position",   "um2/bit",   "um2/byte"};

AreaEntry read_entry(const yaml::Node& node, std::size_t part) {
  const std::string name = fmt::format("parts.{}", EnumNames<Part>::names[part]);
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
  if (const auto word = yaml::to_text(unit, map.name("unit")); word != kUnits[part])
    fail(unit.place, "{} is '{}'; this part is counted so that it must be '{}'", map.name("unit"), word, kUnits[part]);
  const yaml::Node& source = map.required("source");
  entry.source = yaml::to_text(source, map.name("source"));
  if (entry.source.empty()) fail(source.place, "{} is empty; say where the number is from", map.name("source"));
  return entry;
}

}  // namespace

AreaTable read_area_table(const std::filesystem::path& path) {
  const yaml::Node document = yaml::load_file(path);
  const yaml::MapReader map(document, "", {"name", "unit", "parts"});
  AreaTable table;
  table.name = yaml::to_text(map.required("name"), "name");
  const yaml::Node& unit = map.required("unit");
  if (const auto word = yaml::to_text(unit, "unit"); word != "um2")
    fail(unit.place, "unit is '{}'; areas are in um2", word);
  const auto& names = EnumNames<Part>::names;
  const yaml::MapReader parts(map.required("parts"), "parts", {names.begin(), names.end()});
  Hasher hasher;
  for (std::size_t i = 0; i < kParts; ++i) {
    table.entries[i] = read_entry(parts.required(names[i]), i);
    hasher.add(names[i]);
    hasher.add(std::bit_cast<std::uint64_t>(table.entries[i].int8));
    hasher.add(std::bit_cast<std::uint64_t>(table.entries[i].int16));
  }
  table.hash = hasher.hex();
  return table;
}

double count(Part part, const Machine& m) {
  const double pes = static_cast<double>(m.array.rows) * m.array.columns;
  const double chunk = m.array.chunk, lanes = m.array.lanes;
  const double bits = 8.0 * operand_bytes(m), accumulator = accumulator_bits(m);
  switch (part) {
    case Part::Multiplier:
    case Part::Adder:
      return pes * lanes;
    case Part::Register:
      return pes * (lanes * 2 * bits + 3 * accumulator + chunk);
    case Part::Fifo:
      return pes * (m.weights.fifo_depth * (chunk * (bits + 2) + accumulator) +
                    m.activations.fifo_depth * chunk * (bits + 1));
    case Part::Match:
      return pes * chunk * lanes;
    case Part::Select:
      return pes * 2 * chunk * bits * lanes;
    case Part::Sram:
      return static_cast<double>(m.array.rows) * m.weights.buffer_bytes +
             static_cast<double>(m.array.columns) * m.activations.buffer_bytes + m.global_buffer.bytes;
  }
  throw Bug("unknown Part");
}

Area area(const Machine& machine, const AreaTable& table) {
  Area result;
  for (std::size_t i = 0; i < kParts; ++i) {
    const AreaEntry& entry = table.entries[i];
    result.parts[i] =
        count(static_cast<Part>(i), machine) * (machine.array.operand == Operand::Int8 ? entry.int8 : entry.int16);
  }
  for (const double part : result.parts) result.total += part;
  return result;
}

}  // namespace lacuna
