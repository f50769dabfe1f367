// From options to a finished store. Everything the user can get wrong is refused before the first point runs.
#include "cli/sweep.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <memory>
#include <thread>

#include "cli/engines.h"
#include "cli/hints.h"
#include "cli/stop_signal.h"
#include "cli/stored_points.h"
#include "cli/sweep_progress.h"
#include "report/text_table.h"
#include "sweep/export.h"
#include "sweep/point_list.h"
#include "sweep/slurm.h"
#include "sweep/sweep.h"

namespace lacuna {

namespace fs = std::filesystem;

namespace {

/// "2/5" counts from 1.
Shard shard_of(const std::string& text) {
  if (text.empty()) return {};
  const auto number = [&](std::string_view digits, std::uint64_t& value) {
    const auto end = digits.data() + digits.size();
    const auto result = std::from_chars(digits.data(), end, value);
    return result.ec == std::errc() && result.ptr == end && !digits.empty();
  };
  const std::size_t slash = text.find('/');
  Shard shard;
  if (slash == std::string::npos || !number(std::string_view(text).substr(0, slash), shard.index) ||
      !number(std::string_view(text).substr(slash + 1), shard.count) || shard.index < 1 || shard.index > shard.count ||
      shard.count > 100'000)
    fail(Place{"--shard"}, "'{}' is no part; need I/N with 1 <= I <= N <= 100000, for example 2/5", text);
  --shard.index;
  return shard;
}

fs::path store_path(const SweepOptions& options, const SweepFile& file) {
  if (!options.output) return file.path.stem().string() + ".sqlite";
  if (options.output->empty()) fail(Place{"--output"}, "the name is empty");
  const fs::path path = *options.output;
  if (path.extension() == ".sqlite" || path.extension() == ".db") return path;
  std::error_code error;
  if (!options.dry_run && !fs::is_directory(path, error) && !fs::create_directory(path, error) &&
      !fs::is_directory(path))
    fail(Place{path.string()}, "cannot make this folder: {}", error.message());
  return path / "store.sqlite";
}

RunnerOptions runner_options(const SweepOptions& options) {
  RunnerOptions runner;
  runner.version = LACUNA_VERSION;
  runner.jobs = options.jobs != 0 ? options.jobs : std::max(1u, std::thread::hardware_concurrency());
  return runner;
}

std::string counted(std::uint64_t number, std::string_view what) {
  return fmt::format("{} {}{}", number, what, number == 1 ? "" : "s");
}

void check_slurm(const SweepOptions& options) {
  if (!options.slurm) {
    if (options.shards != 0) fail(Place{"--shards"}, "is for --slurm; --shard I/N runs one part here");
    if (!options.sbatch.empty()) fail(Place{"--sbatch"}, "is for --slurm");
    return;
  }
  if (!options.shard.empty()) fail(Place{"--shard"}, "--slurm makes the shards itself; --shards says how many");
  if (options.shards > 1000) fail(Place{"--shards"}, "{} is more than 1000", options.shards);
}

void check_points(const SweepOptions& options) {
  if (options.points.empty()) return;
  if (options.slurm) fail(Place{"--points"}, "--slurm lists the points of its tasks itself");
  if (!options.shard.empty()) fail(Place{"--points"}, "lists what to compute; --shard would take a part of the sweep");
  if (!options.export_format.empty())
    fail(Place{"--points"}, "computes points and notes no sweep, so nothing to export");
}

/// What a person sees while a sweep runs on a cluster.
void say(const std::string& line) {
  if (::isatty(STDERR_FILENO) == 1) fmt::print(stderr, "\r\x1b[K");
  fmt::print(stderr, "lacuna: {}\n", line);
}

SlurmOptions slurm_options(const SweepOptions& options, const RunnerOptions& runner) {
  SlurmOptions slurm;
  slurm.program = fs::read_symlink("/proc/self/exe");
  slurm.sweep = options.sweep;
  if (options.shards != 0) slurm.shards = options.shards;
  slurm.jobs = std::max(1u, options.jobs);
  slurm.sbatch = options.sbatch;
  slurm.progress = runner.progress;
  slurm.stop = runner.stop;
  slurm.say = say;
  return slurm;
}

/// The front of a search for people, the best by the first objective first.
std::string front_text(const Sweep& sweep, SearchRun run) {
  constexpr std::size_t kMostRows = 40;
  std::ranges::sort(run.front, {}, [](const auto& entry) { return entry.second; });
  std::vector<std::string> head = sweep.space().axes();
  for (const Objective objective : sweep.file().search->objectives)
    head.push_back(fmt::format("{}{}", name_of(objective), objective == Objective::Area ? " um2" : ""));
  TextTable table(head, 0);
  for (std::size_t i = 0; i < std::min(kMostRows, run.front.size()); ++i) {
    std::vector<std::string> row = sweep.space().values(run.front[i].first);
    for (const double figure : run.front[i].second) row.push_back(fmt::format("{:.6g}", figure));
    table.add(row);
  }
  std::string text = fmt::format("\nPareto front, {} configurations{}\n{}", run.front.size(),
                                 sweep.workloads() > 1 ? ", geometric means of the workloads" : "", table.text());
  if (run.front.size() > kMostRows) text += fmt::format("  and {} more\n", run.front.size() - kMostRows);
  return text;
}

/// What a command knows once its sweep is read.
struct Work {
  const SweepOptions& options;
  const Print& print;
  const StopSignal& signal;
  const RunnerOptions& runner;
  Sweep& sweep;
  fs::path path;
};

/// Computes the points of a command, here or under Slurm, and knows what to say of it.
class Computer {
 public:
  Computer(const Work& work, Store& store) : work_(work) {
    if (work.options.slurm)
      slurm_ = std::make_unique<SlurmRunner>(work.sweep.id(), store, slurm_options(work.options, work.runner));
    else
      local_ = work.sweep.local_runner(store);
  }

  [[nodiscard]] PointRunner& runner() { return slurm_ ? *slurm_ : *local_; }

  /// What follows a number of computed points.
  [[nodiscard]] std::string where(std::uint64_t resubmitted) const {
    return slurm_ ? fmt::format("computed by Slurm tasks, {} submitted again", counted(resubmitted, "task"))
                  : "computed now";
  }

  /// One line about a stop, and the exit status.
  [[nodiscard]] int stopped(std::uint64_t done, std::uint64_t total) const {
    if (slurm_)
      say(fmt::format(
          "no longer followed; the tasks go on, the same command follows them again, scancel --name={} ends "
          "them",
          slurm_->job_name()));
    else
      say(fmt::format("stopped; {} of {} points are in {}, the same command goes on", done, total,
                      work_.path.string()));
    return 128 + work_.signal.signal();
  }

 private:
  const Work& work_;
  std::unique_ptr<SlurmRunner> slurm_;
  std::unique_ptr<PointRunner> local_;
};

int run_search(const Work& work) {
  if (!work.options.shard.empty())
    fail(Place{"--shard"},
         "a search decides what to run by what has run, so it has no parts; --slurm runs it on a cluster");
  const std::uint64_t most = work.sweep.search_budget() * work.sweep.workloads();
  if (work.options.dry_run) {
    work.print(fmt::format("a search over {} configurations, at most {} simulated\n", work.sweep.space().size(),
                           counted(most, "point")));
    return 0;
  }
  Store store(work.path, Store::Mode::Create);
  Computer computer(work, store);
  const SearchRun run = work.sweep.search(store, computer.runner());
  if (run.interrupted) return computer.stopped(store.places(work.sweep.id()).size(), most);
  computer.runner().finish();
  if (work.options.export_format.empty())
    work.print(fmt::format("{} of {} configurations in {}, {} {}\n{}", run.simulated, work.sweep.space().size(),
                           work.path.string(), counted(run.computed, "point"), computer.where(run.resubmitted),
                           front_text(work.sweep, run)));
  return 0;
}

int run_points(const Work& work, Shard shard) {
  const bool listed = !work.options.points.empty();
  std::vector<PointTask> tasks =
      listed ? read_point_list(work.options.points, work.sweep) : Sweep::part(work.sweep.tasks(), shard);
  if (work.options.dry_run) {
    std::error_code ignored;
    std::uint64_t done = 0;
    if (fs::exists(work.path, ignored)) done = coverage(tasks, Store(work.path, Store::Mode::Read)).done;
    work.print(fmt::format("{}, {} in {} already\n", counted(tasks.size(), "point"), done, work.path.string()));
    return 0;
  }
  Store store(work.path, Store::Mode::Create);
  const std::size_t all = tasks.size();
  (void)work.sweep.missing(tasks, store);        // leaves those that can run
  if (!listed) work.sweep.record(tasks, store);  // who made the list knows the places of its points
  Computer computer(work, store);
  const RunnerResult result = computer.runner().run(tasks);
  if (result.interrupted) return computer.stopped(coverage(tasks, store).done, tasks.size());
  computer.runner().finish();
  if (work.options.export_format.empty())
    work.print(fmt::format("{} in {}, {} of them {}{}\n", counted(tasks.size(), "point"), work.path.string(),
                           result.computed, computer.where(result.resubmitted),
                           all == tasks.size() ? "" : fmt::format("; {} cannot run", all - tasks.size())));
  return 0;
}

void export_sweep(const Work& work, ExportRows rows) {
  const Store store(work.path, Store::Mode::Read);
  const std::string id = work.sweep.id();
  for (const auto& one : store.sweeps())
    if (one.id == id)
      export_points(store, one, parse_enum<ExportFormat>(work.options.export_format, Place{"--export"}, "format"), rows,
                    work.print);
  refuse_damage(work.path);
}

}  // namespace

int sweep(const SweepOptions& options, const Print& print) {
  if (options.sweep.empty()) fail(Place{"SWEEP"}, "the name is empty");
  if (options.jobs > 4096) fail(Place{"--jobs"}, "{} is more than 4096", options.jobs);
  check_is_sweep(options.sweep);
  check_slurm(options);
  check_points(options);
  const Shard shard = shard_of(options.shard);
  if (!options.export_format.empty())
    (void)parse_enum<ExportFormat>(options.export_format, Place{"--export"}, "format");
  const auto rows = parse_enum<ExportRows>(options.rows, Place{"--rows"}, "kind of row");

  const StopSignal signal;
  SweepProgress progress;
  RunnerOptions runner = runner_options(options);
  runner.progress = &progress;
  runner.stop = &signal.stop();
  Sweep sweep(options.sweep, runner);
  const std::string engine = sweep.file().engine;
  if (!make_engine(engine, sweep.file().engine_place)->runs_layers_at_once()) {
    if (options.jobs > 1)
      fail(Place{"--jobs"}, "engine {} simulates one point at a time in a process; --shard makes parts for several",
           engine);
    sweep.set_jobs(1);
  }
  sweep.set_engine([engine] { return make_engine(engine, Place{"engine"}); });

  const Work work{options, print, signal, runner, sweep, store_path(options, sweep.file())};
  const bool searches = sweep.file().search && options.points.empty();
  const int status = searches ? run_search(work) : run_points(work, shard);
  if (status == 0 && !options.export_format.empty() && !options.dry_run) export_sweep(work, rows);
  return status;
}

void merge(const MergeOptions& options, const Print& print) {
  for (const auto& shard : options.shards) {
    std::error_code ignored;
    if (fs::equivalent(shard, options.store, ignored)) fail(Place{shard}, "a store cannot be merged into itself");
    const Store check(shard, Store::Mode::Read);
  }
  Store store(options.store, Store::Mode::Create);
  std::uint64_t added = 0;
  for (const auto& shard : options.shards) added += store.merge(shard);
  print(fmt::format("{} in {}, {} of them new\n", counted(store.points(), "point"), options.store, added));
  for (const auto& shard : options.shards) refuse_damage(shard);
}

}  // namespace lacuna
