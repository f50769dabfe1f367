// What do lines and PEs do in a tile, whenever they do it? Messages, blocks and what they fetch, cycles of PEs, pairs.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "datapaths/fabric/fast/work.h"
#include "datapaths/gather/events.h"
#include "datapaths/gather/fast/operands.h"
#include "datapaths/gather/fast/values.h"

namespace lacuna::gather::fast {

/// A tile without messages: what they are is in its filters and columns.
struct Tile {
  TileIndex index;
  Geometry geometry;
  std::shared_ptr<const FilterTile> filters;
  std::vector<ColumnWindows> columns;
  std::shared_ptr<const std::vector<Block>> blocks;
  std::vector<std::uint32_t> block_of;  ///< [segment]
  std::uint64_t output_bytes = 0;       ///< as they are written
};

/// Items are the steps of the row.
struct TileWork : fabric::fast::TileWork {
  Tile tile;
  /// Of a row: entries and steps up to the end of each step and segment.
  struct Row {
    std::vector<std::uint32_t> step_ends, segment_ends;
  };
  std::vector<Row> rows;
};

/// Counts Values::executed() as what they are, not as products with a zero.
void count_products(const Values& values, Tally& tally);

/// Makes the work of tiles, in order.
class Worker {
 public:
  Worker(Operands& operands, const Values& values);

  /// The next tile.
  Tile tile(TileIndex index);
  /// What the lines and PEs of a tile do, PE by PE.
  void fill(TileWork& work, Tile tile);
  /// What PEs do in all tiles: pairs, cycles with groups. Once, at the end.
  void report(Tally& tally);
  /// Those of a PE, after report().
  [[nodiscard]] std::uint64_t cycles_of(std::uint32_t pe) const { return done_[pe].cycles.sum(); }

 private:
  /// The segments of each block.
  [[nodiscard]] std::vector<Block> cut_blocks(const Tile& tile) const;
  /// The most words of a row in segments begin..end-1.
  [[nodiscard]] static std::uint32_t weight_words(const Tile& tile, std::uint32_t begin, std::uint32_t end);
  void add_fetches(std::vector<Block>& blocks, const Lowering::Position& at, const Tile& tile) const;
  void count_stream(const Tile& tile);
  void add_stream(TileWork& work) const;
  /// [row][column of the tile] groups without a product of nonzero operands.
  [[nodiscard]] std::vector<std::uint64_t> gated_groups(const Tile& tile) const;
  void add_resident(TileWork& work);

  Operands& operands_;
  const Values& values_;
  const Lowering& lowering_;
  const Machine& machine_;
  const Config& config_;
  struct Before {
    Lowering::Position at;
    std::size_t blocks;
  };
  std::optional<Before> before_;  ///< the tile before
  /// [PE] Products as if one operand of each were zero: count_products() says which are not.
  std::vector<event::PeSum> done_;
  struct Issued {
    std::uint64_t groups = 0, bubbles = 0;
  };
  std::vector<Issued> issued_;  ///< [PE] stream: in tiles in which it is the last of its row, by each PE up to it
};

}  // namespace lacuna::gather::fast
