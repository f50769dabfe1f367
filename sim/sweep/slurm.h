// The same sweep on a cluster under Slurm: an array of shards, each task with a store of its own, merged as they end.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "sweep/runner.h"
#include "sweep/store.h"
#include "sweep/sweep.h"

namespace lacuna {

struct SlurmOptions {
  std::filesystem::path program;  ///< this program, where the nodes find it
  std::filesystem::path sweep;    ///< the sweep file
  std::uint64_t shards = 4;
  unsigned jobs = 1;                ///< processors of a task
  std::vector<std::string> sbatch;  ///< more options for sbatch, such as --partition=short
  RunnerProgress* progress = nullptr;
  const std::atomic<bool>* stop = nullptr;
  std::function<void(const std::string&)> say;  ///< one line for people: submitted, lost, submitted again
};

struct SlurmResult {
  std::uint64_t computed = 0;     ///< points that the tasks brought
  std::uint64_t resubmitted = 0;  ///< tasks submitted again because they ended without finishing
  bool interrupted = false;
};

/// Follows one sweep. Nothing of its state is kept but what Slurm and the files say, so a follower that is killed is
/// replaced by starting it again: tasks are found by their job name, results by their files.
class SlurmRunner {
 public:
  /// `tasks`: the points to run. `all`: those of the sweep file, which tasks of the cluster part among themselves
  /// before they know which of them cannot run. The store must outlive it.
  SlurmRunner(const std::string& sweep_id, const std::vector<PointTask>& all, const std::vector<PointTask>& tasks,
              Store& store, SlurmOptions options);

  /// "lacuna-" and what tells this sweep on this store from others.
  [[nodiscard]] const std::string& job_name() const { return job_name_; }
  /// Returns when the store has all points, or when told to stop: tasks go on then. UserError if Slurm cannot be
  /// reached, a submission is refused, or a shard ends three times without bringing a point.
  SlurmResult run();

 private:
  struct Live {
    std::set<std::uint64_t> shards;
    std::set<std::string> stores;   ///< file names that a live task may write
    std::vector<std::string> held;  ///< "JOB_INDEX" of tasks that Slurm holds after a failed launch
  };

  [[nodiscard]] Live live();
  void merge_ended(const Live& live);
  /// Finished points of stores that are still written; an estimate for the progress bar.
  [[nodiscard]] std::uint64_t points_in_live_stores(const Live& live) const;
  [[nodiscard]] std::map<std::uint64_t, std::uint64_t> missing_by_shard() const;
  void submit(const std::vector<std::uint64_t>& shards);
  [[nodiscard]] std::string script(const std::filesystem::path& known) const;

  Store& store_;
  SlurmOptions options_;
  std::filesystem::path folder_;  ///< stores, logs and lists of known points of the tasks
  std::string job_name_;
  std::vector<std::pair<std::string, std::uint64_t>> keys_;  ///< of all points, with their shards
  std::set<std::string> merged_;                             ///< names of ended tasks' stores
  std::map<std::uint64_t, std::uint64_t> fruitless_;         ///< shard: submissions in a row that brought nothing
  std::map<std::uint64_t, std::uint64_t> missing_when_submitted_;
  SlurmResult result_;
  int failures_ = 0;  ///< of squeue in a row
};

}  // namespace lacuna
