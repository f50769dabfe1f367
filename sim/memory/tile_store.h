// The tiles in flight: lowered when memory first asks for one, let go when its outputs are written.
#pragma once

#include <deque>
#include <memory>

#include "datapaths/intersect/lowering.h"

namespace lacuna {

class TileStore {
 public:
  explicit TileStore(Lowering& lowering) : lowering_(lowering) {}

  /// Tile `index`, lowered now if it is the next one. Bug if it has been let go or lies further ahead.
  const Tile& get(std::uint64_t index) {
    LACUNA_CHECK(index >= first_ && index <= first_ + tiles_.size(), "tile {} asked for, {}.. are held", index, first_);
    if (index == first_ + tiles_.size()) tiles_.push_back(lowering_.tile(index));
    return *tiles_[index - first_];
  }
  /// Lets go of all tiles before `index`.
  void release_before(std::uint64_t index) {
    for (; first_ < index && !tiles_.empty(); ++first_) tiles_.pop_front();
  }

 private:
  Lowering& lowering_;
  std::uint64_t first_ = 0;
  std::deque<std::shared_ptr<const Tile>> tiles_;
};

}  // namespace lacuna
