// Areas by hand, and every way to get a table wrong.
#include "energy/area.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "../temporary_folder.h"
#include "datapaths/gather/config.h"
#include "datapaths/intersect/config.h"
#include "machine/family.h"

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

double count(std::string_view part, const Machine& machine) {
  const auto parts = family(machine).parts();
  const auto at = std::ranges::find(parts, part, &PartInfo::name);
  REQUIRE(at != parts.end());
  return family(machine).count_parts(machine)[static_cast<std::size_t>(at - parts.begin())];
}

}  // namespace

TEST_CASE("an area is the sum of counted parts") {
  const TemporaryFolder folder;
  const AreaTable table = read_area_table(folder.write("a.yaml", kTable));
  Machine m;
  m.array.rows = 2;
  m.array.columns = 3;
  intersect::config(m).chunk = 16;
  intersect::config(m).lanes = 2;
  intersect::config(m).weights = {
      .buffer_bytes = 100, .bus_bytes = 16, .fifo_depth = 2, .encoding = intersect::Encoding::Bitmask};
  intersect::config(m).activations = {
      .buffer_bytes = 200, .bus_bytes = 16, .fifo_depth = 3, .encoding = intersect::Encoding::Bitmask};
  m.global_buffer.bytes = 2000;
  CHECK(count("multiplier", m) == 12);
  CHECK(count("adder", m) == 12);
  // 2 x 2 x 8 + 3 x 32 + 16 bits a PE
  CHECK(count("register", m) == 6 * 144);
  // 2 x (16 x 10 + 32) + 3 x 16 x 9 = 384 + 432 bits a PE
  CHECK(count("fifo", m) == 6 * 816);
  CHECK(count("match", m) == 6 * 16 * 2);
  CHECK(count("select", m) == 6 * 2 * 16 * 8 * 2);
  CHECK(count("sram", m) == 200 + 600 + 2000);
  const Area a = area(m, table);
  CHECK(a.total == 12 * 300 + 12 * 100 + 6 * 144 * 4 + 6 * 816 * 7 + 192 * 20 + 3072 * 2 + 2800 * 3);

  m.array.operand = Operand::Int16;
  CHECK(area(m, table).parts[0] == std::pair<std::string_view, double>("multiplier", 12 * 1000));
  // 2 x 2 x 16 + 3 x 48 + 16; 2 x (16 x 18 + 48) + 3 x 16 x 17 = 672 + 816
  CHECK(count("register", m) == 6 * 224);
  CHECK(count("fifo", m) == 6 * 1488);
  // The RTL has its masks and its match unit in every machine.
  const double all = area(m, table).total;
  intersect::config(m).early_termination = intersect::EarlyTermination::Exact;
  intersect::config(m).skip = intersect::SkipRule::None;
  CHECK(area(m, table).total == all);
}

TEST_CASE("filters that predict have a comparator a lane and longer headers") {
  Machine m = gather::default_machine();
  m.array.rows = 2;
  m.array.columns = 3;
  gather::Config& c = gather::config(m);
  c.delivery = gather::Delivery::Resident;
  c.index = gather::IndexCode::Absolute;
  c.reach = gather::Reach::Bank;
  c.windows = 4;
  c.window_groups = 5;
  c.weights.fifo_depth = 3;
  c.weight_order = gather::WeightOrder::Sign;
  CHECK(count("adder", m) == 6 * 4);
  // 2 x 5 x 4 x 32 of results, three biases
  CHECK(count("fifo", m) == 6 * (1280 + 3 * 32));
  c.weight_order = gather::WeightOrder::Predictive;
  CHECK(count("adder", m) == 6 * 8);
  // with each bias a threshold and 16 bits
  CHECK(count("fifo", m) == 6 * (1280 + 3 * 80));
}

TEST_CASE("the table of the repository can be read") {
  const AreaTable table = read_area_table(std::string(LACUNA_SOURCE_DIR) + "/configs/area/45nm.yaml");
  CHECK(area(Machine{}, table).total > 0);
}

TEST_CASE("a part that a machine has and the table has not is refused by name") {
  const TemporaryFolder folder;
  std::string text = kTable;
  for (const std::string part : {"  adder:", "  match:"}) {
    const auto at = text.find(part);
    text.erase(at, text.find('\n', at) + 1 - at);
  }
  const AreaTable table = read_area_table(folder.write("a.yaml", text));
  CHECK(table.find("adder") == nullptr);
  const std::string expected =
      "a.yaml: area table 'test' does not have adder, match, which machines of datapath intersect are made of";
  CHECK(error_text(folder, [&] { require_areas(table, family(Machine{})); }) == expected);
  CHECK(error_text(folder, [&] { (void)area(Machine{}, table); }) == expected);
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
        "match, select, sram, index)");
}
