// Which PEs do the tiles of a layer map? What the recurrences ask before they ask what a tile does.
#pragma once

#include <cstdint>
#include <optional>

#include "datapaths/fabric/geometry.h"

namespace lacuna::fabric::fast {

class Tiles {
 public:
  virtual ~Tiles() = default;
  [[nodiscard]] virtual std::uint64_t tiles() const = 0;
  [[nodiscard]] virtual Geometry geometry(TileIndex tile) const = 0;
  /// The least columns, rows and last rows of all tiles.
  [[nodiscard]] virtual Geometry smallest() const = 0;
  /// The last tile that maps the PE, if any does.
  [[nodiscard]] virtual std::optional<TileIndex> last_tile(Row row, Column column) const = 0;
};

}  // namespace lacuna::fabric::fast
