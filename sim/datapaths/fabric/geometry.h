// Which PEs a tile maps: filters lie on rows, windows on columns, the first ones of each.
#pragma once

#include <cstdint>

#include "machine/index.h"

namespace lacuna::fabric {

/// Behind every tile of every layer.
constexpr TileIndex kNoTileIndex(UINT64_MAX);

struct Geometry {
  std::uint32_t columns = 0;    ///< mapped columns
  std::uint32_t rows = 0;       ///< mapped rows of every column but the last
  std::uint32_t last_rows = 0;  ///< mapped rows of the last mapped column

  [[nodiscard]] bool mapped(Row row, Column column) const { return column < columns && row < rows_of(column); }
  /// Mapped rows of a column.
  [[nodiscard]] std::uint32_t rows_of(Column column) const {
    return column + 1 < columns ? rows : column + 1 == columns ? last_rows : 0;
  }
  /// Mapped columns of a row.
  [[nodiscard]] std::uint32_t columns_of(Row row) const {
    return row < last_rows ? columns : row < rows ? columns - 1 : 0;
  }
  [[nodiscard]] std::uint32_t pes() const { return rows * (columns - 1) + last_rows; }
};

}  // namespace lacuna::fabric
