// sbatch, squeue and scancel are the whole interface: no accounting database is needed.
//
// A task never shares its store with anyone: its name has the job's number. A task that Slurm believes dead and that
// still runs somewhere writes a file that is merged or thrown away, never one that another task writes.
#include "sweep/slurm.h"

#include <algorithm>
#include <chrono>
#include <fstream>
#include <sstream>
#include <thread>

#include "base/atomic_file.h"
#include "base/child_process.h"
#include "base/error.h"
#include "base/hash.h"
#include "sweep/point_list.h"

namespace lacuna {

namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t kMostFruitless = 3;
constexpr int kMostFailures = 60;  ///< of squeue in a row, 5 s apart: a controller may be restarted
constexpr auto kShortest = std::chrono::milliseconds(500), kLongest = std::chrono::milliseconds(5000);

/// A word as a shell takes it, whatever is in it.
std::string quoted(const std::string& word) {
  std::string text = "'";
  for (const char c : word) c == '\'' ? text += "'\\''" : text += c;
  return text + "'";
}

/// The first line a program printed, or what else is known of its end.
std::string complaint(const ChildResult& result) {
  if (result.status == -1) return "it cannot be started; is Slurm installed on this machine?";
  const std::string text = result.error.empty() ? result.output : result.error;
  const std::string line = text.substr(0, text.find('\n'));
  return line.empty() ? fmt::format("it ended with status {}", result.status) : line;
}

}  // namespace

SlurmRunner::SlurmRunner(const std::string& sweep_id, Store& store, SlurmOptions options)
    : store_(store), options_(std::move(options)) {
  const fs::path path = fs::absolute(store.path()).lexically_normal();
  Hasher hasher;
  hasher.add(sweep_id);
  hasher.add(path.string());
  hasher.add(options_.shards);
  name_ = "lacuna-" + hasher.hex().substr(0, 12);
  folder_ = path.string() + "." + name_;
}

void SlurmRunner::begin(std::vector<PointTask> tasks) {
  // Dealt out without a look at the store, so that every follower deals them alike.
  std::ranges::sort(tasks, {}, &PointTask::key);
  const auto repeated = std::ranges::unique(tasks, {}, &PointTask::key);
  tasks.erase(repeated.begin(), repeated.end());
  Hasher hasher;
  points_.assign(options_.shards, {});
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    hasher.add(tasks[i].key);
    points_[i % options_.shards].push_back(std::move(tasks[i]));
  }
  job_name_ = name_ + "-" + hasher.hex().substr(0, 8);
  fruitless_.clear();
  missing_when_submitted_.clear();
  result_ = {};
}

SlurmRunner::Live SlurmRunner::live() {
  const ChildResult queue =
      run_child({"squeue", "--noheader", "--array", "--me", "--name=" + job_name_, "--format=%F|%K|%T|%r"});
  if (queue.status != 0) {
    if (queue.status == -1 || ++failures_ > kMostFailures) fail(Place{"squeue"}, "{}", complaint(queue));
    Live everything;  // nothing is known, so nothing is taken for lost
    for (std::uint64_t shard = 0; shard < options_.shards; ++shard) everything.shards.insert(shard);
    return everything;
  }
  failures_ = 0;
  Live live;
  std::istringstream lines(queue.output);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream fields(line);
    std::string job, index, state, reason;
    std::getline(fields, job, '|');
    std::getline(fields, index, '|');
    std::getline(fields, state, '|');
    std::getline(fields, reason);
    if (index.find_first_not_of("0123456789") != std::string::npos || index.empty()) continue;
    const std::uint64_t shard = std::stoull(index) - 1;
    if (state == "PENDING" && reason.find("requeued held") != std::string::npos) {
      live.held.push_back(job + "_" + index);
      continue;
    }
    live.shards.insert(shard);
    live.stores.insert(fmt::format("{}-{}.sqlite", index, job));
  }
  return live;
}

void SlurmRunner::merge_ended(const Live& live) {
  if (failures_ != 0) return;
  std::error_code ignored;
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder_, ignored))
    if (entry.path().extension() == ".sqlite" && !live.stores.contains(entry.path().filename().string()))
      files.push_back(entry.path());
  std::ranges::sort(files);
  for (const auto& file : files) {
    const std::string name = file.filename().string();
    if (merged_.contains(name)) continue;
    if (fs::file_size(file, ignored) != 0) {
      try {
        result_.computed += store_.merge(file);
      } catch (const UserError& error) {  // a store whose task was killed before it had a table
        if (options_.say) options_.say(fmt::format("left out: {}", error.what()));
      }
    }
    merged_.insert(name);
  }
}

std::uint64_t SlurmRunner::points_in_live_stores(const Live& live) const {
  std::uint64_t points = 0;
  for (const auto& name : live.stores) {
    std::error_code ignored;
    if (!fs::exists(folder_ / name, ignored)) continue;
    try {
      points += Store(folder_ / name, Store::Mode::Read).points();
    } catch (const UserError&) {  // being made at this moment
    }
  }
  return points;
}

std::map<std::uint64_t, std::uint64_t> SlurmRunner::missing_by_shard() const {
  std::map<std::uint64_t, std::uint64_t> missing;
  for (std::uint64_t shard = 0; shard < points_.size(); ++shard)
    for (const auto& task : points_[shard])
      if (!store_.has(task.key)) ++missing[shard];
  return missing;
}

std::string SlurmRunner::script(const std::string& list) const {
  return fmt::format(
      "#!/bin/sh\n"
      "exec {} sweep {} --jobs {} --points {}/\"$SLURM_ARRAY_TASK_ID\"{} \\\n"
      "  -o {}/\"$SLURM_ARRAY_TASK_ID-$SLURM_ARRAY_JOB_ID.sqlite\"\n",
      quoted(options_.program.string()), quoted(fs::absolute(options_.sweep).string()), options_.jobs,
      quoted(folder_.string()), quoted(list), quoted(folder_.string()));
}

void SlurmRunner::submit(const std::vector<std::uint64_t>& shards) {
  std::error_code error;
  fs::create_directory(folder_, error);
  if (!fs::is_directory(folder_)) fail(Place{folder_.string()}, "cannot make this folder: {}", error.message());
  // What the store has by now need not be computed. Lists are the submission's own and never change.
  Hasher hasher;
  std::map<std::uint64_t, std::string> lists;
  for (const std::uint64_t shard : shards) {
    auto missing = points_[shard];
    std::erase_if(missing, [&](const PointTask& task) { return store_.has(task.key); });
    lists[shard] = point_list(missing);
    hasher.add(lists[shard]);
  }
  const std::string ending = "-" + hasher.hex() + ".points";
  std::string indices;
  for (const auto& [shard, list] : lists) {
    write_file(folder_ / fmt::format("{}{}", shard + 1, ending), list);
    indices += fmt::format("{}{}", indices.empty() ? "" : ",", shard + 1);
  }
  std::vector<std::string> command = {"sbatch",
                                      "--parsable",
                                      "--job-name=" + job_name_,
                                      "--array=" + indices,
                                      "--output=" + (folder_ / "%a-%A.log").string(),
                                      fmt::format("--cpus-per-task={}", options_.jobs),
                                      "--ntasks=1",
                                      "--no-requeue"};  // a lost task is submitted again here, without Slurm's delay
  command.insert(command.end(), options_.sbatch.begin(), options_.sbatch.end());
  const ChildResult done = run_child(command, script(ending));
  if (done.status != 0) fail(Place{"sbatch"}, "{}", complaint(done));
  if (options_.say)
    options_.say(fmt::format("Slurm job {} ({}): {} of {} shards",
                             done.output.substr(0, done.output.find_first_of(";\n")), job_name_, shards.size(),
                             options_.shards));
}

bool SlurmRunner::pause(std::chrono::milliseconds time) const {
  constexpr auto kStep = std::chrono::milliseconds(50);
  for (auto slept = std::chrono::milliseconds(0); slept < time; slept += kStep) {
    if (options_.stop != nullptr && *options_.stop) return false;
    std::this_thread::sleep_for(kStep);
  }
  return true;
}

RunnerResult SlurmRunner::run(std::vector<PointTask> tasks) {
  begin(std::move(tasks));
  if (missing_by_shard().empty()) return {};
  std::uint64_t total = 0;
  for (const auto& points : points_) total += points.size();
  for (auto time = kShortest;; time = std::min(kLongest, time * 5 / 4)) {
    const Live now = live();
    for (const auto& task : now.held) (void)run_child({"scancel", task});
    merge_ended(now);
    const auto missing = missing_by_shard();
    std::uint64_t left = 0;
    std::vector<std::uint64_t> lost;
    for (const auto& [shard, count] : missing) {
      left += count;
      if (!now.shards.contains(shard)) lost.push_back(shard);
    }
    if (options_.progress != nullptr) {
      const std::uint64_t done = total - left + std::min(left, points_in_live_stores(now));
      options_.progress->points(done, total, static_cast<double>(done), static_cast<double>(total));
    }
    if (left == 0) {
      if (!now.shards.empty()) (void)run_child({"scancel", "--me", "--name=" + job_name_});  // what they do is done
      return result_;
    }
    if (!lost.empty()) {
      for (const std::uint64_t shard : lost) {
        const auto before = missing_when_submitted_.find(shard);
        if (before == missing_when_submitted_.end()) {
          missing_when_submitted_[shard] = missing.at(shard);
          continue;
        }
        ++result_.resubmitted;
        fruitless_[shard] = missing.at(shard) < before->second ? 0 : fruitless_[shard] + 1;
        before->second = missing.at(shard);
        if (fruitless_[shard] >= kMostFruitless)
          fail(Place{folder_.string()}, "shard {} of {} ended {} times without a point; its logs are in this folder",
               shard + 1, options_.shards, kMostFruitless);
      }
      submit(lost);
      time = kShortest;
    }
    if (!pause(time)) {
      result_.interrupted = true;
      return result_;
    }
  }
}

void SlurmRunner::finish() {
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

}  // namespace lacuna
