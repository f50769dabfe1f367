// The memory side of the drain buses and post units: offers tiles and rescaling to the buses, collects what the post
// units make of the results, and knows when a tile is complete.
#pragma once

#include <deque>
#include <optional>
#include <vector>

#include "datapaths/fabric/block_memory.h"
#include "datapaths/fabric/ports.h"
#include "datapaths/fabric/tile_store.h"
#include "memory/stalls.h"
#include "rtl/rtl_model.h"
#include "sparse/storage.h"
#include "tensor/tensor.h"

namespace lacuna::fabric {

template <typename Own>
class OutputBuffer {
 public:
  using Lowering = typename Own::Lowering;
  using Tile = typename Own::Tile;

  /// One result whose value has arrived.
  struct Drained {
    std::uint64_t cycle = 0;  ///< in which the bus took it
    std::uint32_t pe = 0;
    TileIndex tile;
    std::int64_t value = 0;
  };

  /// Outputs are written to `output`, [N, M, P, Q] of the layer's output type.
  OutputBuffer(const RtlModel& model, const Lowering& lowering, TileStore<Own>& tiles, Tensor& output,
               const Stalls& stalls)
      : lowering_(lowering),
        tiles_(tiles),
        output_(output),
        stalls_(stalls),
        several_results_(model.has_port("drain_tile_results_i")),
        rescaled_(!lowering.layer().requantise.empty()),
        signed_outputs_(!lowering.layer().relu) {
    const std::uint32_t count = model.width("row_count"), places = model.width("places_count");
    places_ = model.width("places");
    ports_.tile_valid = model.port("drain_tile_valid_i", 1);
    ports_.tile_rows = model.port("drain_tile_rows_i", count);
    if (several_results_) ports_.tile_results = model.port("drain_tile_results_i", model.width("result_count"));
    ports_.tile_ready = model.port("drain_tile_ready_o", 1);
    ports_.scale_valid = model.port("drain_scale_valid_i", 1);
    ports_.multiplier = model.port("drain_scale_multiplier_i", 16);
    ports_.shift = model.port("drain_scale_shift_i", 6);
    ports_.scale_ready = model.port("drain_scale_ready_o", 1);
    ports_.value_valid = model.port("value_valid_o", 1);
    ports_.value = model.port("value_o", model.width("accumulator"));
    ports_.encoded_valid = model.port("encoded_valid_o", 1);
    ports_.mask = model.port("encoded_mask_o", 1);
    ports_.nonzeros = model.port("encoded_nonzeros_o", places);
    ports_.values = model.port("encoded_values_o", model.width("operand"));
    columns_.resize(lowering.machine().array.columns);
    for (Column column(0); column < columns_.size(); ++column) enter_tile(column, TileIndex(0));
  }

  /// Start of cycle `now`: takes what the post units have put on their ports. RtlFailure if none was asked for.
  void collect(std::uint64_t now) {
    drained_.clear();
    if (!ports_.value_valid.any() && !ports_.encoded_valid.any()) return;
    for (Column column(0); column < columns_.size(); ++column) {
      const bool complete = ports_.value_valid.test(column) && arrive(column, now);
      if (complete != ports_.encoded_valid.test(column))
        throw RtlFailure(fmt::format("cycle {}: column {} is {}", now, column,
                                     complete ? "complete, but not encoded" : "encoded, but not complete"));
    }
  }

  /// What `collect` took.
  [[nodiscard]] const std::vector<Drained>& drained() const { return drained_; }
  /// Encoded bytes of `tile` if all its results are here.
  [[nodiscard]] std::optional<std::uint64_t> bytes_of(TileIndex tile) const {
    for (const Half& half : halves_)
      if (half.tile == tile && half.missing == 0) return half.bytes;
    return std::nullopt;
  }

  /// Offers the buses of all columns what they may take next; a port held back in cycle `now` offers nothing new.
  void offer(const MemoryState& memory, std::uint64_t now) {
    while (!halves_.empty() && halves_.front().tile < memory.written) halves_.pop_front();
    for (Column i(0); i < columns_.size(); ++i) {
      Bus& bus = columns_[i];
      if (bus.tile_offered && bus.scale_offered) continue;
      // A tile has no results before its first fetch has begun.
      const bool may =
          bus.tile < lowering_.tiles() && bus.tile < memory.written + 2 && BlockPosition{bus.tile, 0} < memory.begun;
      if (!bus.tile_offered) {
        bus.tile_offered = may && !stalls_.holds(ports::kDrainTile, i, now);
        ports_.tile_valid.put(i, bus.tile_offered ? 1 : 0);
      }
      bus.scale_offered = may && (bus.scale_offered || !stalls_.holds(ports::kDrainScale, i, now));
      ports_.scale_valid.put(i, bus.scale_offered ? 1 : 0);
      if (!may) continue;
      const Tile& tile = tiles_.get(bus.tile);
      ports_.tile_rows.put(i, tile.rows_of(i));
      if (several_results_) ports_.tile_results.put(i, tile.results_of(i));
      if (rescaled_) {
        const Requantise& scale = lowering_.layer().requantise[tile.filter(bus.row, i)];
        ports_.multiplier.put(i, scale.multiplier);
        ports_.shift.put(i, scale.shift);
      }
    }
  }

  /// After the ports have settled: notes what the buses take in cycle `now`.
  void note(std::uint64_t now) {
    if (!ports_.scale_ready.any() && !ports_.tile_ready.any()) return;
    for (Column i(0); i < columns_.size(); ++i) {
      Bus& bus = columns_[i];
      const bool takes = ports_.scale_ready.test(i);
      const bool ends = ports_.tile_ready.test(i);
      if (!takes && !ends) continue;
      const bool offered = bus.tile_offered && bus.scale_offered;
      const bool row_ends = offered && bus.result + 1 == tiles_.get(bus.tile).results_of(i);
      const bool last = row_ends && bus.row + 1 == lowering_.geometry(bus.tile).rows_of(i);
      if (!offered || !takes || ends != last)
        throw RtlFailure(fmt::format("cycle {}: the bus of column {} is in row {} of tile {}, and is {}", now, i,
                                     bus.row, bus.tile, ends ? "done with the tile" : "not done with it"));
      bus.in_post.push_back({now, bus.tile, bus.row, bus.result});
      bus.scale_offered = false;
      ++bus.result;
      if (!row_ends) continue;
      bus.result = 0;
      if (last)
        enter_tile(i, TileIndex(bus.tile + 1));
      else
        ++bus.row;
    }
  }

 private:
  struct Taken {
    std::uint64_t cycle;
    TileIndex tile;
    Row row;
    std::uint32_t result;  ///< of the PE
  };
  /// One column: what its bus takes next, what is in its post unit, what has arrived of its tile.
  struct Bus {
    TileIndex tile;
    Row row;
    std::uint32_t result = 0;
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

  void enter_tile(Column column, TileIndex tile) {
    while (tile < lowering_.tiles() && lowering_.geometry(tile).rows_of(column) == 0) ++tile;
    columns_[column].tile = tile;
    columns_[column].row = Row(0);
    columns_[column].result = 0;
    columns_[column].tile_offered = columns_[column].scale_offered = false;
  }

  /// Takes the value of a column; whether it is the column's last in its tile.
  bool arrive(Column index, std::uint64_t now) {
    Bus& bus = columns_[index];
    if (bus.in_post.empty())
      throw RtlFailure(fmt::format("cycle {}: a value arrives from column {}, which took no result", now, index));
    const Taken taken = bus.in_post.front();
    bus.in_post.pop_front();
    const Tile& tile = tiles_.get(taken.tile);
    const std::int64_t value = ports_.value.get_signed(index);
    drained_.push_back(
        {taken.cycle, taken.row * static_cast<std::uint32_t>(columns_.size()) + index, taken.tile, value});
    if (!rescaled_) store(tile, taken.row, index, taken.result, value);
    bus.values.push_back(static_cast<std::int32_t>(value));

    Half& half = half_of(tile);
    --half.missing;
    if (taken.row + 1 != tile.rows_of(index) || taken.result + 1 != tile.results_of(index)) return false;
    if (rescaled_)
      encoded(index, tile, half);
    else
      half.bytes += bus.values.size() * lowering_.output_bytes();
    bus.values.clear();
    return true;
  }

  void encoded(Column column, const Tile& tile, Half& half) {
    const Machine& machine = lowering_.machine();
    const std::uint32_t width = ports_.values.width();
    std::size_t packed = std::size_t{column} * places_;
    const std::size_t first = packed;
    std::size_t place = first;
    for (Row row(0); row < tile.rows_of(column); ++row)
      for (std::uint32_t result = 0; result < tile.results_of(column); ++result, ++place) {
        std::int64_t value = 0;
        if (ports_.mask.test(place)) {
          value = static_cast<std::int64_t>(ports_.values.get(packed++) << (64 - width));
          value = signed_outputs_ ? value >> (64 - width)
                                  : static_cast<std::int64_t>(static_cast<std::uint64_t>(value) >> (64 - width));
        }
        store(tile, row, column, result, value);
      }
    const StorageConfig& storage = machine.storage;
    if (storage.activations == StorageFormat::Bitmask) {
      half.bytes += (place - first + 7) / 8 + ports_.nonzeros.get(column) * lowering_.output_bytes();
    } else {
      half.bytes += encoded_bytes(FormatParams{storage.activations, lowering_.output_bytes() * 8, storage.run_bits,
                                               storage.index_bits, storage.pointer_bits},
                                  std::span<const std::int32_t>(columns_[column].values));
    }
    if (packed - first != ports_.nonzeros.get(column))
      throw RtlFailure(fmt::format("column {} of tile {} is encoded with {} values for {} nonzeros", column, tile.index,
                                   ports_.nonzeros.get(column), packed - first));
  }

  void store(const Tile& tile, Row row, Column column, std::uint32_t result, std::int64_t value) {
    const ConvShape& shape = lowering_.layer().shape;
    const std::uint32_t filter = tile.filter(row, column);
    const std::uint64_t window = tile.window(column, result);
    const std::uint64_t plane = std::uint64_t{shape.P()} * shape.Q();
    output_.set((window / plane * shape.M + filter) * plane + window % plane, value);
  }
  Half& half_of(const Tile& tile) {
    for (auto& half : halves_)
      if (half.tile == tile.index) return half;
    auto at = halves_.begin();
    while (at != halves_.end() && at->tile < tile.index) ++at;
    return *halves_.insert(at, {tile.index, tile.results(), 0});
  }

  const Lowering& lowering_;
  TileStore<Own>& tiles_;
  Tensor& output_;
  Stalls stalls_;
  bool several_results_;
  std::uint32_t places_;  ///< of results of a column in a tile
  bool rescaled_, signed_outputs_;
  struct {
    Port tile_valid, tile_rows, tile_results, tile_ready, scale_valid, multiplier, shift, scale_ready;
    Port value_valid, value, encoded_valid, mask, nonzeros, values;
  } ports_;
  Per<Column, Bus> columns_;
  std::deque<Half> halves_;  ///< tiles with results, oldest first
  std::vector<Drained> drained_;
};

}  // namespace lacuna::fabric
