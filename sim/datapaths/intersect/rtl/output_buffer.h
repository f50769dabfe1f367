// The memory side of the drain buses and post units: offers tiles and rescaling to the buses, collects what the post
// units make of the results, and knows when a tile is complete.
#pragma once

#include <deque>
#include <optional>
#include <vector>

#include "datapaths/intersect/parts.h"
#include "memory/stalls.h"
#include "rtl/rtl_model.h"
#include "tensor/tensor.h"

namespace lacuna::intersect {

class OutputBuffer {
 public:
  /// One result whose value has arrived.
  struct Drained {
    std::uint64_t cycle = 0;  ///< in which the bus took it
    std::uint32_t pe = 0;
    TileIndex tile;
    std::int64_t value = 0;
  };

  /// Outputs are written to `output`, [N, M, P, Q] of the layer's output type.
  OutputBuffer(const RtlModel& model, const Lowering& lowering, TileStore& tiles, Tensor& output, const Stalls& stalls);

  /// Start of cycle `now`: takes what the post units have put on their ports. RtlFailure if none was asked for.
  void collect(std::uint64_t now);
  /// What `collect` took.
  [[nodiscard]] const std::vector<Drained>& drained() const { return drained_; }
  /// Encoded bytes of `tile` if all its results are here.
  [[nodiscard]] std::optional<std::uint64_t> bytes_of(TileIndex tile) const;
  /// Offers the buses of all columns what they may take next; a port held back in cycle `now` offers nothing new.
  void offer(const MemoryState& memory, std::uint64_t now);
  /// After the ports have settled: notes what the buses take in cycle `now`.
  void note(std::uint64_t now);

 private:
  struct Taken {
    std::uint64_t cycle;
    TileIndex tile;
    Row row;
  };
  /// One column: what its bus takes next, what is in its post unit, what has arrived of its tile.
  struct Bus {
    TileIndex tile;
    Row row;
    bool tile_offered = false, scale_offered = false;
    std::deque<Taken> in_post;
    std::vector<std::int32_t> values;
  };
  /// One half of the buffer.
  struct Half {
    TileIndex tile;
    std::uint32_t missing = 0;
    std::uint64_t bytes = 0;
  };

  void enter_tile(Column column, TileIndex tile);
  /// Takes the value of a column; whether it is the column's last in its tile.
  bool arrive(Column column, std::uint64_t now);
  void encoded(Column column, const Tile& tile, Half& half);
  void store(const Tile& tile, Row row, Column column, std::int64_t value);
  Half& half_of(const Tile& tile);

  const Lowering& lowering_;
  TileStore& tiles_;
  Tensor& output_;
  Stalls stalls_;
  std::uint32_t rows_;
  bool rescaled_, signed_outputs_;
  struct {
    Port tile_valid, tile_rows, tile_ready, scale_valid, multiplier, shift, scale_ready;
    Port value_valid, value, encoded_valid, mask, nonzeros, values;
  } ports_;
  Per<Column, Bus> columns_;
  std::deque<Half> halves_;  ///< tiles with results, oldest first
  std::vector<Drained> drained_;
};

}  // namespace lacuna::intersect
