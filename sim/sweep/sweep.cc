// Keys are computed for all points, tensors are loaded only if a point is missing.
#include "sweep/sweep.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "base/hash.h"
#include "machine/config_reader.h"

namespace lacuna {

Sweep::Sweep(const std::filesystem::path& path, RunnerOptions options, std::uint64_t layer_bytes)
    : file_(read_sweep(path)), options_(std::move(options)) {
  options_.engine_name = file_.engine;
  space_ = std::make_unique<DesignSpace>(file_);
  for (const auto& table : space_->energy_tables()) (void)tables_.get(table);
  layers_ = std::make_unique<SharedLayers>(file_.workloads, layer_bytes);
}

std::string Sweep::id() const {
  Hasher hasher;
  hasher.add(file_.name);
  hasher.add(file_.text);
  for (const auto& base : file_.bases) hasher.add(config_hash(read_machine(base.document)));
  for (const auto& table : space_->energy_tables()) hasher.add(tables_.get(table).hash);
  for (std::size_t i = 0; i < layers_->workloads(); ++i) hasher.add(layers_->workload(i).hash());
  hasher.add(kResultVersion);
  return hasher.hex();
}

std::vector<PointTask> Sweep::tasks() const {
  std::vector<PointTask> tasks;
  std::set<std::string> seen;
  for (const std::uint64_t number : space_->chosen())
    for (std::size_t workload = 0; workload < layers_->workloads(); ++workload) {
      PointTask task{number, workload, tasks.size(), point_key(number, workload), 0};
      if (seen.insert(task.key).second) tasks.push_back(std::move(task));
    }
  return tasks;
}

std::string Sweep::point_key(std::uint64_t configuration, std::size_t workload) const {
  const Machine machine = space_->machine(configuration);
  PointIdentity identity;
  identity.config_hash = config_hash(machine);
  identity.workload_hash = layers_->workload(workload).hash();
  identity.layers = layers_->layers_text(workload);
  identity.energy_hash = tables_.get(space_->energy_table(configuration, machine)).hash;
  identity.engine = options_.engine_name;
  return identity.key();
}

std::vector<PointTask> Sweep::part(std::vector<PointTask> tasks, Shard shard) {
  if (shard.count == 1) return tasks;
  std::ranges::sort(tasks, {}, &PointTask::key);
  std::vector<PointTask> mine;
  for (std::size_t i = shard.index; i < tasks.size(); i += shard.count) mine.push_back(std::move(tasks[i]));
  std::ranges::sort(mine, {}, &PointTask::position);
  return mine;
}

std::string Sweep::why_not(std::uint64_t configuration, std::size_t workload, Place& place) {
  const Machine machine = space_->machine(configuration);
  for (const std::size_t index : layers_->chosen(workload)) {
    try {
      check_runs(machine, *layers_->layer(workload, index));
    } catch (const UserError& error) {
      place = file_.place_of(error.place().file);
      return fmt::format("{} on {} cannot run: {}", space_->describe(configuration), layers_->workload(workload).name(),
                         error.what());
    }
  }
  return "";
}

std::vector<PointTask> Sweep::missing(std::vector<PointTask>& tasks, const Store& store) {
  std::vector<PointTask> missing, runnable;
  std::uint64_t invalid = 0;
  std::string first;
  Place place;
  for (auto& task : tasks) {
    if (!store.has(task.key)) {
      Place here;
      if (const std::string why = why_not(task.configuration, task.workload, here); !why.empty()) {
        if (invalid++ == 0) {
          first = why;
          place = here;
        }
        continue;
      }
      task.work = estimated_work(space_->machine(task.configuration), layers_->dense_pairs(task.workload));
      missing.push_back(task);
    }
    runnable.push_back(task);
  }
  if (invalid != 0 && (!file_.skip_invalid || runnable.empty()))
    fail(place, "{}; {} of {} points cannot run; leave them out with 'skip_where' or 'invalid: skip'", first, invalid,
         tasks.size());
  tasks = std::move(runnable);
  return missing;
}

void Sweep::record(const std::vector<PointTask>& tasks, Store& store) const {
  StoredSweep sweep;
  sweep.id = id();
  sweep.name = file_.name;
  sweep.text = file_.text;
  sweep.program_version = options_.version;
  if (file_.samples) sweep.seed = file_.samples->seed;
  if (file_.search) sweep.seed = file_.search->seed;
  sweep.axes = nlohmann::json(space_->axes()).dump();
  auto objectives = nlohmann::json::array();
  if (file_.search)
    for (const Objective objective : file_.search->objectives) objectives.push_back(name_of(objective));
  sweep.objectives = objectives.dump();
  store.insert(sweep);
  std::vector<SweepPlace> places;
  for (const auto& task : tasks) places.push_back({task.position, task.key});
  store.insert(sweep.id, places);
}

RunnerResult Sweep::run(const std::vector<PointTask>& missing, Store& store) {
  return LocalRunner(*space_, *layers_, tables_, store, options_).run(missing);
}

Coverage coverage(const std::vector<PointTask>& tasks, const Store& store) {
  Coverage result{0, tasks.size()};
  for (const auto& task : tasks)
    if (store.has(task.key)) ++result.done;
  return result;
}

}  // namespace lacuna
