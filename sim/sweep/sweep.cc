// Keys are computed for all points, tensors are loaded only if a point is missing.
#include "sweep/sweep.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "base/hash.h"
#include "machine/config_reader.h"
#include "machine/family.h"
#include "sweep/search.h"

namespace lacuna {

Sweep::Sweep(const std::filesystem::path& path, RunnerOptions options, std::uint64_t layer_bytes)
    : file_(read_sweep(path)), options_(std::move(options)) {
  options_.engine_name = file_.engine;
  space_ = std::make_unique<DesignSpace>(file_);
  for (const auto& table : space_->energy_tables()) (void)tables_.get(table);
  if (file_.area) area_ = read_area_table(*file_.area);
  for (const auto& [datapath, table] : space_->priced()) {
    require_prices(tables_.get(table), family(datapath));
    if (area_) require_areas(*area_, family(datapath));
  }
  layers_ = std::make_unique<SharedLayers>(file_.workloads, layer_bytes);
}

std::string Sweep::id() const {
  Hasher hasher;
  hasher.add(file_.name);
  hasher.add(file_.text);
  for (const auto& base : file_.bases) hasher.add(config_hash(read_machine(base.document)));
  for (const auto& table : space_->energy_tables()) hasher.add(tables_.get(table).hash);
  for (std::size_t i = 0; i < layers_->workloads(); ++i) hasher.add(layers_->workload(i).hash());
  if (area_) hasher.add(area_->hash);
  hasher.add(kResultVersion);
  return hasher.hex();
}

std::vector<PointTask> Sweep::tasks() const {
  std::vector<PointTask> tasks;
  std::set<std::string> seen;
  for (const std::uint64_t number : space_->chosen())
    for (std::size_t workload = 0; workload < layers_->workloads(); ++workload) {
      PointTask task{number, workload, tasks.size(), key(number, workload), 0};
      if (seen.insert(task.key).second) tasks.push_back(std::move(task));
    }
  return tasks;
}

std::string Sweep::key(std::uint64_t configuration, std::size_t workload) const {
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
      family(machine).check_runs(machine, *layers_->layer(workload, index));
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
  if (invalid != 0 && !file_.skip_invalid)
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
  if (area_) sweep.area_hash = area_->hash;
  store.insert(sweep);
  std::vector<SweepPlace> places;
  for (const auto& task : tasks) places.push_back({task.position, task.key, space_->machine(task.configuration).name});
  store.insert(sweep.id, places);
  record_areas(tasks, store);
}

void Sweep::record_areas(const std::vector<PointTask>& tasks, Store& store) const {
  if (!area_) return;
  std::vector<StoredArea> areas;
  std::set<std::uint64_t> seen;
  for (const auto& task : tasks) {
    if (!seen.insert(task.configuration).second) continue;
    const Machine machine = space_->machine(task.configuration);
    const Area one = area(machine, *area_);
    nlohmann::ordered_json parts;
    for (const auto& [part, um2] : one.parts) parts[std::string(part)] = um2;
    areas.push_back({config_hash(machine), area_->hash, one.total, parts.dump()});
  }
  store.insert(areas);
}

std::unique_ptr<PointRunner> Sweep::local_runner(Store& store) {
  return std::make_unique<LocalRunner>(*space_, *layers_, tables_, store, options_);
}

std::uint64_t Sweep::search_budget() const {
  const Search& search = file_.search.value();
  if (search.points != 0) return search.points;
  return std::max<std::uint64_t>(1, static_cast<std::uint64_t>(search.share * static_cast<double>(space_->size())));
}

std::optional<std::vector<double>> Sweep::objectives(std::uint64_t configuration, const std::vector<Objective>& wanted,
                                                     const Store& store) const {
  std::vector<double> figures;
  for (const Objective objective : wanted) {
    if (objective == Objective::Area) {
      figures.push_back(area(space_->machine(configuration), area_.value()).total);
      continue;
    }
    double product = 1;
    for (std::size_t workload = 0; workload < layers_->workloads(); ++workload) {
      const auto point = store.point(key(configuration, workload), false);
      if (!point) return std::nullopt;
      product *= std::pow(objective == Objective::Cycles ? static_cast<double>(point->cycles) : point->energy,
                          1.0 / static_cast<double>(layers_->workloads()));
    }
    figures.push_back(product);
  }
  return figures;
}

std::vector<std::optional<std::vector<double>>> Sweep::evaluate(const std::vector<std::uint64_t>& configurations,
                                                                Store& store, PointRunner& runner,
                                                                std::uint64_t& places, SearchRun& run) {
  std::vector<bool> runs(configurations.size(), true);
  std::vector<PointTask> batch;
  for (std::size_t i = 0; i < configurations.size(); ++i) {
    const Machine machine = space_->machine(configurations[i]);
    runs[i] = !space_->skipped(machine);
    std::vector<PointTask> own;
    for (std::size_t workload = 0; runs[i] && workload < layers_->workloads(); ++workload) {
      PointTask task{configurations[i], workload, 0, key(configurations[i], workload), 0};
      if (!store.has(task.key)) {
        Place ignored;
        runs[i] = why_not(configurations[i], workload, ignored).empty();
        task.work = estimated_work(machine, layers_->dense_pairs(workload));
      }
      own.push_back(std::move(task));
    }
    if (runs[i]) batch.insert(batch.end(), own.begin(), own.end());
  }
  for (auto& task : batch) task.position = places++;
  const RunnerResult result = runner.run(batch);
  run.computed += result.computed;
  run.resubmitted += result.resubmitted;
  if (result.interrupted) throw Interrupted{};
  record(batch, store);
  std::vector<std::optional<std::vector<double>>> outcomes;
  for (std::size_t i = 0; i < configurations.size(); ++i)
    outcomes.push_back(runs[i] ? objectives(configurations[i], file_.search->objectives, store) : std::nullopt);
  return outcomes;
}

SearchRun Sweep::search(Store& store, PointRunner& runner) {
  const Search& wanted = file_.search.value();
  std::set<EnergyUnit> units;
  for (const auto& table : space_->energy_tables()) units.insert(tables_.get(table).unit);
  if (units.size() > 1 && std::ranges::find(wanted.objectives, Objective::Energy) != wanted.objectives.end())
    fail(file_.place_of("energy"), "the energy tables have different units, so no energy is less than another");

  // The search sees the dimensions on which there is a choice.
  SearchSpace searched;
  searched.objectives = wanted.objectives.size();
  std::vector<std::size_t> dimensions;
  for (std::size_t d = 0; d < space_->sizes().size(); ++d) {
    if (space_->sizes()[d] == 1) continue;
    dimensions.push_back(d);
    searched.sizes.push_back(space_->sizes()[d]);
    searched.ordered.push_back(d != 0 && file_.dimensions[d - 1].ordered());
  }
  const auto number = [&](const Choices& choices) {
    std::vector<std::uint64_t> all(space_->sizes().size());
    for (std::size_t i = 0; i < dimensions.size(); ++i) all[dimensions[i]] = choices[i];
    return space_->number(all);
  };
  SearchRun run;
  std::uint64_t places = 0;
  try {
    const SearchResult result =
        lacuna::search(searched, search_budget(), wanted.seed, [&](const std::vector<Choices>& batch) {
          std::vector<std::uint64_t> numbers;
          for (const auto& choices : batch) numbers.push_back(number(choices));
          const auto outcomes = evaluate(numbers, store, runner, places, run);
          for (const auto& outcome : outcomes) run.simulated += outcome ? 1 : 0;
          return outcomes;
        });
    for (const std::size_t index : result.front)
      run.front.emplace_back(number(result.evaluated[index].first), result.evaluated[index].second);
  } catch (const Interrupted&) {
    run.interrupted = true;
  }
  return run;
}

Coverage coverage(const std::vector<PointTask>& tasks, const Store& store) {
  Coverage result{0, tasks.size()};
  for (const auto& task : tasks)
    if (store.has(task.key)) ++result.done;
  return result;
}

}  // namespace lacuna
