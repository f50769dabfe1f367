// What memory fetches: a run of steps of one tile that fits half of every operand buffer.
#pragma once

#include <compare>
#include <cstdint>

#include "machine/index.h"
#include "machine/memory_plan.h"

namespace lacuna::fabric {

struct Block {
  std::uint32_t begin = 0, end = 0;          ///< steps
  Extent weights{}, inputs{};                ///< from DRAM, whole bursts
  std::uint64_t buffer_bytes = 0;            ///< read from the global buffer
  std::uint64_t weight_write_bytes = 0;      ///< written to weight feeders' buffers
  std::uint64_t activation_write_bytes = 0;  ///< written to activation feeders' buffers
  std::uint32_t words = 0;                   ///< the most any feeder takes
  [[nodiscard]] std::uint64_t dram_bytes() const { return weights.bytes + inputs.bytes; }
};

/// Part `i` of `count` even ones of what a tile fetches from DRAM, in whole bursts of `burst` bytes: what its block i
/// fetches.
[[nodiscard]] inline Extent part_of(const Extent& all, std::uint64_t i, std::uint64_t count, std::uint64_t burst) {
  const std::uint64_t before = all.bytes * i / count;
  const std::uint64_t part = all.bytes * (i + 1) / count - before;
  return {all.address + before, (part + burst - 1) / burst * burst};
}

/// A block of a tile; blocks are fetched and passed in this order.
struct BlockPosition {
  TileIndex tile;
  std::uint32_t block = 0;
  auto operator<=>(const BlockPosition&) const = default;
};

}  // namespace lacuna::fabric
