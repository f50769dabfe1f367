// The statements that every table of a store needs: which rows are as they were written, and how a row is put in.
#pragma once

#include <string>
#include <string_view>

#include "sweep/store_schema.h"

namespace lacuna {

/// True of a row of `table` whose values are those that its checksum was made of.
[[nodiscard]] std::string is_sound(const StoreTable& table);

/// Makes the temporary views PREFIX_points, PREFIX_layers, ...: the sound rows of a store that is open under the name
/// `schema`, with the columns of the newest version; and PREFIX_whole_points: those of which all layers are sound.
[[nodiscard]] std::string make_views(std::string_view schema, std::string_view prefix, int version);
[[nodiscard]] std::string drop_views(std::string_view prefix);

/// Puts a row of bound values in, one for each column. A row with this key stays as it is unless it is damaged.
[[nodiscard]] std::string put_row(const StoreTable& table);
/// The same of every row of `view`.
[[nodiscard]] std::string put_rows(const StoreTable& table, std::string_view view);

/// What makes the newest version of a store of `version`.
[[nodiscard]] std::string upgrade_from(int version);

/// The rows of `table` that are damaged, in words.
[[nodiscard]] std::string damaged_rows(const StoreTable& table);

}  // namespace lacuna
