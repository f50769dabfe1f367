// When does everything happen, computed for a whole row of PEs at a time? The recurrences of pe_by_pe.h, step by
// step of the tiles for all lines and PEs, where every row sends to all of its PEs. RowsWithoutStops takes layers in
// which no sum stops early, rows_with_stops.h the others. FAST.md says why whole steps are enough.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "datapaths/fabric/fast/memory.h"
#include "datapaths/fabric/fast/waits.h"
#include "datapaths/intersect/events.h"
#include "datapaths/intersect/fast/operands.h"
#include "datapaths/intersect/fast/values.h"
#include "machine/tally.h"

namespace lacuna::intersect::fast {

using fabric::fast::BlockTimes;
using fabric::fast::Interval;
using fabric::fast::kUnknown;
using fabric::fast::MemorySequence;
using fabric::fast::Time;
using fabric::fast::WaitAccount;

/// Why rows of PEs cannot be taken at a time: pe_by_pe.h takes every layer.
enum class Refusal : std::uint8_t {
  NotAsked,         ///< the caller wants PEs one by one
  Mapping,          ///< a row serves its PEs one by one
  GatedLanes,       ///< whether a group of several lanes is gated depends on which slots share it
  FeedersFarAhead,  ///< found while running: feeders may send past a gate that PEs of the tile do not share
  TimesFarApart,    ///< found while running: times that are needed together do not fit 32 bits
};
/// One line for reports.
[[nodiscard]] std::string_view sentence(Refusal refusal);

/// What of a layer and machine keeps rows from being taken at a time, known before it runs.
[[nodiscard]] std::optional<Refusal> refusal_of_rows(const Lowering& lowering);

/// Thrown by run() of the classes below: the two refusals that are found only while running. What was computed until
/// then is void.
struct RowsRefused {
  Refusal refusal;
};

/// The least and the largest of the first `count` numbers.
inline std::int32_t least(const std::int32_t* numbers, std::uint32_t count) {
  std::int32_t result = numbers[0];
  for (std::uint32_t i = 1; i < count; ++i) result = numbers[i] < result ? numbers[i] : result;
  return result;
}
inline std::int32_t largest(const std::int32_t* numbers, std::uint32_t count) {
  std::int32_t result = numbers[0];
  for (std::uint32_t i = 1; i < count; ++i) result = numbers[i] > result ? numbers[i] : result;
  return result;
}

/// The state of lines, PEs and buses, and what both ways of going through it share.
class RowArray : fabric::fast::MemoryPort {
 protected:
  RowArray(Operands& operands, const Values& values, Tally& tally);

  /// Times relative to base_.
  using Relative = std::int32_t;

  /// Rows, or columns, are of class 0 if every tile maps them, else of class 1: those only full tiles map. PEs that
  /// share both classes have had the same tiles.
  template <typename T>
  using ByClass = std::array<std::array<T, 2>, 2>;  ///< [class of the row][class of the column]

  struct TileState {
    CompactTile operands;
    std::uint64_t first_step = 0;               ///< steps of all tiles before
    ByClass<std::uint64_t> entries{}, tiles{};  ///< of each class, before this tile
    Aligned<Relative> complete;                 ///< [row][stride]: as DrainStep takes it, where it is not free_
    bool worked = false;                        ///< every sum of it is complete
    [[nodiscard]] const Tile& tile() const { return *operands.tile; }
  };
  /// Rows, which carry weights, or columns, which carry activations.
  struct Lines {
    fabric::Side side = fabric::Side::Weights;
    const Lines* across = nullptr;                ///< the columns of rows, the rows of columns
    std::uint32_t depth = 0, pad = 0, split = 0;  ///< lines below `split` are of class 0
    TileIndex tile;                               ///< the next step to be sent
    StepIndex step;
    Aligned<Relative> bus;  ///< [line]
    std::array<Aligned<Relative>, 2>
        room;                          ///< by class of the PEs: [entry mod depth][line], from when on there is room
    Aligned<Relative> start, arrival;  ///< [step mod kAhead][line]
    Aligned<Relative> memory_begin, memory_end;  ///< likewise: waits for memory before the step
    std::array<bool, 128> memory{};              ///< [step mod kAhead]: some line waited
    std::array<bool, 128> parts{};               ///< likewise: the wait of a line has parts; `waits` has them
    std::vector<std::vector<Interval>> waits;    ///< [line]: all of them, where they may be asked for

    [[nodiscard]] bool are_rows() const { return side == fabric::Side::Weights; }
    /// Lines that a tile maps.
    [[nodiscard]] std::uint32_t mapped(const Tile& tile) const { return are_rows() ? tile.rows : tile.columns; }
    /// Classes of the lines that a tile maps.
    [[nodiscard]] int classes(const Tile& tile) const { return mapped(tile) > split ? 2 : 1; }
    /// The PE where line `line` meets line `other` across.
    [[nodiscard]] std::size_t pe(std::uint32_t line, std::uint32_t other, std::size_t stride) const {
      return are_rows() ? line * stride + other : other * stride + line;
    }
    /// What they send, and which of it in their next step.
    [[nodiscard]] const Streams& streams(const TileState& state) const {
      if (are_rows()) return *state.operands.filters;
      return *state.operands.windows;
    }
    [[nodiscard]] std::size_t message(const Tile& tile) const { return are_rows() ? step : tile.steps()[step].chunk; }
  };

  TileState& state_of(TileIndex tile) { return tile == latest_tile_ ? *latest_state_ : find_state(tile); }
  TileState& find_state(TileIndex tile);
  void demand(TileIndex tile) override { state_of(tile); }
  void fetch_begins(Time time, Time cycles, const fabric::fast::Fetched& f) override {
    tally_.on(event::Fetch{time, cycles, f.tile, f.index, &f.block, f.left_out});
  }
  void write_begins(Time time, Time cycles, TileIndex tile, std::uint64_t bytes, std::uint64_t dram_bytes) override {
    tally_.on(event::Write{time, cycles, tile, bytes, dram_bytes});
  }
  /// The entry of the next step of `lines`, for PEs of class `other` on lines of class `own`.
  [[nodiscard]] std::uint64_t entry(const Lines& lines, const TileState& state, int own, int other) const {
    return (lines.are_rows() ? state.entries[own][other] : state.entries[other][own]) + lines.step;
  }
  /// Sends the next message of all lines; their block is loaded and room known.
  void send_all(Lines& lines, TileState& state, Relative loaded);
  /// Notes when `line` waits for memory before the step kept at `at`: in begin..end, if the block is not loaded.
  void note_memory_wait(Lines& lines, std::uint32_t line, const BlockTimes& block, Time begin, Time end,
                        std::size_t at);
  /// The same of the first `count` lines, for a loaded block.
  void note_memory_waits(Lines& lines, std::uint32_t count, const BlockTimes& block, std::size_t at);
  void clear_memory_waits(Lines& lines, std::size_t at);
  /// Calls visit(class of rows, class of columns, first row, last row, first column, last column) for the classes a
  /// tile maps.
  template <typename Visit>
  void for_classes(const Tile& tile, Visit visit) const;

  /// Sets up pair_ for the next step of the tile.
  void prepare_tile(const TileState& state);
  void prepare_step(const TileState& state);
  /// Whether the results that gate the first step of the tile have left their PEs is known; sets pair_.gate.
  bool gate(const TileState& state);
  /// Some PEs of whole tiles were apart and are not yet known to be together again.
  [[nodiscard]] bool apart() const;
  /// The next `steps` steps of a whole tile, of one block and of neighbouring chunks: lines and PEs are at the first of
  /// them, whose gate is set and whose memory waits are noted.
  void work_steps(TileState& state, std::uint32_t steps, const BlockTimes& block);
  /// The entries of the step make room.
  void make_room(const TileState& state);
  /// Tells the tally of messages.
  void report_sent(fabric::Side side, TileIndex tile, std::uint64_t bytes, std::uint32_t destinations);
  /// Tells a WaitAccount, or a FirstPe, what a PE waits for before the pair of the step.
  template <typename Waits>
  void account_pair(Waits& waits, const TileState& state, Row row, Column column) const;
  /// The step is accounted for PE by PE: kernels count its waits nowhere.
  void count_waits(bool count);
  void finish_tile(TileState& state);
  bool drain();
  void forget();
  void rebase();
  void flush();
  /// Reports what the PEs did; of the slots, `terminated` more were not done, and `stops` sums stopped.
  void finish(std::uint64_t terminated, std::uint64_t stops);
  [[nodiscard]] Relative relative(Time time) const;
  [[nodiscard]] Time absolute(Relative time) const {
    return base_ + static_cast<Time>(static_cast<std::int64_t>(time));
  }

  static constexpr std::size_t kAhead = 128;  ///< more than a FIFO is deep
  static constexpr Relative kSoon = 1 << 29;  ///< times are moved when they get beyond it

  Operands& operands_;
  const Values& values_;
  const Lowering& lowering_;
  const Machine& machine_;
  const Config& config_;
  const Kernels& kernels_;
  Tally& tally_;
  std::uint64_t tiles_;
  const bool gates_;  ///< a slot with a zero is gated
  std::uint32_t rows_, columns_;
  std::size_t stride_;
  Time base_ = 0;
  Lines row_lines_, column_lines_;
  Aligned<Relative> never_;  ///< [line]: room there always is
  std::deque<TileState> states_;
  TileIndex first_state_;
  TileIndex latest_tile_ = kNoTileIndex;  ///< the tile last asked for
  TileState* latest_state_ = nullptr;
  std::vector<Aligned<Relative>> spare_;    ///< for TileState::complete
  ByClass<std::uint64_t> last_of_class_{};  ///< the last tile that maps the class
  bool whole_tile_ = false;                 ///< the tile at hand maps every column, and its rows are of one class
  bool keep_waits_ = false;                 ///< lines note all their waits for memory

  // PEs, [row][stride].
  Aligned<Relative> free_;
  Aligned<Relative> drained_before_, drained_;  ///< as DrainStep
  Aligned<Relative> gate_;
  Aligned<std::int32_t> starved_weight_, starved_activation_, starved_memory_, blocked_memory_, blocked_, cycles_,
      empty_, effectual_, killed_;
  Aligned<std::int32_t> unused_;
  std::vector<Time> done_at_;                                         ///< [PE]: from when on it has no further tile
  std::vector<Counters<PeClass>> classes_;                            ///< [PE]: what was flushed
  std::vector<std::uint64_t> group_sum_, empty_sum_, effectual_sum_;  ///< [PE]
  std::uint64_t executed_ = 0, slots_ = 0, owned_ = 0;

  // The step of the PEs that comes next.
  TileIndex work_tile_;
  StepIndex work_step_;
  std::uint64_t steps_worked_ = 0;
  ByClass<std::uint64_t> worked_entries_{}, worked_tiles_{}, drained_tiles_{};
  ByClass<bool> apart_{};  ///< a tile that does not map the class came since its last step
  PairStep pair_{};
  Aligned<std::int32_t> valid_, class_0_;  ///< [column] as PairStep takes them
  Aligned<Relative> row_free_[2], column_free_[2];
  Aligned<Relative> scratch_[4];  ///< starts and arrivals of a step of the steps of a block

  TileIndex drain_tile_;
  Aligned<Relative> drain_bus_;  ///< [column]

  MemorySequence memory_;
  WaitAccount waits_;
};

/// Lines and PEs go through the tiles on their own, a step at a time, as far as what they depend on is known.
class RowsWithoutStops : RowArray {
 public:
  RowsWithoutStops(Operands& operands, const Values& values, Tally& tally) : RowArray(operands, values, tally) {}

  /// Runs the layer and reports it to the tally; its cycles.
  Time run(const std::function<void(std::uint64_t tiles_written)>& progress);

 private:
  /// The next step of all rows, or of all columns, if what it depends on is known; with `whole_block` only if they can
  /// get past their block before PEs take another step, since else memory learns nothing from their going ahead.
  bool send(Lines& lines, bool whole_block);
  /// The lines are past the step, whose block may end with it.
  void pass_step(Lines& lines, const Tile& tile);
  bool work();
  /// The rest of the block at hand in one go, if lines and PEs are at the same step of a tile that maps every PE.
  bool work_block();
  void leave_tile(TileState& state);
  /// Waits of a step in which PEs may have waited since a tile that does not map them.
  void account(const TileState& state);
};

template <typename Waits>
void RowArray::account_pair(Waits& waits, const TileState& state, Row row, Column column) const {
  const std::uint32_t pe = row * columns_ + column;
  const std::size_t at = row * stride_ + column;
  const Time free = absolute(free_[at]);
  const Time weights = absolute(pair_.row_arrival[row]);
  const Time activations = absolute(pair_.column_arrival[column]);
  waits.starve(pe, free, weights, absolute(pair_.row_start[row]), PeClass::StarvedWeight, row_lines_.waits[row]);
  waits.starve(pe, std::max(free, weights), activations, absolute(pair_.column_start[column]),
               PeClass::StarvedActivation, column_lines_.waits[column]);
  const Time there = std::max({free, weights, activations});
  if (pair_.gate && pair_.gate[at] > relative(there))
    waits.block(pe, there, absolute(pair_.gate[at]), state.tile().index);
}

template <typename Visit>
void RowArray::for_classes(const Tile& tile, Visit visit) const {
  const std::array<std::uint32_t, 3> row{0, row_lines_.split, tile.rows};
  const std::array<std::uint32_t, 3> column{0, column_lines_.split, tile.columns};
  for (int r = 0; r < 2; ++r)
    for (int c = 0; c < 2; ++c)
      if (row[r] < row[r + 1] && column[c] < column[c + 1]) visit(r, c, row[r], row[r + 1], column[c], column[c + 1]);
}

}  // namespace lacuna::intersect::fast
