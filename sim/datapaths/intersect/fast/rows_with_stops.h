// When does everything happen where sums stop early? The recurrences of row_array.h with all lines and PEs at the same
// step of the same tile: a line knows then which of its PEs have stopped.
#pragma once

#include <functional>
#include <vector>

#include "datapaths/intersect/fast/row_array.h"

namespace lacuna::intersect::fast {

class RowsWithStops : RowArray {
 public:
  RowsWithStops(Operands& operands, const Values& values, Tally& tally);

  /// Runs the layer and reports it to the tally; its cycles.
  Time run(const std::function<void(std::uint64_t tiles_written)>& progress);

 private:
  /// What a line may do in the tile at hand.
  struct LineStop {
    std::int32_t last = 0;    ///< the last step in which one of its PEs stops; INT32_MAX if one does not
    bool known = false;       ///< `stopped` is known
    Relative stopped = 0;     ///< from when on all its PEs are stopped
    std::int32_t ended = -1;  ///< the step in whose place its end token was sent
  };
  /// What the lines of one side may do in the tile at hand.
  struct SideStops {
    Lines* lines = nullptr;
    std::vector<TileIndex> last_tile;  ///< [line]: the last tile that maps it
    std::vector<LineStop> stops;       ///< [line]
    std::int32_t first_stop = 0;       ///< the least LineStop::last
    std::uint32_t live = 0;            ///< lines that have not ended
    Aligned<std::int32_t> entry;       ///< [line] what is sent in the step
    std::uint64_t sent = 0;            ///< steps of all tiles that were sent ahead of PEs, before this one
  };
  struct LateSend {
    Time arrival;
    event::Send send;
  };

  void work_tile(TileState& state);
  /// Several steps at once, if no sum has stopped yet and the block has begun.
  bool work_before_stops(TileState& state);
  void place_stops(const TileState& state);
  /// Sends step `step` of a side; `all_end` if every line that is left ends.
  void send(SideStops& side, TileState& state, bool all_end);
  /// PEs wait for a gate that opens after cycle `until`: sends what lines send up to then in the meantime.
  void send_ahead(SideStops& side, const TileState& at_work, Time until);
  [[nodiscard]] bool is_sent(const SideStops& side, const TileState& state) const {
    return state.first_step + work_step_ < side.sent;
  }
  void report_step(SideStops& side, const TileState& state);
  void send_line(SideStops& side, TileState& state, std::uint32_t line, const BlockTimes& block, std::size_t at,
                 bool all_end);
  [[nodiscard]] Relative room(const SideStops& side, const TileState& state, std::uint32_t line) const;
  /// Settles whether the block of the step comes; false if all lines end without it.
  bool settle_block(TileState& state);
  /// Settles when the results leave that gate the tile.
  void settle_gate(TileState& state);
  [[nodiscard]] bool is_last(const SideStops& side, const Tile& tile) const;
  Relative stopped(SideStops& side, const TileState& state, std::uint32_t line);
  void sent(SideStops& side, const TileState& state, std::uint32_t line, std::uint32_t bytes, Relative arrival);
  void end_line(SideStops& side, const TileState& state, std::uint32_t line, Relative arrival);
  /// Tells a WaitAccount, or a FirstPe, what a PE waits for in the step.
  template <typename Waits>
  void account_step(Waits& waits, const TileState& state, Row row, Column column) const;
  /// Waits of the step, PE by PE.
  void account(const TileState& state);
  void make_room(SideStops& side, const TileState& state);
  void align_rooms(SideStops& side, const TileState& state);
  void leave_tile(TileState& state);

  SideStops row_side_, column_side_;
  StopStep step_{};
  Aligned<std::int32_t> stop_step_, stop_group_, cut_slots_, cut_effectual_;
  Aligned<Relative> free_activation_, kill_, stopped_;
  std::int32_t first_stop_ = 0,
               last_stop_ = 0;  ///< steps of the tile in which sums stop; INT32_MAX for one that does not
  std::uint64_t all_slots_ = 0, stops_ = 0;
  std::vector<LateSend> late_sends_;
  std::vector<std::int32_t> negative_step_;  ///< [chunk]: its step in the negative pass
};

}  // namespace lacuna::intersect::fast
