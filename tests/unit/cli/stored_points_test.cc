// Points of a store as `compare` and `report` see them.
#include "cli/stored_points.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "../report/sample.h"
#include "../temporary_folder.h"
#include "cli/compare.h"
#include "cli/report.h"
#include "machine/config_reader.h"
#include "report/compare.h"
#include "sweep/store.h"

using namespace lacuna;

namespace {

/// A point of the sample on `rows` x 3 PEs that takes `cycles` in one layer; its FIFOs hold `depth` chunks.
StoredPoint point(std::uint32_t rows, std::uint64_t cycles, EnergyUnit unit = EnergyUnit::Pj, std::uint32_t depth = 4) {
  Report report = sample();
  intersect::config(report.machine).weights.fifo_depth = depth;
  report.machine.array.rows = rows;
  report.energy_unit = unit;
  report.layers.resize(1);
  LayerOutcome& o = report.layers[0].outcome;
  o.cycles = cycles;
  o.per_pe.assign(std::size_t{rows} * 3, {});
  o.pe_cycles = {};
  for (auto& pe : o.per_pe) {
    pe[PeClass::Imbalance] = cycles;
    o.pe_cycles += pe;
  }
  report.config_hash = config_hash(report.machine);
  report.workload_hash = "w";
  report.energy_hash = "e";
  return point_from_result(to_json(report), "");
}

std::filesystem::path store_of(const TemporaryFolder& folder, const std::string& name,
                               const std::vector<StoredPoint>& points) {
  const auto path = folder.path() / name;
  Store store(path, Store::Mode::Create);
  for (const auto& one : points) store.insert(one);
  return path;
}

}  // namespace

TEST_CASE("a store is told from a result by its first bytes") {
  const TemporaryFolder folder;
  CHECK(is_store(store_of(folder, "s.sqlite", {point(2, 10)})));
  CHECK_FALSE(is_store(folder.write("r.json", to_json(sample()))));
  CHECK_FALSE(is_store(folder.path()));
  CHECK_FALSE(is_store(folder.path() / "none"));
}

TEST_CASE("stores are compared point by point") {
  const TemporaryFolder folder;
  const auto base = store_of(folder, "a.sqlite", {point(2, 100), point(4, 60)});
  const auto now = store_of(folder, "b.sqlite", {point(2, 110), point(4, 60)});
  const auto [left, right] = comparable_stores(base, now);
  const ResultComparison c = compare_results(left, right, false);
  CHECK(c.settings.empty());
  CHECK(left.parameter("array.columns") == "3");
  CHECK(left.parameter("array.rows").empty());  // it varies
  REQUIRE(left.layer("array.rows=2") != nullptr);
  CHECK(left.layer("array.rows=2")->cycles == 100);
  CHECK(right.layer("array.rows=2")->cycles == 110);
  CHECK(left.total.cycles == 160);
  const GateVerdict verdict = judge(c, {6, {GateFigure::Cycles}, true});
  CHECK_FALSE(verdict.passes);
  CHECK(verdict.lines[0] == "FAILED: cycles of array.rows=2 +10.000 %, at most +6 % allowed");
  CHECK(verdict.lines[1] == "FAILED: cycles of all points +6.250 %, at most +6 % allowed");
  CHECK_THAT(compare_table(c, nullptr), Catch::Contains("engine systemc, 2 points, workload net\n"));
}

TEST_CASE("points are named by what tells them apart and what follows from it may change") {
  const TemporaryFolder folder;
  // Rows and FIFO depth vary together: the depth need not be named.
  const auto base = store_of(folder, "a.sqlite", {point(2, 100, EnergyUnit::Pj, 1), point(4, 60, EnergyUnit::Pj, 2)});
  const auto now = store_of(folder, "b.sqlite", {point(2, 90, EnergyUnit::Pj, 8), point(4, 60, EnergyUnit::Pj, 2)});
  const auto [left, right] = comparable_stores(base, now);
  REQUIRE(left.layer("array.rows=2") != nullptr);
  CHECK(right.layer("array.rows=2")->cycles == 90);
  const ResultComparison c = compare_results(left, right, false);
  REQUIRE(c.settings.size() == 1);
  CHECK(c.settings[0].name == "intersect.weights.fifo_depth of array.rows=2");
  CHECK(c.settings[0].base == "1");
  CHECK(c.settings[0].now == "8");
}

TEST_CASE("points are listed in the order of their numbers") {
  const TemporaryFolder folder;
  const auto path = store_of(folder, "a.sqlite", {point(16, 10), point(2, 100), point(8, 30), point(32, 7)});
  const auto [left, right] = comparable_stores(path, path);
  std::vector<std::string> names;
  for (const auto& layer : left.layers) names.push_back(layer.name);
  CHECK(names == std::vector<std::string>{"array.rows=2", "array.rows=8", "array.rows=16", "array.rows=32"});
}

TEST_CASE("the newest of two points with the same settings counts") {
  const TemporaryFolder folder;
  StoredPoint old = point(2, 100), fresh = point(2, 70);
  fresh.identity.result_version = old.identity.result_version + 1;
  fresh.key = fresh.identity.key();
  const auto path = store_of(folder, "a.sqlite", {old, fresh, point(4, 60)});
  const auto [left, right] = comparable_stores(path, path);
  REQUIRE(left.layers.size() == 2);
  CHECK(left.layer("array.rows=2")->cycles == 70);
}

TEST_CASE("a point that only one store has is named") {
  const TemporaryFolder folder;
  const auto base = store_of(folder, "a.sqlite", {point(2, 100), point(4, 60), point(8, 30)});
  const auto now = store_of(folder, "b.sqlite", {point(2, 100)});
  const auto [left, right] = comparable_stores(base, now);
  const ResultComparison c = compare_results(left, right, false);
  REQUIRE(c.warnings.size() == 1);
  CHECK_THAT(c.warnings[0], Catch::Contains("; the total is that of the points both have"));
  CHECK_THAT(error_text(folder,
                        [&] {
                          (void)judge(c, {1, {GateFigure::Cycles}, false});
                        }),
             Catch::StartsWith("b.sqlite: has no point 'array.rows="));
}

TEST_CASE("a store and a result are not compared") {
  const TemporaryFolder folder;
  CompareOptions options;
  options.base = folder.write("result.json", to_json(sample())).string();
  options.now = store_of(folder, "s.sqlite", {point(2, 100)}).string();
  CHECK(error_text(folder, [&] { (void)compare(options); }) ==
        "s.sqlite: is a store, result.json is no store; two of a kind are compared");
}

TEST_CASE("energies of two units in one store are not compared") {
  const TemporaryFolder folder;
  StoredPoint ratios = point(4, 60, EnergyUnit::Rf);
  const auto path = store_of(folder, "a.sqlite", {point(2, 100), ratios});
  CHECK(error_text(folder, [&] { (void)comparable_stores(path, path); }) ==
        "a.sqlite: its points have energies in pJ and in RF; compare takes one unit");
  CHECK(page_sweeps(path).size() == 2);  // a page shows them apart
}

TEST_CASE("a store without points has nothing to show") {
  const TemporaryFolder folder;
  const auto path = store_of(folder, "a.sqlite", {});
  CHECK(error_text(folder, [&] { (void)page_sweeps(path); }) == "a.sqlite: the store has no finished point");
  CHECK(error_text(folder, [&] { (void)comparable_stores(path, path); }) ==
        "a.sqlite: the store has no finished point");
}

TEST_CASE("a store with axes that are none is damaged") {
  const TemporaryFolder folder;
  for (const std::string axes : {"oops", "{}", "[1]"}) {
    const StoredPoint only = point(2, 100);
    const auto path = store_of(folder, axes + ".sqlite", {only});
    {
      Store store(path, Store::Mode::Write);
      StoredSweep sweep;
      sweep.id = "1";
      sweep.name = "shape";
      sweep.axes = axes;
      sweep.objectives = "[]";
      store.insert(sweep);
      store.insert("1", {{0, only.key}});
    }
    CHECK(error_text(folder, [&] { (void)page_sweeps(path); }) ==
          axes + ".sqlite: the axes of sweep 'shape' are no list of names; the store is damaged");
  }
}

TEST_CASE("the page of a store has each sweep with its points and areas and what belongs to no sweep") {
  const TemporaryFolder folder;
  const StoredPoint first = point(2, 100), second = point(4, 60), loose = point(8, 30);
  const auto path = store_of(folder, "a.sqlite", {first, second, loose});
  {
    Store store(path, Store::Mode::Write);
    store.insert(StoredSweep{.id = "1",
                             .name = "shape",
                             .text = "",
                             .program_version = "1",
                             .seed = 0,
                             .axes = "[\"array.rows\"]",
                             .objectives = "[]",
                             .area_hash = "t"});
    store.insert("1", {{0, second.key}, {1, first.key}, {2, "not finished"}});
    for (const auto* one : {&first, &second}) store.insert(StoredArea{one->identity.config_hash, "t", 7.5, "{}"});
  }
  const auto sweeps = page_sweeps(path);
  REQUIRE(sweeps.size() == 2);
  CHECK(sweeps[0].name == "shape");
  REQUIRE(sweeps[0].points.size() == 2);
  CHECK(sweeps[0].points[0].cycles == 60);
  CHECK(sweeps[0].points[0].um2 == 7.5);
  CHECK(sweeps[0].axes.front() == "array.rows");
  CHECK(std::count(sweeps[0].axes.begin(), sweeps[0].axes.end(), "workload hash") == 0);  // the network says it
  CHECK(sweeps[1].axes.empty());
  CHECK(sweeps[0].points[1].pe_cycles[PeClass::Imbalance] == 600);
  CHECK(sweeps[1].name == "a");
  CHECK(sweeps[1].points[0].cycles == 30);
  CHECK_FALSE(sweeps[1].points[0].um2.has_value());

  // The PEs of every point: so few fit.
  for (const auto& sweep : sweeps)
    for (const auto& one : sweep.points) {
      REQUIRE(one.maps.size() == 1);
      CHECK(one.maps[0].cycles == one.cycles);
      CHECK(one.maps[0].busy ==
            std::vector(one.pe_cycles[PeClass::Imbalance] / one.cycles / 3, std::vector<std::uint64_t>(3, 0)));
    }

  ReportOptions options;
  options.results = {path.string()};
  options.output = (folder.path() / "page.html").string();
  CHECK_THAT(report(options), Catch::Contains("page.html: 2 sweeps with 3 points, "));
  CHECK(std::filesystem::exists(options.output));
}
