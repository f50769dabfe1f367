// Sweep files, the configurations they span, and whole sweeps on a small network with the `fast` engine.
#include "sweep/sweep.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "../temporary_folder.h"
#include "base/error.h"
#include "datapaths/intersect/config.h"
#include "sweep/export.h"
#include "sweep/point_list.h"

using namespace lacuna;
namespace fs = std::filesystem;

namespace {

constexpr const char* kNetwork = R"(network: tiny
source: generated for a test
layers:
  - {name: conv1, op: conv, shape: {M: 4, C: 3, H: 6, W: 6, R: 3, S: 3}, density: {weights: 0.5, input: 0.5}, seed: 1}
  - {name: fc1, op: fc, shape: {M: 10, C: 64}, density: {weights: 0.3, input: 0.6}, seed: 2}
)";

/// A folder with a configuration, its energy table, a small network, and a sweep file of that text.
struct Files {
  TemporaryFolder folder;
  explicit Files(const std::string& sweep) {
    fs::copy_file(fs::path(LACUNA_SOURCE_DIR) / "configs/energy/45nm.yaml", folder.path() / "energy.yaml");
    folder.write("base.yaml", "name: base\nenergy: energy.yaml\narray: {rows: 4, columns: 4}\n");
    folder.write("other.yaml",
                 "name: other\nenergy: energy.yaml\narray: {rows: 4, columns: 4}\nintersect: {skip: none}\n");
    folder.write("net.yaml", kNetwork);
    folder.write("sweep.yaml", sweep);
  }
  [[nodiscard]] fs::path path(const std::string& name) const { return folder.path() / name; }
};

RunnerOptions options() {
  RunnerOptions o;
  o.version = "test";
  o.jobs = 2;
  o.make_engine = [] { return make_engine(EngineKind::Fast); };
  return o;
}

std::string refusal(const std::string& text) {
  const Files files(text);
  return error_text(files.folder, [&] {
    Sweep sweep(files.path("sweep.yaml"), options());
    auto tasks = sweep.tasks();
    Store store(files.path("s.sqlite"), Store::Mode::Create);
    (void)sweep.missing(tasks, store);
  });
}

const std::string kHead = "base: base.yaml\nworkloads: net.yaml\n";

/// What describe() says of every configuration, in order.
std::vector<std::string> described(const std::string& text) {
  const Files files(kHead + text);
  const SweepFile file = read_sweep(files.path("sweep.yaml"));
  const DesignSpace space(file);
  std::vector<std::string> list;
  for (const auto number : space.chosen()) list.push_back(space.describe(number));
  return list;
}

using Strings = std::vector<std::string>;

}  // namespace

TEST_CASE("a grid runs through lists and ranges and the last axis moves fastest") {
  CHECK(described("axes:\n  array.rows: [2, 3]\n  intersect.chunk: {from: 8, to: 40, step: 16}\n") ==
        Strings{"array.rows=2 intersect.chunk=8", "array.rows=2 intersect.chunk=24", "array.rows=2 intersect.chunk=40",
                "array.rows=3 intersect.chunk=8", "array.rows=3 intersect.chunk=24",
                "array.rows=3 intersect.chunk=40"});
  CHECK(described("axes: {intersect.chunk: {from: 8, to: 100, factor: 3}}\n") ==
        Strings{"intersect.chunk=8", "intersect.chunk=24", "intersect.chunk=72"});
  CHECK(described("set: {array.rows: 3}\n") == Strings{"base"});
}

TEST_CASE("axes of a zip move together") {
  CHECK(described("axes: {intersect.lanes: [1, 2]}\nzip:\n  - {array.rows: [2, 3], array.columns: [5, 7]}\n") ==
        Strings{"intersect.lanes=1 array.rows=2 array.columns=5", "intersect.lanes=1 array.rows=3 array.columns=7",
                "intersect.lanes=2 array.rows=2 array.columns=5", "intersect.lanes=2 array.rows=3 array.columns=7"});
}

TEST_CASE("conditions leave configurations out") {
  CHECK(described("axes: {array.rows: [2, 4, 8], array.columns: [2, 4]}\n"
                  "skip_where: [array.rows * array.columns > 8, array.rows < array.columns]\n") ==
        Strings{"array.rows=2 array.columns=2", "array.rows=4 array.columns=2"});
}

TEST_CASE("several bases are the slowest axis and values of set hold for all") {
  const Files files(
      "base: [base.yaml, other.yaml]\nworkloads: net.yaml\nset: {intersect.lanes: 2}\n"
      "axes: {array.rows: [2, 3]}\n");
  const SweepFile file = read_sweep(files.path("sweep.yaml"));
  const DesignSpace space(file);
  CHECK(space.size() == 4);
  CHECK(space.describe(3) == "other array.rows=3");
  const Machine machine = space.machine(3);
  CHECK(machine.name == "other");
  CHECK(machine.array.rows == 3);
  CHECK(intersect::config(machine).lanes == 2);
  CHECK(intersect::config(machine).skip == intersect::SkipRule::None);
  CHECK(space.axes() == Strings{"name", "array.rows"});
  for (std::uint64_t i = 0; i < 4; ++i) CHECK(space.number(space.choices(i)) == i);
}

TEST_CASE("random samples are distinct and legal and the seed decides them") {
  const std::string axes =
      "axes: {array.rows: {from: 1, to: 50, step: 1}, array.columns: {from: 1, to: 50, step: 1}}\n"
      "skip_where: array.rows < array.columns\n";
  const auto one = described(axes + "samples: {random: 100, seed: 7}\n");
  CHECK(one.size() == 100);
  CHECK(std::set<std::string>(one.begin(), one.end()).size() == 100);
  CHECK(one == described(axes + "samples: {random: 100, seed: 7}\n"));
  CHECK(one != described(axes + "samples: {random: 100, seed: 8}\n"));
  // 1 + 2 + ... + 50 configurations are legal, and asking for more gives them all.
  CHECK(described(axes + "samples: {random: 100000}\n").size() == 1275);
}

TEST_CASE("random samples of a space too large to list are distinct") {
  const auto list = described(
      "axes: {array.rows: {from: 1, to: 250, step: 1}, array.columns: {from: 1, to: 250, step: 1}, "
      "intersect.weights.buffer_bytes: "
      "{from: 256, to: 2048, step: 1}}\nsamples: {random: 200}\n");
  CHECK(std::set<std::string>(list.begin(), list.end()).size() == 200);
}

TEST_CASE("a latin hypercube takes every value of an axis equally often") {
  const Files files(kHead +
                    "axes: {array.rows: {from: 1, to: 20, step: 1}, array.columns: {from: 1, to: 100, step: 1}}\n"
                    "samples: {latin_hypercube: 100, seed: 3}\n");
  const SweepFile file = read_sweep(files.path("sweep.yaml"));
  const DesignSpace space(file);
  std::map<std::uint32_t, int> rows, columns;
  for (const auto number : space.chosen()) {
    ++rows[space.machine(number).array.rows];
    ++columns[space.machine(number).array.columns];
  }
  CHECK(rows.size() == 20);
  for (const auto& [value, count] : rows) CHECK(count == 5);  // 100 samples over 20 values
  CHECK(columns.size() == 100);                               // one for each of 100 values
}

TEST_CASE("what a sweep file gets wrong is refused in one line at its place") {
  const std::string keys =
      "(name, base, set, workloads, engine, axes, zip, skip_where, samples, search, area, invalid)";
  CHECK(refusal("bse: x\n") == "sweep.yaml:1:1: unknown key 'bse'; did you mean 'base'? " + keys);
  CHECK(refusal("workloads: net.yaml\n") == "sweep.yaml:1:1: missing key 'base'");
  CHECK(refusal("base: none.yaml\nworkloads: net.yaml\n") == "sweep.yaml:1:7: there is no configuration 'none.yaml'");
  CHECK(refusal("base: base.yaml\nworkloads: [net.yaml, none]\n") == "sweep.yaml:2:23: there is no workload 'none'");
  CHECK(refusal("base: []\nworkloads: net.yaml\n") == "sweep.yaml:1:7: base is an empty list");
  CHECK(refusal(kHead + "name: ''\n") == "sweep.yaml:3:7: name is empty; need text");
  CHECK(refusal("base: base.yaml\nworkloads: {path: net.yaml, layers: [conv1, conv3]}\n") ==
        "sweep.yaml:2:45: unknown layer 'conv3'; did you mean 'conv1'? (conv1, fc1)");
  CHECK(refusal("base: base.yaml\nworkloads: {path: net.yaml, layers: [fc1, fc1]}\n") ==
        "sweep.yaml:2:43: layer 'fc1' is named twice");
  CHECK(refusal(kHead + "axes: {array.rows: [4, 0]}\n") == "sweep.yaml:3:24: array.rows is 0; allowed 1..256");
  CHECK(refusal(kHead + "axes: {intersect.skip: [bot]}\n") ==
        "sweep.yaml:3:25: unknown intersect.skip 'bot'; did you mean 'both'? (none, gate, activations, weights, both)");
  CHECK(refusal(kHead + "axes: {array.rosw: [4]}\n") ==
        "sweep.yaml:3:8: unknown key 'rosw' in 'array'; did you mean 'rows'? (datapath, rows, columns, operand)");
  CHECK(refusal(kHead + "axes: {intersect.chunk: {from: 8, to: 16, step: 4}}\n") ==
        "sweep.yaml:3:25: intersect.chunk is 12; allowed 8..128 in steps of 8");
  CHECK(refusal(kHead + "axes: {array.rows: [4, 8, 4]}\n") == "sweep.yaml:3:27: array.rows has the value '4' twice");
  CHECK(refusal(kHead + "axes: {array.rows: []}\n") == "sweep.yaml:3:20: array.rows has no values");
  CHECK(refusal(kHead + "axes: {array.rows: 4}\n") ==
        "sweep.yaml:3:20: array.rows needs a list of values, or {from, to, step} or {from, to, factor}");
  CHECK(refusal(kHead + "axes: [4]\n") ==
        "sweep.yaml:3:7: axes needs a map from parameters to values, for example array.rows: [8, 16]");
  CHECK(refusal(kHead + "axes: {name: [a, b]}\n") == "sweep.yaml:3:8: 'name' decides no number; it is no axis");
  CHECK(refusal(kHead + "axes: {array.rows: {from: 8, to: 4, step: 1}}\n") ==
        "sweep.yaml:3:34: array.rows ends at 4, before its begin 8");
  CHECK(refusal(kHead + "axes: {array.rows: {from: 4, to: 8}}\n") ==
        "sweep.yaml:3:20: array.rows needs either 'step' (from, from + step, ...) or 'factor' (from, from x factor, "
        "...)");
  CHECK(refusal(kHead + "axes: {dram.latency: {from: 0, to: 8, factor: 2}}\n") ==
        "sweep.yaml:3:29: dram.latency.from is 0; a range with a factor begins at 1 or more");
  CHECK(refusal(kHead + "axes: {dram.latency: {from: 0, to: 1000000, step: 1}}\n") ==
        "sweep.yaml:3:22: dram.latency has more than 100000 values");
  CHECK(refusal(kHead + "axes: {array.rows: [4]}\nset: {array.rows: 3}\n") ==
        "sweep.yaml:3:8: array.rows is given twice in this sweep");
  CHECK(refusal(kHead + "zip: {array.rows: [4]}\n") ==
        "sweep.yaml:3:6: zip needs a list of maps of axes that move together");
  CHECK(refusal(kHead + "zip: [{array.rows: [4, 5], array.columns: [1]}]\n") ==
        "sweep.yaml:3:28: array.columns has 1 values, array.rows has 2; axes of a zip have equally many");
  CHECK(refusal(kHead + "skip_where: array.rows > 1\n") == "sweep.yaml: every configuration of the sweep is skipped");
  CHECK(refusal(kHead + "axes: {energy: [energy.yaml, none.yaml]}\n") ==
        "sweep.yaml:3:8: energy is 'none.yaml'; there is no file 'none.yaml'");
  CHECK(refusal(kHead + "samples: {seed: 3}\n") ==
        "sweep.yaml:3:10: samples needs either 'random' or "
        "'latin_hypercube', with the number of configurations to draw");
  CHECK(refusal(kHead + "samples: {random: 3}\nsearch: {objectives: cycles, points: 3}\n") ==
        "sweep.yaml:4:9: a sweep has samples or a search, not both");
  CHECK(
      refusal(kHead + "search: {objectives: cycles}\n") ==
      "sweep.yaml:3:9: search needs either 'points', how many configurations it may simulate, or 'share' of the space");
  CHECK(refusal(kHead + "search: {objectives: [cycles, cycles], points: 3}\n") ==
        "sweep.yaml:3:31: objective 'cycles' is named twice");
  CHECK(refusal(kHead + "search: {objectives: area, points: 3}\n") ==
        "sweep.yaml:3:22: area needs an area table: area: ../area/45nm.yaml");
  CHECK(refusal(kHead + "search: {objectives: speed, points: 3}\n") ==
        "sweep.yaml:3:22: unknown search.objectives 'speed' (cycles, energy, area)");
  CHECK(refusal(kHead + "invalid: ignore\n") == "sweep.yaml:3:10: unknown invalid 'ignore' (refuse, skip)");
  std::string many = "axes:\n", huge = many;
  for (const char* name : {"array.rows", "array.columns", "intersect.weights.bus_bytes",
                           "intersect.activations.bus_bytes", "dram.latency"}) {
    many += fmt::format("  {}: {{from: 1, to: 30, step: 1}}\n", name);
    huge += fmt::format("  {}: {{from: 1, to: 200, step: 1}}\n", name);
  }
  huge +=
      "  intersect.weights.buffer_bytes: {from: 16, to: 100000, step: 1}\n  intersect.activations.buffer_bytes: {from: "
      "16, to: 100000, "
      "step: 1}\n";
  CHECK(refusal(kHead + many) ==
        "sweep.yaml:4:3: the axes span 24300000 configurations, more than 10000000; take "
        "'samples' or 'search'");
  CHECK(refusal(kHead + huge) == "sweep.yaml:4:3: the axes span more than 9007199254740992 configurations");
}

TEST_CASE("points that cannot run are refused before anything runs or left out if the file says so") {
  const std::string axes = "axes: {intersect.chunk: [8, 128], intersect.weights.buffer_bytes: [16, 4096]}\n";
  const std::string error = refusal(kHead + axes);
  CHECK_THAT(error, Catch::StartsWith(
                        "sweep.yaml:3:35: intersect.chunk=8 intersect.weights.buffer_bytes=16 on tiny cannot run: "
                        "intersect.weights.buffer_bytes: 16 bytes do not hold one chunk twice in layer 'conv1'"));
  CHECK_THAT(error, Catch::EndsWith("; 2 of 4 points cannot run; leave them out with 'skip_where' or 'invalid: skip'"));

  const Files files(kHead + axes + "invalid: skip\n");
  Sweep sweep(files.path("sweep.yaml"), options());
  Store store(files.path("s.sqlite"), Store::Mode::Create);
  auto tasks = sweep.tasks();
  CHECK(sweep.missing(tasks, store).size() == 2);
  CHECK(tasks.size() == 2);
}

TEST_CASE("a sweep stores what run would say and computes nothing twice") {
  const Files files(kHead + "axes: {array.rows: [2, 3], intersect.skip: [none, both]}\n");
  Sweep sweep(files.path("sweep.yaml"), options());
  Store store(files.path("s.sqlite"), Store::Mode::Create);
  auto tasks = sweep.tasks();
  auto missing = sweep.missing(tasks, store);
  REQUIRE(missing.size() == 4);
  sweep.record(tasks, store);
  CHECK(sweep.local_runner(store)->run(missing).computed == 4);
  CHECK(sweep.missing(tasks, store).empty());
  CHECK(sweep.local_runner(store)->run(missing).computed == 0);  // as a second process would find it
  CHECK(store.points() == 4);

  const Workload workload = Workload::open(files.path("net.yaml"));
  store.each_point_of(sweep.id(), true, [&](std::uint64_t position, const StoredPoint& p) {
    const Machine machine = sweep.space().machine(position);
    const auto engine = make_engine(EngineKind::Fast);
    std::uint64_t cycles = 0;
    REQUIRE(p.layers.size() == 2);
    for (std::size_t i = 0; i < 2; ++i) {
      const Layer layer = workload.load(i);
      const auto outcome = engine->run(machine, layer, nullptr);
      cycles += outcome.cycles;
      const auto json = nlohmann::json::parse(p.layers[i].result);
      CHECK(json["name"] == layer.name);
      CHECK(json["cycles"] == outcome.cycles);
      CHECK(json["pairs"]["executed"] == outcome.pairs[PairClass::Executed]);
      const auto kept = store.point(p.key)->layers[i].per_pe_busy;
      const auto busy = nlohmann::json::parse(kept).get<std::vector<std::vector<std::uint64_t>>>();
      REQUIRE(busy.size() == machine.array.rows);
      for (std::size_t r = 0; r < busy.size(); ++r) {
        REQUIRE(busy[r].size() == machine.array.columns);
        for (std::size_t c = 0; c < busy[r].size(); ++c)
          CHECK(busy[r][c] == outcome.per_pe[r * machine.array.columns + c][PeClass::Busy]);
      }
    }
    CHECK(p.cycles == cycles);
    CHECK(p.verified);
    CHECK(nlohmann::json::parse(p.config)["array"]["rows"] == machine.array.rows);
  });
}

TEST_CASE("a point is known by content whatever its names are") {
  const Files files(kHead + "axes: {array.rows: [2, 3]}\n");
  files.folder.write("base2.yaml",
                     "name: another\nenergy: energy.yaml\narray: {rows: 4, columns: 4}\nintersect: {skip: both}\n");
  files.folder.write("sweep2.yaml",
                     "name: second\nbase: base2.yaml\nworkloads: [net.yaml]\naxes: {array.rows: [3, 5]}\n");
  Store store(files.path("s.sqlite"), Store::Mode::Create);
  Sweep one(files.path("sweep.yaml"), options()), two(files.path("sweep2.yaml"), options());
  auto tasks = one.tasks();
  one.local_runner(store)->run(one.missing(tasks, store));
  tasks = two.tasks();
  const auto missing = two.missing(tasks, store);
  CHECK(missing.size() == 1);
  two.record(tasks, store);
  two.local_runner(store)->run(missing);
  std::vector<std::string> names;  // the point of the first sweep has the name it has here
  store.each_point_of(two.id(), false, [&](std::uint64_t, const StoredPoint& p) {
    names.push_back(p.machine + " " + nlohmann::json::parse(p.config)["name"].get<std::string>());
  });
  CHECK(names == std::vector<std::string>{"another another", "another another"});
  CHECK(one.id() != two.id());
}

TEST_CASE("a list of points names the same points in another process") {
  const Files files(kHead + "axes: {array.rows: {from: 1, to: 9, step: 1}}\n");
  const Sweep sweep(files.path("sweep.yaml"), options());
  const auto some = Sweep::part(sweep.tasks(), {1, 3});
  REQUIRE(some.size() == 3);
  files.folder.write("points", point_list(some));
  const auto again = read_point_list(files.path("points"), sweep);
  REQUIRE(again.size() == 3);
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(again[i].configuration == some[i].configuration);
    CHECK(again[i].workload == some[i].workload);
    CHECK(again[i].key == some[i].key);
  }
  // Numbers out of the space, a key of another point, half a line.
  const std::string key = some[0].key;
  for (const std::string& line : {"9 0 " + key, "0 1 " + key, fmt::format("{} 0 {}", some[1].configuration, key),
                                  std::string("0 0"), std::string()}) {
    files.folder.write("points", line + "\n");
    CHECK(error_text(files.folder, [&] { (void)read_point_list(files.path("points"), sweep); }) ==
          fmt::format("points:1: '{}' is no point of sweep.yaml; a list serves the sweep file it was made from", line));
  }
}

TEST_CASE("shards part the points") {
  const Files files(kHead + "axes: {array.rows: {from: 1, to: 23, step: 1}}\n");
  const Sweep sweep(files.path("sweep.yaml"), options());
  std::set<std::string> keys;
  for (std::uint64_t i = 0; i < 4; ++i) {
    const auto part = Sweep::part(sweep.tasks(), {i, 4});
    CHECK((part.size() == 5 || part.size() == 6));
    for (const auto& task : part) CHECK(keys.insert(task.key).second);
  }
  CHECK(keys.size() == 23);
}

TEST_CASE("points with less work come first and memory of tensors is bounded") {
  const Files files("base: base.yaml\nworkloads: net.yaml\naxes: {intersect.chunk: [8, 128, 16, 64]}\n");
  struct Order : RunnerProgress {
    std::vector<double> work{0};
    void points(std::uint64_t, std::uint64_t, double done, double) override { work.push_back(done); }
  } order;
  RunnerOptions o = options();
  o.jobs = 1;
  o.progress = &order;
  Sweep sweep(files.path("sweep.yaml"), o, 1);  // not even one layer stays
  Store store(files.path("s.sqlite"), Store::Mode::Create);
  auto tasks = sweep.tasks();
  CHECK(sweep.local_runner(store)->run(sweep.missing(tasks, store)).computed == 4);
  REQUIRE(order.work.size() == 5);
  for (std::size_t i = 2; i < 5; ++i) CHECK(order.work[i] - order.work[i - 1] > order.work[i - 1] - order.work[i - 2]);
}

TEST_CASE("two processes share the points and a stopped run keeps what it finished") {
  const Files files(kHead + "axes: {array.rows: {from: 1, to: 40, step: 1}, array.columns: [1, 2, 3]}\n");
  Sweep one(files.path("sweep.yaml"), options()), two(files.path("sweep.yaml"), options());
  Store a(files.path("s.sqlite"), Store::Mode::Create), b(files.path("s.sqlite"), Store::Mode::Create);
  auto tasks = one.tasks();
  const auto missing = one.missing(tasks, a);
  RunnerResult first, second;
  {
    const std::jthread other([&] { first = one.local_runner(a)->run(missing); });
    second = two.local_runner(b)->run(missing);
  }
  CHECK(first.computed + second.computed == 120);
  CHECK(first.computed != 0);
  CHECK(second.computed != 0);

  std::atomic<bool> stop = true;
  RunnerOptions o = options();
  o.stop = &stop;
  Sweep stopped(files.path("sweep.yaml"), o);
  Store c(files.path("c.sqlite"), Store::Mode::Create);
  const RunnerResult result = stopped.local_runner(c)->run(missing);
  CHECK(result.interrupted);
  CHECK(result.computed == c.points());
  CHECK(one.local_runner(c)->run(missing).computed == 120 - result.computed);
}

TEST_CASE("points stored under names of an earlier version are exported under those of today") {
  const Files files(kHead + "axes: {array.rows: [2]}\n");
  Sweep sweep(files.path("sweep.yaml"), options());
  Store store(files.path("s.sqlite"), Store::Mode::Create);
  auto tasks = sweep.tasks();
  sweep.local_runner(store)->run(sweep.missing(tasks, store));
  StoredPoint old = store.point(tasks.at(0).key).value();
  auto config = nlohmann::ordered_json::parse(old.config);
  const nlohmann::ordered_json own = config["intersect"];
  for (const auto& [key, value] : own.items()) (value.is_object() ? config : config["array"])[key] = value;
  config.erase("intersect");
  config["array"]["lanes"] = 7;
  old.config = config.dump();
  old.identity.result_version = 1;
  old.key = old.identity.key();
  store.insert(old);
  std::vector<nlohmann::ordered_json> objects;
  export_points(store, std::nullopt, ExportFormat::Jsonl, ExportRows::Points,
                [&](const std::string& line) { objects.push_back(nlohmann::ordered_json::parse(line)); });
  REQUIRE(objects.size() == 2);
  const bool first = objects[0]["key"] == old.key;
  CHECK(objects[first ? 0 : 1]["intersect.lanes"] == 7);
  CHECK(objects[first ? 1 : 0]["intersect.lanes"] == 1);
  for (const auto& object : objects) CHECK_FALSE(object.contains("array.lanes"));
  std::vector<std::string> lines;  // the columns of both in one table
  export_points(store, std::nullopt, ExportFormat::Csv, ExportRows::Points,
                [&](const std::string& line) { lines.push_back(line); });
  REQUIRE(lines.size() == 3);
  const auto commas = [](const std::string& line) { return std::ranges::count(line, ','); };
  CHECK(commas(lines[0]) + 1 == static_cast<std::ptrdiff_t>(objects[0].size()));
}

TEST_CASE("an export has a row a point or a layer with the same columns everywhere") {
  const Files files(kHead + "axes: {array.rows: [2, 3], intersect.skip: [none, both]}\n");
  Sweep sweep(files.path("sweep.yaml"), options());
  Store store(files.path("s.sqlite"), Store::Mode::Create);
  auto tasks = sweep.tasks();
  sweep.record(tasks, store);
  sweep.local_runner(store)->run(sweep.missing(tasks, store));
  for (const auto rows : {ExportRows::Points, ExportRows::Layers}) {
    std::vector<nlohmann::ordered_json> objects;
    std::vector<std::string> lines;
    export_points(store, store.sweeps().at(0), ExportFormat::Jsonl, rows,
                  [&](const std::string& line) { objects.push_back(nlohmann::ordered_json::parse(line)); });
    export_points(store, store.sweeps().at(0), ExportFormat::Csv, rows,
                  [&](const std::string& line) { lines.push_back(line); });
    const std::size_t expected = rows == ExportRows::Points ? 4 : 8;
    REQUIRE(objects.size() == expected);
    REQUIRE(lines.size() == expected + 1);
    std::string head;
    for (const auto& [key, value] : objects[0].items()) head += (head.empty() ? "" : ",") + key;
    CHECK(lines[0] == head + "\n");
    for (const auto& object : objects) {
      CHECK(object.size() == objects[0].size());
      for (const auto& [key, value] : object.items()) {
        CHECK_FALSE(value.is_structured());
        CHECK(objects[0].at(key).type_name() == std::string(value.type_name()));
      }
    }
    CHECK(objects[0]["position"] == 0);
    CHECK(objects[0]["array.rows"] == 2);
    CHECK(objects[0]["intersect.skip"] == "none");
    CHECK(objects.back()["intersect.skip"] == "both");
    CHECK(objects[0]["energy_unit"] == "pJ");
    CHECK(objects[0]["energy.total"] > 0);
    CHECK(objects[0]["pairs.dense"] > 0);
    if (rows == ExportRows::Layers) CHECK(objects[1]["layer"] == "fc1");
  }
  std::vector<std::string> all;
  export_points(store, std::nullopt, ExportFormat::Csv, ExportRows::Points,
                [&](const std::string& line) { all.push_back(line); });
  CHECK(all.size() == 5);
  CHECK_THAT(all[0], Catch::StartsWith("key,network,engine,"));
}
