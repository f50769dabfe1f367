#include "datapaths/gather/fast/rows.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "datapaths/fabric/memory_classes.h"
#include "datapaths/gather/fast/vectorise.h"

namespace lacuna::gather::fast {

using fabric::kTilesToWritten;
using fabric::fast::kActivations;
using fabric::fast::kUnknown;
using fabric::fast::kWeights;

namespace {

using Time = std::int64_t;

/// Part of a row of PEs before the first group of a segment.
struct RowBegin {
  std::uint32_t begin, end;     ///< columns
  Time row_start, row_arrival;  ///< of the group
  const Time *column_start, *column_arrival;
  const Time* free;
  Time* ready;  ///< out: with the group and the segment there
  Time *starved_weight, *starved_activation;
  Time earliest, latest;  ///< out: of `ready`
};

LACUNA_VECTORISE void begin_row(RowBegin& r) {
  const Time *const free = r.free, *const column_start = r.column_start, *const column_arrival = r.column_arrival;
  Time *const ready = r.ready, *const weight = r.starved_weight, *const activation = r.starved_activation;
  const Time start = r.row_start, arrival = r.row_arrival;
  Time earliest = INT64_MAX, latest = INT64_MIN;
#pragma GCC ivdep
  for (std::uint32_t c = r.begin; c < r.end; ++c) {
    const Time since = free[c] > start ? free[c] : start;
    const Time without = arrival - since;
    weight[c] += without > 0 ? without : 0;
    const Time there = free[c] > arrival ? free[c] : arrival;
    const Time missing = column_arrival[c] - (there > column_start[c] ? there : column_start[c]);
    activation[c] += missing > 0 ? missing : 0;
    const Time all = there > column_arrival[c] ? there : column_arrival[c];
    ready[c] = all;
    latest = all > latest ? all : latest;
    earliest = all < earliest ? all : earliest;
  }
  r.earliest = earliest;
  r.latest = latest;
}

/// PEs begin..end-1 of a row are done with the segment `cycles` after they were ready, or after `sigma`; columns take
/// note.
LACUNA_VECTORISE void end_row(std::uint32_t begin, std::uint32_t end, Time cycles, Time sigma, const Time* ready,
                              Time* free, Time* popped) {
#pragma GCC ivdep
  for (std::uint32_t c = begin; c < end; ++c) {
    const Time done = cycles + (ready[c] > sigma ? ready[c] : sigma);
    free[c] = done;
    popped[c] = popped[c] > done ? popped[c] : done;
  }
}

Time above_zero(Time time) { return time > 0 ? time : 0; }

}  // namespace

Rows::Rows(Operands& operands, const Values& values, Tally& tally)
    : operands_(operands),
      machine_(operands.lowering().machine()),
      config_(config(machine_)),
      tally_(tally),
      worker_(operands, values),
      one_word_(config_.reach != Reach::Bank && config_.weights.fifo_depth >= 2 &&
                operands.weights_message(config_.lanes, false).words == 1),
      tiles_(operands.tiles()),
      rows_(machine_.array.rows),
      columns_(machine_.array.columns),
      memory_(machine_, tiles_, operands.lowering().plan().output_address(), operands.lowering().plan().room(), *this),
      waits_(machine_.array, operands, memory_) {
  const Geometry smallest = operands.smallest();
  const auto set_up = [](Lines& lines, std::size_t side, std::uint32_t count, std::uint32_t depth, std::uint32_t split,
                         std::uint32_t other_split) {
    lines.side = side;
    lines.depth = depth;
    lines.mask = std::bit_ceil(depth) - 1;
    lines.split = split;
    lines.other_split = other_split;
    lines.lines.resize(count);
    for (Line& line : lines.lines) {
      for (auto& room : line.room) room.assign(lines.mask + 1, 0);
      line.ahead.resize(lines.mask + 1);
    }
  };
  set_up(row_lines_, kWeights, rows_, config_.weights.fifo_depth, smallest.rows, smallest.columns);
  set_up(column_lines_, kActivations, columns_, config_.segments_resident, smallest.columns, smallest.rows);
  const std::size_t pes = std::size_t{rows_} * columns_;
  for (auto* times : {&free_, &starved_weight_, &starved_activation_, &starved_memory_, &blocked_memory_,
                      &blocked_output_, &unused_, &done_at_})
    times->assign(pes, 0);
  for (auto* times : {&drained_, &drained_before_, &gate_}) times->assign(pes, kLongAgo);
  for (auto* times : {&column_start_, &column_arrival_, &column_memory_begin_, &column_memory_end_, &ready_,
                      &drain_bus_, &column_popped_[0], &column_popped_[1]})
    times->assign(columns_, 0);
  for (int r = 0; r < 2; ++r)
    for (int c = 0; c < 2; ++c) {
      const Row row(r == 0 ? 0 : row_lines_.split);
      const Column column(c == 0 ? 0 : column_lines_.split);
      if (row >= rows_ || column >= columns_) continue;
      if (const auto last = operands_.last_tile(row, column)) last_of_class_[r][c] = *last;
    }
  // Lines that no tile maps have nothing to send.
  for (Lines* lines : {&row_lines_, &column_lines_})
    for (std::uint32_t i = 0; i < lines->lines.size(); ++i) {
      TileIndex& tile = lines->lines[i].tile;
      while (tile < tiles_ && i >= mapped(*lines, operands_.geometry(tile))) ++tile;
    }
}

Rows::TileState& Rows::state_of(TileIndex tile) {
  LACUNA_CHECK(tile >= first_state_ && tile < tiles_, "tile {} asked for, {}.. are held", tile, first_state_);
  while (tile >= first_state_ + states_.size()) {
    Tile next = worker_.tile(TileIndex(first_state_ + states_.size()));
    memory_.add(next.geometry, next.blocks, 0);
    const auto report = [&](fabric::Side side, std::uint64_t bytes, std::uint32_t destinations) {
      constexpr std::uint64_t kMost = 1u << 30;
      for (; bytes != 0; bytes -= std::min(bytes, kMost))
        tally_.on(event::Send{0, side, 0, next.index, StepIndex(0), static_cast<std::uint32_t>(std::min(bytes, kMost)),
                              destinations});
    };
    std::uint64_t weights = 0, activations = 0;
    for (std::uint32_t segment = 0; segment < operands_.segments(); ++segment) {
      weights += next.filters->bytes[segment];
      for (const ColumnWindows& column : next.columns) activations += operands_.activations(column, segment).bytes;
    }
    report(fabric::Side::Weights, weights, next.geometry.columns);
    report(fabric::Side::Activations, activations, next.geometry.rows);
    states_.push_back({std::move(next), {}, false});
  }
  return states_[tile - first_state_];
}

template <typename Visit>
void Rows::for_classes(const Geometry& tile, Visit visit) const {
  const std::array<std::uint32_t, 3> row{0, std::min(row_lines_.split, tile.rows), tile.rows};
  const std::array<std::uint32_t, 3> column{0, std::min(column_lines_.split, tile.columns), tile.columns};
  for (int r = 0; r < 2; ++r)
    for (int c = 0; c < 2; ++c)
      if (row[r] < row[r + 1] && column[c] < column[c + 1]) visit(r, c, row[r], row[r + 1], column[c], column[c + 1]);
}

// ---- Lines ----

fabric::fast::Message Rows::message(const Lines& lines, const Line& line, const Tile& tile, std::uint32_t index) const {
  if (lines.side == kActivations) return operands_.activations(tile.columns[index], line.segment);
  const std::uint32_t entries = tile.filters->filters[index].entries_in(line.segment);
  return operands_.weights_message(operands_.entries_of(line.group, entries), line.segment == 0 && line.group == 0);
}

void Rows::wait_for_block(Line& line, const Tile& tile, Sent& sent) {
  const fabric::fast::BlockTimes& block = memory_.block(tile.index, tile.block_of[line.segment]);
  const auto bus = static_cast<fabric::fast::Time>(line.bus);
  if (bus >= block.loaded) return;
  memory_.memory_waits(block, bus, block.loaded, [&](fabric::fast::Time from, fabric::fast::Time to) {
    if (sent.memory_end == kLongAgo)
      sent.memory_begin = static_cast<Time>(from);
    else if (sent.memory_end != static_cast<Time>(from) && !waits_.edges())
      throw RowsRefused{"a line waits for memory in parts"};
    sent.memory_end = static_cast<Time>(to);
    if (waits_.edges()) line.waits.push_back({from, to});
  });
  line.bus = static_cast<Time>(block.loaded);
}

Rows::Sent Rows::send(Lines& lines, Line& line, const Tile& tile, std::uint32_t index) {
  const int classes = classes_across(lines, tile.geometry);
  Sent sent;
  if (line.group == 0 && (line.segment == 0 || tile.block_of[line.segment - 1] != tile.block_of[line.segment]))
    wait_for_block(line, tile, sent);
  sent.start = std::max(line.bus, room(lines, line, classes));
  sent.arrival = line.bus = sent.start + message(lines, line, tile, index).words;
  line.ahead[line.sent[0] & lines.mask] = sent;
  for (int k = 0; k < classes; ++k) ++line.sent[k];
  const std::uint32_t groups =
      lines.side == kActivations ? 1 : operands_.groups(tile.filters->filters[index].entries_in(line.segment));
  if (++line.group == groups) end_segment(lines, line, tile, index);
  return sent;
}

void Rows::end_segment(Lines& lines, Line& line, const Tile& tile, std::uint32_t index) {
  const std::uint32_t block = tile.block_of[line.segment];
  line.group = 0;
  if (++line.segment == operands_.segments()) {
    pass(tile.index, block, line.bus);
    line.segment = 0;
    do ++line.tile;
    while (line.tile < tiles_ && index >= mapped(lines, operands_.geometry(line.tile)));
  } else if (tile.block_of[line.segment] != block) {
    pass(tile.index, block, line.bus);
  }
}

bool Rows::send_ahead(Lines& lines) {
  bool changed = false;
  for (std::uint32_t i = 0; i < lines.lines.size(); ++i) {
    Line& line = lines.lines[i];
    while (line.tile < tiles_) {
      const Tile& tile = state_of(line.tile).tile;
      if (memory_.block(line.tile, tile.block_of[line.segment]).loaded == kUnknown) break;
      if (!room_known(lines, line, classes_across(lines, tile.geometry))) break;
      send(lines, line, tile, i);
      changed = true;
    }
  }
  flush_passed();
  return changed;
}

void Rows::pass(TileIndex tile, std::uint32_t block, Time time) {
  if (passed_.lines != 0 && (passed_.tile != tile || passed_.block != block)) flush_passed();
  passed_ = {tile, block, passed_.lines + 1, passed_.lines == 0 ? time : std::max(passed_.time, time)};
}

void Rows::flush_passed() {
  if (passed_.lines == 0) return;
  memory_.pass(passed_.tile, passed_.block, passed_.lines, static_cast<fabric::fast::Time>(passed_.time));
  passed_.lines = 0;
}

// ---- PEs ----

bool Rows::gate(const Geometry& tile) {
  bool known = true;
  gated_ = false;
  for_classes(tile, [&](int r, int c, auto...) {
    known &= drained_tiles_[r][c] + 1 >= worked_tiles_[r][c];
    gated_ |= worked_tiles_[r][c] >= 2;
  });
  if (!known || !gated_) return known;
  for_classes(tile,
              [&](int r, int c, std::uint32_t row, std::uint32_t rows, std::uint32_t column, std::uint32_t columns) {
                const bool latest_drained = drained_tiles_[r][c] == worked_tiles_[r][c];
                const std::vector<Time>& from = latest_drained ? drained_before_ : drained_;
                for (; row < rows; ++row)
                  for (std::uint32_t i = row * columns_ + column; i < row * columns_ + columns; ++i)
                    gate_[i] = from[i] + 1;
              });
  const fabric::fast::Interval untaken = work_tile_ < kTilesToWritten
                                             ? fabric::fast::Interval{0, 0}
                                             : memory_.untaken(TileIndex(work_tile_ - kTilesToWritten));
  untaken_begin_ = static_cast<Time>(untaken.begin);
  untaken_end_ = static_cast<Time>(untaken.end);
  return true;
}

/// The next segment of the array, if what it depends on is known.
bool Rows::work() {
  if (work_tile_ == tiles_) return false;
  TileState& state = state_of(work_tile_);
  const Geometry& tile = state.tile.geometry;
  if (memory_.block(work_tile_, state.tile.block_of[work_segment_]).loaded == kUnknown) return false;
  if (work_segment_ == 0 && !gate(tile)) return false;

  memory_waits_ = false;
  for (std::uint32_t c = 0; c < tile.columns; ++c) {
    Line& line = column_lines_.lines[c];
    const std::uint64_t entry = line.worked[0];
    if (line.sent[0] == entry) send(column_lines_, line, state.tile, c);
    const Sent& sent = line.ahead[entry & column_lines_.mask];
    column_start_[c] = sent.start;
    column_arrival_[c] = sent.arrival;
    column_memory_begin_[c] = sent.memory_begin;
    column_memory_end_[c] = sent.memory_end;
    memory_waits_ |= sent.memory_end != kLongAgo;
  }
  for (auto& popped : column_popped_) std::ranges::fill(popped, kLongAgo);
  bool apart = false;
  for_classes(tile, [&](int r, int c, auto...) { apart |= apart_[r][c]; });
  near_ = false;
  for (std::uint32_t row = 0; row < tile.rows; ++row) work_row(state, row, !apart);
  if (apart && !near_) for_classes(tile, [&](int r, int c, auto...) { apart_[r][c] = false; });
  for (std::uint32_t c = 0; c < tile.columns; ++c) {
    Line& line = column_lines_.lines[c];
    for (int k = 0; k < classes_across(column_lines_, tile); ++k)
      line.room[k][line.worked[k]++ & column_lines_.mask] = column_popped_[k][c];
  }
  flush_passed();
  if (++work_segment_ == operands_.segments()) leave_tile(state);
  return true;
}

template <typename Waits>
void Rows::account(Waits& waits, std::uint32_t row, std::uint32_t column, const Sent& weights) const {
  using Unsigned = fabric::fast::Time;
  const std::uint32_t pe = row * columns_ + column;
  const Time free = free_[pe];
  const Time with_weights = std::max(free, weights.arrival);
  waits.starve(pe, static_cast<Unsigned>(free), static_cast<Unsigned>(weights.arrival),
               static_cast<Unsigned>(weights.start), PeClass::StarvedWeight, row_lines_.lines[row].waits);
  waits.starve(pe, static_cast<Unsigned>(with_weights), static_cast<Unsigned>(column_arrival_[column]),
               static_cast<Unsigned>(column_start_[column]), PeClass::StarvedActivation,
               column_lines_.lines[column].waits);
  const Time there = std::max(with_weights, column_arrival_[column]);
  if (work_segment_ == 0 && gated_ && gate_[pe] > there)
    waits.block(pe, static_cast<Unsigned>(there), static_cast<Unsigned>(gate_[pe]), work_tile_);
}

/// The groups of a row in the segment. `counts`: what its PEs wait for is counted here, not PE by PE.
void Rows::work_row(TileState& state, std::uint32_t row, bool counts) {
  const Geometry& tile = state.tile.geometry;
  const Filter& filter = state.tile.filters->filters[row];
  Line& line = row_lines_.lines[row];
  const std::uint32_t depth = row_lines_.depth, mask = row_lines_.mask;
  const std::uint32_t groups = operands_.groups(filter.entries_in(work_segment_));
  const int classes = classes_across(row_lines_, tile);
  const std::array<std::uint64_t, 2> entry = line.worked;
  const auto message_of = [&](std::uint32_t group) -> Sent {
    if (line.sent[0] == entry[0] + group) return send(row_lines_, line, state.tile, row);
    return line.ahead[(entry[0] + group) & mask];
  };

  // The first group.
  const Sent sent = message_of(0);
  const std::size_t at = std::size_t{row} * columns_;
  if (!counts) {
    // Tiles before this one are all sent, so their edges are known.
    const Time edge = memory_.edges().empty() ? 0 : static_cast<Time>(memory_.edges().back().end);
    for (std::uint32_t c = 0; c < tile.columns; ++c) {
      account(waits_, row, c, sent);
      near_ |= std::max({free_[at + c], sent.arrival, column_arrival_[c]}) < edge;
    }
  } else if (waits_.edges() && row == 0) {
    account(waits_.first_pe(), row, 0, sent);
  }
  const bool memory = counts && (memory_waits_ || sent.memory_end != kLongAgo);
  if (memory)
    for (std::uint32_t c = 0; c < tile.columns; ++c) {
      const Time free = free_[at + c], with_weights = std::max(free, sent.arrival);
      starved_memory_[at + c] +=
          above_zero(std::min({sent.memory_end, sent.start, sent.arrival}) - std::max(free, sent.memory_begin)) +
          above_zero(std::min({column_memory_end_[c], column_start_[c], column_arrival_[c]}) -
                     std::max(with_weights, column_memory_begin_[c]));
    }
  std::array<Time, 2> ready{kLongAgo, kLongAgo};  // by class, the latest
  Time earliest = INT64_MAX;
  const std::array<std::uint32_t, 3> bounds{0, std::min(column_lines_.split, tile.columns), tile.columns};
  for (int k = 0; k < classes; ++k) {
    RowBegin begin{bounds[k],
                   bounds[k + 1],
                   sent.start,
                   sent.arrival,
                   column_start_.data(),
                   column_arrival_.data(),
                   free_.data() + at,
                   ready_.data(),
                   (counts ? starved_weight_ : unused_).data() + at,
                   (counts ? starved_activation_ : unused_).data() + at,
                   0,
                   0};
    begin_row(begin);
    ready[k] = begin.latest;
    earliest = std::min(earliest, begin.earliest);
  }
  if (work_segment_ == 0 && gated_) {
    earliest = INT64_MAX;
    ready = {kLongAgo, kLongAgo};
    for (std::uint32_t c = 0; c < tile.columns; ++c) {
      const Time there = ready_[c], open = std::max(there, gate_[at + c]);
      if (counts && open > there) {
        const Time memorys = above_zero(std::min(open, untaken_end_) - std::max(there, untaken_begin_));
        blocked_memory_[at + c] += memorys;
        blocked_output_[at + c] += open - there - memorys;
      }
      ready_[c] = open;
      const int k = c < column_lines_.split ? 0 : 1;
      ready[k] = std::max(ready[k], open);
      earliest = std::min(earliest, open);
    }
  }

  // With `cycles` those of the groups before, group e begins in a PE at cycles + max(ready, sigma), sigma the latest
  // of arrival - cycles so far. It is popped, and makes room, with its last cycle.
  Time cycles = 0, sigma = sent.arrival;
  const auto popped = [&](std::uint32_t e, Time end) {
    for (int k = 0; k < classes; ++k) line.room[k][(entry[k] + e) & mask] = end + std::max(ready[k], sigma);
  };
  // Some PE waits for group e: as long as it is on the bus; before that the line waits for room, or for a PE.
  const auto wait_for = [&](Time start, Time arrival) {
    const Time before = std::exchange(sigma, arrival - cycles);
    if (sigma <= earliest) return;
    for (std::uint32_t c = 0; c < tile.columns; ++c) {
      const Time since = std::max(ready_[c], before);
      if (counts)
        starved_weight_[at + c] += std::min(arrival - start, above_zero(sigma - since));
      else
        waits_.starve(static_cast<std::uint32_t>(at) + c, static_cast<fabric::fast::Time>(cycles + since),
                      static_cast<fabric::fast::Time>(arrival), static_cast<fabric::fast::Time>(start),
                      PeClass::StarvedWeight, line.waits);
    }
  };
  if (one_word_ && groups > depth + 1 && line.tile == work_tile_ && line.segment == work_segment_ && line.group == 1) {
    // A group a cycle, but for the first ones, which may wait for room. Once a FIFO was full or could have been, the
    // line keeps pace: FAST.md.
    popped(0, 1);
    std::uint32_t e = 1;
    for (; e <= depth; ++e) {
      cycles = e;
      Time start = line.bus;
      for (int k = 0; k < classes; ++k) start = std::max(start, line.room[k][(entry[k] + e - depth) & mask]);
      line.bus = start + 1;
      if (line.bus - cycles > sigma) wait_for(start, line.bus);
      popped(e, cycles + 1);
    }
    for (e = std::max(e, groups - std::min(depth, groups)); e < groups; ++e) popped(e, e + 1);
    line.bus += groups - 1 - depth;
    cycles = groups;
    for (int k = 0; k < classes; ++k) {
      line.sent[k] += groups - 1;
      line.worked[k] += groups;
    }
    end_segment(row_lines_, line, state.tile, row);
  } else {
    const std::uint32_t* const of_group =
        filter.cycles.empty() ? nullptr : filter.cycles.data() + filter.segment_steps[work_segment_];
    for (std::uint32_t e = 0;; ++e) {
      const Time end = cycles + (of_group ? of_group[e] : 1);
      popped(e, end);
      for (int k = 0; k < classes; ++k) ++line.worked[k];
      cycles = end;
      if (e + 1 == groups) break;
      const Sent next = message_of(e + 1);
      if (next.arrival - cycles > sigma) wait_for(next.start, next.arrival);
    }
  }
  for (int k = 0; k < classes; ++k)
    end_row(bounds[k], bounds[k + 1], cycles, sigma, ready_.data(), free_.data() + at,
            column_popped_[row < row_lines_.split ? 0 : 1].data());
}

void Rows::leave_tile(TileState& state) {
  const Geometry& tile = state.tile.geometry;
  ByClass<bool> mapped{};
  for_classes(tile,
              [&](int r, int c, std::uint32_t row, std::uint32_t rows, std::uint32_t column, std::uint32_t columns) {
                mapped[r][c] = true;
                ++worked_tiles_[r][c];
                if (work_tile_ != last_of_class_[r][c]) return;
                for (; row < rows; ++row)
                  for (std::uint32_t i = row * columns_ + column; i < row * columns_ + columns; ++i)
                    done_at_[i] = free_[i];
              });
  for (int r = 0; r < 2; ++r)
    for (int c = 0; c < 2; ++c) apart_[r][c] |= !mapped[r][c];
  state.complete = free_;
  state.worked = true;
  work_segment_ = 0;
  ++work_tile_;
}

// ---- Drain, the layer ----

bool Rows::drain() {
  if (drain_tile_ == tiles_ || drain_tile_ >= memory_.written() + 2) return false;
  TileState& state = state_of(drain_tile_);
  if (!state.worked) return false;
  const Geometry& tile = state.tile.geometry;
  Time latest = 0;
  for (std::uint32_t c = 0; c < tile.columns; ++c) {
    Time& bus = drain_bus_[c];
    if (drain_tile_ >= 2) bus = std::max(bus, static_cast<Time>(memory_.written_at(TileIndex(drain_tile_ - 2))));
    const Time results = state.tile.columns[c].windows;
    for (std::uint32_t row = 0; row < tile.rows; ++row) {
      const std::size_t pe = std::size_t{row} * columns_ + c;
      const Time retire = std::max(state.complete[pe] + 1, drained_[pe] + 1);
      drained_before_[pe] = drained_[pe];
      drained_[pe] = std::max(retire + 1, bus) + results - 1;
      bus = drained_[pe] + 1;
    }
    latest = std::max(latest, bus - 1);
  }
  for_classes(tile, [&](int r, int c, auto...) { ++drained_tiles_[r][c]; });
  memory_.results(drain_tile_, static_cast<fabric::fast::Time>(latest), state.tile.output_bytes);
  std::uint64_t results = 0;
  for (const ColumnWindows& column : state.tile.columns) results += std::uint64_t{column.windows} * tile.rows;
  event::Drain::count(tally_, results);
  ++drain_tile_;
  return true;
}

void Rows::forget() {
  TileIndex needed = std::min({drain_tile_, work_tile_, memory_.written()});
  fabric::fast::Time oldest = kUnknown;
  for (const Lines* lines : {&row_lines_, &column_lines_})
    for (const Line& line : lines->lines) {
      if (line.tile == tiles_) continue;
      needed = std::min(needed, line.tile);
      oldest = std::min(oldest, static_cast<fabric::fast::Time>(line.bus));
    }
  for (; !states_.empty() && first_state_ < needed; ++first_state_) states_.pop_front();
  memory_.forget_before(oldest);
  waits_.flush(static_cast<fabric::fast::Time>(free_[0]));
  constexpr std::size_t kManyWaits = 256;
  for (Lines* lines : {&row_lines_, &column_lines_})
    for (std::uint32_t i = 0; i < lines->lines.size(); ++i) {
      std::vector<fabric::fast::Interval>& waits = lines->lines[i].waits;
      if (waits.size() < kManyWaits) continue;
      Time free = INT64_MAX;
      for (std::uint32_t pe = 0; pe < free_.size(); ++pe) {
        const Row row(pe / columns_);
        const Column column(pe % columns_);
        if ((lines->side == kWeights ? row : static_cast<std::uint32_t>(column)) != i) continue;
        const auto last = operands_.last_tile(row, column);
        if (last && *last >= work_tile_) free = std::min(free, free_[pe]);
      }
      std::erase_if(waits, [&](const auto& wait) { return static_cast<Time>(wait.end) <= free; });
    }
}

void Rows::finish() {
  worker_.report(tally_);
  const fabric::fast::Time cycles = memory_.cycles();
  const auto pes = static_cast<std::uint32_t>(free_.size());
  for (std::uint32_t pe = 0; pe < pes; ++pe) waits_.finish(pe, static_cast<fabric::fast::Time>(done_at_[pe]), cycles);
  waits_.flush(kUnknown);
  for (std::uint32_t pe = 0; pe < pes; ++pe) {
    Counters<PeClass> classes = waits_.classes(pe);
    classes[PeClass::StarvedWeight] += static_cast<std::uint64_t>(starved_weight_[pe]);
    classes[PeClass::StarvedActivation] += static_cast<std::uint64_t>(starved_activation_[pe]);
    classes[PeClass::StarvedMemory] += static_cast<std::uint64_t>(starved_memory_[pe]);
    classes[PeClass::BlockedMemory] += static_cast<std::uint64_t>(blocked_memory_[pe]);
    classes[PeClass::BlockedOutput] += static_cast<std::uint64_t>(blocked_output_[pe]);
    // Whatever else a PE waited for, it waited for others.
    classes[PeClass::Imbalance] = 0;
    const std::uint64_t known = classes.sum() + worker_.cycles_of(pe);
    LACUNA_CHECK(known <= cycles, "PE {} has {} cycles of other classes, the layer {}", pe, known, cycles);
    classes[PeClass::Imbalance] = cycles - known;
    tally_.pe_cycles(pe, classes);
  }
  tally_.finish(cycles);
}

fabric::fast::Time Rows::run(const std::function<void(std::uint64_t)>& progress) {
  constexpr std::uint64_t kTidyEvery = 8;
  std::uint64_t transfers = 0;
  while (!memory_.finished()) {
    // PEs first, with what lines send to them; lines ahead of PEs that wait for results or memory last.
    if (work() || drain()) continue;
    bool changed = send_ahead(row_lines_);
    changed |= send_ahead(column_lines_);
    if (changed) continue;
    memory_.begin(memory_.next());
    if (++transfers % kTidyEvery != 0) continue;
    forget();
    progress(memory_.written());
  }
  progress(memory_.written());
  finish();
  return memory_.cycles();
}

}  // namespace lacuna::gather::fast
