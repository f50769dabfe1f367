// A store's points for other programs: CSV, or JSON lines flat enough for Parquet (points of one family of machines
// have the same keys and types).
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/enum_names.h"
#include "sweep/store.h"

namespace lacuna {

enum class ExportFormat { Csv, Jsonl };
enum class ExportRows { Points, Layers };

template <>
struct EnumNames<ExportFormat> {
  static constexpr std::array<std::string_view, 2> names = {"csv", "jsonl"};
};
template <>
struct EnumNames<ExportRows> {
  static constexpr std::array<std::string_view, 2> names = {"points", "layers"};
};

/// Gives `use` one line at a time, line end included. With a sweep: its finished points in the order of their
/// positions; without: all points in the order of their keys. Columns: position (of a sweep), key, network, engine,
/// config_hash, workload_hash, program_version, energy_unit, every parameter by its full name, area_um2 (of a sweep
/// with an area table), for layers `layer` and `op`, then the figures of a result file with the levels joined by dots.
/// Figures of energy have no unit in their names: the unit is a column, because points of one store may have tables of
/// different units. Parameters that had other names when a point was stored are under those of today. In CSV a cell is
/// empty where a point does not have what the column says: of another family, or stored by an earlier version.
void export_points(const Store& store, const std::optional<StoredSweep>& sweep, ExportFormat format, ExportRows rows,
                   const std::function<void(const std::string&)>& use);

}  // namespace lacuna
