// Global buffer and DRAM as the array sees them, cycle by cycle: blocks arrive, output tiles leave, one at a time.
// Rules: sim/datapaths/intersect/README.md, section Memory. The same unit drives the SystemC array and the RTL.
#pragma once

#include <algorithm>
#include <array>
#include <compare>
#include <cstdint>
#include <optional>

#include "datapaths/intersect/events.h"
#include "memory/stalls.h"
#include "memory/tile_store.h"

namespace lacuna {

/// A block of a tile; blocks are fetched and passed in this order.
struct BlockPosition {
  std::uint64_t tile = 0;
  std::uint32_t block = 0;
  auto operator<=>(const BlockPosition&) const = default;
};

/// Cycles of a transfer of `dram_bytes` and `buffer_bytes` that feeders take in `words` words; without DRAM latency.
std::uint64_t transfer_cycles(const Machine& machine, std::uint64_t dram_bytes, std::uint64_t buffer_bytes,
                              std::uint64_t words);

/// What memory's registers show to the others.
struct MemoryState {
  BlockPosition loaded;                    ///< blocks before this one are in the operand buffers (or no longer wanted)
  BlockPosition begun;                     ///< fetches of the blocks before this one have begun
  std::array<BlockPosition, 2> fetched{};  ///< the latest two blocks whose fetch has begun, `fetches` of them valid
  std::uint64_t fetches = 0;
  std::uint64_t written = 0;  ///< tiles written
  bool finished = false;

  /// Fetched blocks that some feeder, the slowest of which is at `slowest`, is not past.
  [[nodiscard]] unsigned unreleased(BlockPosition slowest) const {
    unsigned count = 0;
    for (std::uint64_t i = 0; i < fetches && i < fetched.size(); ++i) count += fetched[i] >= slowest ? 1 : 0;
    return count;
  }
};

/// What memory reads of the others' registers.
struct ArrayState {
  BlockPosition slowest;                     ///< the oldest block some feeder is not past
  std::optional<std::uint64_t> ready_bytes;  ///< encoded bytes of the oldest unwritten tile, if all results are there
};

class MemoryUnit {
 public:
  MemoryUnit(const Lowering& lowering, TileStore& tiles, const Stalls& stalls = {})
      : lowering_(lowering), tiles_(tiles), stalls_(stalls) {}

  /// One cycle: from the registers at its start to those at its end. Reports event::Fetch and event::Write to `sink`.
  template <typename Sink>
  void cycle(std::uint64_t now, const ArrayState& array, Sink& sink);

  [[nodiscard]] const MemoryState& state() const { return state_; }
  /// A transfer is under way.
  [[nodiscard]] bool busy() const { return remaining_ != 0; }
  /// Memory stands still in cycle `now`.
  [[nodiscard]] bool held(std::uint64_t now) const { return stalls_.holds(Stalls::Port::Memory, 0, now); }

 private:
  /// The next block to fetch: blocks of tiles that every feeder is past are passed over.
  void pass_over(BlockPosition slowest);

  const Lowering& lowering_;
  TileStore& tiles_;
  Stalls stalls_;
  MemoryState state_;
  std::uint64_t remaining_ = 0;  ///< cycles of the transfer under way
  bool writing_ = false;
};

template <typename Sink>
void MemoryUnit::cycle(std::uint64_t now, const ArrayState& array, Sink& sink) {
  const Machine& machine = lowering_.machine();
  if (held(now)) return;
  if (remaining_ == 0) {
    if (array.ready_bytes) {
      const std::uint64_t burst = machine.dram.burst_bytes;
      const std::uint64_t dram_bytes = (*array.ready_bytes + burst - 1) / burst * burst;
      remaining_ = transfer_cycles(machine, dram_bytes, *array.ready_bytes, 0);
      writing_ = true;
      sink.on(event::Write{now, remaining_, state_.written, *array.ready_bytes, dram_bytes});
    } else if (pass_over(array.slowest);
               state_.begun.tile < lowering_.tiles() && state_.unreleased(array.slowest) < 2) {
      const Tile& tile = tiles_.get(state_.begun.tile);
      const Block& block = tile.blocks[state_.begun.block];
      remaining_ = transfer_cycles(machine, block.dram_bytes, block.buffer_bytes, block.words) +
                   (block.dram_bytes != 0 ? machine.dram.latency : 0);
      writing_ = false;
      sink.on(event::Fetch{now, remaining_, &tile, state_.begun.block});
      state_.fetched = {state_.fetched[1], state_.begun};
      if (state_.fetches == 0) state_.fetched[0] = state_.begun;
      ++state_.fetches;
      const bool last = state_.begun.block + 1 == tile.blocks.size();
      state_.begun = last ? BlockPosition{tile.index + 1, 0} : BlockPosition{tile.index, state_.begun.block + 1};
    }
  }
  if (remaining_ != 0 && --remaining_ == 0) {
    if (writing_) {
      ++state_.written;
      tiles_.release_before(std::min(state_.written, array.slowest.tile));
      state_.finished = state_.written == lowering_.tiles();
    } else {
      state_.loaded = state_.begun;
    }
  }
}

}  // namespace lacuna
