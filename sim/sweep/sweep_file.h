// What a sweep file says: base configurations, workloads, axes, conditions, samples, search. README.md has the keys.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/enum_names.h"
#include "base/yaml.h"
#include "sweep/condition.h"

namespace lacuna {

enum class Objective { Cycles, Energy, Area };

template <>
struct EnumNames<Objective> {
  static constexpr std::array<std::string_view, 3> names = {"cycles", "energy", "area"};
};

/// One parameter and the values it takes.
struct Axis {
  std::string name;  ///< "array.rows"
  Place place;       ///< of the name
  std::vector<yaml::Node> values;
};

/// Axes that move together: a single one, or the members of a `zip`. All have the same number of values, at least one.
struct Dimension {
  std::vector<Axis> axes;
  [[nodiscard]] std::uint64_t size() const { return axes.front().values.size(); }
  /// Whether its values are numbers that only rise or only fall, on the first of its axes.
  [[nodiscard]] bool ordered() const;
};

struct BaseConfig {
  std::filesystem::path path;
  Place place;          ///< in the sweep file
  yaml::Node document;  ///< with the values of `set`
};

struct WorkloadChoice {
  std::filesystem::path path;
  Place place;                      ///< in the sweep file
  std::vector<std::string> layers;  ///< empty: all
  std::vector<Place> layer_places;
};

struct Samples {
  enum class Kind { Random, LatinHypercube };
  Kind kind = Kind::Random;
  std::uint64_t count = 0, seed = 1;
};

struct Search {
  std::vector<Objective> objectives;
  std::uint64_t points = 0;  ///< how many it may simulate; 0: `share` of the space says it
  double share = 0;
  std::uint64_t seed = 1;
};

struct SweepFile {
  std::filesystem::path path;
  std::string text;  ///< word for word
  std::string name;
  std::vector<BaseConfig> bases;
  std::vector<WorkloadChoice> workloads;
  std::string engine = "fast";
  Place engine_place;
  std::vector<Dimension> dimensions;  ///< in the order of the file; the last one moves fastest
  std::vector<Condition> skip_where;
  std::optional<Samples> samples;
  std::optional<Search> search;
  std::optional<std::filesystem::path> area;
  bool skip_invalid = false;  ///< points that cannot run are left out instead of refused
  Place axes_place;

  /// Where the value of a parameter is said: its axis, or the base configurations.
  [[nodiscard]] Place place_of(std::string_view parameter) const;
};

/// Reads and checks everything but the workloads' tensors. UserError at the first fault.
SweepFile read_sweep(const std::filesystem::path& path);

/// Puts `value` at "section.key" of a configuration's document, with the places of the sweep file.
void put(yaml::Node& document, const std::string& name, const Place& place, const yaml::Node& value);

}  // namespace lacuna
