// From options to a finished store. Everything the user can get wrong is refused before the first point runs.
#include "cli/sweep.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <set>
#include <thread>

#include "cli/engines.h"
#include "cli/stop_signal.h"
#include "cli/sweep_progress.h"
#include "report/text_table.h"
#include "sweep/export.h"
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
  if (options.output.empty()) return file.path.stem().string() + ".sqlite";
  const fs::path path = options.output;
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

/// Takes out what the file of known keys has.
void leave_out_known(const std::string& path, std::vector<PointTask>& tasks) {
  if (path.empty()) return;
  std::ifstream lines(path);
  if (!lines) fail(Place{path}, "cannot read: {}", std::strerror(errno));
  std::set<std::string> known;
  for (std::string line; std::getline(lines, line);) known.insert(line);
  std::erase_if(tasks, [&](const PointTask& task) { return known.contains(task.key); });
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

/// What a person is told while a sweep runs on a cluster.
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

/// One line about a stop, and the exit status.
int stopped(const Work& work, std::uint64_t done, std::uint64_t total) {
  say(fmt::format("stopped; {} of {} points are in {}, the same command goes on", done, total, work.path.string()));
  return 128 + work.signal.signal();
}

int run_search(const Work& work) {
  for (const auto& [given, name] : {std::pair{!work.options.shard.empty(), "--shard"}, {work.options.slurm, "--slurm"}})
    if (given) fail(Place{name}, "a search decides what to run by what has run; it cannot be cut in parts");
  const std::uint64_t most = work.sweep.search_budget() * work.sweep.workloads();
  if (work.options.dry_run) {
    work.print(fmt::format("a search over {} configurations, at most {} simulated\n", work.sweep.space().size(),
                           counted(most, "point")));
    return 0;
  }
  Store store(work.path, Store::Mode::Create);
  const SearchRun run = work.sweep.search(store);
  if (run.interrupted) return stopped(work, store.places(work.sweep.id()).size(), most);
  if (work.options.export_format.empty())
    work.print(fmt::format("{} of {} configurations in {}, {} computed now\n{}", run.simulated,
                           work.sweep.space().size(), work.path.string(), counted(run.computed, "point"),
                           front_text(work.sweep, run)));
  return 0;
}

int run_on_slurm(const Work& work, const std::vector<PointTask>& all, const std::vector<PointTask>& tasks,
                 Store& store) {
  SlurmRunner slurm(work.sweep.id(), all, tasks, store, slurm_options(work.options, work.runner));
  const SlurmResult result = slurm.run();
  if (result.interrupted) {
    say(
        fmt::format("no longer followed; the tasks go on, the same command follows them again, scancel --name={} ends "
                    "them",
                    slurm.job_name()));
    return 128 + work.signal.signal();
  }
  if (work.options.export_format.empty())
    work.print(fmt::format("{} in {}, {} of them computed by Slurm tasks, {} submitted again\n",
                           counted(tasks.size(), "point"), work.path.string(), result.computed,
                           counted(result.resubmitted, "task")));
  return 0;
}

int run_points(const Work& work, Shard shard) {
  std::vector<PointTask> tasks = Sweep::part(work.sweep.tasks(), shard);
  leave_out_known(work.options.known, tasks);
  if (work.options.dry_run) {
    std::error_code ignored;
    std::uint64_t done = 0;
    if (fs::exists(work.path, ignored)) done = coverage(tasks, Store(work.path, Store::Mode::Read)).done;
    work.print(fmt::format("{}, {} in {} already\n", counted(tasks.size(), "point"), done, work.path.string()));
    return 0;
  }
  Store store(work.path, Store::Mode::Create);
  const std::vector<PointTask> all = tasks;
  const std::vector<PointTask> missing = work.sweep.missing(tasks, store);
  work.sweep.record(tasks, store);
  if (work.options.slurm && !missing.empty()) return run_on_slurm(work, all, tasks, store);
  const RunnerResult result = work.sweep.run(missing, store);
  if (result.interrupted) return stopped(work, coverage(tasks, store).done, tasks.size());
  if (work.options.export_format.empty())
    work.print(fmt::format(
        "{} in {}, {} of them computed now{}\n", counted(tasks.size(), "point"), work.path.string(), result.computed,
        all.size() == tasks.size() ? "" : fmt::format("; {} cannot run", all.size() - tasks.size())));
  return 0;
}

void export_sweep(const Work& work, ExportRows rows) {
  const Store store(work.path, Store::Mode::Read);
  const std::string id = work.sweep.id();
  for (const auto& one : store.sweeps())
    if (one.id == id)
      export_points(store, one, parse_enum<ExportFormat>(work.options.export_format, Place{"--export"}, "format"), rows,
                    work.print);
}

}  // namespace

int sweep(const SweepOptions& options, const Print& print) {
  if (options.sweep.empty()) fail(Place{"SWEEP"}, "the name is empty");
  if (options.jobs > 4096) fail(Place{"--jobs"}, "{} is more than 4096", options.jobs);
  check_slurm(options);
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
  const int status = sweep.file().search ? run_search(work) : run_points(work, shard);
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
}

}  // namespace lacuna
