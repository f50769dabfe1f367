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

SlurmRunner::SlurmRunner(const std::string& sweep_id, const std::vector<PointTask>& all,
                         const std::vector<PointTask>& tasks, Store& store, SlurmOptions options)
    : store_(store), options_(std::move(options)) {
  const fs::path path = fs::absolute(store.path()).lexically_normal();
  Hasher hasher;
  hasher.add(sweep_id);
  hasher.add(path.string());
  hasher.add(options_.shards);
  job_name_ = "lacuna-" + hasher.hex().substr(0, 12);
  folder_ = path.string() + "." + job_name_;
  std::set<std::string> wanted;
  for (const auto& task : tasks) wanted.insert(task.key);
  for (std::uint64_t shard = 0; shard < options_.shards; ++shard)
    for (const auto& task : Sweep::part(all, {shard, options_.shards}))
      if (wanted.contains(task.key)) keys_.emplace_back(task.key, shard);
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
  for (const auto& [key, shard] : keys_)
    if (!store_.has(key)) ++missing[shard];
  return missing;
}

std::string SlurmRunner::script(const fs::path& known) const {
  return fmt::format(
      "#!/bin/sh\n"
      "exec {} sweep {} --shard \"$SLURM_ARRAY_TASK_ID/{}\" --jobs {} --known {} \\\n"
      "  -o {}/\"$SLURM_ARRAY_TASK_ID-$SLURM_ARRAY_JOB_ID.sqlite\"\n",
      quoted(options_.program.string()), quoted(fs::absolute(options_.sweep).string()), options_.shards, options_.jobs,
      quoted(known.string()), quoted(folder_.string()));
}

void SlurmRunner::submit(const std::vector<std::uint64_t>& shards) {
  std::error_code error;
  fs::create_directory(folder_, error);
  if (!fs::is_directory(folder_)) fail(Place{folder_.string()}, "cannot make this folder: {}", error.message());
  // What the store has by now need not be computed; the list is the submission's own and never changes.
  std::string known, indices;
  for (const auto& [key, shard] : keys_)
    if (store_.has(key)) known += key + "\n";
  Hasher hasher;
  hasher.add(known);
  const fs::path list = folder_ / ("known-" + hasher.hex());
  write_file(list, known);
  for (const std::uint64_t shard : shards) indices += fmt::format("{}{}", indices.empty() ? "" : ",", shard + 1);
  std::vector<std::string> command = {"sbatch",
                                      "--parsable",
                                      "--job-name=" + job_name_,
                                      "--array=" + indices,
                                      "--output=" + (folder_ / "%a-%A.log").string(),
                                      fmt::format("--cpus-per-task={}", options_.jobs),
                                      "--ntasks=1",
                                      "--no-requeue"};  // a lost task is submitted again here, without Slurm's delay
  command.insert(command.end(), options_.sbatch.begin(), options_.sbatch.end());
  const ChildResult done = run_child(command, script(list));
  if (done.status != 0) fail(Place{"sbatch"}, "{}", complaint(done));
  if (options_.say)
    options_.say(fmt::format("Slurm job {} ({}): {} of {} shards",
                             done.output.substr(0, done.output.find_first_of(";\n")), job_name_, shards.size(),
                             options_.shards));
}

SlurmResult SlurmRunner::run() {
  auto pause = kShortest;
  for (;;) {
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
      const std::uint64_t done = keys_.size() - left + std::min(left, points_in_live_stores(now));
      options_.progress->points(done, keys_.size(), static_cast<double>(done), static_cast<double>(keys_.size()));
    }
    if (left == 0) {
      if (!now.shards.empty()) (void)run_child({"scancel", "--me", "--name=" + job_name_});  // what they do is done
      break;
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
      pause = kShortest;
    }
    for (auto slept = std::chrono::milliseconds(0); slept < pause; slept += std::chrono::milliseconds(50)) {
      if (options_.stop != nullptr && *options_.stop) {
        result_.interrupted = true;
        return result_;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    pause = std::min(kLongest, pause * 5 / 4);
  }
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
  return result_;
}

}  // namespace lacuna
