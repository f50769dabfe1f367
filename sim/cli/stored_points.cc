#include "cli/stored_points.h"

#include <algorithm>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <tuple>

#include "base/error.h"
#include "base/hash.h"
#include "machine/moved_keys.h"
#include "report/front_order.h"
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

/// Gives the page the busy PEs of the points that will be looked at first, as many as kMapBytes hold.
void add_maps(const Store& store, PageSweep& page, const std::vector<std::string>& keys) {
  std::size_t bytes = 0;
  for (const std::size_t i : front_order(page)) {
    if (!store.has_per_pe_busy(keys[i])) continue;
    const StoredPoint point = store.point(keys[i]).value();
    for (const auto& layer : point.layers) bytes += layer.per_pe_busy.size();
    if (bytes > kMapBytes) return;
    for (auto& layer : parse_result(point.result_json(), page.file).layers)
      page.points[i].maps.push_back({layer.name, layer.cycles, std::move(layer.busy)});
  }
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

std::string value_of(const Settings& settings, const std::string& name) {
  for (const auto& [key, value] : settings)
    if (key == name) return value;
  return "-";
}

/// "array.rows=8 network=lenet5": the point by these settings.
std::string name_by(const Settings& settings, const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names)
    text += fmt::format("{}{}={}", text.empty() ? "" : " ", name, value_of(settings, name));
  return text.empty() ? "the only point" : text;
}

/// Points that differ in their result version only: the newest stays.
void keep_newest(std::vector<Compared>& points) {
  std::map<Settings, std::size_t> latest;
  std::vector<Compared> kept;
  for (auto& point : points) {
    const auto [at, is_new] = latest.try_emplace(point.settings, kept.size());
    if (is_new)
      kept.push_back(std::move(point));
    else if (kept[at->second].result_version < point.result_version)
      kept[at->second] = std::move(point);
  }
  points = std::move(kept);
}

/// Settings with more than one value among the points of either store, in the order of the configuration.
std::vector<std::string> varying_settings(const ComparedStore& left, const ComparedStore& right) {
  std::vector<std::string> varying;
  for (const auto* store : {&left, &right}) {
    std::map<std::string, std::pair<std::string, bool>> seen;  // first value, and whether there is another
    std::vector<std::string> order;
    for (const auto& point : store->points)
      for (const auto& [name, value] : point.settings) {
        const auto [at, is_new] = seen.try_emplace(name, value, false);
        if (is_new) order.push_back(name);
        if (at->second.first != value) at->second.second = true;
      }
    for (const auto& name : order)
      if (seen.at(name).second && std::find(varying.begin(), varying.end(), name) == varying.end())
        varying.push_back(name);
  }
  return varying;
}

bool tell_apart(const std::vector<Compared>& points, const std::vector<std::string>& names) {
  std::set<std::string> seen;
  for (const auto& point : points)
    if (!seen.insert(name_by(point.settings, names)).second) return false;
  return true;
}

/// As few of the varying settings as tell the points of each store apart: what follows from others need not be named.
std::vector<std::string> naming_settings(const ComparedStore& left, const ComparedStore& right,
                                         std::vector<std::string> names) {
  for (std::size_t i = names.size(); i-- > 0;) {
    std::vector<std::string> fewer = names;
    fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(i));
    if (tell_apart(left.points, fewer) && tell_apart(right.points, fewer)) names = std::move(fewer);
  }
  return names;
}

/// In the order of the settings they are named by, numbers as numbers; a store keeps them in the order of their keys.
void sort_points(std::vector<Compared>& points, const std::vector<std::string>& names) {
  const auto before = [](const std::string& a, const std::string& b) {
    const auto is_number = [](const std::string& text) {
      return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
    };
    return is_number(a) && is_number(b) && a.size() != b.size() ? a.size() < b.size() : a < b;
  };
  std::stable_sort(points.begin(), points.end(), [&](const Compared& a, const Compared& b) {
    for (const auto& name : names) {
      const std::string left = value_of(a.settings, name), right = value_of(b.settings, name);
      if (left != right) return before(left, right);
    }
    return false;
  });
}

/// Points become layers; settings that do not vary become the configuration.
void finish(ComparedStore& store, const std::vector<std::string>& varying, const std::vector<std::string>& names) {
  Result& result = store.result;
  result.total.name = "total";
  result.total.verified = true;
  for (const auto& point : store.points) {
    result.layers.push_back(point.figures);
    result.layers.back().name = name_by(point.settings, names);
    result.total += point.figures;
  }
  static const std::set<std::string> said_elsewhere = {"network", "workload hash", "engine", "energy table",
                                                       "energy hash"};
  for (const auto& [name, value] : store.points.front().settings)
    if (!said_elsewhere.contains(name) && std::find(varying.begin(), varying.end(), name) == varying.end())
      result.config.emplace_back(name, value);
}

/// A setting that is not in the names may differ between the two points of a name: both sides say so once.
void tell_differences(ComparedStore& left, ComparedStore& right, const std::vector<std::string>& varying,
                      const std::vector<std::string>& names) {
  std::map<std::string, const Settings*> by_name;
  for (const auto& point : right.points) by_name[name_by(point.settings, names)] = &point.settings;
  for (const auto& setting : varying) {
    if (std::find(names.begin(), names.end(), setting) != names.end() || setting == "workload hash") continue;
    std::size_t differ = 0;
    std::string where, before, after;
    for (const auto& point : left.points) {
      const auto other = by_name.find(name_by(point.settings, names));
      if (other == by_name.end()) continue;
      const std::string base = value_of(point.settings, setting), now = value_of(*other->second, setting);
      if (base != now && differ++ == 0) std::tie(where, before, after) = std::tie(other->first, base, now);
    }
    if (differ == 0) continue;
    const std::string title = differ == 1 ? fmt::format("{} of {}", setting, where)
                                          : fmt::format("{} of {} and {} more", setting, where, differ - 1);
    left.result.config.emplace_back(title, before);
    right.result.config.emplace_back(title, after);
  }
}

/// The settings a sweep varies: its axes, and what tells points of one configuration apart beyond the network. Nothing
/// for a sweep that says none.
std::vector<std::string> axes_of(const StoredSweep& sweep, const PageSweep& page) {
  const auto json = nlohmann::json::parse(sweep.axes, nullptr, false);
  if (!json.is_array() || !std::all_of(json.begin(), json.end(), [](const auto& axis) { return axis.is_string(); }))
    fail(Place{page.file}, "the axes of sweep '{}' are no list of names; the store is damaged", sweep.name);
  std::vector<std::string> axes = json;
  if (axes.empty()) return axes;
  for (auto& axis : axes) axis = moved_key(axis).value_or(axis);  // a sweep of an earlier version
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

void refuse_damage(const std::filesystem::path& path) {
  if (!is_store(path)) return;
  if (const std::string damage = Store(path, Store::Mode::Read).damage(); !damage.empty())
    fail(Place{path.string()}, "the store is damaged, the rest of it is good: {}", damage);
}

std::vector<PageSweep> page_sweeps(const std::filesystem::path& path) {
  const Store store(path, Store::Mode::Read);
  std::vector<PageSweep> pages;
  std::vector<std::vector<std::string>> keys;  // of the points of each page
  std::set<std::string> shown;
  const auto add = [&](const std::string& name, std::size_t first, const StoredPoint& stored, PagePoint point) {
    const EnergyUnit unit = unit_of(stored);
    auto at = std::find_if(pages.begin() + static_cast<std::ptrdiff_t>(first), pages.end(),
                           [&](const PageSweep& page) { return page.unit == unit; });
    if (at == pages.end()) {
      at = pages.insert(at, {name, path.string(), unit, {}, {}});
      keys.emplace_back();
    }
    at->points.push_back(std::move(point));
    keys[static_cast<std::size_t>(at - pages.begin())].push_back(stored.key);
  };
  for (const auto& sweep : store.sweeps()) {
    const std::size_t first = pages.size();
    store.each_point_of(sweep.id, false, [&](std::uint64_t, const StoredPoint& point) {
      shown.insert(point.key);
      add(sweep.name, first, point, page_point(store, point, sweep.area_hash));
    });
    for (std::size_t i = first; i < pages.size(); ++i) pages[i].axes = axes_of(sweep, pages[i]);
  }
  const std::size_t first = pages.size();
  store.each_point(false, [&](const StoredPoint& point) {
    if (!shown.contains(point.key)) add(path.stem().string(), first, point, page_point(store, point, {}));
  });
  if (pages.empty()) fail(Place{path.string()}, "the store has no finished point");
  for (std::size_t i = 0; i < pages.size(); ++i) add_maps(store, pages[i], keys[i]);
  return pages;
}

std::pair<Result, Result> comparable_stores(const std::filesystem::path& base, const std::filesystem::path& now) {
  ComparedStore left = read_compared(base), right = read_compared(now);
  for (auto* store : {&left, &right}) keep_newest(store->points);
  const auto varying = varying_settings(left, right);
  const auto names = naming_settings(left, right, varying);
  for (auto* store : {&left, &right}) {
    sort_points(store->points, names);
    finish(*store, varying, names);
  }
  tell_differences(left, right, varying, names);
  return {std::move(left.result), std::move(right.result)};
}

}  // namespace lacuna
