// When does memory fetch and write, and when is the array past a block? Requests come one after the other; which comes
// next is decided by comparing the cycles in which a write and a fetch could be requested. sim/memory/README.md says
// when that is, datapaths/intersect/FAST.md derives the recurrences.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <deque>
#include <initializer_list>
#include <memory>
#include <utility>
#include <vector>

#include "datapaths/fabric/block.h"
#include "datapaths/fabric/geometry.h"
#include "machine/config.h"

namespace lacuna::fabric::fast {

using Time = std::uint64_t;
constexpr Time kUnknown = UINT64_MAX;

struct Interval {
  Time begin, end;
};

/// Times of one block; a time is known or kUnknown.
struct BlockTimes {
  Time taken = kUnknown, loaded = kUnknown;  ///< a half of the buffers; with the array
  Time past = 0;                             ///< the latest of the lines that are past it
  std::uint32_t lines_past = 0;
  Time released = kUnknown;  ///< from when on every line is past it and all before
};

/// When the bytes of transfers move from and to DRAM, in the order in which they are booked.
class DramTimes {
 public:
  explicit DramTimes(const Machine& machine);
  /// `extents`, all read or all written, with commands from cycle `from` on; {from, from} if they have no bytes.
  Interval book(Time from, std::initializer_list<Extent> extents, bool write);

 private:
  struct Bank {
    std::uint64_t row = UINT64_MAX;  ///< that is open
    std::uint64_t ready = 0;         ///< from when on another may be opened
  };

  const DramConfig& dram_;
  std::uint64_t array_clock_, dram_clock_;        ///< MHz
  std::uint64_t next_read_ = 0, next_write_ = 0;  ///< cycles of the DRAM's clock from which on the bus takes one
  std::vector<Bank> banks_;
};

/// A block that is fetched.
struct Fetched {
  TileIndex tile;
  std::uint32_t index;  ///< in the tile
  const Block& block;
  std::uint64_t left_out;  ///< with the first block of a tile
};

/// What memory asks of those whose tiles it fetches and writes, and what it says of them.
class MemoryPort {
 public:
  virtual ~MemoryPort() = default;
  /// A tile is needed that is not there: the port must add() it.
  virtual void demand(TileIndex tile) = 0;
  /// A fetch or a write begins in cycle `time` and is under way for `cycles`.
  virtual void fetch_begins(Time time, Time cycles, const Fetched& fetched) = 0;
  virtual void write_begins(Time time, Time cycles, TileIndex tile, std::uint64_t bytes, std::uint64_t dram_bytes) = 0;
};

/// The blocks of a tile, held as long as somebody needs them.
using Blocks = std::shared_ptr<const std::vector<Block>>;
/// Those of `tile`, which is held with them.
template <typename Tile>
[[nodiscard]] Blocks blocks_of(std::shared_ptr<const Tile> tile) {
  const std::vector<Block>* const blocks = &tile->blocks;
  return {std::move(tile), blocks};
}

class MemorySequence {
 public:
  /// `tiles`: of the layer. `room`, `output_address`: as MemoryPlan has them.
  MemorySequence(const Machine& machine, std::uint64_t tiles, std::uint64_t output_address, std::uint64_t room,
                 MemoryPort& port);

  /// The next tile, in order. `left_out`: of its pairs, those that no PE sees.
  void add(const Geometry& geometry, Blocks blocks, std::uint64_t left_out);
  [[nodiscard]] bool has(TileIndex tile) const { return tile >= first_ && tile < first_ + tiles_.size(); }
  [[nodiscard]] const BlockTimes& block(TileIndex tile, std::uint32_t block) const {
    return tiles_[tile - first_].times[block];
  }

  /// `lines` more lines are past a block, the latest from `time` on.
  void pass(TileIndex tile, std::uint32_t block, std::uint32_t lines, Time time);
  /// The last result of a tile was taken in cycle `time`; its outputs are `bytes` as they are written.
  void results(TileIndex tile, Time time, std::uint64_t bytes);

  /// The cycle in which the next transfer could be requested if it is a write, and if it is a fetch; both final if
  /// known, and later than what is known if not.
  struct Next {
    Time write = kUnknown, fetch = kUnknown;
  };
  [[nodiscard]] Next next();
  /// Requests the earlier one, the write if equal. One of them must be known.
  void begin(const Next& next);

  /// Tiles before this one are written, or it is known when they will be.
  [[nodiscard]] TileIndex written() const { return written_; }
  [[nodiscard]] bool finished() const { return written_ == count_; }
  /// From when on tile `tile` is written; kUnknown if not yet known. Only of the latest four.
  [[nodiscard]] Time written_at(TileIndex tile) const { return tile < written_ ? written_at_[tile % 4] : kUnknown; }
  /// When tile `tile` was complete and not yet written; of a written tile, the latest four.
  [[nodiscard]] Interval untaken(TileIndex tile) const { return {complete_at_[tile % 4], written_at(tile)}; }
  /// From when on all tiles whose results are known are complete.
  [[nodiscard]] Time complete() const { return complete_; }
  /// No transfer is requested before this.
  [[nodiscard]] Time ready() const { return std::max(next_request_, places_[requests_ % places_.size()]); }
  /// When the latest write is over: the layer's cycles, if finished.
  [[nodiscard]] Time cycles() const { return latest_write_; }

  /// Calls note(begin, end) with the parts of begin..end in which a feeder that waits for the block waits for memory:
  /// the block has a half of the buffers, or one is free. All halves taken before `end` must be known.
  template <typename Note>
  void memory_waits(const BlockTimes& block, Time begin, Time end, Note note) const;
  /// Waits before `time` will not be asked for any more.
  void forget_before(Time time);

  /// From when on every line is past the latest block of which that is known.
  [[nodiscard]] Time released() const { return release_; }
  /// The oldest tile that some line is not known to be past, and from when on it is the array's tile.
  [[nodiscard]] TileIndex array_tile() const { return next_release_.tile; }
  [[nodiscard]] Time array_tile_since() const { return array_tile_since_; }

  /// A time in which the array's tile did not map every PE.
  struct Edge {
    Time begin, end;
    Geometry geometry;
  };
  [[nodiscard]] const std::vector<Edge>& edges() const { return edges_; }

 private:
  struct Position {
    TileIndex tile;
    std::uint32_t block = 0;
    bool operator==(const Position&) const = default;
  };
  struct TileTimes {
    Geometry geometry;
    Blocks blocks;
    std::uint64_t left_out = 0;
    std::vector<BlockTimes> times;
    Time last_result = kUnknown;
    std::uint64_t output_bytes = 0;
  };
  struct Fetch {
    Position block;
    Time requested;
    Interval dram;                ///< its bytes on the bus
    std::uint64_t buffer_cycles;  ///< from global buffer to array, at least
    std::uint64_t dram_bytes;
    Time taken = kUnknown, loaded = kUnknown, released = kUnknown;
  };

  [[nodiscard]] Position after(const Position& at) const;
  /// True if there is such a tile; it is there then.
  bool reach(TileIndex tile);
  /// When the global buffer has room for `bytes` more from DRAM.
  [[nodiscard]] Time room(std::uint64_t bytes) const;
  [[nodiscard]] std::uint64_t buffer_cycles(std::uint64_t bytes, std::uint64_t words) const;
  /// A request in cycle `time` of a transfer that is over at `end`; cycles for which it is under way.
  Time request(Time time, Time end);
  void begin_write(Time time);
  void begin_fetch(Time time);
  /// Halves that fetches take as far as it is known when.
  void take_halves();
  void drop();

  const Machine& machine_;
  MemoryPort& port_;
  std::uint64_t count_;  ///< tiles of the layer
  std::uint32_t pes_;
  std::deque<TileTimes> tiles_;
  TileIndex first_;  ///< of the front of tiles_

  DramTimes dram_;
  std::uint64_t output_address_;
  std::uint64_t room_bytes_;
  Time next_request_ = 0;
  std::vector<Time> places_;    ///< when the latest transfers are over, as many as may be under way
  std::uint64_t requests_ = 0;  ///< so far; request r has place r mod their number
  Time write_port_free_ = 0, latest_write_ = 0;
  TileIndex written_;
  std::array<Time, 4> complete_at_{}, written_at_{};  ///< of tile t, at t mod 4
  Time complete_ = 0;
  Position next_fetch_;
  Time passed_over_ = 0;         ///< when the blocks before it were that are not fetched
  std::deque<Fetch> fetched_;    ///< the latest ones
  std::uint64_t forgotten_ = 0;  ///< fetches dropped from its front
  std::size_t released_ = 0;     ///< entries of fetched_ whose block is released
  std::size_t taken_ = 0;        ///< entries of fetched_ of which it is known when they take a half
  Position next_release_;
  Time release_ = 0;  ///< of the block before next_release_
  Time array_tile_since_ = 0;
  std::vector<Edge> edges_;
};

template <typename Note>
void MemorySequence::memory_waits(const BlockTimes& block, Time begin, Time end, Note note) const {
  const auto clipped = [&](Time from, Time to) {
    from = from < begin ? begin : from;
    to = to < end ? to : end;
    if (from < to) note(from, to);
  };
  // After fetch k has taken a half and until fetch k+1 does, one is free once the block of fetch k-1 is released.
  if (block.taken != kUnknown && block.taken < begin) return clipped(begin, end);
  std::size_t k = taken_;
  while (k > 0 && fetched_[k - 1].taken >= begin) --k;
  Time from = k > 0 ? fetched_[k - 1].taken + 1 : 0;
  for (; k <= taken_ && from < end; ++k) {
    const Time to = k < taken_ ? fetched_[k].taken + 1 : kUnknown;
    if (to > begin) {
      if (forgotten_ + k < 2)
        clipped(from, to);
      else if (k >= 2 && fetched_[k - 2].released != kUnknown)
        clipped(from < fetched_[k - 2].released ? fetched_[k - 2].released : from, to);
    }
    from = to;
    if (block.taken != kUnknown && to == block.taken + 1) break;
  }
  if (block.taken != kUnknown) clipped(block.taken + 1, end);
}

}  // namespace lacuna::fabric::fast
