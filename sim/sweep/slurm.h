// Points computed on a cluster under Slurm: an array of shards, each task with a store of its own, merged as they end.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "sweep/runner.h"
#include "sweep/store.h"

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

/// Nothing of its state is kept but what Slurm and the files say, so a follower that is killed is replaced by starting
/// it again: asked for the same points it finds the tasks by their job name, results by their files.
class SlurmRunner : public PointRunner {
 public:
  /// The store must outlive it.
  SlurmRunner(const std::string& sweep_id, Store& store, SlurmOptions options);

  /// Told to stop it leaves the tasks alone. UserError if Slurm cannot be reached, a submission is refused, or a shard
  /// ends three times without bringing a point.
  RunnerResult run(std::vector<PointTask> tasks) override;
  /// Removes the folder of the tasks.
  void finish() override;

  /// Of the tasks of the last run(): "lacuna-", what tells this sweep on this store from others, and what tells these
  /// points from others of the sweep.
  [[nodiscard]] const std::string& job_name() const { return job_name_; }

 private:
  struct Live {
    std::set<std::uint64_t> shards;
    std::set<std::string> stores;   ///< file names that a live task may write
    std::vector<std::string> held;  ///< "JOB_INDEX" of tasks that Slurm holds after a failed launch
  };

  /// Forgets the points of the run before.
  void begin(std::vector<PointTask> tasks);
  [[nodiscard]] Live live();
  void merge_ended(const Live& live);
  /// Finished points of stores that are still written; an estimate for the progress bar.
  [[nodiscard]] std::uint64_t points_in_live_stores(const Live& live) const;
  [[nodiscard]] std::map<std::uint64_t, std::uint64_t> missing_by_shard() const;
  void submit(const std::vector<std::uint64_t>& shards);
  [[nodiscard]] std::string script(const std::string& list) const;
  /// Waits a while; false if told to stop.
  [[nodiscard]] bool pause(std::chrono::milliseconds time) const;

  Store& store_;
  SlurmOptions options_;
  std::string name_;              ///< what job names begin with
  std::filesystem::path folder_;  ///< stores, logs and lists of points of the tasks
  std::set<std::string> merged_;  ///< names of ended tasks' stores

  // Of one run():
  std::string job_name_;
  std::vector<std::vector<PointTask>> points_;        ///< of each shard
  std::map<std::uint64_t, std::uint64_t> fruitless_;  ///< shard: submissions in a row that brought nothing
  std::map<std::uint64_t, std::uint64_t> missing_when_submitted_;
  RunnerResult result_;
  int failures_ = 0;  ///< of squeue in a row
};

}  // namespace lacuna
