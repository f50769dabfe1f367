// What does every PE do in a tile, whenever it does it? Groups of slots, the group that stops a sum, pairs. Nothing
// here depends on time; pe_by_pe.h says when it happens.
#pragma once

#include <cstdint>
#include <vector>

#include "datapaths/intersect/fast/operands.h"
#include "datapaths/intersect/fast/values.h"

namespace lacuna::intersect::fast {

constexpr std::uint32_t kNever = UINT32_MAX;

/// The work of one PE in one tile.
struct PeWork {
  std::uint64_t executed = 0, wasted = 0, gated = 0, skipped = 0, terminated = 0;  ///< pairs
  std::uint64_t busy = 0, gated_groups = 0, bubbles = 0;  ///< groups multiplied, without the one a stop may kill
};

struct TileWork {
  CompactTile operands;
  std::uint32_t steps = 0;
  std::vector<PeWork> pes;                ///< [rows x columns of the array]
  std::vector<std::uint32_t> stop_step;   ///< [PE] the step whose group stops the sum; kNever if none does
  std::vector<std::uint32_t> stop_group;  ///< [PE] that group, counted from 0 within the step
  std::vector<std::uint8_t> groups;       ///< [PE][step]: cycles of the match stage for the chunk pair, 1..128

  [[nodiscard]] const Tile& tile() const { return *operands.tile; }
  [[nodiscard]] std::uint32_t groups_of(std::size_t pe, std::uint32_t step) const { return groups[pe * steps + step]; }
};

/// The work of `tile`.
TileWork work_of(const Operands& operands, const Values& values, CompactTile tile);

/// Bytes of the outputs of a tile as they are written.
std::uint64_t output_bytes(const Operands& operands, const Values& values, const CompactTile& tile);

}  // namespace lacuna::intersect::fast
