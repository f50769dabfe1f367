// How much silicon is it? A count of the parts of a machine, which its family gives, and a table of what each takes: a
// first-order model for the choice between machines, not a floor plan.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/yaml.h"
#include "machine/config.h"

namespace lacuna {

/// um2 of one unit of a part.
struct AreaEntry {
  double int8 = 0, int16 = 0;
  std::string source;
};

struct AreaTable {
  std::string name;
  std::vector<std::pair<std::string_view, AreaEntry>> entries;  ///< by part: those of the first family, then others
  std::string file;                                             ///< for errors
  std::string hash;                                             ///< 32 hex digits over the figures

  /// The figures of the part called `name`, or nullptr.
  [[nodiscard]] const AreaEntry* find(std::string_view name) const;
};

/// A table may leave out parts that only some families have. UserError for unknown parts, wrong units, figures without
/// a source, negative figures.
AreaTable read_area_table(const std::filesystem::path& path);

/// UserError, in the name of the table's file, if `family` has parts that the table does not have.
void require_areas(const AreaTable& table, const Family& family);

struct Area {
  std::vector<std::pair<std::string_view, double>> parts;  ///< um2, in the order of the family's parts
  double total = 0;                                        ///< um2
};

/// Family::count_parts() times the table. UserError as require_areas().
Area area(const Machine& machine, const AreaTable& table);

}  // namespace lacuna
