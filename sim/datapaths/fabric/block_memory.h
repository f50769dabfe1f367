// Memory as the array sees it: fetches are blocks of tiles, outputs are tiles. The same unit drives the SystemC array
// and the RTL.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "datapaths/fabric/events.h"
#include "datapaths/fabric/tile_store.h"
#include "memory/memory_unit.h"

namespace lacuna::fabric {

/// What memory's registers show to the others.
struct MemoryState {
  BlockPosition loaded;                   ///< blocks before this one are in the operand buffers (or no longer wanted)
  BlockPosition begun;                    ///< blocks before this one are requested
  BlockPosition taken;                    ///< blocks before this one have taken a half of the operand buffers
  std::array<BlockPosition, 2> halves{};  ///< the latest two blocks that have, `halves_taken` of them valid
  std::uint64_t halves_taken = 0;
  TileIndex writing;  ///< the oldest tile whose write has not begun
  TileIndex written;  ///< the oldest tile that is not written
  bool finished = false;

  /// Halves held by blocks that some feeder, the slowest of which is at `slowest`, is not past.
  [[nodiscard]] unsigned halves_held(BlockPosition slowest) const {
    unsigned count = 0;
    for (std::uint64_t i = 0; i < halves_taken && i < halves.size(); ++i) count += halves[i] >= slowest ? 1 : 0;
    return count;
  }
};

/// What memory reads of the others' registers.
struct ArrayState {
  BlockPosition slowest;                     ///< the oldest block some feeder is not past
  std::optional<std::uint64_t> ready_bytes;  ///< encoded bytes of tile `writing`, if all results are there
};

template <typename Own>
class BlockMemory {
 public:
  using Tile = typename Own::Tile;

  BlockMemory(TileStore<Own>& tiles, const Stalls& stalls)
      : tiles_(tiles),
        unit_(tiles.lowering().machine(),
              {tiles.lowering().tiles(), tiles.lowering().plan().output_address(), tiles.lowering().plan().room()},
              stalls) {}

  /// One cycle: from the registers at its start to those at its end. Reports event::Fetch and event::Write to `sink`.
  template <typename Sink>
  void cycle(std::uint64_t now, const ArrayState& array, Sink& sink) {
    cycle(now, array, sink, [](const Tile&, std::uint32_t) {});
  }
  /// The same, and calls load(tile, block) in the first cycle in which words of a block go to the operand buffers.
  template <typename Sink, typename Load>
  void cycle(std::uint64_t now, const ArrayState& array, Sink& sink, Load load) {
    const FetchState before = unit_.state();
    Port<Sink, Load> port{tiles_, sink, load, state_};
    unit_.cycle(now, {tiles_.number(array.slowest), array.ready_bytes}, port);
    const FetchState& after = unit_.state();
    if (after.begun != before.begun) state_.begun = tiles_.position(after.begun);
    if (after.loaded != before.loaded) state_.loaded = tiles_.position(after.loaded);
    state_.writing = TileIndex(after.writing);
    if (after.written == before.written) return;
    state_.written = TileIndex(after.written);
    state_.finished = after.finished;
    TileIndex kept = std::min(state_.written, array.slowest.tile);
    if (const auto waiting = unit_.oldest_waiting()) kept = std::min(kept, tiles_.position(*waiting).tile);
    tiles_.release_before(kept);
  }

  [[nodiscard]] const MemoryState& state() const { return state_; }
  [[nodiscard]] bool busy() const { return unit_.busy(); }
  [[nodiscard]] bool held(std::uint64_t now) const { return unit_.held(now); }

 private:
  template <typename Sink, typename Load>
  struct Port {
    TileStore<Own>& tiles;
    Sink& sink;
    Load& load;
    MemoryState& state;

    [[nodiscard]] std::optional<Transfer> transfer(std::uint64_t fetch) const {
      const BlockPosition at = tiles.position(fetch);
      if (at.tile == tiles.lowering().tiles()) return std::nullopt;
      const auto& block = tiles.get(at.tile).blocks[at.block];
      return Transfer{{block.weights, block.inputs}, block.buffer_bytes, block.words};
    }
    void fetch_begins(std::uint64_t fetch, std::uint64_t now, std::uint64_t cycles, const Transfer&) {
      const BlockPosition at = tiles.position(fetch);
      const Tile& tile = tiles.get(at.tile);
      sink.on(event::Fetch<Own>{now, cycles, at.tile, at.block, &tile.blocks[at.block],
                                at.block == 0 ? tile.left_out() : 0});
    }
    void half_taken(std::uint64_t fetch) {
      const BlockPosition at = tiles.position(fetch);
      state.halves = {state.halves_taken == 0 ? at : state.halves[1], at};
      ++state.halves_taken;
      state.taken = {at.tile, at.block + 1};
    }
    void load_begins(std::uint64_t fetch) {
      const BlockPosition at = tiles.position(fetch);
      load(tiles.get(at.tile), at.block);
    }
    void write_begins(std::uint64_t output, std::uint64_t now, std::uint64_t cycles, std::uint64_t bytes,
                      std::uint64_t dram_bytes) {
      sink.on(event::Write<Own>{now, cycles, TileIndex(output), bytes, dram_bytes});
    }
  };

  TileStore<Own>& tiles_;
  MemoryUnit unit_;
  MemoryState state_;
};

}  // namespace lacuna::fabric
