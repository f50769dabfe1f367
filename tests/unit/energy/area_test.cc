// Areas by hand, and every way to get a table wrong.
#include "energy/area.h"

#include <catch2/catch.hpp>

#include "../temporary_folder.h"

using namespace lacuna;

namespace {

constexpr const char* kTable = R"(name: test
unit: um2
parts:
  multiplier: {int8: 300, int16: 1000, unit: um2/multiplier, source: s}
  adder: {int8: 100, int16: 150, unit: um2/adder, source: s}
  register: {area: 4, unit: um2/bit, source: s}
  fifo: {area: 7, unit: um2/bit, source: s}
  match: {area: 20, unit: um2/position, source: s}
  select: {area: 2, unit: um2/bit, source: s}
  sram: {area: 3, unit: um2/byte, source: s}
)";

std::string refusal(const std::string& from, const std::string& to) {
  const TemporaryFolder folder;
  std::string text = kTable;
  text.replace(text.find(from), from.size(), to);
  const auto path = folder.write("a.yaml", text);
  return error_text(folder, [&] { (void)read_area_table(path); });
}

}  // namespace

TEST_CASE("an area is the sum of counted parts") {
  const TemporaryFolder folder;
  const AreaTable table = read_area_table(folder.write("a.yaml", kTable));
  Machine m;
  m.array.rows = 2;
  m.array.columns = 3;
  m.array.chunk = 16;
  m.array.lanes = 2;
  m.weights = {.buffer_bytes = 100, .bus_bytes = 16, .fifo_depth = 2, .encoding = Encoding::Bitmask};
  m.activations = {.buffer_bytes = 200, .bus_bytes = 16, .fifo_depth = 3, .encoding = Encoding::Bitmask};
  m.global_buffer.bytes = 2000;
  CHECK(count(Part::Multiplier, m) == 12);
  CHECK(count(Part::Adder, m) == 12);
  // 2 x 2 x 8 + 3 x 32 + 16 bits a PE
  CHECK(count(Part::Register, m) == 6 * 144);
  // 2 x (16 x 10 + 32) + 3 x 16 x 9 = 384 + 432 bits a PE
  CHECK(count(Part::Fifo, m) == 6 * 816);
  CHECK(count(Part::Match, m) == 6 * 16 * 2);
  CHECK(count(Part::Select, m) == 6 * 2 * 16 * 8 * 2);
  CHECK(count(Part::Sram, m) == 200 + 600 + 2000);
  const Area a = area(m, table);
  CHECK(a.total == 12 * 300 + 12 * 100 + 6 * 144 * 4 + 6 * 816 * 7 + 192 * 20 + 3072 * 2 + 2800 * 3);

  m.array.operand = Operand::Int16;
  CHECK(area(m, table).parts[0] == 12 * 1000);
  // 2 x 2 x 16 + 3 x 48 + 16; 2 x (16 x 18 + 48) + 3 x 16 x 17 = 672 + 816
  CHECK(count(Part::Register, m) == 6 * 224);
  CHECK(count(Part::Fifo, m) == 6 * 1488);
  // The RTL has its masks and its match unit in every machine.
  const double all = area(m, table).total;
  m.array.early_termination = EarlyTermination::Exact;
  m.array.skip = SkipRule::None;
  CHECK(area(m, table).total == all);
}

TEST_CASE("the table of the repository can be read") {
  const AreaTable table = read_area_table(std::string(LACUNA_SOURCE_DIR) + "/configs/area/45nm.yaml");
  CHECK(area(Machine{}, table).total > 0);
}

TEST_CASE("a wrong area table is refused at its place") {
  CHECK(refusal("unit: um2\nparts", "unit: mm2\nparts") == "a.yaml:2:7: unit is 'mm2'; areas are in um2");
  CHECK(refusal("um2/byte", "um2/bit") ==
        "a.yaml:10:25: parts.sram.unit is 'um2/bit'; this part is counted so that it must be 'um2/byte'");
  CHECK(refusal("{area: 3, unit: um2/byte, source: s}", "{area: 3, unit: um2/byte, source: ''}") ==
        "a.yaml:10:43: parts.sram.source is empty; say where the number is from");
  CHECK(refusal("{area: 3,", "{area: 3, int8: 2,") ==
        "a.yaml:10:16: parts.sram has 'area' and a figure for an operand width; give one or the other");
  CHECK(refusal("{area: 3,", "{int8: 2,") == "a.yaml:10:9: missing key 'int16' in 'parts.sram'");
  CHECK(refusal("area: 3", "area: -3") == "a.yaml:10:16: parts.sram.area is -3; allowed 0..1000000000");
  CHECK(refusal("  adder:", "  added:") ==
        "a.yaml:5:3: unknown key 'added' in 'parts'; did you mean 'adder'? (multiplier, adder, register, fifo, "
        "match, select, sram)");
}
