// The drain buses, post units and output buffer of all columns. README.md, section Drain and post.
#pragma once

#include <deque>
#include <vector>

#include "datapaths/fabric/events.h"
#include "datapaths/fabric/ports.h"
#include "datapaths/fabric/systemc/channels.h"
#include "datapaths/fabric/systemc/post_unit.h"
#include "sparse/storage.h"

namespace lacuna::fabric {

template <typename Own, typename Sink>
class DrainBank {
 public:
  using Lowering = typename Own::Lowering;
  using Tile = typename Own::Tile;

  struct Ports {
    ResultRegisters& results;
    const Register<MemoryState>& memory;
    Register<OutputState>& state;
  };

  /// Outputs are written to `output`, [N, M, P, Q] of the layer's output type.
  DrainBank(const Lowering& lowering, TileStore<Own>& tiles, Sink& sink, Ports ports, Tensor& output,
            const Stalls& stalls)
      : lowering_(lowering),
        tiles_(tiles),
        sink_(sink),
        ports_(ports),
        output_(output),
        stalls_(stalls),
        post_(lowering.machine(), lowering.layer()),
        columns_(lowering.machine().array.columns),
        buses_(columns_) {
    for (auto& bus : buses_) enter_tile(bus, TileIndex(0));
    ports_.state.reset({});
  }

  void cycle(std::uint64_t now) {
    const std::uint64_t written = ports_.memory.read().written;
    while (!buffer_.empty() && buffer_.front().tile < written) buffer_.pop_front();
    for (Column column(0); column < columns_; ++column) drain(column, ports_.memory.read(), now);
    // A result taken in cycle d is in the buffer from d + 3 on; this register is read from now + 1 on.
    OutputState& next = ports_.state.next();
    next = {};
    for (const OutputTile& half : buffer_)
      if (half.missing == 0 && now + 1 >= half.latest + 3) next.ready[half.tile % 2] = {half.tile, half.bytes};
  }

 private:
  struct Bus {
    TileIndex tile;
    Row row;
    std::uint32_t result = 0;                          ///< of the row's PE
    bool tile_offered = false, scale_offered = false;  ///< no longer held back: the tile, the rescaling of the row
  };
  /// One half of the output buffer.
  struct OutputTile {
    TileIndex tile;
    std::uint32_t missing = 0;                      ///< results not yet taken
    std::uint64_t latest = 0;                       ///< cycle in which the latest result was taken
    std::uint64_t bytes = 0;                        ///< encoded, of the complete columns
    std::vector<std::vector<std::int32_t>> values;  ///< [column][row, result]
  };

  /// Goes to the first tile from `tile` on that maps the column.
  void enter_tile(Bus& bus, TileIndex tile) {
    const auto column = static_cast<Column>(&bus - buses_.data());
    while (tile < lowering_.tiles() && lowering_.geometry(tile).rows_of(column) == 0) ++tile;
    bus = Bus{};
    bus.tile = tile;
  }

  void drain(Column column, const MemoryState& memory, std::uint64_t now) {
    Bus& bus = buses_[column];
    // A tile has no results before its first fetch has begun.
    if (bus.tile >= memory.written + 2 || BlockPosition{bus.tile, 0} >= memory.begun) return;
    bus.tile_offered = bus.tile_offered || !stalls_.holds(ports::kDrainTile, column, now);
    bus.scale_offered = bus.scale_offered || !stalls_.holds(ports::kDrainScale, column, now);
    const std::uint32_t pe = bus.row * columns_ + column;
    if (!bus.tile_offered || !bus.scale_offered || !ports_.results.valid(pe)) return;
    bus.scale_offered = false;
    const Tile& tile = tiles_.get(bus.tile);
    const std::uint32_t filter = tile.filter(bus.row, column);
    const std::int64_t value = post_(ports_.results.value(pe, bus.result), filter);
    store(filter, tile.window(column, bus.result), value);
    sink_.on(event::Drain<Own>{now, pe, bus.tile, value});

    OutputTile& half = buffer_of(tile);
    half.values[column].push_back(static_cast<std::int32_t>(value));
    half.latest = now;
    --half.missing;
    if (++bus.result < tile.results_of(column)) return;
    ports_.results.take_last(pe);
    bus.result = 0;
    if (++bus.row == tile.rows_of(column)) {
      half.bytes += encoded(half.values[column]);
      enter_tile(bus, TileIndex(bus.tile + 1));
    }
  }

  OutputTile& buffer_of(const Tile& tile) {
    for (auto& half : buffer_)
      if (half.tile == tile.index) return half;
    LACUNA_CHECK(buffer_.size() < 2, "output buffer overflow");
    auto at = buffer_.begin();
    while (at != buffer_.end() && at->tile < tile.index) ++at;
    return *buffer_.insert(at, {tile.index, tile.results(), 0, 0, std::vector<std::vector<std::int32_t>>(columns_)});
  }

  /// Stored bytes of the results of one column in one tile.
  [[nodiscard]] std::uint64_t encoded(const std::vector<std::int32_t>& values) const {
    const Machine& machine = lowering_.machine();
    if (lowering_.layer().requantise.empty()) return values.size() * lowering_.output_bytes();
    const StorageConfig& storage = machine.storage;
    return encoded_bytes(FormatParams{storage.activations, lowering_.output_bytes() * 8, storage.run_bits,
                                      storage.index_bits, storage.pointer_bits},
                         std::span<const std::int32_t>(values));
  }

  void store(std::uint32_t filter, std::uint64_t window, std::int64_t value) {
    const ConvShape& shape = lowering_.layer().shape;
    const std::uint64_t plane = std::uint64_t{shape.P()} * shape.Q();
    output_.set((window / plane * shape.M + filter) * plane + window % plane, value);
  }

  const Lowering& lowering_;
  TileStore<Own>& tiles_;
  Sink& sink_;
  Ports ports_;
  Tensor& output_;
  Stalls stalls_;
  PostUnit post_;
  std::uint32_t columns_;
  std::vector<Bus> buses_;
  std::deque<OutputTile> buffer_;  ///< at most two, oldest first
};

}  // namespace lacuna::fabric
