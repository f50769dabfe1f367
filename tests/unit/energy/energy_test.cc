// Energy: counters times prices, scaled as the table says; tables with an entry too many or too few are refused.
#include "energy/energy.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>

#include "../temporary_folder.h"
#include "datapaths/intersect/actions.h"
#include "datapaths/intersect/config.h"
#include "machine/family.h"

using namespace lacuna;
using intersect::Action;

namespace {

/// A legal table with price i + 1 for action i, changed by replacing `from` with `to`.
std::string table_text(const std::string& from = "", const std::string& to = "") {
  std::string text = "name: t\nunit: pJ\nactions:\n";
  const ActionList& list = intersect::actions();
  for (std::size_t i = 0; i < list.size(); ++i) {
    std::string reference;
    if (list[i].component == "operand_buffer" || list[i].component == "global_buffer") reference = "at_bytes: 1024, ";
    if (list[i].component == "leakage") reference = "at_mhz: 500, ";
    text += fmt::format("  {}: {{price: {}, {}unit: {}, source: test}}\n", list[i].name, i + 1, reference,
                        price_unit(list[i], EnergyUnit::Pj));
  }
  if (!from.empty()) {
    REQUIRE(text.find(from) != std::string::npos);
    text.replace(text.find(from), from.size(), to);
  }
  return text;
}

/// The line of an action in table_text(), which has three lines before the first.
int line_of(Action action) { return static_cast<int>(action) + 4; }

const ActionInfo& info(Action action) { return intersect::actions()[static_cast<std::size_t>(action)]; }

EnergyTable read(const std::string& text) { return read_energy_table(yaml::load_text(text, "t")); }

}  // namespace

TEST_CASE("a price is stated per counted unit") {
  CHECK(price_unit(info(Action::MacExecuted), EnergyUnit::Pj) == "pJ/product");
  CHECK(price_unit(info(Action::PsumUpdate), EnergyUnit::Pj) == "pJ/access");
  CHECK(price_unit(info(Action::WeightBus), EnergyUnit::Rf) == "RF/(byte x PE)");
  CHECK(price_unit(info(Action::DramRead), EnergyUnit::Pj) == "pJ/byte");
}

TEST_CASE("SRAM prices grow with the square root of the capacity and leakage with the period") {
  const EnergyTable table = read(table_text());
  const auto listed = [](Action action) { return static_cast<double>(action) + 1; };
  Machine machine;
  machine.clock_mhz = 1000;
  intersect::config(machine).weights.buffer_bytes = 4096;
  intersect::config(machine).activations.buffer_bytes = 256;
  machine.global_buffer.bytes = 65536;
  machine.global_buffer.banks = 4;  // banks of 16384 bytes
  CHECK(price(info(Action::WeightBufferRead), machine, table) == 2 * listed(Action::WeightBufferRead));
  CHECK(price(info(Action::ActivationBufferWrite), machine, table) == 0.5 * listed(Action::ActivationBufferWrite));
  CHECK(price(info(Action::GlobalBufferRead), machine, table) == 4 * listed(Action::GlobalBufferRead));
  CHECK(price(info(Action::PeLeakage), machine, table) == 0.5 * listed(Action::PeLeakage));
  CHECK(price(info(Action::DramRead), machine, table) == listed(Action::DramRead));
}

TEST_CASE("int8 and int16 have their own prices where the table gives both") {
  const EnergyTable table = read(table_text("mac_executed: {price: 1,", "mac_executed: {int8: 3, int16: 7,"));
  Machine machine;
  machine.array.operand = Operand::Int8;
  CHECK(price(info(Action::MacExecuted), machine, table) == 3);
  machine.array.operand = Operand::Int16;
  CHECK(price(info(Action::MacExecuted), machine, table) == 7);
}

TEST_CASE("energy is the sum over actions of count times price and components sum to the total") {
  const EnergyTable table = read(table_text());
  Machine machine;
  LayerOutcome outcome;
  outcome.actions = ActionCounts(intersect::actions());
  double expected = 0;
  for (std::size_t i = 0; i < intersect::actions().size(); ++i) {
    outcome.actions.value[i] = 1000 + i;
    expected += static_cast<double>(1000 + i) * price(intersect::actions()[i], machine, table);
  }
  const Energy result = energy(machine, outcome, table);
  CHECK(result.total == Approx(expected).epsilon(1e-12));
  double components = 0;
  for (const auto& [name, value] : result.components()) components += value;
  CHECK(components == Approx(result.total).epsilon(1e-12));
  CHECK(result.components().front().first == "mac");
  CHECK(result.components().front().second == Approx(1000.0 * 1 + 1001.0 * 2 + 1002.0 * 3));

  Energy twice = result;
  twice += result;
  CHECK(twice.total == 2 * result.total);
}

TEST_CASE("nothing done costs nothing") {
  LayerOutcome outcome;
  outcome.actions = ActionCounts(intersect::actions());
  CHECK(energy(Machine{}, outcome, read(table_text())).total == 0);
}

TEST_CASE("a sum over families has the actions of both and adds those they share") {
  constexpr ActionInfo other{"other", "accesses", "other", "", nullptr, false, false, std::nullopt};
  const ActionInfo read = common_action(CommonAction::DramRead);
  ByAction<double> one, two;
  one[read] = 3;
  two[other] = 5;
  const ActionInfo same = common_action(CommonAction::DramRead);  // at another address, as in another family's list
  two[same] = 7;
  one += two;
  REQUIRE(one.entries().size() == 2);
  CHECK(one.of("dram_read") == 10);
  CHECK(one.of("other") == 5);
  CHECK(one.of("dram_write") == 0);
}

TEST_CASE("entries without an action and actions without an entry are refused") {
  std::vector<std::string_view> list;
  for (const Family* family : families())
    for (const ActionInfo& action : family->actions().infos())
      if (std::ranges::find(list, action.name) == list.end()) list.push_back(action.name);
  const std::string names = join(list);
  CHECK_THROWS_WITH(read(table_text("dram_read:", "dram_raed:")),
                    fmt::format("t:{}:3: unknown key 'dram_raed' in 'actions'; did you mean 'dram_read'? ({})",
                                line_of(Action::DramRead), names));
  CHECK_THROWS_WITH(read(table_text("  mac_gated: {price: 3, unit: pJ/product, source: test}\n", "")),
                    "t:4:3: missing key 'mac_gated' in 'actions'");
  CHECK_THROWS_WITH(read("name: t\nunit: pJ\n"), "t:1:1: missing key 'actions'");
  CHECK_THROWS_WITH(read(table_text("unit: pJ\n", "unit: kJ\n")),
                    "t:2:7: unknown unit 'kJ'; did you mean 'pJ'? (pJ, RF)");
}

TEST_CASE("a table without the price of an action that a machine counts is refused in its name") {
  const TemporaryFolder folder;
  const std::string text = table_text(fmt::format("  fifo_write: {{price: {}, unit: pJ/byte, source: test}}\n",
                                                  static_cast<int>(Action::FifoWrite) + 1));
  const EnergyTable table = read_energy_table(folder.write("t.yaml", text));  // no common action is missing
  const std::string expected =
      "t.yaml: energy table 't' has no price for fifo_write, which machines of datapath intersect count";
  CHECK(error_text(folder, [&] { require_prices(table, family(Machine{})); }) == expected);
  CHECK(error_text(folder, [&] { (void)price(info(Action::FifoWrite), Machine{}, table); }) == expected);
  CHECK_NOTHROW(require_prices(read(table_text()), family(Machine{})));
}

TEST_CASE("entries that do not say what they mean are refused") {
  const std::string from = "mac_executed: {price: 1, unit: pJ/product, source: test}";
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"{unit: pJ/product, source: x}", "t:4:17: missing key 'price' in 'actions.mac_executed'"},
      {"{price: -1, unit: pJ/product, source: x}", "t:4:25: actions.mac_executed.price is -1; allowed 0..1000000000"},
      {"{price: 1, int8: 2, unit: pJ/product, source: x}",
       "t:4:25: actions.mac_executed has both 'price' and 'int8'; give one price, or one for int8 and one for int16"},
      {"{int8: 2, unit: pJ/product, source: x}", "t:4:17: missing key 'int16' in 'actions.mac_executed'"},
      {"{price: 1, source: x}", "t:4:17: missing key 'unit' in 'actions.mac_executed'"},
      {"{price: 1, unit: pJ/byte, source: x}",
       "t:4:34: actions.mac_executed.unit is 'pJ/byte'; this action is counted so that it must be 'pJ/product'"},
      {"{price: 1, unit: pJ/product}", "t:4:17: missing key 'source' in 'actions.mac_executed'"},
      {"{price: 1, unit: pJ/product, source: ''}",
       "t:4:54: actions.mac_executed.source is empty; say where the number is from"},
      {"{price: 1, at_bytes: 4, unit: pJ/product, source: x}",
       "t:4:28: unknown key 'at_bytes' in 'actions.mac_executed' (price, int8, int16, unit, source)"},
  };
  for (const auto& [entry, expected] : cases)
    CHECK_THROWS_WITH(read(table_text(from, "mac_executed: " + entry)), expected);
  CHECK_THROWS_WITH(read(table_text("at_bytes: 1024, ", "")),
                    fmt::format("t:{}:24: missing key 'at_bytes' in 'actions.weight_buffer_write'",
                                line_of(Action::WeightBufferWrite)));
  CHECK_THROWS_WITH(
      read(table_text("at_mhz: 500, ", "at_mhz: 0, ")),
      fmt::format("t:{}:35: actions.pe_leakage.at_mhz is 0; allowed 1..10000", line_of(Action::PeLeakage)));
}

TEST_CASE("the committed tables are complete and their hashes follow the prices") {
  const std::filesystem::path folder = std::filesystem::path(LACUNA_SOURCE_DIR) / "configs/energy";
  const EnergyTable table = read_energy_table(folder / "45nm.yaml");
  CHECK(table.name == "45nm");
  CHECK(table.unit == EnergyUnit::Pj);
  CHECK(table.text == yaml::read_text(folder / "45nm.yaml"));
  CHECK(read_energy_table(folder / "eyeriss-relative.yaml").unit == EnergyUnit::Rf);
  CHECK(read(table_text()).hash != read(table_text("price: 1,", "price: 1.5,")).hash);
  CHECK(read(table_text()).hash == read(table_text("source: test", "source: other")).hash);
}

TEST_CASE("the 45 nm table keeps the published order of costs") {
  const EnergyTable table = read_energy_table(std::filesystem::path(LACUNA_SOURCE_DIR) / "configs/energy/45nm.yaml");
  const Machine machine;
  const auto of = [&](Action action) { return price(info(action), machine, table); };
  CHECK(of(Action::MacGated) < of(Action::MacExecuted));
  CHECK(of(Action::FifoRead) < of(Action::WeightBufferRead));
  CHECK(of(Action::WeightBufferRead) < of(Action::GlobalBufferRead));
  CHECK(of(Action::GlobalBufferRead) < of(Action::DramRead));
}
