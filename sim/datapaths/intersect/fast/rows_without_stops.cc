// RowsWithoutStops: layers in which no sum stops early.
#include <algorithm>
#include <utility>

#include "datapaths/intersect/fast/row_array.h"

namespace lacuna::intersect::fast {

bool RowsWithoutStops::send(Lines& lines, bool whole_block) {
  if (lines.tile == tiles_) return false;
  TileState& state = state_of(lines.tile);
  const Tile& tile = state.tile();
  const std::uint32_t block = tile.block_of[lines.step];
  const BlockTimes& times = memory_.block(lines.tile, block);
  if (times.loaded == kUnknown) return false;
  const std::uint32_t count = lines.mapped(tile);
  bool room_known = true;
  const std::uint32_t step = whole_block ? tile.blocks[block].end - 1 : lines.step;
  for_classes(tile, [&](int r, int c, auto...) {
    room_known &= state.entries[r][c] + step < worked_entries_[r][c] + lines.depth;
  });
  if (!room_known) return false;

  const std::size_t at = (state.first_step + lines.step) % kAhead * lines.pad;
  clear_memory_waits(lines, at);
  if (lines.step == tile.blocks[block].begin) note_memory_waits(lines, count, times, at);
  // A wait in parts happens only where a line has passed over a tile; then its PEs are apart, and account() reads the
  // parts.
  send_all(lines, state, relative(times.loaded));

  pass_step(lines, tile);
  return true;
}

void RowsWithoutStops::pass_step(Lines& lines, const Tile& tile) {
  const std::uint32_t block = tile.block_of[lines.step];
  if (++lines.step < tile.blocks[block].end) return;
  const std::uint32_t count = lines.mapped(tile);
  memory_.pass(lines.tile, block, count, absolute(largest(lines.bus.data(), count)));
  if (lines.step < tile.steps().size()) return;
  lines.step = StepIndex(0);
  ++lines.tile;
}

/// The next step of all PEs, if what it depends on is known.
bool RowsWithoutStops::work() {
  if (work_tile_ == tiles_) return false;
  const auto sent = [&](const Lines& lines) { return lines.tile > work_tile_ || lines.step > work_step_; };
  if (!sent(row_lines_) || !sent(column_lines_)) return false;
  TileState& state = state_of(work_tile_);
  const Tile& tile = state.tile();
  pair_.gate = nullptr;
  if (work_step_ == 0) {
    if (!gate(state)) return false;
    prepare_tile(state);
  }
  prepare_step(state);
  bool apart = false;
  for_classes(tile, [&](int r, int c, auto...) { apart |= apart_[r][c]; });
  count_waits(!apart);
  if (apart)
    account(state);
  else if (waits_.edges())
    account_pair(waits_.first_pe(), state, Row(0), Column(0));
  kernels_.pair_step(pair_);
  executed_ += pair_.executed;
  slots_ += pair_.slot_count;
  make_room(state);
  ++steps_worked_;
  if (++work_step_ == tile.steps().size()) leave_tile(state);
  return true;
}

bool RowsWithoutStops::work_block() {
  if (work_tile_ == tiles_) return false;
  const auto here = [&](const Lines& lines) { return lines.tile == work_tile_ && lines.step == work_step_; };
  if (!here(row_lines_) || !here(column_lines_)) return false;
  TileState& state = state_of(work_tile_);
  const Tile& tile = state.tile();
  const std::uint32_t at = tile.block_of[work_step_];
  const Block& block = tile.blocks[at];
  const BlockTimes& times = memory_.block(tile.index, at);
  if (times.loaded == kUnknown) return false;
  pair_.gate = nullptr;
  if (work_step_ == 0) prepare_tile(state);
  if (!whole_tile_ || apart()) return false;
  if (work_step_ == 0 && !gate(state)) return false;
  // The first PE may wait for memory, which tells what PEs outside the tile wait for.
  const Time first_pe = absolute(free_[0]);
  if (waits_.edges() && work_step_ == block.begin &&
      (first_pe < times.loaded || (pair_.gate && relative(first_pe) < pair_.untaken_end)))
    return false;
  for (Lines* lines : {&row_lines_, &column_lines_}) {
    const std::size_t kept = steps_worked_ % kAhead * lines->pad;
    clear_memory_waits(*lines, kept);
    if (work_step_ == block.begin) note_memory_waits(*lines, lines->mapped(tile), times, kept);
  }
  work_steps(state, block.end - work_step_, times);
  for (Lines* lines : {&row_lines_, &column_lines_}) {
    lines->step = StepIndex(work_step_ - 1);
    pass_step(*lines, tile);
  }
  if (work_step_ == tile.steps().size()) leave_tile(state);
  return true;
}

/// After the last step of a tile.
void RowsWithoutStops::leave_tile(TileState& state) {
  const Tile& tile = state.tile();
  for_classes(tile,
              [&](int r, int c, std::uint32_t row, std::uint32_t rows, std::uint32_t column, std::uint32_t columns) {
                if (tile.index != last_of_class_[r][c]) return;
                for (std::uint32_t i = row; i < rows; ++i)
                  for (std::uint32_t j = column; j < columns; ++j)
                    done_at_[std::size_t{i} * columns_ + j] = absolute(free_[i * stride_ + j]);
              });
  report_sent(fabric::Side::Weights, tile.index, state.operands.filters->bytes_before.back(), tile.columns);
  report_sent(fabric::Side::Activations, tile.index, state.operands.windows->bytes_before.back(), tile.rows);
  finish_tile(state);
  while (drain()) {
  }
  if (drain_tile_ < work_tile_) {
    if (!spare_.empty()) {
      state.complete = std::move(spare_.back());
      spare_.pop_back();
    }
    state.complete.resize(free_.size());
    std::copy_n(free_.data(), free_.size(), state.complete.data());
  }
}

void RowsWithoutStops::account(const TileState& state) {
  // Tiles before this one are all sent, so their edges are known.
  const Time edge = memory_.edges().empty() ? 0 : memory_.edges().back().end;
  for_classes(state.tile(), [&](int r, int c, std::uint32_t first_row, std::uint32_t rows, std::uint32_t first_column,
                                std::uint32_t columns) {
    bool near = false;
    for (Row row(first_row); row < rows; ++row)
      for (Column column(first_column); column < columns; ++column) {
        account_pair(waits_, state, row, column);
        near |= std::max({absolute(free_[row * stride_ + column]), absolute(pair_.row_arrival[row]),
                          absolute(pair_.column_arrival[column])}) < edge;
      }
    apart_[r][c] = apart_[r][c] && near;
  });
}

Time RowsWithoutStops::run(const std::function<void(std::uint64_t)>& progress) {
  constexpr std::uint64_t kTidyEvery = 8;
  std::uint64_t transfers = 0;
  while (!memory_.finished()) {
    // PEs first, then lines no further than PEs can follow, lines ahead of PEs that wait for results last.
    if (work_block() || work()) continue;
    const auto here = [&](const Lines& lines) { return lines.tile == work_tile_ && lines.step == work_step_; };
    bool changed = here(row_lines_) && send(row_lines_, false);
    changed |= here(column_lines_) && send(column_lines_, false);
    changed = changed || drain();
    if (!changed) {
      changed |= send(row_lines_, true);
      changed |= send(column_lines_, true);
    }
    if (changed) continue;
    memory_.begin(memory_.next());
    if (++transfers % kTidyEvery != 0) continue;
    forget();
    rebase();
    progress(memory_.written());
  }
  progress(memory_.written());
  finish(0, 0);
  return memory_.cycles();
}

}  // namespace lacuna::intersect::fast
