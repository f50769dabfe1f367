// In which order tiles come: group by group, and in a group one operand stays while the other sweeps.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "datapaths/fabric/geometry.h"

namespace lacuna::fabric {

/// Which filters and windows a tile takes; tiles of both are numbered from 0 on in each group.
struct TilePosition {
  std::uint32_t group, filter_tile, window_tile;
};

class TileOrder {
 public:
  TileOrder() = default;
  /// `filter_tiles`, `window_tiles`: of one group. With `filters_outer` a filter tile stays while windows sweep.
  TileOrder(std::uint32_t groups, std::uint32_t filter_tiles, std::uint32_t window_tiles, bool filters_outer)
      : groups_(groups), filter_tiles_(filter_tiles), window_tiles_(window_tiles), filters_outer_(filters_outer) {}

  [[nodiscard]] std::uint64_t tiles() const { return groups_ * of_group(); }
  [[nodiscard]] TilePosition position(TileIndex index) const {
    const std::uint64_t within = index % of_group();
    const std::uint32_t inner = filters_outer_ ? window_tiles_ : filter_tiles_;
    const auto outer_index = static_cast<std::uint32_t>(within / inner);
    const auto inner_index = static_cast<std::uint32_t>(within % inner);
    const auto group = static_cast<std::uint32_t>(index / of_group());
    return filters_outer_ ? TilePosition{group, outer_index, inner_index}
                          : TilePosition{group, inner_index, outer_index};
  }
  [[nodiscard]] TileIndex index(const TilePosition& at) const {
    return TileIndex(at.group * of_group() + (filters_outer_
                                                  ? std::uint64_t{at.filter_tile} * window_tiles_ + at.window_tile
                                                  : std::uint64_t{at.window_tile} * filter_tiles_ + at.filter_tile));
  }
  /// The last tile that maps the PE, if any does; geometry(position) says which PEs a tile maps. Only the last filter
  /// tile and the last window tile of a group may be smaller than the others.
  template <typename GeometryOf>
  [[nodiscard]] std::optional<TileIndex> last_tile(Row row, Column column, GeometryOf geometry) const {
    std::optional<TileIndex> latest;
    for (std::uint32_t f = 1; f <= std::min(2u, filter_tiles_); ++f)
      for (std::uint32_t w = 1; w <= std::min(2u, window_tiles_); ++w) {
        const TilePosition at{groups_ - 1, filter_tiles_ - f, window_tiles_ - w};
        if (geometry(at).mapped(row, column) && (!latest || *latest < index(at))) latest = index(at);
      }
    return latest;
  }

 private:
  [[nodiscard]] std::uint64_t of_group() const { return std::uint64_t{filter_tiles_} * window_tiles_; }

  std::uint32_t groups_ = 0, filter_tiles_ = 0, window_tiles_ = 0;
  bool filters_outer_ = true;
};

}  // namespace lacuna::fabric
