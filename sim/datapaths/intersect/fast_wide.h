// When does everything happen, computed for a whole row of PEs at a time? The recurrences of fast_timing.h, step by step of the
// tiles for all lines and PEs, where no sum stops early and every row sends to all of its PEs. FAST.md says why whole
// steps are enough there.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <vector>

#include "datapaths/intersect/fast_memory.h"
#include "datapaths/intersect/fast_operands.h"
#include "datapaths/intersect/fast_values.h"
#include "datapaths/intersect/fast_waits.h"
#include "machine/fold.h"

namespace lacuna::fast {

/// Thrown when the numbers of a layer do not fit this way of computing; fast_timing.h takes any.
struct TooWide {};

class WideTiming {
 public:
  /// Layers and machines it is made for.
  [[nodiscard]] static bool takes(const Lowering& lowering);

  WideTiming(Operands& operands, const Values& values, Fold& fold);

  /// Runs the layer and reports it to the fold; its cycles.
  Time run(const std::function<void(std::uint64_t tiles_written)>& progress);

 private:
  /// Times relative to base_.
  using Relative = std::int32_t;

  /// Rows, or columns, are of class 0 if every tile maps them, else of class 1: those only full tiles map. PEs that share
  /// both classes have had the same number of entries and tiles.
  template <typename T>
  using ByClass = std::array<std::array<T, 2>, 2>;  ///< [class of the row][class of the column]

  struct Run {
    CompactTile operands;
    std::uint64_t first_step = 0;             ///< steps of all tiles before
    ByClass<std::uint64_t> entries{}, tiles{};  ///< of each class, before this tile
    Aligned<Relative> complete;               ///< [row][stride]: as DrainStep takes it; where it had to wait
    bool worked = false;                      ///< all PEs are past it
    [[nodiscard]] const Tile& tile() const { return *operands.tile; }
  };
  /// Rows or columns.
  struct Lines {
    event::Side side = event::Side::Weights;
    std::uint32_t depth = 0, pad = 0, split = 0;   ///< lines below `split` are of class 0
    std::uint64_t tile = 0;                        ///< the next step to be sent
    std::uint32_t step = 0;
    Aligned<Relative> bus;                         ///< [line]
    std::array<Aligned<Relative>, 2> room;         ///< by class of the PEs: [entry mod depth][line], from when on there is room
    Aligned<Relative> start, arrival;              ///< [step mod kAhead][line]
    Aligned<Relative> memory_begin, memory_end;    ///< likewise: waits for memory before the step
    std::array<bool, 128> memory{};                ///< [step mod kAhead]: some line waited
    std::vector<std::vector<Interval>> waits;      ///< [line]: all of them, where edges may ask for them
  };

  Run& run_of(std::uint64_t tile);
  bool send(Lines& lines);
  void note_memory_waits(Lines& lines, const Run& run, Relative loaded, std::size_t at);
  bool work();
  void prepare(const Run& run);
  /// Waits of a step in which PEs may have waited since a tile that does not map them.
  void account(const Run& run, std::size_t row_at, std::size_t column_at);
  bool drain();
  void forget();
  void rebase();
  void flush();
  void finish();
  [[nodiscard]] Relative relative(Time time) const;
  [[nodiscard]] Time absolute(Relative time) const { return base_ + static_cast<Time>(static_cast<std::int64_t>(time)); }
  [[nodiscard]] std::uint32_t lines_of(const Lines& lines, const Tile& tile) const {
    return lines.side == event::Side::Weights ? tile.rows : tile.columns;
  }
  template <typename Visit>
  void for_classes(const Tile& tile, Visit visit) const;

  static constexpr std::size_t kAhead = 128;      ///< more than a FIFO is deep
  static constexpr Relative kLongAgo = -(1 << 30);
  static constexpr Relative kSoon = 1 << 29;      ///< times are moved when they get beyond it

  Operands& operands_;
  const Values& values_;
  const Lowering& lowering_;
  const Machine& machine_;
  const Kernels& kernels_;
  Fold& fold_;
  std::uint64_t tiles_;
  std::uint32_t rows_, columns_;
  std::size_t stride_;
  Time base_ = 0;
  Lines row_lines_, column_lines_;
  Aligned<Relative> never_;              ///< [line]: room there always is
  std::deque<Run> runs_;
  std::uint64_t first_run_ = 0;

  // PEs, [row][stride].
  Aligned<Relative> free_;
  Aligned<Relative> drained_before_, drained_;  ///< as DrainStep
  Aligned<Relative> gate_;
  Aligned<std::int32_t> starved_weight_, starved_activation_, starved_memory_, blocked_, cycles_, empty_, effectual_;
  Aligned<std::int32_t> unused_;         ///< counters of a step that is accounted for otherwise
  std::vector<Time> done_at_;            ///< [PE]: when it finished its last tile
  std::vector<Counters<PeClass>> classes_;      ///< [PE]: what was flushed
  std::vector<std::uint64_t> group_sum_, empty_sum_, effectual_sum_;  ///< [PE]
  std::uint64_t executed_ = 0, slots_ = 0, owned_ = 0;

  // The step of the PEs that comes next.
  std::uint64_t work_tile_ = 0;
  std::uint32_t work_step_ = 0;
  std::uint64_t steps_worked_ = 0;
  ByClass<std::uint64_t> worked_entries_{}, worked_tiles_{}, drained_tiles_{};
  ByClass<bool> apart_{};                ///< a tile that does not map the class came since its last step
  PairStep pair_{};
  Aligned<std::int32_t> valid_, left_;   ///< [column] as PairStep takes them
  Aligned<Relative> row_free_[2], column_free_[2];

  std::uint64_t drain_tile_ = 0;
  Aligned<Relative> drain_bus_;          ///< [column]

  MemorySequence memory_;
  WaitAccount waits_;
};

}  // namespace lacuna::fast
