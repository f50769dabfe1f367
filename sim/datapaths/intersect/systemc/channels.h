// The registers between the units of the SystemC array: what is written in a cycle is seen in the next one.
#pragma once

#include <cstdint>
#include <systemc>
#include <vector>

#include "datapaths/intersect/systemc/line_mask.h"
#include "datapaths/intersect/lowering.h"
#include "memory/memory_unit.h"

namespace lacuna::intersect {

/// A register of any type: read() is its value at the start of the cycle.
template <typename T>
class Register : public sc_core::sc_prim_channel {
 public:
  explicit Register(const char* name) : sc_prim_channel(name) {}
  [[nodiscard]] const T& read() const { return value_; }
  /// The value at the end of the cycle, to be overwritten as a whole.
  T& next() {
    request_update();
    return next_;
  }
  void reset(const T& value) { value_ = next_ = value; }

 private:
  void update() override { std::swap(value_, next_); }
  T value_{}, next_{};
};

/// One entry of a chunk FIFO. `last` also marks an end token, which has no message.
struct ChunkEntry {
  const Tile* tile = nullptr;
  const Message* message = nullptr;
  std::uint32_t step = 0;
  bool last = false;
};

/// The chunk FIFOs of one operand, one per PE, by the PE's index: row x columns + column. A line is a row (weights) or
/// a column (activations); PE i of line l has index l x line_step + i x pe_step.
class ChunkFifos : public sc_core::sc_prim_channel {
 public:
  explicit ChunkFifos(const char* name) : sc_prim_channel(name) {}

  void reset(std::uint32_t lines, std::uint32_t line_length, std::uint32_t line_step, std::uint32_t pe_step,
             std::uint32_t depth) {
    line_step_ = line_step;
    pe_step_ = pe_step;
    depth_ = depth;
    capacity_ = std::bit_ceil(depth);
    fifos_.assign(std::size_t{lines} * line_length, {});
    heads_.assign(fifos_.size(), nullptr);
    entries_.assign(fifos_.size() * capacity_, {});
    present_.assign((fifos_.size() + 63) / 64, 0);
    full_.assign(lines, {});
    pops_.clear();
    pushes_.clear();
  }

  /// Every FIFO of `group` on `line` has room for one more entry.
  [[nodiscard]] bool room(std::uint32_t line, const LineMask& group) const { return full_[line].disjoint(group); }
  /// Appends `entry` to every FIFO of `group`; there must be room.
  void push(std::uint32_t line, const LineMask& group, const ChunkEntry& entry) {
    change();
    pushes_.push_back({line, group, entry});
  }
  /// The oldest entry of the FIFO of PE `pe`, or nullptr.
  [[nodiscard]] const ChunkEntry* head(std::uint32_t pe) const { return heads_[pe]; }
  /// Which of PEs 64 x word .. 64 x word + 63 have an entry.
  [[nodiscard]] std::uint64_t present(std::size_t word) const { return present_[word]; }
  /// Drops the oldest entry of PE `at` of `line`.
  void pop(std::uint32_t line, std::uint32_t at) {
    change();
    pops_.push_back({line, at});
  }

 private:
  struct Fifo {
    std::uint32_t first = 0, count = 0;
  };
  struct Push {
    std::uint32_t line;
    LineMask group;
    ChunkEntry entry;
  };
  struct Pop {
    std::uint32_t line, at;
  };

  void change() {
    if (pops_.empty() && pushes_.empty()) request_update();
  }

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
        ChunkEntry& entry = entries_[pe * capacity_ + ((fifo.first + fifo.count) & (capacity_ - 1))];
        entry = push.entry;
        if (fifo.count == 0) heads_[pe] = &entry;
        present_[pe / 64] |= std::uint64_t{1} << (pe & 63);
        if (++fifo.count == depth_) full_[push.line].set(at);
      });
    }
    pushes_.clear();
  }

  std::uint32_t line_step_ = 0, pe_step_ = 0, depth_ = 0, capacity_ = 0;
  std::vector<Fifo> fifos_;
  std::vector<const ChunkEntry*> heads_;
  std::vector<ChunkEntry> entries_;
  std::vector<std::uint64_t> present_;
  std::vector<LineMask> full_;
  std::vector<Push> pushes_;
  std::vector<Pop> pops_;
};

/// The result registers of all PEs: filled by the PE, emptied by its column's drain bus.
class ResultRegisters : public sc_core::sc_prim_channel {
 public:
  explicit ResultRegisters(const char* name) : sc_prim_channel(name) {}

  void reset(std::uint32_t pes) {
    valid_.assign(pes, 0);
    value_.assign(pes, 0);
    changed_.clear();
  }
  [[nodiscard]] bool valid(std::uint32_t pe) const { return valid_[pe] != 0; }
  [[nodiscard]] std::int64_t value(std::uint32_t pe) const { return value_[pe]; }
  /// Fills an empty register.
  void put(std::uint32_t pe, std::int64_t value) {
    value_[pe] = value;
    change(pe);
  }
  /// Empties a valid register.
  void take(std::uint32_t pe) { change(pe); }

 private:
  void change(std::uint32_t pe) {
    changed_.push_back(pe);
    request_update();
  }
  void update() override {
    for (const std::uint32_t pe : changed_) valid_[pe] ^= 1;
    changed_.clear();
  }

  std::vector<std::uint8_t> valid_;
  std::vector<std::int64_t> value_;
  std::vector<std::uint32_t> changed_;
};

/// Which PEs are stopped, and in which tile: what feeders read to end a tile early.
class StopRegisters : public sc_core::sc_prim_channel {
 public:
  explicit StopRegisters(const char* name) : sc_prim_channel(name) {}

  void reset(std::uint32_t rows, std::uint32_t columns) {
    tile_.assign(std::size_t{rows} * columns, kNone);
    columns_ = columns;
    rows_stopped_.assign(rows, {});
    columns_stopped_.assign(columns, {});
    changed_.clear();
  }
  /// Every PE of `group` in `row` is stopped in `tile`.
  [[nodiscard]] bool row_stopped(std::uint32_t row, const LineMask& group, std::uint64_t tile) const {
    if (!rows_stopped_[row].contains(group)) return false;
    bool all = true;
    group.for_each([&](std::uint32_t column) { all &= tile_[row * columns_ + column] == tile; });
    return all;
  }
  [[nodiscard]] bool column_stopped(std::uint32_t column, const LineMask& group, std::uint64_t tile) const {
    if (!columns_stopped_[column].contains(group)) return false;
    bool all = true;
    group.for_each([&](std::uint32_t row) { all &= tile_[row * columns_ + column] == tile; });
    return all;
  }
  void stop(std::uint32_t row, std::uint32_t column, std::uint64_t tile) { change(row, column, tile); }
  void go(std::uint32_t row, std::uint32_t column) { change(row, column, kNone); }

 private:
  static constexpr std::uint64_t kNone = UINT64_MAX;
  struct Change {
    std::uint32_t row, column;
    std::uint64_t tile;
  };
  void change(std::uint32_t row, std::uint32_t column, std::uint64_t tile) {
    changed_.push_back({row, column, tile});
    request_update();
  }
  void update() override {
    for (const Change& c : changed_) {
      tile_[c.row * columns_ + c.column] = c.tile;
      if (c.tile == kNone) {
        rows_stopped_[c.row].clear(c.column);
        columns_stopped_[c.column].clear(c.row);
      } else {
        rows_stopped_[c.row].set(c.column);
        columns_stopped_[c.column].set(c.row);
      }
    }
    changed_.clear();
  }

  std::uint32_t columns_ = 0;
  std::vector<std::uint64_t> tile_;
  std::vector<LineMask> rows_stopped_, columns_stopped_;
  std::vector<Change> changed_;
};

/// What a feeder did in a cycle, for those who wait for it.
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
    std::uint64_t tile = 0;
    std::uint64_t bytes = 0;  ///< encoded
  };
  std::array<std::optional<Ready>, 2> ready;  ///< complete tiles

  /// Encoded bytes of `tile` if all its results are there.
  [[nodiscard]] std::optional<std::uint64_t> bytes_of(std::uint64_t tile) const {
    const auto& half = ready[tile % 2];
    if (half && half->tile == tile) return half->bytes;
    return std::nullopt;
  }
};

}  // namespace lacuna::intersect
