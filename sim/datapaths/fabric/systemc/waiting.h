// Why a PE's match stage issues nothing: README.md, section Where a PE-cycle goes. What the PE sees is noted in the
// cycle; what its feeders did in that cycle is in their registers a cycle later, when the class is counted.
#pragma once

#include <algorithm>
#include <cstdint>

#include "datapaths/fabric/memory_classes.h"
#include "datapaths/fabric/systemc/channels.h"

namespace lacuna::fabric {

/// The place of a PE, and the last tile that maps it.
struct PePlace {
  Row row;
  Column column;
  std::uint32_t index = 0;  ///< row x columns + column
  TileIndex last_tile = kNoTileIndex;
};

template <typename Own>
class Waiting {
 public:
  struct Ports {
    const Register<FeederState>& rows;
    const Register<FeederState>& columns;
    const Register<OutputState>& outputs;
    const Register<MemoryState>& memory;
  };

  Waiting(const typename Own::Lowering& lowering, Ports ports)
      : lowering_(lowering), ports_(ports), tiles_(lowering.tiles()) {
    const ArrayConfig& array = lowering.machine().array;
    pes_ = array.rows * array.columns;
  }

  /// [PE]: the places of all PEs.
  [[nodiscard]] static std::vector<PePlace> places(const typename Own::Lowering& lowering) {
    const ArrayConfig& array = lowering.machine().array;
    std::vector<PePlace> places;
    for (Row row(0); row < array.rows; ++row)
      for (Column column(0); column < array.columns; ++column)
        places.push_back(
            {row, column, row * array.columns + column, lowering.last_tile(row, column).value_or(kNoTileIndex)});
    return places;
  }

  /// The start of a cycle, before any PE. `first_waits`: the first PE, which every tile maps, has nothing in its MAC
  /// stage, and `wait` is what it noted.
  void begin_cycle(bool first_waits, PeClass wait, const PePlace& first) {
    const TileIndex tile = std::min(ports_.rows.read().slowest, ports_.columns.read().slowest).tile;
    if (tile != array_tile_) {
      array_tile_ = tile;
      geometry_ = tile < tiles_ ? lowering_.geometry(tile) : Geometry{};
      full_ = tile < tiles_ && geometry_.pes() == pes_;
    }
    first_pe_ = first_waits ? why(wait, first) : PeClass::Busy;
  }

  /// What a PE notes that issues nothing: first what the whole array explains, else `otherwise`. `tile`: that it works
  /// on, or has worked on last; `done`: it has nothing left to do in it.
  [[nodiscard]] PeClass note(const PePlace& at, TileIndex tile, bool done, PeClass otherwise) const {
    const bool past = array_tile_ >= tiles_;
    if (!full_ && !past && !geometry_.mapped(at.row, at.column)) return PeClass::IdleEdge;
    if (tile == at.last_tile && done) {
      if (!past) return PeClass::Imbalance;
      return only_writes_left() ? PeClass::BlockedMemory : PeClass::FillDrain;
    }
    return otherwise;
  }
  /// What it notes if the operands of `tile` are there, and results before cannot leave.
  [[nodiscard]] PeClass blocked(TileIndex tile) const {
    return tile >= kTilesToWritten && untaken(TileIndex(tile - kTilesToWritten)) ? PeClass::BlockedMemory
                                                                                 : PeClass::BlockedOutput;
  }

  /// The class of a cycle in which the match stage before it issued nothing: what the PE noted, and what the feeder of
  /// a missing operand was doing.
  [[nodiscard]] PeClass why(PeClass noted, const PePlace& at) const {
    if (noted == PeClass::IdleEdge) return is_memorys(first_pe_) ? first_pe_ : noted;
    if (noted == PeClass::StarvedWeight) return starved(ports_.rows.read().lines[at.row], at.column, noted);
    if (noted == PeClass::StarvedActivation) return starved(ports_.columns.read().lines[at.column], at.row, noted);
    return noted;
  }

 private:
  /// `tile` is complete and memory has not written it.
  [[nodiscard]] bool untaken(TileIndex tile) const {
    return tile >= ports_.memory.read().written && ports_.outputs.read().bytes_of(tile).has_value();
  }
  [[nodiscard]] bool only_writes_left() const {
    for (TileIndex tile = ports_.memory.read().written; tile < tiles_; ++tile)
      if (!untaken(tile)) return false;
    return true;
  }
  [[nodiscard]] static PeClass starved(const FeederLine& line, std::uint32_t at, PeClass starved) {
    if (line.activity == FeederActivity::Sending && line.group.test(at)) return starved;
    return line.activity == FeederActivity::WaitingForMemory ? PeClass::StarvedMemory : PeClass::Imbalance;
  }

  const typename Own::Lowering& lowering_;
  Ports ports_;
  std::uint64_t tiles_;
  std::uint32_t pes_ = 0;
  TileIndex array_tile_ = kNoTileIndex;    ///< the oldest tile some feeder is not past
  Geometry geometry_;                      ///< of that tile
  bool full_ = false;                      ///< that tile maps every PE
  PeClass first_pe_ = PeClass::FillDrain;  ///< class of the first PE's cycle, Busy for any in which it works
};

}  // namespace lacuna::fabric
