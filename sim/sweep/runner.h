// Who computes points: this machine here, a cluster in slurm.h. A search asks for one batch after another and does not
// know which of them it has.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "machine/engine.h"
#include "sweep/simulate.h"
#include "sweep/space.h"
#include "sweep/store.h"

namespace lacuna {

/// What a runner reports while it works. Calls come from several threads, one at a time.
class RunnerProgress {
 public:
  virtual ~RunnerProgress() = default;
  /// `work` is PointTask::work, of all points that were to be run and of those done.
  virtual void points(std::uint64_t done, std::uint64_t total, double work_done, double work_total) = 0;
};

struct RunnerOptions {
  std::function<std::unique_ptr<Engine>()> make_engine;
  std::string engine_name, version;
  unsigned jobs = 1;
  RunnerProgress* progress = nullptr;
  const std::atomic<bool>* stop = nullptr;  ///< set from outside: give up what is half done and return
};

struct RunnerResult {
  std::uint64_t computed = 0;     ///< by this call
  std::uint64_t resubmitted = 0;  ///< tasks of a cluster that ended without finishing and were submitted again
  bool interrupted = false;
};

/// Brings points into a store.
class PointRunner {
 public:
  virtual ~PointRunner() = default;
  /// Returns when the store has all `tasks`, or when told to stop. Those it has already are not computed. What is begun
  /// and interrupted goes on if the same tasks are asked for again, so all of a batch are named, not what is left of
  /// it.
  virtual RunnerResult run(std::vector<PointTask> tasks) = 0;
  /// After the last run(): removes what only served to go on.
  virtual void finish() {}
};

/// Computes points on all cores of this machine, those with least work first, and stores each one as soon as it is
/// done.
class LocalRunner : public PointRunner {
 public:
  /// All of them must outlive it.
  LocalRunner(const DesignSpace& space, SharedLayers& layers, EnergyTables& tables, Store& store,
              RunnerOptions options);

  /// Points that another process has claimed are left to it, and taken over if it dies. Rethrows the first error after
  /// all threads have stopped; what was finished is stored.
  RunnerResult run(std::vector<PointTask> tasks) override;

 private:
  class Work;

  const DesignSpace& space_;
  SharedLayers& layers_;
  EnergyTables& tables_;
  Store& store_;
  RunnerOptions options_;
};

}  // namespace lacuna
