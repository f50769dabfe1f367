// Where each feeder of one operand is: its tile and block, offered at the array's ports and moved on by its answers.
#pragma once

#include <algorithm>
#include <vector>

#include "datapaths/fabric/block_memory.h"
#include "datapaths/fabric/geometry.h"
#include "datapaths/fabric/ports.h"
#include "datapaths/fabric/rtl/operand_loader.h"
#include "datapaths/fabric/tile_store.h"
#include "memory/stalls.h"

namespace lacuna::fabric {

template <typename Rtl>
class FeederWalk {
 public:
  using Own = typename Rtl::Own;
  using Lowering = typename Own::Lowering;

  FeederWalk(const RtlModel& model, const Lowering& lowering, TileStore<Own>& tiles, Side side, const Stalls& stalls)
      : lowering_(lowering),
        tiles_(tiles),
        stalls_(stalls),
        weights_(side == Side::Weights),
        loader_(model, lowering, side) {
    const std::string line = weights_ ? "row" : "column";
    ports_ = {model.port(line + "_tile_valid_i", 1),
              model.port(line + "_tile_count_i", model.width(weights_ ? "column_count" : "row_count")),
              model.port(line + "_tile_ready_o", 1),
              model.port(line + "_block_valid_i", 1),
              model.port(line + "_block_half_i", 1),
              model.port(line + "_block_ready_o", 1)};
    const ArrayConfig& array = lowering.machine().array;
    positions_.resize(weights_ ? array.rows : array.columns);
    offered_.resize(positions_.size());
    for (std::uint32_t i = 0; i < positions_.size(); ++i) enter_tile(i, TileIndex(0));
  }

  OperandLoader<Rtl>& loader() { return loader_; }
  [[nodiscard]] const std::vector<BlockPosition>& positions() const { return positions_; }
  /// The oldest block one of them is not past.
  [[nodiscard]] BlockPosition slowest() const { return *std::min_element(positions_.begin(), positions_.end()); }

  /// Offers every feeder its tile, and its block if it is loaded; a port held back in cycle `now` offers nothing new.
  void offer(const MemoryState& memory, std::uint64_t now) {
    for (std::uint32_t i = 0; i < positions_.size(); ++i) {
      const BlockPosition at = positions_[i];
      const bool left = at.tile < lowering_.tiles();
      Offered& offered = offered_[i];
      if (!offered.tile) {
        offered.tile = left && !stalls_.holds(weights_ ? ports::kRowTile : ports::kColumnTile, i, now);
        ports_.tile_valid.put(i, offered.tile ? 1 : 0);
        if (offered.tile) ports_.tile_count.put(i, mapped(at.tile, i));
      }
      if (!offered.block)
        offered.block = offered.tile && at < memory.loaded &&
                        !stalls_.holds(weights_ ? ports::kRowBlock : ports::kColumnBlock, i, now);
      ports_.block_valid.put(i, offered.block ? 1 : 0);
      if (offered.block) ports_.block_half.put(i, loader_.half_of(at));
    }
  }

  /// After the ports have settled: notes which feeders are done with their tile or block in cycle `now`.
  void note(std::uint64_t now) {
    done_.clear();
    if (!ports_.tile_ready.any() && !ports_.block_ready.any()) return;
    for (std::uint32_t i = 0; i < positions_.size(); ++i) {
      const bool tile = ports_.tile_ready.test(i);
      const bool block = ports_.block_ready.test(i);
      if (!tile && !block) continue;
      if (positions_[i].tile >= lowering_.tiles() || (tile && block))
        throw RtlFailure(fmt::format("cycle {}: the feeder of {} {} is done with a tile it does not have", now,
                                     weights_ ? "row" : "column", i));
      if (block && positions_[i].block + 1 >= tiles_.get(positions_[i].tile).blocks.size())
        throw RtlFailure(
            fmt::format("cycle {}: the feeder of {} {} is done with the last block of tile {}, but not with the tile",
                        now, weights_ ? "row" : "column", i, positions_[i].tile));
      done_.push_back({i, tile});
    }
  }

  /// End of the cycle: moves on those that are done. A feeder past its block counts from the next cycle.
  void advance() {
    for (const Done& done : done_) {
      BlockPosition& at = positions_[done.line];
      if (done.tile)
        enter_tile(done.line, TileIndex(at.tile + 1));
      else
        ++at.block;
      offered_[done.line].block = false;
    }
  }

 private:
  /// What the line's ports show and hold until it is done with it.
  struct Offered {
    bool tile = false, block = false;
  };
  struct Done {
    std::uint32_t line;
    bool tile;  ///< with the tile, else with the block
  };

  [[nodiscard]] std::uint32_t mapped(TileIndex tile, std::uint32_t line) const {
    const Geometry geometry = lowering_.geometry(tile);
    return weights_ ? geometry.columns_of(Row(line)) : geometry.rows_of(Column(line));
  }
  /// Goes to the first tile from `tile` on that maps the line.
  void enter_tile(std::uint32_t line, TileIndex tile) {
    while (tile < lowering_.tiles() && mapped(tile, line) == 0) ++tile;
    positions_[line] = {tile, 0};
    offered_[line] = {};
  }

  const Lowering& lowering_;
  TileStore<Own>& tiles_;
  Stalls stalls_;
  bool weights_;
  OperandLoader<Rtl> loader_;
  struct {
    Port tile_valid, tile_count, tile_ready, block_valid, block_half, block_ready;
  } ports_;
  std::vector<BlockPosition> positions_;
  std::vector<Offered> offered_;
  std::vector<Done> done_;
};

}  // namespace lacuna::fabric
