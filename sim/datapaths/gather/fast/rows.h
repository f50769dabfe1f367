// When does everything happen where entries are streamed? The recurrences of the fabric with a segment of the whole
// array as the step: the groups of a row in a segment are closed for all of its PEs at once. FAST.md says why.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "datapaths/fabric/fast/memory.h"
#include "datapaths/fabric/fast/waits.h"
#include "datapaths/gather/events.h"
#include "datapaths/gather/fast/operands.h"
#include "datapaths/gather/fast/values.h"
#include "datapaths/gather/fast/work.h"

namespace lacuna::gather::fast {

/// Thrown by Rows::run() where it finds what it does not do; what was computed until then is void. Why, for reports.
struct RowsRefused {
  std::string_view why;
};

class Rows : fabric::fast::MemoryPort {
 public:
  Rows(Operands& operands, const Values& values, Tally& tally);

  /// Runs the layer and reports it to the tally; its cycles.
  fabric::fast::Time run(const std::function<void(std::uint64_t tiles_written)>& progress);

 private:
  /// Signed, so that differences may be.
  using Time = std::int64_t;
  static constexpr Time kLongAgo = INT64_MIN / 4;

  /// Rows, or columns, are of class 0 if every tile maps them, else of class 1. PEs that share both classes have had
  /// the same tiles.
  template <typename T>
  using ByClass = std::array<std::array<T, 2>, 2>;  ///< [class of the row][class of the column]

  struct TileState {
    Tile tile;
    std::vector<Time> complete;  ///< [row][stride] once worked: the cycle after the last issue
    bool worked = false;
  };
  /// A message that was sent; where it is the first of its block, when its line waited for memory before it.
  struct Sent {
    Time start = kLongAgo, arrival = kLongAgo, memory_begin = kLongAgo, memory_end = kLongAgo;
  };
  struct Line {
    TileIndex tile;
    std::uint32_t segment = 0, group = 0;  ///< of the next message
    Time bus = 0;                          ///< from when on it is free
    std::array<std::vector<Time>, 2>
        room;  ///< by class of the PEs: [entry, masked] from when on there is room for the one `depth` later
    std::array<std::uint64_t, 2> sent{};        ///< by class: entries
    std::array<std::uint64_t, 2> worked{};      ///< by class: entries of which it is known when they are popped
    std::vector<Sent> ahead;                    ///< [entry of class 0, masked]
    std::vector<fabric::fast::Interval> waits;  ///< all waits for memory, where they may be asked for
  };
  struct Lines {
    std::size_t side = 0;
    std::uint32_t depth = 0, mask = 0;  ///< of FIFOs; a power of two - 1, not below depth - 1
    std::uint32_t split = 0;            ///< lines below it are of class 0
    std::uint32_t other_split = 0;      ///< of the lines across
    std::vector<Line> lines;
  };

  TileState& state_of(TileIndex tile);
  void demand(TileIndex tile) override { state_of(tile); }
  void fetch_begins(fabric::fast::Time time, fabric::fast::Time cycles, const fabric::fast::Fetched& f) override {
    tally_.on(event::Fetch{time, cycles, f.tile, f.index, &f.block, f.left_out});
  }
  void write_begins(fabric::fast::Time time, fabric::fast::Time cycles, TileIndex tile, std::uint64_t bytes,
                    std::uint64_t dram_bytes) override {
    tally_.on(event::Write{time, cycles, tile, bytes, dram_bytes});
  }

  [[nodiscard]] std::uint32_t mapped(const Lines& lines, const Geometry& tile) const {
    return lines.side == fabric::fast::kWeights ? tile.rows : tile.columns;
  }
  /// Classes of the lines across that a tile maps: 1 or 2.
  [[nodiscard]] int classes_across(const Lines& lines, const Geometry& tile) const {
    return (lines.side == fabric::fast::kWeights ? tile.columns : tile.rows) > lines.other_split ? 2 : 1;
  }
  /// Whether there is known to be room for the next message, and from when on.
  [[nodiscard]] bool room_known(const Lines& lines, const Line& line, int classes) const {
    for (int k = 0; k < classes; ++k)
      if (line.sent[k] >= line.worked[k] + lines.depth) return false;
    return true;
  }
  [[nodiscard]] Time room(const Lines& lines, const Line& line, int classes) const {
    // Before the first `depth` entries are zeros.
    Time time = line.room[0][(line.sent[0] - lines.depth) & lines.mask];
    if (classes == 2) time = std::max(time, line.room[1][(line.sent[1] - lines.depth) & lines.mask]);
    return time;
  }
  /// Sends the next message of a line; the block is loaded and room known.
  Sent send(Lines& lines, Line& line, const Tile& tile, std::uint32_t index);
  /// The line is at the end of a segment of the tile.
  void end_segment(Lines& lines, Line& line, const Tile& tile, std::uint32_t index);
  /// The line may wait for the block of its next message, the first of the block.
  void wait_for_block(Line& line, const Tile& tile, Sent& sent);
  [[nodiscard]] fabric::fast::Message message(const Lines& lines, const Line& line, const Tile& tile,
                                              std::uint32_t index) const;
  /// Sends what there is room for.
  bool send_ahead(Lines& lines);
  /// Lines pass a block, one after the other and told of together.
  void pass(TileIndex tile, std::uint32_t block, Time time);
  void flush_passed();

  bool work();
  /// When the results leave that gate the tile, if it is known.
  bool gate(const Geometry& tile);
  void work_row(TileState& state, std::uint32_t row, bool counts);
  template <typename Waits>
  void account(Waits& waits, std::uint32_t row, std::uint32_t column, const Sent& weights) const;
  void leave_tile(TileState& state);
  bool drain();
  void forget();
  void finish();
  template <typename Visit>
  void for_classes(const Geometry& tile, Visit visit) const;

  Operands& operands_;
  const Machine& machine_;
  const Config& config_;
  Tally& tally_;
  Worker worker_;
  const bool one_word_;  ///< a group takes a cycle of the bus and of a PE, but a tile's first one
  const std::uint64_t tiles_;
  const std::uint32_t rows_, columns_;
  Lines row_lines_, column_lines_;
  std::deque<TileState> states_;
  TileIndex first_state_;

  // PEs, [row][columns].
  std::vector<Time> free_, drained_, drained_before_, gate_;
  std::vector<Time> starved_weight_, starved_activation_, starved_memory_, blocked_memory_, blocked_output_;
  std::vector<Time> unused_;
  std::vector<Time> done_at_;  ///< from when on it has no further tile

  // The step of the PEs that comes next.
  TileIndex work_tile_;
  std::uint32_t work_segment_ = 0;
  bool gated_ = false;
  Time untaken_begin_ = 0, untaken_end_ = 0;  ///< in which a wait for the gate is memory's
  ByClass<std::uint64_t> worked_tiles_{}, drained_tiles_{};
  ByClass<std::uint64_t> last_of_class_{};  ///< the last tile that maps the class
  ByClass<bool> apart_{};                   ///< a tile that does not map the class came since its last step
  bool near_ = false;                       ///< a PE that was apart may still wait for what was before
  // Of the step, by column: sends; the latest pop.
  std::vector<Time> column_start_, column_arrival_, column_memory_begin_, column_memory_end_;
  std::array<std::vector<Time>, 2> column_popped_;  ///< by class of rows
  bool memory_waits_ = false;                       ///< some column waited for memory before the step
  std::vector<Time> ready_;                         ///< scratch

  struct Passed {
    TileIndex tile;
    std::uint32_t block = 0, lines = 0;
    Time time = 0;
  } passed_;

  TileIndex drain_tile_;
  std::vector<Time> drain_bus_;  ///< [column] from when on it is free

  fabric::fast::MemorySequence memory_;
  fabric::fast::WaitAccount waits_;
};

}  // namespace lacuna::gather::fast
