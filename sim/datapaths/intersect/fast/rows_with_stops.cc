#include "datapaths/intersect/fast/rows_with_stops.h"

#include <algorithm>
#include <utility>

#include "datapaths/intersect/skip_rules.h"

namespace lacuna::intersect::fast {

namespace {

constexpr std::int32_t kNoStop = INT32_MAX;

}  // namespace

RowsWithStops::RowsWithStops(Operands& operands, const Values& values, Tally& tally)
    : RowArray(operands, values, tally) {
  keep_waits_ = true;
  const std::size_t pes = rows_ * stride_;
  for (auto* numbers : {&stop_step_, &stop_group_, &cut_slots_, &cut_effectual_}) numbers->assign(pes, 0);
  free_activation_.assign(pes, 0);
  kill_.assign(pes, INT32_MIN);
  stopped_.assign(pes, 0);
  const auto set_up = [](SideStops& side, Lines& lines, std::uint32_t count) {
    side.lines = &lines;
    side.last_tile.assign(count, TileIndex(0));
    side.stops.resize(count);
    side.entry.assign(lines.pad, kNothing);
  };
  set_up(row_side_, row_lines_, rows_);
  set_up(column_side_, column_lines_, columns_);
  for (Row row(0); row < rows_; ++row)
    for (Column column(0); column < columns_; ++column)
      if (const auto last = operands_.last_tile(row, column)) {
        row_side_.last_tile[row] = std::max(row_side_.last_tile[row], *last);
        column_side_.last_tile[column] = std::max(column_side_.last_tile[column], *last);
      }
  step_.row_entry = row_side_.entry.data();
  step_.column_entry = column_side_.entry.data();
  step_.stop_step = stop_step_.data();
  step_.stop_group = stop_group_.data();
  step_.cut_slots = cut_slots_.data();
  step_.cut_effectual = cut_effectual_.data();
  step_.free_activation = free_activation_.data();
  step_.kill = kill_.data();
  step_.stopped = stopped_.data();
  step_.killed = killed_.data();
}

// ---- Where sums stop ----

/// Translates stops into steps and groups of the tile, and into what lines may do.
void RowsWithStops::place_stops(const TileState& state) {
  const Tile& tile = state.tile();
  const Filters& filters = *state.operands.filters;
  const Windows& windows = *state.operands.windows;
  const std::vector<Step>& steps = tile.steps();
  const auto last = static_cast<std::int32_t>(steps.size()) - 1;
  const auto first_negative =
      static_cast<std::int32_t>(std::ranges::find(steps, Pass::Negative, &Step::pass) - steps.begin());
  negative_step_.assign(operands_.chunks(), 0);
  for (std::int32_t step = first_negative; step <= last; ++step)
    negative_step_[steps[static_cast<std::size_t>(step)].chunk] = step;

  const std::uint32_t lanes = config_.lanes;
  const bool asks = pair_.any_activation == 0;
  const bool cuts = !pair_.only_effectual;
  const Lowering::Position& position = state.operands.position;
  const std::uint64_t first_window = tile.windows->windows.front();
  for (SideStops* side : {&row_side_, &column_side_})
    for (LineStop& line : side->stops) line = {};
  last_stop_ = -1;
  first_stop_ = kNoStop;
  // Where stops after the positive pass are: at its end, or with the tile's first group if it has none.
  const std::int32_t shown = std::max(first_negative - 1, 0);
  const std::uint32_t reciprocal = (65536 + lanes - 1) / lanes;
  const bool wide = !filters.high.empty();
  for (Row row(0); row < tile.rows; ++row) {
    const Stop* const stops = values_.stops(position.group, position.filter_tile * rows_ + row) + first_window;
    std::int32_t last_of_row = 0;
    for (Column column(0); column < tile.columns; ++column) {
      const std::size_t at = row * stride_ + column;
      const Stop stop = stops[column];
      const bool never = stop.never(), after_positive = stop.is_after_positive();
      std::int32_t step = never || after_positive ? shown : negative_step_[stop.chunk()];
      const std::size_t filter_at = static_cast<std::size_t>(step) * filters.pad + row;
      const std::size_t window_at = std::size_t{steps[static_cast<std::size_t>(step)].chunk} * windows.pad + column;
      Mask slots{filters.own_slots ? filters.slots_low[filter_at] : filters.low[filter_at], 0};
      Mask there{windows.low[window_at], 0};
      if (wide) {
        slots.high = filters.own_slots ? filters.slots_high[filter_at] : filters.high[filter_at];
        there.high = windows.high[window_at];
      }
      if (asks) slots = slots & there;
      const std::uint32_t count = (slots.count() + lanes - 1) * reciprocal >> 16;
      const auto groups = static_cast<std::int32_t>(std::max(1u, count));
      const std::int32_t group_after_positive = first_negative > 0 ? groups - 1 : 0;
      const std::int32_t group =
          never || after_positive ? group_after_positive : static_cast<std::int32_t>(stop.group());
      // The tile's last group is not a stop.
      const bool stops_here = !never && (step != last || group + 1 != groups);
      if (stops_here && cuts) {
        Mask rest = slots;
        for (std::uint32_t i = 0; i < static_cast<std::uint32_t>(group + 1) * lanes && !rest.none(); ++i)
          rest.clear_lowest();
        cut_slots_[at] = static_cast<std::int32_t>(rest.count());
        cut_effectual_[at] =
            static_cast<std::int32_t>((rest & filters.mask(static_cast<std::uint32_t>(step), row) & there).count());
      }
      stops_ += stops_here ? 1 : 0;
      step = stops_here ? step : kNoStop;
      first_stop_ = std::min(first_stop_, step);
      stop_step_[at] = step;
      stop_group_[at] = group;
      last_of_row = std::max(last_of_row, step);
      column_side_.stops[column].last = std::max(column_side_.stops[column].last, step);
    }
    row_side_.stops[row].last = last_of_row;
    last_stop_ = std::max(last_stop_, row_side_.stops[row].last);
  }
  for (SideStops* side : {&row_side_, &column_side_}) {
    side->live = side->lines->mapped(tile);
    side->first_stop = kNoStop;
    for (std::uint32_t i = 0; i < side->live; ++i) side->first_stop = std::min(side->first_stop, side->stops[i].last);
    std::fill_n(side->entry.data(), side->lines->pad, kNothing);
  }
}

/// From when on all PEs of a line are stopped; they have stopped in steps before this one.
RowArray::Relative RowsWithStops::stopped(SideStops& side, const TileState& state, std::uint32_t line) {
  LineStop& stop = side.stops[line];
  if (stop.known) return stop.stopped;
  stop.known = true;
  stop.stopped = kLongAgo;
  for (std::uint32_t i = 0; i < side.lines->across->mapped(state.tile()); ++i)
    stop.stopped = std::max(stop.stopped, stopped_[side.lines->pe(line, i, stride_)]);
  return stop.stopped;
}

// ---- Lines ----

/// From when on every FIFO of a line has room for the entry of the step.
RowArray::Relative RowsWithStops::room(const SideStops& side, const TileState& state, std::uint32_t line) const {
  const Lines& lines = *side.lines;
  const int own = line < lines.split ? 0 : 1;
  Relative from = lines.room[0][entry(lines, state, own, 0) % lines.depth * lines.pad + line];
  if (lines.across->classes(state.tile()) == 2)
    from = std::max(from, lines.room[1][entry(lines, state, own, 1) % lines.depth * lines.pad + line]);
  return from;
}

/// Whether the tile is the last of some line.
bool RowsWithStops::is_last(const SideStops& side, const Tile& tile) const {
  return tile.index == tiles_ - 1 || tile.index == side.last_tile[side.lines->mapped(tile) - 1];
}

void RowsWithStops::sent(SideStops& side, const TileState& state, std::uint32_t line, std::uint32_t bytes,
                         Relative arrival) {
  const std::uint32_t destinations = side.lines->across->mapped(state.tile());
  if (state.tile().index != side.last_tile[line]) {
    report_sent(side.lines->side, state.tile().index, bytes, destinations);
  } else {
    const Time time = absolute(arrival);
    late_sends_.push_back(
        {time, {time - 1, side.lines->side, line, state.tile().index, side.lines->step, bytes, destinations}});
  }
}

void RowsWithStops::end_line(SideStops& side, const TileState& state, std::uint32_t line, Relative arrival) {
  side.stops[line].ended = static_cast<std::int32_t>(side.lines->step);
  --side.live;
  const Tile& tile = state.tile();
  for (std::uint32_t block = tile.block_of[side.lines->step]; block < tile.blocks.size(); ++block)
    memory_.pass(tile.index, block, 1, absolute(arrival));
}

void RowsWithStops::send_line(SideStops& side, TileState& state, std::uint32_t line, const BlockTimes& block,
                              std::size_t at, bool all_end) {
  Lines& lines = *side.lines;
  LineStop& stop = side.stops[line];
  if (stop.ended >= 0) {
    side.entry[line] = kNothing;
    return;
  }
  const auto step = static_cast<std::int32_t>(lines.step);
  const Relative ready = std::max(lines.bus[line], room(side, state, line));
  const Relative loaded = all_end ? INT32_MAX : relative(block.loaded);
  const Relative start = std::max(ready, loaded);
  const bool ends = stop.last < step && stopped(side, state, line) <= start;
  const bool first = lines.step == state.tile().blocks[state.tile().block_of[lines.step]].begin;
  if (first) {
    const Time until =
        ends && all_end ? absolute(stop.stopped) : std::min(block.loaded, ends ? absolute(stop.stopped) : kUnknown);
    note_memory_wait(lines, line, block, absolute(lines.bus[line]), until, at);
  }
  if (ends) {
    const Relative begin = std::max(ready, stop.stopped);
    lines.start[at + line] = begin;
    lines.arrival[at + line] = lines.bus[line] = begin + 1;
    side.entry[line] = kToken;
    end_line(side, state, line, begin + 1);
    return;
  }
  const Streams& streams = lines.streams(state);
  const std::size_t message = lines.message(state.tile()) * streams.pad + line;
  lines.start[at + line] = start;
  lines.arrival[at + line] = lines.bus[line] = start + streams.words[message];
  side.entry[line] = kMessage;
  sent(side, state, line, static_cast<std::uint32_t>(streams.bytes[message]), lines.bus[line]);
}

void RowsWithStops::send(SideStops& side, TileState& state, bool all_end) {
  Lines& lines = *side.lines;
  const Tile& tile = state.tile();
  const std::uint32_t count = lines.mapped(tile);
  const std::uint32_t block = tile.block_of[lines.step];
  const BlockTimes& times = memory_.block(tile.index, block);
  const std::size_t at = (state.first_step + lines.step) % kAhead * lines.pad;
  clear_memory_waits(lines, at);
  if (static_cast<std::int32_t>(lines.step) <= side.first_stop && !is_last(side, tile)) {
    // No line ends here.
    if (lines.step == tile.blocks[block].begin) note_memory_waits(lines, count, times, at);
    send_all(lines, state, relative(times.loaded));
    std::fill_n(side.entry.data(), count, kMessage);
    report_step(side, state);
  } else {
    for (std::uint32_t i = 0; i < count; ++i) send_line(side, state, i, times, at, all_end);
  }
  const bool block_ends = lines.step + 1 == tile.steps().size() || tile.block_of[lines.step + 1] != block;
  if (block_ends && side.live != 0) {
    Relative latest = kLongAgo;
    for (std::uint32_t i = 0; i < count; ++i)
      if (side.stops[i].ended < 0) latest = std::max(latest, lines.bus[i]);
    memory_.pass(tile.index, block, side.live, absolute(latest));
  }
}

/// All lines of a side have sent the message of the step.
void RowsWithStops::report_step(SideStops& side, const TileState& state) {
  const Lines& lines = *side.lines;
  const Tile& tile = state.tile();
  const Streams& streams = lines.streams(state);
  const std::uint32_t message = lines.message(tile);
  if (!is_last(side, tile)) {
    report_sent(lines.side, tile.index, streams.bytes_before[message + 1] - streams.bytes_before[message],
                lines.across->mapped(tile));
    return;
  }
  for (std::uint32_t i = 0; i < lines.mapped(tile); ++i)
    sent(side, state, i, static_cast<std::uint32_t>(streams.bytes[std::size_t{message} * streams.pad + i]),
         lines.bus[i]);
}

void RowsWithStops::send_ahead(SideStops& side, const TileState& at_work, Time until) {
  Lines& lines = *side.lines;
  TileIndex at_tile = work_tile_;
  StepIndex step(work_step_ + 1);
  for (; at_tile < tiles_; ++at_tile, step = StepIndex(0)) {
    TileState& state = state_of(at_tile);
    const Tile& tile = state.tile();
    const std::uint32_t count = lines.mapped(tile);
    for (; step < tile.steps().size(); ++step) {
      const std::uint64_t index = state.first_step + step;
      if (index < side.sent) continue;
      const std::uint32_t block = tile.block_of[step];
      const BlockTimes& times = memory_.block(at_tile, block);
      // PEs are at the beginning of their tile: they have taken all entries before it and will take none until then.
      if (times.loaded == kUnknown || index >= at_work.first_step + lines.depth) return;
      lines.step = step;
      const Relative loaded = relative(times.loaded);
      Relative latest = loaded;
      for (std::uint32_t i = 0; i < count; ++i) latest = std::max({latest, lines.bus[i], room(side, state, i)});
      lines.step = work_step_;
      if (absolute(latest) > until) return;
      // No PE of the tile stops before its gate opens, so all send messages.
      lines.step = step;
      const std::size_t at = index % kAhead * lines.pad;
      clear_memory_waits(lines, at);
      if (step == tile.blocks[block].begin) note_memory_waits(lines, count, times, at);
      send_all(lines, state, loaded);
      report_step(side, state);
      if (step + 1 == tile.blocks[block].end)
        memory_.pass(at_tile, block, count, absolute(*std::max_element(lines.bus.data(), lines.bus.data() + count)));
      side.sent = index + 1;
      lines.step = work_step_;
    }
  }
}

bool RowsWithStops::settle_block(TileState& state) {
  const Tile& tile = state.tile();
  const std::uint32_t block = tile.block_of[work_step_];
  while (memory_.block(tile.index, block).loaded == kUnknown) {
    while (drain()) {
    }
    if (memory_.finished()) return false;  // the layer is over before it could come
    const MemorySequence::Next next = memory_.next();
    if (last_stop_ < static_cast<std::int32_t>(work_step_) && next.fetch < next.write) {
      // Every line ends before a block that comes too late to be sent; if all are past it by then, it is not even
      // fetched.
      Time past = memory_.released();
      for (SideStops* side : {&row_side_, &column_side_})
        for (std::uint32_t i = 0; i < side->lines->mapped(tile); ++i) {
          Relative end = side->lines->bus[i];
          if (side->stops[i].ended < 0) end = std::max({end, room(*side, state, i), stopped(*side, state, i)}) + 1;
          past = std::max(past, absolute(end));
        }
      if (past <= next.fetch) return false;
    }
    memory_.begin(next);
  }
  return true;
}

void RowsWithStops::settle_gate(TileState& state) {
  while (!gate(state)) {
    if (drain()) continue;
    MemorySequence::Next next = memory_.next();
    if (next.fetch == kUnknown && next.write != kUnknown) {
      // The fetch waits until all lines have sent a block.
      if (waits_.edges()) {
        // PEs have different gates. Is the write certainly before the end of this tile's first block?
        Time sent = 0;
        for (const Lines* lines : {&row_lines_, &column_lines_})
          sent = std::max(
              sent, absolute(*std::max_element(lines->bus.data(), lines->bus.data() + lines->mapped(state.tile()))));
        if (next.write > sent) throw RowsRefused{Refusal::FeedersFarAhead};
      } else {
        // What lines send up to the cycle of the write is known: the gate opens later. If they get past the block, the
        // fetch is known then; if not, it comes after the write.
        for (SideStops* side : {&row_side_, &column_side_}) send_ahead(*side, state, next.write);
        next = memory_.next();
      }
    }
    memory_.begin(next);
  }
}

// ---- PEs ----

template <typename Waits>
void RowsWithStops::account_step(Waits& waits, const TileState& state, Row row, Column column) const {
  const std::size_t at = row * stride_ + column;
  if (stop_step_[at] >= static_cast<std::int32_t>(work_step_)) return account_pair(waits, state, row, column);
  // Stopped; only the cycle after the stop may still be a wait for an entry.
  if (kill_[at] == INT32_MIN) return;
  const std::uint32_t pe = row * columns_ + column;
  const Time begin = absolute(kill_[at]);
  const Time weights = absolute(pair_.row_arrival[row]);
  if (weights > begin)
    waits.starve(pe, begin, begin + 1, absolute(pair_.row_start[row]), PeClass::StarvedWeight, row_lines_.waits[row]);
  else if (absolute(pair_.column_arrival[column]) > begin)
    waits.starve(pe, begin, begin + 1, absolute(pair_.column_start[column]), PeClass::StarvedActivation,
                 column_lines_.waits[column]);
}

void RowsWithStops::account(const TileState& state) {
  const Time edge = memory_.edges().empty() ? 0 : memory_.edges().back().end;
  for_classes(state.tile(), [&](int r, int c, std::uint32_t first_row, std::uint32_t rows, std::uint32_t first_column,
                                std::uint32_t columns) {
    bool near = false;
    for (Row row(first_row); row < rows; ++row)
      for (Column column(first_column); column < columns; ++column) {
        near |= absolute(free_[row * stride_ + column]) < edge;
        account_step(waits_, state, row, column);
      }
    apart_[r][c] = apart_[r][c] && near;
  });
}

/// The entries of the step make room, on lines that sent one.
void RowsWithStops::make_room(SideStops& side, const TileState& state) {
  Lines& lines = *side.lines;
  const std::uint32_t count = lines.mapped(state.tile());
  for (int other = 0; other < lines.across->classes(state.tile()); ++other) {
    const Relative* const free = (lines.are_rows() ? row_free_ : column_free_)[other].data();
    for (std::uint32_t line = 0; line < count; ++line) {
      if (side.entry[line] == kNothing) continue;
      const int own = line < lines.split ? 0 : 1;
      lines.room[other][entry(lines, state, own, other) % lines.depth * lines.pad + line] = free[line];
    }
  }
}

/// Lines that ended early have had fewer entries than steps: moves what is known of their room to where all others have
/// it.
void RowsWithStops::align_rooms(SideStops& side, const TileState& state) {
  Lines& lines = *side.lines;
  const auto steps = static_cast<std::uint32_t>(state.tile().steps().size());
  const std::uint32_t depth = lines.depth;
  std::vector<Relative> rooms(depth);
  for (std::uint32_t line = 0; line < lines.mapped(state.tile()); ++line) {
    if (side.stops[line].ended < 0) continue;
    const auto entries = static_cast<std::uint32_t>(side.stops[line].ended) + 1;
    const std::uint32_t shift = (steps - entries) % depth;
    if (shift == 0) continue;
    for (int other = 0; other < lines.across->classes(state.tile()); ++other) {
      Relative* const room = lines.room[other].data() + line;
      for (std::uint32_t i = 0; i < depth; ++i) rooms[(i + shift) % depth] = room[i * lines.pad];
      for (std::uint32_t i = 0; i < depth; ++i) room[i * lines.pad] = rooms[i];
    }
  }
}

/// After the last step: free PEs, classes, tiles to come.
void RowsWithStops::leave_tile(TileState& state) {
  const Tile& tile = state.tile();
  for_classes(tile, [&](int r, int c, std::uint32_t first_row, std::uint32_t rows, std::uint32_t first_column,
                        std::uint32_t columns) {
    const bool last = last_of_class_[r][c] == tile.index;
    const bool edges = waits_.edges() && (r != 0 || c != 0);
    if (first_stop_ != kNoStop)
      for (Row row(first_row); row < rows; ++row)
        for (std::size_t at = row * stride_ + first_column; at < row * stride_ + columns; ++at)
          free_[at] = std::max(free_[at], free_activation_[at]);
    for (Row row(first_row); row < rows && (last || edges); ++row)
      for (Column column(first_column); column < columns; ++column) {
        const std::size_t at = row * stride_ + column;
        const std::uint32_t pe = row * columns_ + column;
        const bool stops = stop_step_[at] != kNoStop;
        if (last)
          done_at_[pe] = absolute(stops ? stopped_[at] : free_[at]);
        else if (stops && edges)
          waits_.add(pe, absolute(stopped_[at]), absolute(free_[at]), PeClass::Imbalance);
      }
    worked_entries_[r][c] = state.entries[r][c] + tile.steps().size();
  });
  align_rooms(row_side_, state);
  align_rooms(column_side_, state);
  steps_worked_ = state.first_step + tile.steps().size();
  finish_tile(state);
  for (Lines* lines : {&row_lines_, &column_lines_}) {
    lines->tile = work_tile_;
    lines->step = StepIndex(0);
  }
  while (drain()) {
  }
}

bool RowsWithStops::work_before_stops(TileState& state) {
  const Tile& tile = state.tile();
  const std::uint32_t at = tile.block_of[work_step_];
  const Block& block = tile.blocks[at];
  if (work_step_ == block.begin || !whole_tile_ || apart() || is_sent(row_side_, state) ||
      is_sent(column_side_, state) || is_last(row_side_, tile) || is_last(column_side_, tile))
    return false;
  const std::vector<Step>& steps = tile.steps();
  std::uint32_t end = work_step_;
  while (end < block.end && static_cast<std::int32_t>(end) < first_stop_ &&
         steps[end].chunk == steps[work_step_].chunk + (end - work_step_))
    ++end;
  if (end <= work_step_ + 1) return false;
  const std::uint32_t begin = work_step_;
  const std::uint32_t chunk = steps[begin].chunk;
  for (Lines* lines : {&row_lines_, &column_lines_}) clear_memory_waits(*lines, steps_worked_ % kAhead * lines->pad);
  pair_.gate = nullptr;
  work_steps(state, end - begin, memory_.block(tile.index, at));
  all_slots_ += pair_.slot_count;
  const auto bytes = [](const Streams& streams, std::uint32_t first, std::uint32_t last) {
    return streams.bytes_before[last] - streams.bytes_before[first];
  };
  report_sent(fabric::Side::Weights, tile.index, bytes(*state.operands.filters, begin, end), tile.columns);
  report_sent(fabric::Side::Activations, tile.index, bytes(*state.operands.windows, chunk, chunk + (end - begin)),
              tile.rows);
  if (end == block.end) {
    for (const SideStops* side : {&row_side_, &column_side_}) {
      const std::uint32_t count = side->lines->mapped(tile);
      memory_.pass(tile.index, at, count,
                   absolute(*std::max_element(side->lines->bus.data(), side->lines->bus.data() + count)));
    }
  }
  return true;
}

void RowsWithStops::work_tile(TileState& state) {
  const Tile& tile = state.tile();
  if (spare_.empty()) {
    state.complete.assign(free_.size(), 0);
  } else {
    state.complete = std::move(spare_.back());
    spare_.pop_back();
  }
  step_.complete = state.complete.data();
  prepare_tile(state);
  place_stops(state);
  const auto steps = static_cast<std::uint32_t>(tile.steps().size());
  for (work_step_ = StepIndex(0); work_step_ < steps && (row_side_.live != 0 || column_side_.live != 0);) {
    if (work_before_stops(state)) continue;
    row_lines_.step = column_lines_.step = work_step_;
    const bool ahead = is_sent(row_side_, state) && is_sent(column_side_, state);
    const bool comes = ahead || settle_block(state);
    for (SideStops* side : {&row_side_, &column_side_}) {
      if (is_sent(*side, state))
        std::fill_n(side->entry.data(), side->lines->mapped(tile), kMessage);
      else
        send(*side, state, !comes);
    }
    pair_.gate = nullptr;
    if (work_step_ == 0) settle_gate(state);

    prepare_step(state);
    bool apart = false;
    for (const Lines* lines : {&row_lines_, &column_lines_}) apart |= lines->parts[steps_worked_ % kAhead];
    for_classes(tile, [&](int r, int c, auto...) { apart |= apart_[r][c]; });
    count_waits(!apart);
    if (apart)
      account(state);
    else if (waits_.edges())
      account_step(waits_.first_pe(), state, Row(0), Column(0));
    const auto step = static_cast<std::int32_t>(work_step_);
    if (step < first_stop_) {
      // Nothing has stopped yet.
      kernels_.pair_step(pair_);
      executed_ += pair_.executed;
      slots_ += pair_.slot_count;
      all_slots_ += pair_.slot_count;
      RowArray::make_room(state);
    } else {
      if (step == first_stop_ || step == 0) std::copy_n(free_.data(), free_.size(), free_activation_.data());
      step_.pair = pair_;
      step_.pair.valid = valid_.data();
      step_.step = step;
      kernels_.stop_step(step_);
      executed_ += step_.pair.executed;
      slots_ += step_.pair.slot_count;
      all_slots_ += step_.all_slots;
      make_room(row_side_, state);
      make_room(column_side_, state);
    }
    ++steps_worked_;
    if (step == last_stop_) state.worked = true;  // every sum has stopped
    ++work_step_;
  }
  for (; work_step_ < steps; ++work_step_, ++steps_worked_) {
    prepare_step(state);
    pair_.valid = valid_.data();
    all_slots_ += kernels_.count_slots(pair_);
  }
  if (last_stop_ == kNoStop) {
    // The sums that did not stop; what PEs do that are not mapped is not read.
    for (std::size_t first = 0; first < tile.rows * stride_; first += kLanes)
      for (std::size_t at = first; at < first + kLanes; ++at)
        state.complete[at] = stop_step_[at] == kNoStop ? free_[at] : state.complete[at];
  }
  leave_tile(state);
}

Time RowsWithStops::run(const std::function<void(std::uint64_t)>& progress) {
  while (work_tile_ < tiles_) {
    work_tile(state_of(work_tile_));
    forget();
    rebase();
    progress(memory_.written());
  }
  while (!memory_.finished()) {
    if (drain()) continue;
    memory_.begin(memory_.next());
  }
  for (const LateSend& late : late_sends_)
    if (late.arrival <= memory_.cycles()) tally_.on(late.send);
  finish(all_slots_ - slots_, stops_);
  return memory_.cycles();
}

}  // namespace lacuna::intersect::fast
