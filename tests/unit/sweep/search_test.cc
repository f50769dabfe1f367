// The guided search: fronts by hand, and the front of a real space that is also enumerated.
#include "sweep/search.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <filesystem>
#include <map>
#include <pagmo/utils/hypervolume.hpp>
#include <set>

#include "../temporary_folder.h"
#include "datapaths/intersect/fast/engine.h"
#include "sweep/sweep.h"

using namespace lacuna;
namespace fs = std::filesystem;

namespace {

constexpr const char* kNetwork = R"(network: tiny
source: generated for a test
layers:
  - {name: conv1, op: conv, shape: {M: 24, C: 16, H: 8, W: 8, R: 3, S: 3}, density: {weights: 0.4, input: 0.5}, seed: 1}
  - {name: fc1, op: fc, shape: {M: 40, C: 256}, density: {weights: 0.2, input: 0.4}, seed: 2}
)";

/// 5 x 5 x 3 x 2 x 5 x 3 x 3 = 6,750 configurations.
constexpr const char* kSweep = R"(base: base.yaml
workloads: net.yaml
area: area.yaml
axes:
  array.rows: [2, 4, 8, 12, 16]
  array.columns: [2, 4, 8, 12, 16]
  intersect.chunk: [16, 32, 64]
  intersect.lanes: [1, 2]
  intersect.skip: [none, gate, activations, weights, both]
  intersect.weights.bus_bytes: [4, 8, 16]
zip:
  - {intersect.weights.fifo_depth: [1, 2, 4], intersect.activations.fifo_depth: [1, 2, 4]}
)";

struct Files {
  TemporaryFolder folder;
  Files() {
    const fs::path configs = fs::path(LACUNA_SOURCE_DIR) / "configs";
    fs::copy_file(configs / "energy/45nm.yaml", folder.path() / "energy.yaml");
    fs::copy_file(configs / "area/45nm.yaml", folder.path() / "area.yaml");
    folder.write("base.yaml", "energy: energy.yaml\n");
    folder.write("net.yaml", kNetwork);
    folder.write("all.yaml", kSweep);
  }
};

RunnerOptions options() {
  RunnerOptions o;
  o.version = "test";
  o.jobs = 2;
  o.engine_name = "fast";
  o.make_engine = [] { return make_engine(EngineKind::Fast); };
  return o;
}

SearchRun search_locally(Sweep& sweep, Store& store) { return sweep.search(store, *sweep.local_runner(store)); }

/// A cluster of two: each batch is dealt out, computed into stores of its own and merged.
struct TwoStores : PointRunner {
  TwoStores(Sweep& sweep, Store& store) : sweep_(sweep), store_(store) {}
  RunnerResult run(std::vector<PointTask> tasks) override {
    batches.push_back(tasks.size());
    RunnerResult result;
    for (const std::size_t half : {0u, 1u}) {
      const fs::path path = store_.path().string() + fmt::format(".{}-{}.sqlite", batches.size(), half);
      {
        Store part(path, Store::Mode::Create);
        std::vector<PointTask> mine;
        for (std::size_t i = half; i < tasks.size(); i += 2)
          if (!store_.has(tasks[i].key)) mine.push_back(tasks[i]);
        CHECK(sweep_.local_runner(part)->run(mine).computed == mine.size());
      }
      result.computed += store_.merge(path);
    }
    return result;
  }
  Sweep& sweep_;
  Store& store_;
  std::vector<std::size_t> batches;
};

/// The volume that a front dominates below the worst point of the true front, each objective scaled to 1.
double hypervolume(const std::vector<std::vector<double>>& front, const std::vector<std::vector<double>>& truth) {
  std::vector<double> low = truth.front(), high = truth.front();
  for (const auto& point : truth)
    for (std::size_t i = 0; i < low.size(); ++i) {
      low[i] = std::min(low[i], point[i]);
      high[i] = std::max(high[i], point[i]);
    }
  std::vector<std::vector<double>> scaled;
  for (const auto& point : front) {
    scaled.emplace_back();
    for (std::size_t i = 0; i < low.size(); ++i)
      scaled.back().push_back(std::min(1.1, (point[i] - low[i]) / (high[i] - low[i])));
  }
  return pagmo::hypervolume(scaled).compute(std::vector<double>(low.size(), 1.1 + 1e-9));
}

}  // namespace

TEST_CASE("a front is what nothing dominates") {
  CHECK(dominates({1, 2}, {1, 3}));
  CHECK_FALSE(dominates({1, 3}, {1, 3}));
  CHECK_FALSE(dominates({1, 4}, {2, 3}));
  CHECK(pareto_front({{1, 4}, {2, 2}, {3, 3}, {4, 1}, {2, 2}, {1, 5}}) == std::vector<std::size_t>{0, 1, 3, 4});
}

TEST_CASE("a search asks for nothing twice and keeps to its budget and its seed decides what it asks") {
  const SearchSpace space{{10, 10, 10}, {true, true, false}, 2};
  const auto asked_with = [&](std::uint64_t seed) {
    std::vector<Choices> asked;
    std::set<Choices> seen;
    std::uint64_t outcomes = 0;
    const SearchResult result = search(space, 120, seed, [&](const std::vector<Choices>& batch) {
      std::vector<Outcome> answers;
      for (const auto& c : batch) {
        CHECK(seen.insert(c).second);
        asked.push_back(c);
        if (c[2] == 3) {
          answers.emplace_back();  // cannot run: costs nothing
          continue;
        }
        ++outcomes;
        answers.push_back(std::vector<double>{static_cast<double>(c[0] + c[2]), static_cast<double>(20 - c[0] + c[1])});
      }
      return answers;
    });
    CHECK(outcomes == 120);
    CHECK(result.evaluated.size() == 120);
    // The front: c[1] = 0 and c[2] = 0, ten values of c[0].
    std::set<Choices> front;
    for (const auto index : result.front) front.insert(result.evaluated[index].first);
    CHECK(front.size() == 10);
    for (const auto& c : front) CHECK((c[1] == 0 && c[2] == 0));
    return asked;
  };
  CHECK(asked_with(1) == asked_with(1));
  CHECK(asked_with(1) != asked_with(2));
}

TEST_CASE("a search of a small space ends when all of it is known") {
  std::uint64_t asked = 0;
  const auto result = search({{3, 2}, {true, false}, 1}, 1000, 1, [&](const std::vector<Choices>& batch) {
    std::vector<Outcome> answers;
    for (const auto& c : batch) answers.push_back(std::vector<double>{static_cast<double>(c[0] * 2 + c[1])});
    asked += batch.size();
    return answers;
  });
  CHECK(asked <= 6);
  REQUIRE(result.front.size() == 1);
  CHECK(result.evaluated[result.front[0]].first == Choices{0, 0});
}

TEST_CASE("a tenth of a large space gives its Pareto front") {
  const Files files;
  Store store(files.folder.path() / "all.sqlite", Store::Mode::Create);
  Sweep all(files.folder.path() / "all.yaml", options());
  auto tasks = all.tasks();
  all.local_runner(store)->run(all.missing(tasks, store));
  std::vector<std::vector<double>> points;
  const std::vector<Objective> wanted = {Objective::Cycles, Objective::Energy, Objective::Area};
  for (const auto& task : tasks) points.push_back(all.objectives(task.configuration, wanted, store).value());
  std::vector<std::vector<double>> truth;
  for (const auto index : pareto_front(points)) truth.push_back(points[index]);

  for (int seed = 1; seed <= 3; ++seed) {
    files.folder.write("search.yaml", std::string(kSweep) +
                                          "search: {objectives: [cycles, energy, area], share: 0.1, seed: " +
                                          std::to_string(seed) + "}\n");
    Sweep guided(files.folder.path() / "search.yaml", options());
    const SearchRun run = search_locally(guided, store);
    std::vector<std::vector<double>> front;
    for (const auto& entry : run.front) front.push_back(entry.second);
    std::size_t found = 0;
    for (const auto& t : truth)
      for (const auto& f : front)
        if (t == f) {
          ++found;
          break;
        }
    INFO("seed " << seed << ": " << found << " of " << truth.size() << " points of the front");
    CHECK(run.simulated <= points.size() / 10);
    CHECK(found * 10 >= truth.size() * 9);
    CHECK(hypervolume(front, truth) >= 0.999 * hypervolume(truth, truth));
  }
}

TEST_CASE("a search records its points in the order in which it asked and goes on where it was stopped") {
  const Files files;
  files.folder.write("search.yaml",
                     std::string(kSweep) + "search: {objectives: [cycles, area], points: 60, seed: 5}\n");
  const auto path = files.folder.path() / "search.yaml";
  Store calm(files.folder.path() / "calm.sqlite", Store::Mode::Create);
  Sweep one(path, options());
  const SearchRun whole = search_locally(one, calm);
  CHECK(whole.simulated == 60);
  CHECK(whole.computed == 60);
  CHECK(search_locally(one, calm).computed == 0);
  const auto places = calm.places(one.id());
  CHECK(places.size() == 60);

  struct StopsAfter : RunnerProgress {
    std::atomic<bool> stop = false;
    int left = 25;
    void points(std::uint64_t, std::uint64_t, double, double) override { stop = --left <= 0; }
  } progress;
  RunnerOptions o = options();
  o.progress = &progress;
  o.stop = &progress.stop;
  Store stopped(files.folder.path() / "stopped.sqlite", Store::Mode::Create);
  Sweep first(path, o), second(path, options());
  CHECK(search_locally(first, stopped).interrupted);
  const auto there = stopped.points();
  CHECK(there < 60);
  CHECK(search_locally(second, stopped).computed == 60 - there);
  const auto again = stopped.places(one.id());
  REQUIRE(again.size() == 60);
  for (std::size_t i = 0; i < 60; ++i) CHECK(again[i].key == places[i].key);
  for (const auto& [configuration, figures] : whole.front) {
    CHECK(
        figures[1] ==
        stopped.area(stopped.point(one.key(configuration, 0))->identity.config_hash, stopped.sweeps().at(0).area_hash)
            ->um2);
  }
}

TEST_CASE("a search asks any runner for the same points in batches and finds the same front") {
  const Files files;
  files.folder.write("search.yaml",
                     std::string(kSweep) + "search: {objectives: [cycles, energy, area], points: 80, seed: 3}\n");
  Sweep sweep(files.folder.path() / "search.yaml", options());
  Store here(files.folder.path() / "here.sqlite", Store::Mode::Create),
      there(files.folder.path() / "there.sqlite", Store::Mode::Create);
  const SearchRun local = search_locally(sweep, here);
  TwoStores two(sweep, there);
  const SearchRun remote = sweep.search(there, two);
  CHECK(remote.computed == 80);
  CHECK(two.batches.size() > 2);
  CHECK(two.batches.size() < 40);  // not point by point
  CHECK(remote.front == local.front);
  const auto asked = here.places(sweep.id()), asked_there = there.places(sweep.id());
  REQUIRE(asked.size() == 80);
  REQUIRE(asked_there.size() == 80);
  for (std::size_t i = 0; i < 80; ++i) CHECK(asked[i].key == asked_there[i].key);
  // A second follower names the same batches again, though nothing of them is left to compute.
  TwoStores again(sweep, there);
  CHECK(sweep.search(there, again).computed == 0);
  CHECK(again.batches == two.batches);
}

TEST_CASE("energies of tables with different units are not compared") {
  const Files files;
  fs::copy_file(fs::path(LACUNA_SOURCE_DIR) / "configs/energy/eyeriss-relative.yaml", files.folder.path() / "rf.yaml");
  files.folder.write("search.yaml",
                     "base: base.yaml\nworkloads: net.yaml\naxes: {energy: [energy.yaml, rf.yaml]}\n"
                     "search: {objectives: [cycles, energy], points: 2}\n");
  Sweep sweep(files.folder.path() / "search.yaml", options());
  Store store(files.folder.path() / "s.sqlite", Store::Mode::Create);
  CHECK(error_text(files.folder, [&] { (void)search_locally(sweep, store); }) ==
        "search.yaml:3:8: the energy tables have different units, so no energy is less than another");
}
