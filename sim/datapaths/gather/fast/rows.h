// When does everything happen where entries are streamed? The recurrences of the fabric with a segment of the whole
// array as the step: the groups of a row in a segment are closed for all of its PEs at once. FAST.md says why.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <string_view>
#include <vector>

#include "datapaths/fabric/fast/aligned.h"
#include "datapaths/fabric/fast/memory.h"
#include "datapaths/fabric/fast/waits.h"
#include "datapaths/gather/events.h"
#include "datapaths/gather/fast/operands.h"
#include "datapaths/gather/fast/row_kernels.h"
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
  using Time = Moment;
  template <typename T>
  using Aligned = fabric::fast::Aligned<T>;

  /// Rows, or columns, are of class 0 if every tile maps them, else of class 1. PEs that share both classes have had
  /// the same tiles.
  template <typename T>
  using ByClass = std::array<std::array<T, 2>, 2>;  ///< [class of the row][class of the column]

  // Columns of a kind do the same at the same time (FAST.md). Below, a column stands for all of a kind, unless it is
  // said to be one of the array.

  struct TileState {
    Tile tile;
    Geometry geometry;       ///< by_kind()
    Aligned<Time> complete;  ///< [PE] once worked: the cycle after the last issue
    bool worked = false;
  };
  /// What a line has sent that PEs have not taken, and where it is.
  struct Ahead {
    TileIndex tile;
    std::uint32_t segment = 0, group = 0;     ///< of the next message
    std::array<std::uint32_t, 2> messages{};  ///< by class of the PEs
    Time bus = 0;                             ///< from when on it is free
  };
  /// Rows, which send weights, or columns, which send activations; where PEs are, unless something else is said.
  struct Lines {
    std::size_t side = 0;
    std::uint32_t count = 0, stride = 0;  ///< lines; in whole vectors
    std::uint32_t depth = 0;              ///< of FIFOs
    std::uint32_t split = 0;              ///< lines below it are of class 0
    std::uint32_t other_split = 0;        ///< of the lines across
    std::vector<std::uint32_t> alike;     ///< [line] of the array for which it stands
    Aligned<Time> bus;                    ///< [line] from when on it is free
    std::array<Aligned<Time>, 2> room;  ///< by class of the PEs: [message from here on, up to depth][line] from when on
    Aligned<Time> start, arrival;       ///< [line] of the first message of the segment
    Aligned<Time> memory_begin, memory_end;                  ///< [line] when it waited for memory before
    bool memory = false;                                     ///< some line did
    std::vector<std::vector<fabric::fast::Interval>> waits;  ///< [line] all of them, where they may be asked for
    std::vector<Ahead> ahead;
    std::uint64_t furthest = 0;  ///< step() of the line that is furthest ahead

    [[nodiscard]] OnBus on_bus() const {
      return {start.data(), arrival.data(), memory_begin.data(), memory_end.data()};
    }
  };

  TileState& state_of(TileIndex tile);
  /// Of the array, in columns that stand for others.
  [[nodiscard]] Geometry by_kind(const Geometry& tile) const {
    return {kinds_before_[tile.columns], tile.rows, tile.last_rows};
  }
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
  /// A segment of a tile among all of the layer.
  [[nodiscard]] std::uint64_t step(TileIndex tile, std::uint32_t segment) const {
    return tile * std::uint64_t{operands_.segments()} + segment;
  }
  [[nodiscard]] std::uint64_t step(const Ahead& ahead) const { return step(ahead.tile, ahead.segment); }
  [[nodiscard]] std::uint64_t work_step() const { return step(work_tile_, work_segment_); }
  [[nodiscard]] static bool begins_block(const Tile& tile, std::uint32_t segment) {
    return segment == 0 || tile.block_of[segment - 1] != tile.block_of[segment];
  }
  [[nodiscard]] bool ends_block(const Tile& tile, std::uint32_t segment) const {
    return segment + 1 == operands_.segments() || tile.block_of[segment] != tile.block_of[segment + 1];
  }
  /// The PE in arrays over PEs: [column][row].
  [[nodiscard]] std::size_t at(std::uint32_t row, std::uint32_t column) const {
    return std::size_t{column} * row_lines_.stride + row;
  }
  [[nodiscard]] PeRange pes(std::uint32_t begin, std::uint32_t end) const {
    return {row_lines_.stride, row_lines_.stride, begin, end, mapped_.data()};
  }

  // Lines.
  void set_up(Lines& lines, std::size_t side, std::vector<std::uint32_t> alike, std::uint32_t depth,
              std::uint32_t split, std::uint32_t other_split);
  /// Lines may wait for the block that begins.
  void wait_for_block(Lines& lines, const TileState& state);
  /// Rows send the first group of the segment; columns the segment.
  void send_groups(const TileState& state);
  void send_segment(const TileState& state);
  /// Lines are past the block that ends, those that were not before.
  void pass_block(const Lines& lines, const TileState& state);
  /// PEs have taken the messages of a segment: `groups` [line] of them; null for one.
  void take_ahead(Lines& lines, const Geometry& tile, const std::uint32_t* groups);
  /// Sends what there is room for.
  bool send_ahead(Lines& lines);
  bool send_ahead(Lines& lines, std::uint32_t line);
  /// Whether PEs of the line have tiles to come.
  [[nodiscard]] bool has_tiles(const Lines& lines, std::uint32_t line) const;
  /// Waits for memory that no PE will ask for any more.
  void forget_waits(Lines& lines, std::uint32_t line);

  // PEs.
  bool work();
  /// When the results leave that gate the tile, if it is known.
  bool gate(const Geometry& tile);
  /// Sets mapped_ and of_class_.
  void map(const Geometry& tile);
  [[nodiscard]] std::uint32_t column_words(const TileState& state, std::uint32_t column, std::uint32_t segment) const {
    return operands_.activations(state.tile.columns[first_of_kind_[column]], segment).words;
  }
  /// What PEs wait for before their first group is counted PE by PE, not here.
  void account_apart(const TileState& state);
  /// `column` of the array.
  template <typename Waits>
  void account(Waits& waits, std::uint32_t row, std::uint32_t column) const;
  /// PEs have what the first groups of the segment need. `counts`: what they wait for is counted here.
  void begin(const Geometry& tile, bool counts);
  /// They take all groups.
  void take_groups(const TileState& state, bool counts);
  void note_group_waits(const TileState& state);
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
  const std::uint32_t full_words_;  ///< of a group that is neither a segment's first nor its last
  const bool one_word_;             ///< a group takes a cycle of the bus and of a PE, but a tile's first one
  const std::uint64_t tiles_;
  const std::uint32_t rows_, columns_;        ///< of the array
  const std::vector<std::uint32_t> kinds_;    ///< [column of the array] the one that stands for it
  std::vector<std::uint32_t> kinds_before_;   ///< [column of the array, and behind the last] kinds of those before
  std::vector<std::uint32_t> first_of_kind_;  ///< [column] of the array
  Lines row_lines_, column_lines_;
  std::deque<TileState> states_;
  TileIndex first_state_;

  // PEs: at().
  Aligned<Time> free_, ready_, drained_, drained_before_, gate_;
  Aligned<Time> starved_weight_, starved_activation_, starved_memory_, blocked_memory_, blocked_output_, unused_;
  Aligned<Time> done_at_;  ///< from when on it has no further tile

  // The step of the PEs that comes next.
  TileIndex work_tile_;
  std::uint32_t work_segment_ = 0;
  bool gated_ = false;
  Time untaken_begin_ = 0, untaken_end_ = 0;  ///< in which a wait for the gate is memory's
  ByClass<std::uint64_t> worked_tiles_{}, drained_tiles_{};
  ByClass<std::uint64_t> last_of_class_{};  ///< the last tile that maps the class
  ByClass<bool> apart_{};                   ///< a tile that does not map the class came since its last step

  // Rows: that the tile maps (-1, else 0), and those of each class; of the step.
  Aligned<Time> mapped_;
  std::array<Aligned<Time>, 2> of_class_;
  Aligned<Time> earliest_, taken_, sigma_, before_, taken_before_, start_, arrival_;
  std::array<Aligned<Time>, 2> latest_;
  std::array<Aligned<Time>, 2> next_room_;
  std::vector<const std::uint32_t*> cycles_;
  std::array<Aligned<Time>, 2> popped_;  ///< by class of rows: [column]

  TileIndex drain_tile_;
  Aligned<Time> drain_bus_;  ///< [column] from when on it is free

  fabric::fast::MemorySequence memory_;
  fabric::fast::WaitAccount waits_;
};

template <typename Visit>
void Rows::for_classes(const Geometry& tile, Visit visit) const {
  const std::array<std::uint32_t, 3> row{0, std::min(row_lines_.split, tile.rows), tile.rows};
  const std::array<std::uint32_t, 3> column{0, std::min(column_lines_.split, tile.columns), tile.columns};
  for (int r = 0; r < 2; ++r)
    for (int c = 0; c < 2; ++c)
      if (row[r] < row[r + 1] && column[c] < column[c + 1]) visit(r, c, row[r], row[r + 1], column[c], column[c + 1]);
}

}  // namespace lacuna::gather::fast
