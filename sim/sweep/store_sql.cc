#include "sweep/store_sql.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <vector>

namespace lacuna {

namespace {

constexpr int kFirstWithBusy = 3, kFirstWithChecksums = 4;

std::vector<std::string_view> names(std::string_view columns) {
  std::vector<std::string_view> list;
  for (std::size_t at = 0; at < columns.size();) {
    const std::size_t end = std::min(columns.find(", ", at), columns.size());
    list.push_back(columns.substr(at, end - at));
    at = end + 2;
  }
  return list;
}

std::string put(const StoreTable& table, std::string_view rows) {
  std::string updates;
  for (const auto name : names(table.columns)) updates += fmt::format("{0} = excluded.{0}, ", name);
  std::vector<std::string> present;
  for (const auto name : names(table.columns)) present.push_back(fmt::format("{}.{}", table.name, name));
  return fmt::format(
      "INSERT INTO main.{0} ({1}, checksum) {2} ON CONFLICT ({3}) DO UPDATE SET {4}checksum = excluded.checksum "
      "WHERE row_checksum({5}) IS NOT {0}.checksum",
      table.name, table.columns, rows, table.key, updates, fmt::join(present, ", "));
}

/// The columns of the newest version as a store of `version` gives them.
std::string columns_in(const StoreTable& table, std::string_view schema, int version) {
  std::string text;
  for (const auto name : names(table.columns)) {
    if (!text.empty()) text += ", ";
    if (name == "per_pe_busy" && version < kFirstWithBusy)
      text += "NULL AS per_pe_busy";
    else if (name == "layer_rows" && version < kFirstWithChecksums)
      text += fmt::format("(SELECT count(*) FROM {}.layers WHERE point = key) AS layer_rows", schema);
    else
      text += name;
  }
  return text;
}

}  // namespace

std::string is_sound(const StoreTable& table) { return fmt::format("row_checksum({}) IS checksum", table.columns); }

std::string make_views(std::string_view schema, std::string_view prefix, int version) {
  std::string text;
  for (const StoreTable& table : kCheckedTables)
    text += fmt::format("CREATE TEMP VIEW {}_{} AS SELECT {} FROM {}.{} WHERE {};", prefix, table.name,
                        columns_in(table, schema, version), schema, table.name,
                        version < kFirstWithChecksums ? "true" : is_sound(table));
  return text + fmt::format(
                    "CREATE TEMP VIEW {0}_whole_points AS SELECT * FROM {0}_points "
                    "WHERE layer_rows = (SELECT count(*) FROM {0}_layers WHERE point = key)",
                    prefix);
}

std::string drop_views(std::string_view prefix) {
  std::string text = fmt::format("DROP VIEW {}_whole_points", prefix);
  for (const StoreTable& table : kCheckedTables) text += fmt::format("; DROP VIEW {}_{}", prefix, table.name);
  return text;
}

std::string put_row(const StoreTable& table) {
  std::vector<std::string> values;
  for (std::size_t i = 1; i <= names(table.columns).size(); ++i) values.push_back(fmt::format("?{}", i));
  return put(table, fmt::format("VALUES ({0}, row_checksum({0}))", fmt::join(values, ", ")));
}

std::string put_rows(const StoreTable& table, std::string_view view) {
  return put(table, fmt::format("SELECT {0}, row_checksum({0}) FROM {1} WHERE true", table.columns, view));
}

std::string upgrade_from(int version) {
  std::string text;
  if (version < kFirstWithBusy) text += "ALTER TABLE layers ADD COLUMN per_pe_busy BLOB;";
  if (version < kFirstWithChecksums) {
    text +=
        "ALTER TABLE points ADD COLUMN layer_rows INTEGER;"
        "UPDATE points SET layer_rows = (SELECT count(*) FROM layers WHERE point = key);";
    for (const StoreTable& table : kCheckedTables)
      text += fmt::format("ALTER TABLE {0} ADD COLUMN checksum INTEGER; UPDATE {0} SET checksum = row_checksum({1});",
                          table.name, table.columns);
  }
  return text;
}

std::string damaged_rows(const StoreTable& table) {
  return fmt::format("SELECT {} FROM {} WHERE NOT ({})", table.row, table.name, is_sound(table));
}

}  // namespace lacuna
