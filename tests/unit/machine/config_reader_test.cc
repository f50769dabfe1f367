// Configurations: defaults, ranges, --set, the resolved text, the manual and the hash.
#include "machine/config_reader.h"

#include <catch2/catch.hpp>
#include <set>

#include "../temporary_folder.h"
#include "base/program_files.h"
#include "datapaths/intersect/config.h"
#include "machine/family.h"
#include "machine/moved_keys.h"

using namespace lacuna;

namespace {

Machine read(const std::string& text, const std::vector<std::string>& assignments = {}) {
  return read_machine(yaml::load_text(text, "f"), assignments);
}

}  // namespace

TEST_CASE("keys that are missing keep their defaults") {
  const Machine machine = read("array: {rows: 3}\n");
  CHECK(machine.array.rows == 3);
  CHECK(machine.array.columns == Machine{}.array.columns);
  CHECK(config_hash(read("name: default\n")) == config_hash(Machine{}));
}

TEST_CASE("values outside their range are refused where they stand") {
  CHECK_THROWS_WITH(read("array:\n  rows: 0\n"), "f:2:9: array.rows is 0; allowed 1..256");
  CHECK_THROWS_WITH(read("intersect:\n  chunk: 12\n"), "f:2:10: intersect.chunk is 12; allowed 8..128 in steps of 8");
  CHECK_THROWS_WITH(read("array: {rows: 010}\n"),
                    "f:1:15: array.rows is '010'; need a whole number in decimal digits, 1..256");
  CHECK_THROWS_WITH(
      read("intersect: {skip: bth}\n"),
      "f:1:19: unknown intersect.skip 'bth'; did you mean 'both'? (none, gate, activations, weights, both)");
  CHECK_THROWS_WITH(read("array:\nname: x\n"),
                    "f:2:1: array is empty; need a map with keys (datapath, rows, columns, operand)");
  CHECK_THROWS_WITH(read("intersect:\n  weights:\n    bus_bytes: 0\n"),
                    "f:3:16: intersect.weights.bus_bytes is 0; allowed 1..256");
  CHECK_THROWS_WITH(read("intersect: {weights: {bus_byte: 1}}\n"),
                    "f:1:23: unknown key 'bus_byte' in 'intersect.weights'; did you mean 'bus_bytes'? (buffer_bytes, "
                    "bus_bytes, fifo_depth, encoding)");
  CHECK_THROWS_WITH(read("intersect: {weights: 3}\n"),
                    "f:1:22: intersect.weights is a single value; need a map with keys (buffer_bytes, bus_bytes, "
                    "fifo_depth, encoding)");
  CHECK_THROWS_WITH(read("name: ''\n"), "f:1:7: name is empty; need text");
}

TEST_CASE("every integer parameter is accepted at both ends of its range and refused beyond") {
  for (const Parameter& p : parameters(Machine{})) {
    if (p.type != Parameter::Type::Integer) continue;
    CAPTURE(p.name);
    const auto with = [&](std::int64_t value) { return std::vector{fmt::format("{}={}", p.name, value)}; };
    CHECK_NOTHROW(read("name: x\n", with(p.lowest)));
    CHECK_NOTHROW(read("name: x\n", with(p.highest)));
    CHECK_THROWS_AS(read("name: x\n", with(std::int64_t{p.lowest} - 1)), UserError);
    CHECK_THROWS_AS(read("name: x\n", with(std::int64_t{p.highest} + 1)), UserError);
  }
}

TEST_CASE("every word of every choice is accepted") {
  for (const Parameter& p : parameters(Machine{}))
    for (auto word : p.words) CHECK_NOTHROW(read("name: x\n", {fmt::format("{}={}", p.name, word)}));
}

TEST_CASE("an assignment replaces what the file says and its errors name the option") {
  CHECK(read("array: {rows: 3}\n", {"array.rows=8", "clock_mhz=500"}).array.rows == 8);
  CHECK(read("name: x\n", {"array.rows=8"}).array.rows == 8);
  CHECK_THROWS_WITH(read("name: x\n", {"array.rows=0"}), "--set array.rows=0: array.rows is 0; allowed 1..256");
  CHECK_THROWS_WITH(read("name: x\n", {"post.treshold=1"}),
                    "--set post.treshold=1: unknown key 'treshold' in 'post'; did you mean 'threshold'? (threshold)");
  CHECK_THROWS_WITH(read("name: x\n", {"post.threshold"}),
                    "--set post.threshold: need NAME=VALUE, for example array.rows=8");
  CHECK_THROWS_WITH(read("name: x\n", {"post.threshold="}),
                    "--set post.threshold=: post.threshold is empty; need a whole number");
  CHECK_THROWS_WITH(read("name: x\n", {"post.threshold=1", "post.threshold=2"}),
                    "--set post.threshold=2: 'post.threshold' is set twice");
  CHECK(intersect::config(read("intersect: {weights: {fifo_depth: 2}}\n", {"intersect.weights.bus_bytes=8"}))
            .weights.bus_bytes == 8);
  CHECK_THROWS_WITH(read("name: x\n", {"post=1"}),
                    "--set post=1: post is a single value; need a map with keys (threshold)");
}

TEST_CASE("a DRAM channel is called by its name, and its parameters may be set beside it") {
  const Machine ddr4 = read("dram: ddr4-3200\n");
  CHECK(ddr4.dram.clock_mhz == 1600);
  CHECK(ddr4.dram.t_cas == 22);
  CHECK(read("dram: {latency: 3}\n", {"dram=ddr4-3200"}).dram.latency == ddr4.dram.latency);
  const Machine other = read("name: x\n", {"dram.latency=3", "dram=ddr4-3200"});
  CHECK(other.dram.latency == 3);
  CHECK(other.dram.t_cas == 22);
  CHECK_THROWS_WITH(read("name: x\n", {"dram=ddr5"}),
                    "--set dram=ddr5: unknown dram 'ddr5' (ddr4-3200, hbm2-channel, lpddr4, serial)");
  CHECK(config_hash(read("dram: lpddr4\n")) == config_hash(Machine{}));  // the default
  // Each of the files names every parameter of the section.
  const auto in_section = [](const Parameter& p) { return p.name.starts_with("dram."); };
  for (const auto& file : config_files("dram", "DRAM channels"))
    CHECK(static_cast<std::ptrdiff_t>(yaml::load_file(file).entries.size()) ==
          std::ranges::count_if(parameters(Machine{}), in_section));
}

TEST_CASE("the resolved configuration reads back as the same machine") {
  Machine machine = read("name: \"a: b # c\"\narray: {rows: 5}\nintersect: {skip: gate, weights: {bus_bytes: 3}}\n");
  const Machine again = read(to_yaml(machine));
  CHECK(again.name == "a: b # c");
  CHECK(intersect::config(again).weights.bus_bytes == 3);
  CHECK(to_yaml(again) == to_yaml(machine));
  CHECK(config_hash(again) == config_hash(machine));
}

TEST_CASE("the hash tells machines apart and ignores their names and layouts") {
  std::set<std::string> hashes = {config_hash(Machine{})};
  std::size_t expected = 1;
  for (const Parameter& p : parameters(Machine{})) {
    if (p.name == "name" || p.name == "energy") continue;
    std::string other;  // a legal value that is not the default
    if (p.type == Parameter::Type::Integer)
      other = fmt::format("{}", p.value == fmt::format("{}", p.highest) ? p.lowest : p.highest);
    for (auto word : p.words)
      if (word != p.value) other = word;
    if (other.empty()) continue;  // a choice with a single word
    hashes.insert(config_hash(read("name: x\n", {fmt::format("{}={}", p.name, other)})));
    ++expected;
  }
  CHECK(hashes.size() == expected);
  CHECK(config_hash(read("name: y\narray: {columns: 3, rows: 2}\n")) ==
        config_hash(read("array:\n  rows: 2\n  columns: 3\n")));
}

TEST_CASE("the committed manual of every family is what the program writes") {
  for (const Family* one : families()) {
    const Datapath datapath = datapath_of(*one);
    const bool first = datapath == Datapath{};
    const std::string name = fmt::format("configs/{}.yaml", first ? "default" : one->name());
    INFO("renew it with: lacuna list manual" << (first ? "" : fmt::format(" --datapath {}", one->name())) << " > "
                                             << name);
    const std::filesystem::path path = std::filesystem::path(LACUNA_SOURCE_DIR) / name;
    CHECK(yaml::read_text(path) == manual(datapath));
    CHECK(config_hash(read_machine(path).machine) == config_hash(Machine(datapath)));
  }
}

TEST_CASE("a name of an earlier version is refused where it stands and the new one is named") {
  CHECK_THROWS_WITH(read("name: x\narray:\n  skip: both\n"), "f:3:3: 'array.skip' is now 'intersect.skip'");
  CHECK_THROWS_WITH(read("array: {rows: 2}\nweights:\n  bus_bytes: 4\n"),
                    "f:3:3: 'weights.bus_bytes' is now 'intersect.weights.bus_bytes'");
  CHECK_THROWS_WITH(read("activations: {}\n"), "f:1:1: 'activations' is now 'intersect.activations'");
  CHECK_THROWS_WITH(read("name: x\n", {"weights.bus_bytes=4"}),
                    "--set weights.bus_bytes=4: 'weights.bus_bytes' is now 'intersect.weights.bus_bytes'");
  CHECK_THROWS_WITH(read("name: x\n", {"array.filter_order=density"}),
                    "--set array.filter_order=density: 'array.filter_order' is now 'intersect.filter_order'");
}

TEST_CASE("moved names are no parameters and lead to parameters") {
  std::set<std::string> names;
  for (const Parameter& p : all_parameters()) names.insert(p.name);
  // All that the section has once stood elsewhere; its sections moved as a whole.
  std::size_t moved = 0;
  for (const std::string& name : names) {
    CAPTURE(name);
    CHECK(!moved_key(name));
    if (!name.starts_with("intersect.")) continue;
    const std::string key = name.substr(name.find('.') + 1);
    const std::string old = key.find('.') == std::string::npos ? "array." + key : key;
    CHECK(moved_key(old) == name);
    ++moved;
  }
  CHECK(moved == 15);
  CHECK(!moved_key("array.rows"));
  CHECK(!moved_key("weights_of"));
}

TEST_CASE("an unknown datapath is refused before anything else of the machine is read") {
  CHECK_THROWS_WITH(
      read("array: {rows: 0, datapath: intersekt}\nintersect: 3\n"),
      "f:1:28: unknown array.datapath 'intersekt'; did you mean 'intersect'? (" + join(datapath_words()) + ")");
  CHECK_THROWS_WITH(read("name: x\n", {"array.datapath=x"}),
                    "--set array.datapath=x: unknown array.datapath 'x' (" + join(datapath_words()) + ")");
  CHECK_THROWS_WITH(read("array: {datapath: [x]}\n"), "f:1:19: array.datapath is a list; need text");
}

TEST_CASE("every preset is a legal machine whose name is that of its file") {
  const std::filesystem::path folder = std::filesystem::path(LACUNA_SOURCE_DIR) / "configs/presets";
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    CAPTURE(entry.path());
    CHECK(read_machine(entry.path()).machine.name == entry.path().stem().string());
    ++count;
  }
  CHECK(count >= 3);
}

TEST_CASE("the energy table is looked for beside the configuration and then in the program's configs") {
  const TemporaryFolder folder;
  const auto path = folder.write("m.yaml", "name: x\nenergy: table.yaml\n");
  CHECK(error_text(folder, [&] { read_machine(path); }) ==
        "m.yaml:2:9: energy is 'table.yaml'; there is no file 'table.yaml'");
  const std::vector<std::string> assignments = {"energy=other.yaml"};
  CHECK(error_text(folder, [&] { read_machine(path, assignments); }) ==
        "--set energy=other.yaml: energy is 'other.yaml'; there is no file 'other.yaml'");
  folder.write("table.yaml", "");
  CHECK(read_machine(path).energy_table == folder.path() / "table.yaml");

  const auto plain = folder.write("plain.yaml", "name: x\n");
  const std::filesystem::path configs = std::filesystem::path(LACUNA_SOURCE_DIR) / "configs";
  CHECK(read_machine(plain).energy_table == configs / "energy/45nm.yaml");
  std::filesystem::create_directory(folder.path() / "energy");
  folder.write("energy/45nm.yaml", "");
  CHECK(read_machine(plain).energy_table == folder.path() / "energy/45nm.yaml");
}

TEST_CASE("every parameter has a sentence and counted ones have a unit") {
  for (const Parameter& p : parameters(Machine{})) {
    CAPTURE(p.name);
    CHECK(p.sentence.size() > 5);
    CHECK(p.sentence.ends_with('.'));
    if (p.type == Parameter::Type::Integer) CHECK_FALSE(p.unit.empty());
  }
}
