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

/// Items are the steps of the row.
struct TileWork : fabric::fast::TileWork {
  std::shared_ptr<const FilterTile> filters;
  std::vector<ColumnWindows> columns;
};

/// Counts Values::executed() as what they are, not as products with a zero.
void count_products(const Values& values, Tally& tally);

/// Makes the work of tiles, in order.
class Worker {
 public:
  Worker(Operands& operands, const Values& values);

  /// Makes `work` that of `tile`, and tells the tally of what its PEs do. Products are counted as if one operand of
  /// each were zero: count_products() says which are not.
  void fill(TileWork& work, TileIndex tile, Tally& tally);

 private:
  /// Words and bytes of the messages of one operand, by segment.
  struct Loads {
    std::vector<std::vector<std::uint32_t>> words;  ///< [segment][line]
    std::vector<std::uint64_t> bytes;               ///< [segment]
  };
  [[nodiscard]] std::array<Loads, 2> loads_of(const TileWork& work) const;
  /// The segments of each block.
  [[nodiscard]] std::vector<Block> cut_blocks(const std::array<Loads, 2>& loads) const;
  void add_fetches(std::vector<Block>& blocks, const Lowering::Position& at, const std::array<Loads, 2>& loads) const;
  void add_messages(TileWork& work, const std::vector<Block>& blocks) const;
  void add_stream(TileWork& work, Tally& tally) const;
  /// [row][column of the tile] groups without a product of nonzero operands.
  [[nodiscard]] std::vector<std::uint64_t> gated_groups(const TileWork& work) const;
  void add_resident(TileWork& work, Tally& tally) const;
  /// What a PE does with a filter and an input tile; its cycles.
  std::uint32_t walk(const Filter& filter, std::uint32_t group, const ColumnWindows& column, event::PeSum& sum) const;

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
};

}  // namespace lacuna::gather::fast
