// What does every PE do in a tile, whenever it does it? Messages, groups of slots, the group that stops a sum, pairs.
// Nothing here depends on time; the recurrences of the fabric say when it happens.
#pragma once

#include <cstdint>
#include <vector>

#include "datapaths/fabric/fast/work.h"
#include "datapaths/intersect/events.h"
#include "datapaths/intersect/fast/operands.h"
#include "datapaths/intersect/fast/values.h"

namespace lacuna::intersect::fast {

using fabric::fast::kNever;

/// Items are the steps.
struct TileWork : fabric::fast::TileWork {
  CompactTile operands;
  std::vector<event::PeSum> done;  ///< [PE] pairs and multiplied groups, without the one a stop may kill

  [[nodiscard]] const Tile& tile() const { return *operands.tile; }
};

/// Makes `work` the work of `tile`.
void fill(TileWork& work, const Operands& operands, const Values& values, CompactTile tile);

/// Bytes of the outputs of a tile as they are written.
std::uint64_t output_bytes(const Operands& operands, const Values& values, const CompactTile& tile);

}  // namespace lacuna::intersect::fast
