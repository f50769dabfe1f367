// A sweep as a whole: from the file to the points it has, those that are missing, and their computation into a store.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "energy/area.h"
#include "sweep/runner.h"
#include "sweep/shared_layers.h"
#include "sweep/space.h"
#include "sweep/store.h"
#include "sweep/sweep_file.h"

namespace lacuna {

/// Which of `count` equal parts of the points; 0 of 1 is all of them.
struct Shard {
  std::uint64_t index = 0, count = 1;
};

struct SearchRun {
  std::uint64_t simulated = 0;                  ///< configurations with an outcome, those the store had before too
  std::uint64_t computed = 0, resubmitted = 0;  ///< as in RunnerResult, of all batches
  bool interrupted = false;
  std::vector<std::pair<std::uint64_t, std::vector<double>>> front;  ///< configurations and their objectives
};

class Sweep {
 public:
  /// Reads the file, its configurations, workloads and energy tables. UserError at the first fault. `layer_bytes`
  /// bounds the tensors kept in memory beside those in use.
  Sweep(const std::filesystem::path& path, RunnerOptions options, std::uint64_t layer_bytes = std::uint64_t{1} << 30);

  /// How to make the engine the file names; needed before run().
  void set_engine(std::function<std::unique_ptr<Engine>()> make) { options_.make_engine = std::move(make); }
  void set_jobs(unsigned jobs) { options_.jobs = jobs; }

  [[nodiscard]] const SweepFile& file() const { return file_; }
  [[nodiscard]] const DesignSpace& space() const { return *space_; }
  /// 32 hex digits over the file and everything it names: the same sweep has the same id.
  [[nodiscard]] std::string id() const;

  /// The key of a configuration on a workload of the file.
  [[nodiscard]] std::string key(std::uint64_t configuration, std::size_t workload) const;
  /// The points of a sweep without search, each key once, in the order of the design space. Without their work.
  [[nodiscard]] std::vector<PointTask> tasks() const;
  [[nodiscard]] std::size_t workloads() const { return layers_->workloads(); }
  /// Those of a shard: keys in ascending order are dealt out in turn, so every shard has its share of slow points.
  static std::vector<PointTask> part(std::vector<PointTask> tasks, Shard shard);
  /// Those that the store does not have, with their work. UserError, before anything runs, if a layer cannot run on one
  /// of them; with `invalid: skip` such points are taken out of `tasks` instead.
  [[nodiscard]] std::vector<PointTask> missing(std::vector<PointTask>& tasks, const Store& store);

  /// Notes the sweep and the places of its points.
  void record(const std::vector<PointTask>& tasks, Store& store) const;
  /// Computes points of this sweep on this machine. The sweep and the store must outlive it.
  std::unique_ptr<PointRunner> local_runner(Store& store);

  /// Configurations a search may simulate.
  [[nodiscard]] std::uint64_t search_budget() const;
  /// Searches the space as the file says, and notes the sweep with its points in the order in which the search asked
  /// for them; `runner` computes them into the same store, a batch (a generation, the neighbours of the front) at a
  /// time. Which points are asked for depends on neither runner nor store. Configurations that are skipped or cannot
  /// run are no part of the space and cost nothing. Several workloads count by the geometric means of their cycles and
  /// of their energies.
  SearchRun search(Store& store, PointRunner& runner);

  /// Figures of finished configurations: those a search looks at, and their front. Only configurations of which all
  /// workloads are finished.
  [[nodiscard]] std::optional<std::vector<double>> objectives(std::uint64_t configuration,
                                                              const std::vector<Objective>& wanted,
                                                              const Store& store) const;

 private:
  /// What keeps a layer of the workload from running on the configuration, and the place to blame; "" if nothing does.
  std::string why_not(std::uint64_t configuration, std::size_t workload, Place& place);

  /// Outcomes of a batch of configurations, computing what is missing. `places`: how many points were asked for before.
  std::vector<std::optional<std::vector<double>>> evaluate(const std::vector<std::uint64_t>& configurations,
                                                           Store& store, PointRunner& runner, std::uint64_t& places,
                                                           SearchRun& run);
  void record_areas(const std::vector<PointTask>& tasks, Store& store) const;

  std::optional<AreaTable> area_;
  SweepFile file_;
  RunnerOptions options_;
  std::unique_ptr<DesignSpace> space_;
  std::unique_ptr<SharedLayers> layers_;
  mutable EnergyTables tables_;
};

/// How much of a sweep a store has: finished points and points.
struct Coverage {
  std::uint64_t done = 0, total = 0;
};
Coverage coverage(const std::vector<PointTask>& tasks, const Store& store);

}  // namespace lacuna
