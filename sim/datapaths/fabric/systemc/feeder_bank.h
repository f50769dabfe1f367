// The feeders of one operand: all row feeders (weights) or all column feeders (activations).
#pragma once

#include <algorithm>

#include "datapaths/fabric/events.h"
#include "datapaths/fabric/ports.h"
#include "datapaths/fabric/systemc/channels.h"

namespace lacuna::fabric {

/// Plain state and rules of the feeders; README.md, section Feeder.
template <typename Own, typename Sink>
class FeederBank {
 public:
  using Lowering = typename Own::Lowering;
  using Tile = typename Own::Tile;
  using Message = typename Own::Message;

  struct Ports {
    ChunkFifos<Own>& fifos;
    const StopRegisters& stops;
    const Register<MemoryState>& memory;
    const Register<FeederState>& other;  ///< feeders of the other operand
    Register<FeederState>& state;
  };

  FeederBank(Side side, const Lowering& lowering, TileStore<Own>& tiles, Sink& sink, Ports ports, const Stalls& stalls)
      : side_(side), lowering_(lowering), tiles_(tiles), sink_(sink), ports_(ports), stalls_(stalls) {
    const ArrayConfig& array = lowering.machine().array;
    lines_.resize(side == Side::Weights ? array.rows : array.columns);
    unicast_ = side == Side::Weights && Own::unicast(lowering.machine());
    for (std::uint32_t i = 0; i < lines_.size(); ++i) enter_tile(i, TileIndex(0));
    FeederState state;
    state.lines.resize(lines_.size());
    state.slowest = slowest();
    ports_.state.reset(state);
  }

  void cycle(std::uint64_t now) {
    FeederState& next = ports_.state.next();
    next.lines.resize(lines_.size());
    const MemoryState& memory = ports_.memory.read();
    const BlockPosition array_slowest = std::min(ports_.state.read().slowest, ports_.other.read().slowest);
    const bool half_free = memory.halves_held(array_slowest) < 2;
    for (std::uint32_t i = 0; i < lines_.size(); ++i) {
      Line& line = lines_[i];
      FeederLine& seen = next.lines[i];
      if (line.remaining == 0) begin(i, now, memory, half_free, seen);
      if (line.remaining != 0) {
        seen = {FeederActivity::Sending, line.group};
        if (--line.remaining == 0) finish(i, now);
      }
    }
    next.slowest = slowest();
  }

 private:
  struct Line {
    TileIndex tile;
    BlockPosition position;
    bool tile_offered = false;                     ///< the tile is no longer held back
    BlockPosition block_offered{kNoTileIndex, 0};  ///< the block that is no longer held back
    StepIndex step;
    LineMask pending;             ///< PEs of the tile still to be served in this step (unicast); else all of them
    LineMask live;                ///< PEs of the tile whose group is not ended
    LineMask group;               ///< the current destination group
    std::uint32_t remaining = 0;  ///< cycles left of the send under way
    bool ending = false;          ///< the send under way is an end token
  };

  /// PEs that tile `geometry` maps on line `i`.
  [[nodiscard]] LineMask mapped(const Geometry& geometry, std::uint32_t i) const {
    return LineMask::first(side_ == Side::Weights ? geometry.columns_of(Row(i)) : geometry.rows_of(Column(i)));
  }

  /// Goes to the first tile from `tile` on that maps line `i`.
  void enter_tile(std::uint32_t i, TileIndex tile) {
    Line& line = lines_[i];
    LineMask all;
    for (; tile < lowering_.tiles(); ++tile) {
      all = mapped(lowering_.geometry(tile), i);
      if (all.count() != 0) break;
    }
    line.tile = tile;
    line.tile_offered = false;
    line.live = all;
    enter_step(line, StepIndex(0));
  }

  void enter_step(Line& line, StepIndex step) {
    line.step = step;
    line.pending = line.live;
    line.position = {line.tile, step == 0 ? 0 : tiles_.get(line.tile).block_at(side_, index_of(line), step)};
    choose_group(line);
  }

  [[nodiscard]] std::uint32_t index_of(const Line& line) const {
    return static_cast<std::uint32_t>(&line - lines_.data());
  }

  void choose_group(Line& line) {
    if (!unicast_) {
      line.group = line.pending;
      return;
    }
    for (std::uint32_t w = 0; w < 4; ++w)
      if (line.pending.word[w] != 0) {
        line.group = LineMask::single(w * 64 + static_cast<std::uint32_t>(std::countr_zero(line.pending.word[w])));
        return;
      }
  }

  /// The bus of line `i` is free: starts a message or an end token if it may, and notes why not.
  void begin(std::uint32_t i, std::uint64_t now, const MemoryState& memory, bool half_free, FeederLine& seen) {
    Line& line = lines_[i];
    seen = {};
    if (line.tile == lowering_.tiles() || !tile_offered(i, now)) return;
    const bool room = ports_.fifos.room(i, line.group);
    const bool stopped = side_ == Side::Weights ? ports_.stops.row_stopped(Row(i), line.group, line.tile)
                                                : ports_.stops.column_stopped(Column(i), line.group, line.tile);
    const bool loaded = line.position < memory.loaded && block_offered(i, now);
    if (stopped && room) {
      line.ending = true;
      line.remaining = 1;
    } else if (!stopped && loaded && room) {
      line.ending = false;
      line.remaining = message(i).words;
    } else if (!loaded && !stopped) {
      seen.activity =
          line.position < memory.taken || half_free ? FeederActivity::WaitingForMemory : FeederActivity::WaitingForRoom;
    } else {
      seen.activity = FeederActivity::WaitingForRoom;
    }
  }

  /// A tile or block is offered from the first cycle on in which its port is not held back.
  bool tile_offered(std::uint32_t i, std::uint64_t now) {
    Line& line = lines_[i];
    const auto port = side_ == Side::Weights ? ports::kRowTile : ports::kColumnTile;
    return line.tile_offered || (line.tile_offered = !stalls_.holds(port, i, now));
  }
  bool block_offered(std::uint32_t i, std::uint64_t now) {
    Line& line = lines_[i];
    const auto port = side_ == Side::Weights ? ports::kRowBlock : ports::kColumnBlock;
    if (line.block_offered != line.position && !stalls_.holds(port, i, now)) line.block_offered = line.position;
    return line.block_offered == line.position;
  }

  [[nodiscard]] const Message& message(std::uint32_t i) {
    const Line& line = lines_[i];
    Column column;
    if (unicast_) line.group.for_each([&](std::uint32_t c) { column = Column(c); });
    return tiles_.get(line.tile).message(side_, i, column, line.step);
  }

  /// The last cycle of a send: delivers it and goes on.
  void finish(std::uint32_t i, std::uint64_t now) {
    Line& line = lines_[i];
    const Tile& tile = tiles_.get(line.tile);
    const bool last = line.step + 1 == tile.steps_of(side_, i);
    if (line.ending) {
      ports_.fifos.push(i, line.group, {&tile, nullptr, line.step, true});
      sink_.on(event::Send<Own>{now, side_, i, line.tile, line.step, 0, line.group.count()});
      line.group.for_each([&](std::uint32_t at) { line.live.clear(at); });
    } else {
      const Message& sent = message(i);
      ports_.fifos.push(i, line.group, {&tile, &sent, line.step, last});
      sink_.on(event::Send<Own>{now, side_, i, line.tile, line.step, sent.bytes, line.group.count()});
    }
    line.group.for_each([&](std::uint32_t at) { line.pending.clear(at); });
    if (line.pending.count() != 0)
      choose_group(line);
    else if (last || line.live.count() == 0)
      enter_tile(i, TileIndex(line.tile + 1));
    else
      enter_step(line, StepIndex(line.step + 1));
  }

  [[nodiscard]] BlockPosition slowest() const {
    BlockPosition oldest = lines_[0].position;
    for (const Line& line : lines_) oldest = std::min(oldest, line.position);
    return oldest;
  }

  Side side_;
  const Lowering& lowering_;
  TileStore<Own>& tiles_;
  Sink& sink_;
  Ports ports_;
  Stalls stalls_;
  std::vector<Line> lines_;
  bool unicast_ = false;
};

}  // namespace lacuna::fabric
