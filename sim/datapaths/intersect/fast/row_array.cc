#include "datapaths/intersect/fast/row_array.h"

#include <algorithm>
#include <utility>

#include "datapaths/fabric/memory_classes.h"
#include "datapaths/intersect/fast/work.h"
#include "datapaths/intersect/skip_rules.h"

namespace lacuna::intersect::fast {

using fabric::kTilesToWritten;

namespace {

bool gates(SkipRule skip) {
  return with_skip_rule(skip, [](auto rule) { return decltype(rule)::kGates; });
}

}  // namespace

std::string_view sentence(Refusal refusal) {
  switch (refusal) {
    case Refusal::NotAsked:
      return "asked for";
    case Refusal::Mapping:
      return "mapping filters: a row serves its PEs one by one";
    case Refusal::GatedLanes:
      return "gate with several lanes";
    case Refusal::FeedersFarAhead:
      return "feeders run ahead by a tile that does not map every PE, while sums stop early";
    case Refusal::TimesFarApart:
      return "times lie further apart than 32 bits";
  }
  throw Bug("unknown refusal");
}

std::optional<Refusal> refusal_of_rows(const Lowering& lowering) {
  const Config& c = config(lowering.machine());
  if (c.mapping != Mapping::FiltersWindows) return Refusal::Mapping;
  if (gates(c.skip) && c.lanes > 1) return Refusal::GatedLanes;
  return std::nullopt;
}

RowArray::RowArray(Operands& operands, const Values& values, Tally& tally)
    : operands_(operands),
      values_(values),
      lowering_(operands.lowering()),
      machine_(lowering_.machine()),
      config_(config(machine_)),
      kernels_(operands.kernels()),
      tally_(tally),
      tiles_(operands.tiles()),
      gates_(gates(config_.skip)),
      rows_(machine_.array.rows),
      columns_(machine_.array.columns),
      stride_(padded(columns_)),
      memory_(machine_, tiles_, lowering_.plan().output_address(), lowering_.plan().room(), *this),
      waits_(machine_.array, operands, memory_) {
  keep_waits_ = waits_.edges();
  std::uint32_t row_split = rows_;
  std::uint32_t column_split = columns_;
  const Geometry smallest = operands_.smallest();
  row_split = std::min(row_split, smallest.rows);
  column_split = std::min(column_split, smallest.columns);
  const auto set_up = [&](Lines& lines, fabric::Side side, const FeederConfig& feeder, std::uint32_t count,
                          std::uint32_t split) {
    lines.side = side;
    lines.depth = feeder.fifo_depth;
    lines.pad = padded(count);
    lines.split = split;
    lines.bus.assign(lines.pad, 0);
    for (auto& room : lines.room) room.assign(std::size_t{lines.depth} * lines.pad, kLongAgo);
    for (auto* times : {&lines.start, &lines.arrival, &lines.memory_begin, &lines.memory_end})
      times->assign(kAhead * lines.pad, kLongAgo);
    lines.waits.resize(count);
  };
  row_lines_.across = &column_lines_;
  column_lines_.across = &row_lines_;
  set_up(row_lines_, fabric::Side::Weights, config_.weights, rows_, row_split);
  set_up(column_lines_, fabric::Side::Activations, config_.activations, columns_, column_split);
  for (int r = 0; r < 2; ++r)
    for (int c = 0; c < 2; ++c)
      if (const auto last = operands_.last_tile(Row(r == 0 ? 0 : row_split), Column(c == 0 ? 0 : column_split)))
        last_of_class_[r][c] = *last;
  never_.assign(std::max(row_lines_.pad, column_lines_.pad), kLongAgo);

  const std::size_t pes = rows_ * stride_;
  free_.assign(pes, 0);
  for (auto* times : {&drained_before_, &drained_, &gate_}) times->assign(pes, kLongAgo);
  for (auto* counter : {&starved_weight_, &starved_activation_, &starved_memory_, &blocked_memory_, &blocked_, &cycles_,
                        &empty_, &effectual_, &killed_, &unused_})
    counter->assign(pes, 0);
  done_at_.assign(std::size_t{rows_} * columns_, 0);
  classes_.resize(done_at_.size());
  for (auto* sum : {&group_sum_, &empty_sum_, &effectual_sum_}) sum->assign(done_at_.size(), 0);
  valid_.assign(stride_, 0);
  class_0_.assign(stride_, 0);
  for (Column column(0); column < column_split; ++column) class_0_[column] = -1;
  for (int i = 0; i < 2; ++i) {
    row_free_[i].assign(row_lines_.pad, 0);
    column_free_[i].assign(column_lines_.pad, 0);
  }
  drain_bus_.assign(stride_, 0);
  for (auto& times : scratch_) times.assign(kStepsTogether * std::max(row_lines_.pad, column_lines_.pad), 0);

  pair_.row_split = row_split;
  pair_.stride = stride_;
  pair_.lanes = config_.lanes;
  pair_.lane_reciprocal = (65536 + pair_.lanes - 1) / pair_.lanes;
  pair_.class_0 = class_0_.data();
  pair_.free = free_.data();
  pair_.cycles = cycles_.data();
  pair_.empty = empty_.data();
  pair_.effectual = gates_ ? effectual_.data() : nullptr;
  for (int i = 0; i < 2; ++i) {
    pair_.row_free[i] = row_free_[i].data();
    pair_.column_free[i] = column_free_[i].data();
  }
  with_skip_rule(config_.skip, [&](auto rule) {
    const Mask one = Mask::first(1);
    pair_.any_activation = rule.slots(one, one, Mask{}).none() ? 0 : ~std::uint64_t{0};
    pair_.only_effectual = rule.kOnlyEffectual;
  });
}

RowArray::TileState& RowArray::find_state(TileIndex tile) {
  while (tile >= first_state_ + states_.size()) {
    const TileState* const before = states_.empty() ? nullptr : &states_.back();
    TileState& next = states_.emplace_back();
    if (before) {
      next.first_step = before->first_step + before->tile().steps().size();
      next.entries = before->entries;
      next.tiles = before->tiles;
      for_classes(before->tile(), [&](int rows, int columns, auto...) {
        next.entries[rows][columns] += before->tile().steps().size();
        ++next.tiles[rows][columns];
      });
    }
    next.operands = operands_.tile(TileIndex(first_state_ + states_.size() - 1));
    memory_.add(next.tile(), fabric::fast::blocks_of(next.operands.tile), next.tile().left_out());
  }
  latest_tile_ = tile;
  latest_state_ = &states_[tile - first_state_];
  return *latest_state_;
}

RowArray::Relative RowArray::relative(Time time) const {
  const std::int64_t difference = static_cast<std::int64_t>(time - base_);
  if (difference >= 2 * std::int64_t{kSoon}) throw RowsRefused{Refusal::TimesFarApart};
  return difference < kLongAgo ? kLongAgo : static_cast<Relative>(difference);
}

// ---- Lines ----

void RowArray::send_all(Lines& lines, TileState& state, Relative loaded) {
  const Tile& tile = state.tile();
  const std::size_t at = (state.first_step + lines.step) % kAhead * lines.pad;
  const std::uint32_t count = lines.mapped(tile);
  const Streams& streams = lines.streams(state);
  const std::size_t message = lines.message(tile);
  const std::array<std::uint32_t, 3> bounds{0, std::min(lines.split, count), count};
  for (int own = 0; own < 2; ++own) {
    if (bounds[own] == bounds[own + 1]) continue;
    const auto room = [&](int other) -> const Relative* {
      if (other == lines.across->classes(tile)) return never_.data();
      return lines.room[other].data() + entry(lines, state, own, other) % lines.depth * lines.pad;
    };
    kernels_.send_step({bounds[own], bounds[own + 1], lines.bus.data(), room(0), room(1), loaded,
                        streams.words.data() + message * streams.pad, lines.start.data() + at,
                        lines.arrival.data() + at});
  }
}

void RowArray::clear_memory_waits(Lines& lines, std::size_t at) {
  lines.memory[at / lines.pad] = false;
  lines.parts[at / lines.pad] = false;
}

void RowArray::note_memory_waits(Lines& lines, std::uint32_t count, const BlockTimes& block, std::size_t at) {
  const Time first = absolute(least(lines.bus.data(), count));
  if (first >= block.loaded) return;
  // Mostly there is one wait, of which each line sees what comes after it gets to the block.
  Interval wait{kUnknown, 0};
  int parts = 0;
  if (!keep_waits_)
    memory_.memory_waits(block, first, block.loaded, [&](Time from, Time to) {
      if (wait.begin == kUnknown || wait.end != from) ++parts;
      wait = {std::min(wait.begin, from), to};
    });
  if (parts != 1) {
    for (std::uint32_t i = 0; i < count; ++i)
      note_memory_wait(lines, i, block, absolute(lines.bus[i]), block.loaded, at);
    return;
  }
  lines.memory[at / lines.pad] = true;
  const Relative begin = relative(wait.begin);
  const Relative end = relative(wait.end);
  const Relative* const bus = lines.bus.data();
  Relative* const begins = lines.memory_begin.data() + at;
  Relative* const ends = lines.memory_end.data() + at;
  for (std::uint32_t first_of = 0; first_of < lines.pad; first_of += kLanes)
    for (std::uint32_t i = first_of; i < first_of + kLanes; ++i) {
      begins[i] = bus[i] > begin ? bus[i] : begin;
      ends[i] = end;
    }
}

void RowArray::note_memory_wait(Lines& lines, std::uint32_t line, const BlockTimes& block, Time begin, Time end,
                                std::size_t at) {
  if (begin >= end) return;
  Interval whole{kUnknown, 0};
  memory_.memory_waits(block, begin, end, [&](Time from, Time to) {
    lines.parts[at / lines.pad] |= whole.begin != kUnknown && whole.end != from;
    whole = {std::min(whole.begin, from), to};
    if (keep_waits_) lines.waits[line].push_back({from, to});
  });
  if (whole.begin == kUnknown) return;
  if (!lines.memory[at / lines.pad]) {
    lines.memory[at / lines.pad] = true;
    std::fill_n(lines.memory_begin.data() + at, lines.pad, kLongAgo);
    std::fill_n(lines.memory_end.data() + at, lines.pad, kLongAgo);
  }
  lines.memory_begin[at + line] = relative(whole.begin);
  lines.memory_end[at + line] = relative(whole.end);
}

// ---- PEs ----

void RowArray::prepare_tile(const TileState& state) {
  const Tile& tile = state.tile();
  pair_.rows = tile.rows;
  pair_.vectors = padded(tile.columns) / kLanes;
  const bool simple =
      tile.columns % kLanes == 0 && tile.columns <= column_lines_.split && tile.rows <= row_lines_.split;
  pair_.valid = simple ? nullptr : valid_.data();
  whole_tile_ = tile.columns % kLanes == 0 && tile.columns == columns_ && tile.rows <= row_lines_.split;
  for (Column column(0); column < stride_; ++column) valid_[column] = column < tile.columns ? -1 : 0;
}

bool RowArray::gate(const TileState& state) {
  // The results of each PE's tile before the previous one must have left: the latest drained or the one before.
  const Tile& tile = state.tile();
  bool known = true, gated = false;
  std::array<bool, 2> use{};
  for_classes(tile, [&](int r, int c, auto...) {
    const std::uint64_t k = worked_tiles_[r][c];
    known &= drained_tiles_[r][c] + 1 >= k;
    if (k < 2) return;
    gated = true;
    use[drained_tiles_[r][c] == k ? 0 : 1] = true;
  });
  pair_.gate = nullptr;
  if (!known || !gated) return known;
  // Where there is a gate it is known when that tile was written: every tile maps the first PE.
  const Interval untaken =
      tile.index < kTilesToWritten ? Interval{0, 0} : memory_.untaken(TileIndex(tile.index - kTilesToWritten));
  pair_.untaken_begin = relative(untaken.begin);
  pair_.untaken_end = relative(untaken.end);
  pair_.gate = use[0] ? drained_before_.data() : drained_.data();
  if (!use[0] || !use[1]) return true;
  for_classes(
      tile, [&](int r, int c, std::uint32_t row, std::uint32_t rows, std::uint32_t column, std::uint32_t columns) {
        const Aligned<Relative>& from = drained_tiles_[r][c] == worked_tiles_[r][c] ? drained_before_ : drained_;
        for (; row < rows; ++row)
          std::copy(from.data() + row * stride_ + column, from.data() + row * stride_ + columns,
                    gate_.data() + row * stride_ + column);
      });
  pair_.gate = gate_.data();
  return true;
}

void RowArray::prepare_step(const TileState& state) {
  const std::size_t row_at = steps_worked_ % kAhead * row_lines_.pad;
  const std::size_t column_at = steps_worked_ % kAhead * column_lines_.pad;
  const Filters& filters = *state.operands.filters;
  const Windows& windows = *state.operands.windows;
  const std::size_t weights = std::size_t{work_step_} * filters.pad;
  const std::size_t activations = std::size_t{state.tile().steps()[work_step_].chunk} * windows.pad;
  pair_.weights = filters.low.data() + weights;
  pair_.slots = filters.own_slots ? filters.slots_low.data() + weights : pair_.weights;
  pair_.activations = windows.low.data() + activations;
  if (filters.high.size() != 0) {
    pair_.weights_high = filters.high.data() + weights;
    pair_.slots_high = filters.own_slots ? filters.slots_high.data() + weights : pair_.weights_high;
    pair_.activations_high = windows.high.data() + activations;
  }
  pair_.row_start = row_lines_.start.data() + row_at;
  pair_.row_arrival = row_lines_.arrival.data() + row_at;
  pair_.column_start = column_lines_.start.data() + column_at;
  pair_.column_arrival = column_lines_.arrival.data() + column_at;
  const auto memory = [](const Lines& lines, const Aligned<Relative>& times, std::size_t at) {
    return lines.memory[at / lines.pad] ? times.data() + at : nullptr;
  };
  pair_.row_memory_begin = memory(row_lines_, row_lines_.memory_begin, row_at);
  pair_.row_memory_end = memory(row_lines_, row_lines_.memory_end, row_at);
  pair_.column_memory_begin = memory(column_lines_, column_lines_.memory_begin, column_at);
  pair_.column_memory_end = memory(column_lines_, column_lines_.memory_end, column_at);
}

void RowArray::count_waits(bool count) {
  pair_.starved_weight = count ? starved_weight_.data() : unused_.data();
  pair_.starved_activation = count ? starved_activation_.data() : unused_.data();
  pair_.starved_memory = count ? starved_memory_.data() : unused_.data();
  pair_.blocked_memory = count ? blocked_memory_.data() : unused_.data();
  pair_.blocked = count ? blocked_.data() : unused_.data();
}

bool RowArray::apart() const { return apart_[0][0] || (columns_ > column_lines_.split && apart_[0][1]); }

void RowArray::work_steps(TileState& state, std::uint32_t steps, const BlockTimes& block) {
  const Tile& tile = state.tile();
  prepare_step(state);
  count_waits(true);
  BlockSteps r{};
  r.pair = pair_;
  r.steps = steps;
  r.split = columns_ > column_lines_.split;
  r.loaded = relative(block.loaded);
  const auto slot = [&](int of, const Lines& lines) {
    return static_cast<std::uint32_t>((state.entries[0][of] + work_step_) % lines.depth);
  };
  const auto set_up = [&](Lines& lines, std::size_t entry, const Streams& streams, Relative* start, Relative* arrival) {
    return BlockSteps::Lines{lines.mapped(tile),
                             lines.pad,
                             lines.depth,
                             {slot(0, lines), slot(1, lines)},
                             lines.bus.data(),
                             {lines.room[0].data(), lines.room[1].data()},
                             streams.words.data() + entry * streams.pad,
                             streams.pad,
                             start,
                             arrival};
  };
  r.rows = set_up(row_lines_, work_step_, *state.operands.filters, scratch_[0].data(), scratch_[1].data());
  r.columns = set_up(column_lines_, tile.steps()[work_step_].chunk, *state.operands.windows, scratch_[2].data(),
                     scratch_[3].data());
  r.weights_pad = state.operands.filters->pad;
  r.activations_pad = state.operands.windows->pad;
  kernels_.block_steps(r);
  pair_.executed = r.pair.executed;
  pair_.slot_count = r.pair.slot_count;
  executed_ += r.pair.executed;
  slots_ += r.pair.slot_count;
  worked_entries_[0][0] += steps;
  if (r.split) worked_entries_[0][1] += steps;
  steps_worked_ += steps;
  work_step_ = StepIndex(work_step_ + steps);
}

void RowArray::make_room(const TileState& state) {
  for_classes(state.tile(),
              [&](int r, int c, std::uint32_t row, std::uint32_t rows, std::uint32_t column, std::uint32_t columns) {
                const std::uint64_t entry = worked_entries_[r][c]++;
                std::copy(row_free_[c].data() + row, row_free_[c].data() + rows,
                          row_lines_.room[c].data() + entry % row_lines_.depth * row_lines_.pad + row);
                std::copy(column_free_[r].data() + column, column_free_[r].data() + columns,
                          column_lines_.room[r].data() + entry % column_lines_.depth * column_lines_.pad + column);
              });
}

void RowArray::report_sent(fabric::Side side, TileIndex tile, std::uint64_t bytes, std::uint32_t destinations) {
  constexpr std::uint64_t kMost = 1u << 30;
  for (; bytes != 0; bytes -= std::min(bytes, kMost))
    tally_.on(
        event::Send{0, side, 0, tile, StepIndex(0), static_cast<std::uint32_t>(std::min(bytes, kMost)), destinations});
}

/// All PEs are past the tile.
void RowArray::finish_tile(TileState& state) {
  const Tile& tile = state.tile();
  for (Row row(0); row < tile.rows; ++row) owned_ += state.operands.filters->owned[row] * tile.columns;
  ByClass<bool> mapped{};
  for_classes(tile, [&](int r, int c, auto...) {
    mapped[r][c] = true;
    ++worked_tiles_[r][c];
  });
  for (int r = 0; r < 2; ++r)
    for (int c = 0; c < 2; ++c) apart_[r][c] |= !mapped[r][c];
  state.worked = true;
  work_step_ = StepIndex(0);
  ++work_tile_;
}

/// The results of the next tile, if it is known when they leave.
bool RowArray::drain() {
  if (drain_tile_ == tiles_ || drain_tile_ >= memory_.written() + 2) return false;
  TileState& state = state_of(drain_tile_);
  if (!state.worked) return false;
  const Tile& tile = state.tile();
  if (drain_tile_ >= 2) {
    const Relative written = relative(memory_.written_at(TileIndex(drain_tile_ - 2)));
    for (Column column(0); column < tile.columns; ++column) drain_bus_[column] = std::max(drain_bus_[column], written);
  }
  const Relative* const complete = state.complete.size() != 0 ? state.complete.data() : free_.data();
  const std::array<std::uint32_t, 3> bounds{0, std::min(row_lines_.split, tile.rows), tile.rows};
  for (int r = 0; r < 2; ++r)
    kernels_.drain_step({bounds[r], bounds[r + 1], 0, tile.columns, stride_, complete, drained_before_.data(),
                         drained_.data(), drain_bus_.data()});
  for_classes(tile, [&](int r, int c, auto...) { ++drained_tiles_[r][c]; });
  const Relative latest = largest(drain_bus_.data(), tile.columns) - 1;
  memory_.results(drain_tile_, absolute(latest), output_bytes(operands_, values_, state.operands));
  event::Drain::count(tally_, tile.pes());
  ++drain_tile_;
  return true;
}

// ---- The layer ----

void RowArray::forget() {
  while (!states_.empty() &&
         first_state_ + 1 < std::min({drain_tile_, row_lines_.tile, column_lines_.tile, memory_.written()})) {
    if (states_.front().complete.size() != 0) spare_.push_back(std::move(states_.front().complete));
    states_.pop_front();
    ++first_state_;
  }
  const Relative oldest = std::min(least(row_lines_.bus.data(), rows_), least(column_lines_.bus.data(), columns_));
  memory_.forget_before(absolute(oldest));
  waits_.flush(absolute(free_[0]));
  constexpr std::size_t kManyWaits = 256;
  for (Lines* lines : {&row_lines_, &column_lines_})
    for (std::uint32_t i = 0; i < lines->waits.size(); ++i) {
      if (lines->waits[i].size() < kManyWaits) continue;
      Relative free = kSoon;
      for (std::uint32_t j = 0; j < lines->across->waits.size(); ++j) {
        const auto last =
            lines->are_rows() ? operands_.last_tile(Row(i), Column(j)) : operands_.last_tile(Row(j), Column(i));
        if (last && *last >= work_tile_) free = std::min(free, free_[lines->pe(i, j, stride_)]);
      }
      std::erase_if(lines->waits[i], [&](const Interval& wait) { return wait.end <= absolute(free); });
    }
}

/// Moves the base of relative times ahead.
void RowArray::rebase() {
  Relative latest = 0;
  for (const Lines* lines : {&row_lines_, &column_lines_})
    latest = std::max(latest, largest(lines->bus.data(), lines->pad));
  if (latest < kSoon) return;
  flush();
  // PEs that have work to come must not be left behind.
  for (Row row(0); row < rows_; ++row)
    for (Column column(0); column < columns_; ++column) {
      const auto last = operands_.last_tile(row, column);
      if (last && *last >= work_tile_ && free_[row * stride_ + column] < latest + kLongAgo / 2)
        throw RowsRefused{Refusal::TimesFarApart};
    }
  const auto move = [&](Aligned<Relative>& times) {
    for (std::size_t i = 0; i < times.size(); ++i)
      times[i] = times[i] < kLongAgo + latest ? kLongAgo : times[i] - latest;
  };
  for (Lines* lines : {&row_lines_, &column_lines_})
    for (auto* times : {&lines->bus, &lines->room[0], &lines->room[1], &lines->start, &lines->arrival,
                        &lines->memory_begin, &lines->memory_end})
      move(*times);
  for (auto* times : {&free_, &drained_before_, &drained_, &gate_, &drain_bus_}) move(*times);
  for (TileState& state : states_) move(state.complete);
  base_ += static_cast<Time>(latest);
}

/// Moves the counters of the kernels to those of 64 bits.
void RowArray::flush() {
  for (Row row(0); row < rows_; ++row)
    for (Column column(0); column < columns_; ++column) {
      const std::size_t at = row * stride_ + column;
      const std::size_t pe = std::size_t{row} * columns_ + column;
      const auto take = [&](Aligned<std::int32_t>& counter) {
        return static_cast<std::uint64_t>(static_cast<std::uint32_t>(std::exchange(counter[at], 0)));
      };
      classes_[pe][PeClass::StarvedWeight] += take(starved_weight_);
      classes_[pe][PeClass::StarvedActivation] += take(starved_activation_);
      classes_[pe][PeClass::StarvedMemory] += take(starved_memory_);
      classes_[pe][PeClass::BlockedMemory] += take(blocked_memory_);
      classes_[pe][PeClass::BlockedOutput] += take(blocked_);
      group_sum_[pe] += take(cycles_);
      empty_sum_[pe] += take(empty_);
      effectual_sum_[pe] += take(effectual_);
      classes_[pe][PeClass::Bubble] += take(killed_);
    }
}

void RowArray::finish(std::uint64_t terminated, std::uint64_t stops) {
  flush();
  const Time cycles = memory_.cycles();
  for (std::uint32_t pe = 0; pe < classes_.size(); ++pe) waits_.finish(pe, done_at_[pe], cycles);
  waits_.flush(kUnknown);
  for (std::uint32_t pe = 0; pe < classes_.size(); ++pe) {
    Counters<PeClass>& classes = classes_[pe];
    classes += waits_.classes(pe);
    const std::uint64_t groups = group_sum_[pe] - empty_sum_[pe];
    classes[PeClass::Bubble] += empty_sum_[pe];
    classes[PeClass::Busy] += gates_ ? effectual_sum_[pe] : groups;
    if (gates_) classes[PeClass::Gated] += groups - effectual_sum_[pe];
    // Whatever else a PE waited for, it waited for others.
    classes[PeClass::Imbalance] = 0;
    LACUNA_CHECK(classes.sum() <= cycles, "PE {} has {} cycles of other classes, the layer {}", pe, classes.sum(),
                 cycles);
    classes[PeClass::Imbalance] = cycles - classes.sum();
    tally_.on(event::PeSum{pe, classes, 0, 0, 0, 0, 0, 0});
  }
  tally_.on(event::PeSum{0,
                         {},
                         executed_,
                         gates_ ? 0 : slots_ - executed_,
                         gates_ ? slots_ - executed_ : 0,
                         owned_ - slots_ - terminated,
                         terminated,
                         stops});
  tally_.finish(cycles);
}

}  // namespace lacuna::intersect::fast
