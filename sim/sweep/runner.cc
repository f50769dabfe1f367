// Threads take the next task from a sorted list; the store's claims keep other processes from the same point.
#include "sweep/runner.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <mutex>
#include <thread>

namespace lacuna {

/// One call of run(): its tasks, and what its threads share.
class LocalRunner::Work {
 public:
  Work(LocalRunner& runner, std::vector<PointTask> tasks) : runner_(runner), tasks_(std::move(tasks)) {
    std::ranges::stable_sort(tasks_, {}, &PointTask::work);
    for (const auto& task : tasks_) work_total_ += task.work;
  }

  RunnerResult run() {
    const auto jobs = std::min<std::size_t>(std::max(1u, runner_.options_.jobs), tasks_.size());
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < jobs; ++i) threads.emplace_back([this] { thread(); });
    while (!finished_threads(jobs)) {
      if (runner_.options_.stop != nullptr && *runner_.options_.stop) stop_ = true;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    threads.clear();
    if (error_) std::rethrow_exception(error_);
    return {computed_, 0, interrupted_};
  }

 private:
  bool finished_threads(std::size_t all) const { return finished_ == all; }

  void thread() {
    try {
      const auto engine = runner_.options_.make_engine();
      std::size_t index = 0;
      while (!stop_ && (index = next_++) < tasks_.size()) take(*engine, index);
      while (!stop_ && take_deferred(*engine)) {
      }
    } catch (const Interrupted&) {
      interrupted_ = true;
    } catch (...) {
      const std::lock_guard lock(mutex_);
      if (!error_) error_ = std::current_exception();
      stop_ = true;
    }
    if (stop_) interrupted_ = true;
    ++finished_;
  }

  /// False if another process has the task.
  bool take(Engine& engine, std::size_t index) {
    const PointTask& task = tasks_[index];
    switch (runner_.store_.claim(task.key)) {
      case Store::Claim::Elsewhere: {
        const std::lock_guard lock(mutex_);
        deferred_.push_back(index);
        return false;
      }
      case Store::Claim::Stored:
        done(task, false);
        return true;
      case Store::Claim::Mine:
        compute(engine, task);
        done(task, true);
        return true;
    }
    throw Bug("unknown Claim");
  }

  void compute(Engine& engine, const PointTask& task) {
    try {
      const Machine machine = runner_.space_.machine(task.configuration);
      const EnergyTable& table = runner_.tables_.get(runner_.space_.energy_table(task.configuration, machine));
      const StoredPoint point =
          simulate(engine, {machine, table, runner_.options_.engine_name, runner_.options_.version}, runner_.layers_,
                   task.workload, stop_);
      LACUNA_CHECK(point.key == task.key, "configuration {}: the point's key is not the task's", task.configuration);
      runner_.store_.insert(point);
    } catch (const Interrupted&) {
      runner_.store_.release(task.key);
      throw;
    }
  }

  /// Tries the tasks of other processes again. False if there are none; waits a little if none was free.
  bool take_deferred(Engine& engine) {
    std::vector<std::size_t> list;
    {
      const std::lock_guard lock(mutex_);
      list.swap(deferred_);
    }
    if (list.empty()) return false;
    bool any = false;
    for (const std::size_t index : list) {
      if (stop_) return false;
      any = take(engine, index) || any;
    }
    if (!any) std::this_thread::sleep_for(std::chrono::milliseconds(100));
    return true;
  }

  void done(const PointTask& task, bool computed) {
    const std::lock_guard lock(mutex_);
    ++points_done_;
    work_done_ += task.work;
    if (computed) ++computed_;
    if (runner_.options_.progress != nullptr)
      runner_.options_.progress->points(points_done_, tasks_.size(), work_done_, work_total_);
  }

  LocalRunner& runner_;
  std::vector<PointTask> tasks_;
  std::atomic<std::size_t> next_ = 0, finished_ = 0;
  std::atomic<bool> stop_ = false, interrupted_ = false;
  std::mutex mutex_;  ///< of what follows
  std::vector<std::size_t> deferred_;
  std::exception_ptr error_;
  std::uint64_t points_done_ = 0, computed_ = 0;
  double work_done_ = 0, work_total_ = 0;
};

LocalRunner::LocalRunner(const DesignSpace& space, SharedLayers& layers, EnergyTables& tables, Store& store,
                         RunnerOptions options)
    : space_(space), layers_(layers), tables_(tables), store_(store), options_(std::move(options)) {}

RunnerResult LocalRunner::run(std::vector<PointTask> tasks) {
  std::erase_if(tasks, [&](const PointTask& task) { return store_.has(task.key); });
  if (tasks.empty()) return {};
  return Work(*this, std::move(tasks)).run();
}

}  // namespace lacuna
