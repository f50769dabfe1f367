#include "cli/stored_points.h"

#include <algorithm>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "base/error.h"
#include "base/hash.h"
#include "sweep/store.h"

namespace lacuna {

namespace {

using Settings = std::vector<std::pair<std::string, std::string>>;

EnergyUnit unit_of(const StoredPoint& point) { return point.energy_unit == "RF" ? EnergyUnit::Rf : EnergyUnit::Pj; }

/// Parameters, then what else tells points apart. The energy table's path says less than its name and hash.
Settings settings_of(const StoredPoint& point, Settings config) {
  std::erase_if(config, [](const auto& setting) { return setting.first == "energy"; });
  config.emplace_back("network", point.network);
  config.emplace_back("workload hash", point.identity.workload_hash);
  config.emplace_back("layers", point.identity.layers.empty() ? "all" : point.identity.layers);
  config.emplace_back("engine", point.identity.engine);
  config.emplace_back("energy table", point.energy_table);
  config.emplace_back("energy hash", point.identity.energy_hash);
  config.emplace_back("verified", point.verified ? "yes" : "no");
  return config;
}

PagePoint page_point(const Store& store, const StoredPoint& point, const std::string& area_hash) {
  Result figures = parse_parts(point.config, point.total, unit_of(point), store.path().string());
  PagePoint one;
  one.settings = settings_of(point, std::move(figures.config));
  one.cycles = point.cycles;
  one.seconds = point.seconds;
  one.energy = point.energy;
  one.pe_cycles = figures.total.pe_cycles;
  if (!area_hash.empty())
    if (const auto area = store.area(point.identity.config_hash, area_hash)) one.um2 = area->um2;
  return one;
}

/// A point for a comparison.
struct Compared {
  Settings settings;
  std::uint64_t result_version = 0;
  ResultGroup figures;
};

/// The points of a store and a Result that says what they have in common.
struct ComparedStore {
  Result result;
  std::vector<Compared> points;
};

/// `text`, or "several" where points disagree.
void agree(std::string& text, const std::string& other, bool first) {
  if (first)
    text = other;
  else if (text != other)
    text = "several";
}

ComparedStore read_compared(const std::filesystem::path& path) {
  const Store store(path, Store::Mode::Read);
  ComparedStore read;
  Result& all = read.result;
  all.file = path.string();
  all.part = "point";
  std::set<std::string> workloads, networks;
  bool first = true;
  store.each_point(false, [&](const StoredPoint& point) {
    Result one = parse_parts(point.config, point.total, unit_of(point), all.file);
    if (!first && all.energy_unit != one.energy_unit)
      fail(Place{all.file}, "its points have energies in pJ and in RF; compare takes one unit");
    all.energy_unit = one.energy_unit;
    agree(all.version, point.program_version, first);
    agree(all.engine, point.identity.engine, first);
    agree(all.energy_table, point.energy_table, first);
    agree(all.energy_hash, point.identity.energy_hash, first);
    workloads.insert(point.identity.workload_hash);
    networks.insert(point.network);
    one.total.verified = point.verified;
    Settings settings = settings_of(point, std::move(one.config));
    std::erase_if(settings, [](const auto& setting) { return setting.first == "verified"; });
    read.points.push_back({std::move(settings), point.identity.result_version, std::move(one.total)});
    first = false;
  });
  if (first) fail(Place{all.file}, "the store has no finished point");
  Hasher hasher;
  for (const auto& hash : workloads) hasher.add(hash);
  all.workload_hash = hasher.hex();
  all.workload = fmt::format("{}", fmt::join(networks, ", "));
  all.config_hash = "several";
  return read;
}

/// Names of settings in the order of the first point, those of other points after them, with the values they take.
using Values = std::vector<std::pair<std::string, std::set<std::string>>>;

Values values_of(const std::vector<Compared>& points) {
  Values values;
  for (const auto& point : points)
    for (const auto& [name, value] : point.settings) {
      auto at = std::find_if(values.begin(), values.end(), [&](const auto& entry) { return entry.first == name; });
      if (at == values.end()) at = values.insert(values.end(), {name, {}});
      at->second.insert(value);
    }
  return values;
}

/// Points become layers; settings that do not vary become the configuration.
void finish(ComparedStore& store, const std::set<std::string>& varying) {
  Result& result = store.result;
  std::map<std::string, std::pair<std::uint64_t, ResultGroup>> by_name;
  std::vector<std::string> order;
  for (auto& point : store.points) {
    std::string name;
    for (const auto& [key, value] : point.settings)
      if (varying.contains(key)) name += fmt::format("{}{}={}", name.empty() ? "" : " ", key, value);
    if (name.empty()) name = "the only point";
    point.figures.name = name;
    auto [at, is_new] = by_name.try_emplace(name, point.result_version, point.figures);
    if (is_new)
      order.push_back(name);
    else if (at->second.first < point.result_version)
      at->second = {point.result_version, point.figures};
  }
  for (const auto& name : order) result.layers.push_back(by_name.at(name).second);
  result.total.name = "total";
  result.total.verified = true;
  for (const auto& layer : result.layers) result.total += layer;
  static const std::set<std::string> said_elsewhere = {"network", "workload hash", "engine", "energy table",
                                                       "energy hash"};
  for (const auto& [name, value] : store.points.front().settings)
    if (!varying.contains(name) && !said_elsewhere.contains(name)) result.config.emplace_back(name, value);
}

/// The settings a sweep varies: its axes, and what tells points of one configuration apart beyond the network. Nothing
/// for a sweep that says none.
std::vector<std::string> axes_of(const StoredSweep& sweep, const PageSweep& page) {
  const auto json = nlohmann::json::parse(sweep.axes, nullptr, false);
  if (!json.is_array() || !std::all_of(json.begin(), json.end(), [](const auto& axis) { return axis.is_string(); }))
    fail(Place{page.file}, "the axes of sweep '{}' are no list of names; the store is damaged", sweep.name);
  std::vector<std::string> axes = json;
  if (axes.empty()) return axes;
  std::set<std::string> networks, hashes;
  for (const auto& point : page.points)
    for (const auto& [name, value] : point.settings) {
      if (name == "network") networks.insert(value);
      if (name == "workload hash") hashes.insert(value);
    }
  axes.insert(axes.end(), {"layers", "engine", "energy hash", "verified"});
  if (hashes.size() > networks.size()) axes.emplace_back("workload hash");
  return axes;
}

}  // namespace

bool is_store(const std::filesystem::path& path) {
  constexpr std::string_view kSignature = "SQLite format 3";
  std::string begin(kSignature.size(), '\0');
  std::ifstream file(path, std::ios::binary);
  return file.read(begin.data(), static_cast<std::streamsize>(begin.size())) && begin == kSignature;
}

std::vector<PageSweep> page_sweeps(const std::filesystem::path& path) {
  const Store store(path, Store::Mode::Read);
  std::vector<PageSweep> pages;
  std::set<std::string> shown;
  const auto add = [&](const std::string& name, EnergyUnit unit, std::size_t first, PagePoint point) {
    auto at = std::find_if(pages.begin() + static_cast<std::ptrdiff_t>(first), pages.end(),
                           [&](const PageSweep& page) { return page.unit == unit; });
    if (at == pages.end()) at = pages.insert(at, {name, path.string(), unit, {}, {}});
    at->points.push_back(std::move(point));
  };
  for (const auto& sweep : store.sweeps()) {
    const std::size_t first = pages.size();
    store.each_point_of(sweep.id, false, [&](std::uint64_t, const StoredPoint& point) {
      shown.insert(point.key);
      add(sweep.name, unit_of(point), first, page_point(store, point, sweep.area_hash));
    });
    for (std::size_t i = first; i < pages.size(); ++i) pages[i].axes = axes_of(sweep, pages[i]);
  }
  const std::size_t first = pages.size();
  store.each_point(false, [&](const StoredPoint& point) {
    if (!shown.contains(point.key)) add(path.stem().string(), unit_of(point), first, page_point(store, point, {}));
  });
  if (pages.empty()) fail(Place{path.string()}, "the store has no finished point");
  return pages;
}

std::pair<Result, Result> comparable_stores(const std::filesystem::path& base, const std::filesystem::path& now) {
  ComparedStore left = read_compared(base), right = read_compared(now);
  std::set<std::string> varying;
  for (const auto* store : {&left, &right})
    for (const auto& [name, values] : values_of(store->points))
      if (values.size() > 1) varying.insert(name);
  finish(left, varying);
  finish(right, varying);
  return {std::move(left.result), std::move(right.result)};
}

}  // namespace lacuna
