// The registers between the units of a SystemC array: what is written in a cycle is seen in the next one.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "datapaths/clocked/circuit.h"
#include "datapaths/fabric/block_memory.h"
#include "datapaths/fabric/geometry.h"
#include "datapaths/fabric/systemc/line_mask.h"

namespace lacuna::fabric {

using clocked::Circuit;
using clocked::Register;

/// One entry of a chunk FIFO. `last` also marks an end token, which has no message.
template <typename Own>
struct ChunkEntry {
  const typename Own::Tile* tile = nullptr;
  const typename Own::Message* message = nullptr;
  StepIndex step;
  bool last = false;
};

/// The chunk FIFOs of one operand, one per PE, by the PE's index: row x columns + column. A line is a row (weights) or
/// a column (activations); PE i of line l has index l x line_step + i x pe_step.
template <typename Own>
class ChunkFifos final : public clocked::Updated {
 public:
  using Entry = ChunkEntry<Own>;

  /// `lines` lines of `line_length` PEs each; every FIFO holds `depth` entries.
  ChunkFifos(Circuit& circuit, std::uint32_t lines, std::uint32_t line_length, std::uint32_t line_step,
             std::uint32_t pe_step, std::uint32_t depth)
      : Updated(circuit),
        line_step_(line_step),
        pe_step_(pe_step),
        depth_(depth),
        capacity_(std::bit_ceil(depth)),
        fifos_(std::size_t{lines} * line_length),
        heads_(fifos_.size()),
        entries_(fifos_.size() * capacity_),
        present_((fifos_.size() + 63) / 64),
        full_(lines) {}

  /// Every FIFO of `group` on `line` has room for one more entry.
  [[nodiscard]] bool room(std::uint32_t line, const LineMask& group) const { return full_[line].disjoint(group); }
  /// Appends `entry` to every FIFO of `group`; there must be room.
  void push(std::uint32_t line, const LineMask& group, const Entry& entry) {
    request_update();
    pushes_.push_back({line, group, entry});
  }
  /// The oldest entry of the FIFO of PE `pe`, or nullptr.
  [[nodiscard]] const Entry* head(std::uint32_t pe) const { return heads_[pe]; }
  /// Which of PEs 64 x word .. 64 x word + 63 have an entry.
  [[nodiscard]] std::uint64_t present(std::size_t word) const { return present_[word]; }
  /// Drops the oldest entry of PE `at` of `line`.
  void pop(std::uint32_t line, std::uint32_t at) {
    request_update();
    pops_.push_back({line, at});
  }

 private:
  struct Fifo {
    std::uint32_t first = 0, count = 0;
  };
  struct Push {
    std::uint32_t line;
    LineMask group;
    Entry entry;
  };
  struct Pop {
    std::uint32_t line, at;
  };

  void update() override {
    for (const Pop& pop : pops_) {
      const std::uint32_t pe = pop.line * line_step_ + pop.at * pe_step_;
      Fifo& fifo = fifos_[pe];
      fifo.first = (fifo.first + 1) & (capacity_ - 1);
      const bool empty = --fifo.count == 0;
      heads_[pe] = empty ? nullptr : &entries_[pe * capacity_ + fifo.first];
      present_[pe / 64] ^= std::uint64_t{empty} << (pe & 63);
      full_[pop.line].clear(pop.at);
    }
    pops_.clear();
    for (const Push& push : pushes_) {
      push.group.for_each([&](std::uint32_t at) {
        const std::uint32_t pe = push.line * line_step_ + at * pe_step_;
        Fifo& fifo = fifos_[pe];
        LACUNA_CHECK(fifo.count < depth_, "chunk FIFO overflow");
        Entry& entry = entries_[pe * capacity_ + ((fifo.first + fifo.count) & (capacity_ - 1))];
        entry = push.entry;
        if (fifo.count == 0) heads_[pe] = &entry;
        present_[pe / 64] |= std::uint64_t{1} << (pe & 63);
        if (++fifo.count == depth_) full_[push.line].set(at);
      });
    }
    pushes_.clear();
  }

  std::uint32_t line_step_, pe_step_, depth_, capacity_;
  std::vector<Fifo> fifos_;
  std::vector<const Entry*> heads_;
  std::vector<Entry> entries_;
  std::vector<std::uint64_t> present_;
  std::vector<LineMask> full_;
  std::vector<Push> pushes_;
  std::vector<Pop> pops_;
};

/// The result registers of all PEs, as many a PE as a tile may give it results: filled together by the PE, emptied one
/// after the other by its column's drain bus.
class ResultRegisters final : public clocked::Updated {
 public:
  ResultRegisters(Circuit& circuit, std::uint32_t pes, std::uint32_t results)
      : Updated(circuit), results_(results), valid_(pes), value_(std::size_t{pes} * results) {}

  /// The PE has results that have not been taken.
  [[nodiscard]] bool valid(std::uint32_t pe) const { return valid_[pe] != 0; }
  [[nodiscard]] std::int64_t value(std::uint32_t pe, std::uint32_t result) const {
    return value_[std::size_t{pe} * results_ + result];
  }
  /// Fills empty registers with the results of a tile.
  void put(std::uint32_t pe, std::span<const std::int64_t> values) {
    std::ranges::copy(values, value_.begin() + static_cast<std::ptrdiff_t>(std::size_t{pe} * results_));
    change(pe);
  }
  /// Takes the last result: the registers are empty from the next cycle on.
  void take_last(std::uint32_t pe) { change(pe); }

 private:
  void change(std::uint32_t pe) {
    changed_.push_back(pe);
    request_update();
  }
  void update() override {
    for (const std::uint32_t pe : changed_) valid_[pe] ^= 1;
    changed_.clear();
  }

  std::uint32_t results_;
  std::vector<std::uint8_t> valid_;
  std::vector<std::int64_t> value_;
  std::vector<std::uint32_t> changed_;
};

/// Which PEs are stopped, and in which tile: what feeders read to end a tile early.
class StopRegisters final : public clocked::Updated {
 public:
  StopRegisters(Circuit& circuit, std::uint32_t rows, std::uint32_t columns)
      : Updated(circuit),
        columns_(columns),
        tile_(std::size_t{rows} * columns, kNoTileIndex),
        rows_stopped_(rows),
        columns_stopped_(columns) {}

  /// Every PE of `group` in `row` is stopped in `tile`.
  [[nodiscard]] bool row_stopped(Row row, const LineMask& group, TileIndex tile) const {
    if (!rows_stopped_[row].contains(group)) return false;
    bool all = true;
    group.for_each([&](std::uint32_t column) { all &= tile_[row * columns_ + column] == tile; });
    return all;
  }
  [[nodiscard]] bool column_stopped(Column column, const LineMask& group, TileIndex tile) const {
    if (!columns_stopped_[column].contains(group)) return false;
    bool all = true;
    group.for_each([&](std::uint32_t row) { all &= tile_[row * columns_ + column] == tile; });
    return all;
  }
  void stop(Row row, Column column, TileIndex tile) { change(row, column, tile); }
  void go(Row row, Column column) { change(row, column, kNoTileIndex); }

 private:
  struct Change {
    Row row;
    Column column;
    TileIndex tile;
  };
  void change(Row row, Column column, TileIndex tile) {
    changed_.push_back({row, column, tile});
    request_update();
  }
  void update() override {
    for (const Change& c : changed_) {
      tile_[c.row * columns_ + c.column] = c.tile;
      if (c.tile == kNoTileIndex) {
        rows_stopped_[c.row].clear(c.column);
        columns_stopped_[c.column].clear(c.row);
      } else {
        rows_stopped_[c.row].set(c.column);
        columns_stopped_[c.column].set(c.row);
      }
    }
    changed_.clear();
  }

  std::uint32_t columns_;
  std::vector<TileIndex> tile_;
  std::vector<LineMask> rows_stopped_, columns_stopped_;
  std::vector<Change> changed_;
};

/// What a feeder did in a cycle, which decides why PEs wait.
enum class FeederActivity : std::uint8_t { None, Sending, WaitingForRoom, WaitingForMemory };

struct FeederLine {
  FeederActivity activity = FeederActivity::None;
  LineMask group;  ///< of the message under way
};

/// The registers of all feeders of one operand.
struct FeederState {
  std::vector<FeederLine> lines;  ///< what each did in the cycle before
  BlockPosition slowest;          ///< the oldest block one of them is not past
};

/// The registers of the output buffer: its two halves, by parity of the tile.
struct OutputState {
  struct Ready {
    TileIndex tile;
    std::uint64_t bytes = 0;  ///< encoded
  };
  std::array<std::optional<Ready>, 2> ready;  ///< complete tiles

  /// Encoded bytes of `tile` if all its results are there.
  [[nodiscard]] std::optional<std::uint64_t> bytes_of(TileIndex tile) const {
    const auto& half = ready[tile % 2];
    if (half && half->tile == tile) return half->bytes;
    return std::nullopt;
  }
};

}  // namespace lacuna::fabric
