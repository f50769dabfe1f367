// The tiles in flight: lowered when memory first asks for one, let go when its outputs are written. It numbers their
// blocks, in order, as memory's fetches.
#pragma once

#include <algorithm>
#include <deque>
#include <memory>

#include "base/error.h"
#include "datapaths/fabric/block.h"

namespace lacuna::fabric {

template <typename Own>
class TileStore {
 public:
  using Lowering = typename Own::Lowering;
  using Tile = typename Own::Tile;

  explicit TileStore(Lowering& lowering) : lowering_(lowering) {}

  [[nodiscard]] const Lowering& lowering() const { return lowering_; }

  /// Tile `index`, lowered now if it is the next one. Bug if it has been let go or lies further ahead.
  const Tile& get(TileIndex index) {
    LACUNA_CHECK(index >= first_ && index <= first_ + tiles_.size(), "tile {} asked for, {}.. are held", index, first_);
    if (index == first_ + tiles_.size()) {
      tiles_.push_back({lowering_.tile(index), end_});
      end_ += tiles_.back().tile->blocks.size();
    }
    return *tiles_[index - first_].tile;
  }
  /// Lets go of all tiles before `index`.
  void release_before(TileIndex index) {
    for (; first_ < index && !tiles_.empty(); ++first_) tiles_.pop_front();
  }

  /// The number of a block of a tile that is held; or of the first block of the next tile.
  [[nodiscard]] std::uint64_t number(BlockPosition at) const {
    const std::uint64_t ahead = at.tile - first_;
    LACUNA_CHECK(at.tile >= first_ && ahead <= tiles_.size(), "block of tile {}, {}.. are held", at.tile, first_);
    return (ahead == tiles_.size() ? end_ : tiles_[ahead].first_block) + at.block;
  }
  /// The block of that number, which is one of a tile that is held, or the first of the next tile.
  [[nodiscard]] BlockPosition position(std::uint64_t number) const {
    const auto after = std::ranges::upper_bound(tiles_, number, {}, &Held::first_block);
    if (number >= end_) return {TileIndex(first_ + tiles_.size()), static_cast<std::uint32_t>(number - end_)};
    LACUNA_CHECK(after != tiles_.begin(), "block {} has been let go", number);
    const auto held = after - 1;
    return {TileIndex(first_ + static_cast<std::uint64_t>(held - tiles_.begin())),
            static_cast<std::uint32_t>(number - held->first_block)};
  }

 private:
  struct Held {
    std::shared_ptr<const Tile> tile;
    std::uint64_t first_block;  ///< its number
  };

  Lowering& lowering_;
  TileIndex first_;        ///< tile at the front
  std::uint64_t end_ = 0;  ///< number of the first block of the next tile
  std::deque<Held> tiles_;
};

}  // namespace lacuna::fabric
