// A sweep as a whole: from the file to the points it has, those that are missing, and their computation into a store.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

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

  /// The points of a sweep without search, each key once, in the order of the design space. Without their work.
  [[nodiscard]] std::vector<PointTask> tasks() const;
  /// Those of a shard: keys in ascending order are dealt out in turn, so every shard has its share of slow points.
  static std::vector<PointTask> part(std::vector<PointTask> tasks, Shard shard);
  /// Those that the store does not have, with their work. UserError, before anything runs, if a layer cannot run on one
  /// of them; with `invalid: skip` such points are taken out of `tasks` instead.
  [[nodiscard]] std::vector<PointTask> missing(std::vector<PointTask>& tasks, const Store& store);

  /// Notes the sweep and the places of its points.
  void record(const std::vector<PointTask>& tasks, Store& store) const;
  /// Computes what missing() gave.
  RunnerResult run(const std::vector<PointTask>& missing, Store& store);

 private:
  [[nodiscard]] std::string point_key(std::uint64_t configuration, std::size_t workload) const;
  /// What keeps a layer of the workload from running on the configuration, and the place to blame; "" if nothing does.
  std::string why_not(std::uint64_t configuration, std::size_t workload, Place& place);

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
