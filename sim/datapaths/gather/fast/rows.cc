#include "datapaths/gather/fast/rows.h"

#include <utility>

#include "datapaths/fabric/memory_classes.h"

namespace lacuna::gather::fast {

using fabric::kTilesToWritten;
using fabric::fast::kActivations;
using fabric::fast::kUnknown;
using fabric::fast::kWeights;

Rows::Rows(Operands& operands, const Values& values, Tally& tally)
    : operands_(operands),
      machine_(operands.lowering().machine()),
      config_(config(machine_)),
      tally_(tally),
      worker_(operands, values),
      full_words_(operands.weights_message(config_.lanes, false).words),
      one_word_(config_.reach != Reach::Bank && config_.weights.fifo_depth >= 2 && full_words_ == 1),
      tiles_(operands.tiles()),
      rows_(machine_.array.rows),
      columns_(machine_.array.columns),
      kinds_(operands.column_kinds()),
      memory_(machine_, tiles_, operands.lowering().plan().output_address(), operands.lowering().plan().room(), *this),
      waits_(machine_.array, operands, memory_) {
  std::vector<std::uint32_t> alike;  // columns of the array, by kind
  for (std::uint32_t column = 0; column < columns_; ++column) {
    kinds_before_.push_back(static_cast<std::uint32_t>(alike.size()));
    if (kinds_[column] == alike.size()) {
      alike.push_back(0);
      first_of_kind_.push_back(column);
    }
    ++alike[kinds_[column]];
  }
  kinds_before_.push_back(static_cast<std::uint32_t>(alike.size()));
  const Geometry in_array = operands.smallest(), smallest = by_kind(in_array);
  set_up(row_lines_, kWeights, std::vector<std::uint32_t>(rows_, 1), config_.weights.fifo_depth, smallest.rows,
         smallest.columns);
  set_up(column_lines_, kActivations, alike, config_.segments_resident, smallest.columns, smallest.rows);
  const std::uint32_t stride = row_lines_.stride;
  const std::size_t pes = stride * alike.size();
  for (auto* times : {&free_, &ready_, &starved_weight_, &starved_activation_, &starved_memory_, &blocked_memory_,
                      &blocked_output_, &unused_, &done_at_})
    times->assign(pes, 0);
  for (auto* times : {&drained_, &drained_before_, &gate_}) times->assign(pes, kLongAgo);
  for (auto* of_rows : {&mapped_, &of_class_[0], &of_class_[1], &earliest_, &taken_, &sigma_, &before_, &taken_before_,
                        &start_, &arrival_, &latest_[0], &latest_[1]})
    of_rows->assign(stride, 0);
  for (auto& room : next_room_) room.assign(row_lines_.room[0].size(), 0);
  cycles_.resize(stride);
  for (auto* of_columns : {&popped_[0], &popped_[1], &drain_bus_}) of_columns->assign(alike.size(), 0);
  for (int r = 0; r < 2; ++r)
    for (int c = 0; c < 2; ++c) {
      const Row row(r == 0 ? 0 : row_lines_.split);
      const Column column(c == 0 ? 0 : in_array.columns);
      if (row >= rows_ || column >= columns_) continue;
      if (const auto last = operands_.last_tile(row, column)) last_of_class_[r][c] = *last;
    }
}

Rows::TileState& Rows::state_of(TileIndex tile) {
  LACUNA_CHECK(tile >= first_state_ && tile < tiles_, "tile {} asked for, {}.. are held", tile, first_state_);
  while (tile >= first_state_ + states_.size()) {
    TileState state;
    state.tile = worker_.tile(TileIndex(first_state_ + states_.size()));
    const Tile& next = state.tile;
    memory_.add(next.geometry, next.blocks, 0);
    const auto report = [&](fabric::Side side, std::uint64_t bytes, std::uint32_t destinations) {
      constexpr std::uint64_t kMost = 1u << 30;
      for (; bytes != 0; bytes -= std::min(bytes, kMost))
        tally_.on(event::Send{0, side, 0, next.index, StepIndex(0), static_cast<std::uint32_t>(std::min(bytes, kMost)),
                              destinations});
    };
    state.geometry = by_kind(next.geometry);
    std::uint64_t activations = 0;
    for (const ColumnWindows& column : next.columns)
      activations += operands_.activations(column, 0, operands_.segments()).bytes;
    report(fabric::Side::Weights, next.filters->bytes.back(), next.geometry.columns);
    report(fabric::Side::Activations, activations, next.geometry.rows);
    states_.push_back(std::move(state));
  }
  return states_[tile - first_state_];
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
                const Aligned<Time>& from = latest_drained ? drained_before_ : drained_;
                for (; column < columns; ++column)
                  for (std::size_t pe = at(row, column); pe < at(rows, column); ++pe) gate_[pe] = from[pe] + 1;
              });
  const fabric::fast::Interval untaken = work_tile_ < kTilesToWritten
                                             ? fabric::fast::Interval{0, 0}
                                             : memory_.untaken(TileIndex(work_tile_ - kTilesToWritten));
  untaken_begin_ = static_cast<Time>(untaken.begin);
  untaken_end_ = static_cast<Time>(untaken.end);
  return true;
}

void Rows::map(const Geometry& tile) {
  for (std::uint32_t row = 0; row < rows_; ++row)
    mapped_[row] = of_class_[row < row_lines_.split ? 0 : 1][row] = row < tile.rows ? -1 : 0;
}

/// The next segment of the array, if what it depends on is known.
bool Rows::work() {
  if (work_tile_ == tiles_) return false;
  TileState& state = state_of(work_tile_);
  const Tile& tile = state.tile;
  const Geometry& geometry = state.geometry;
  if (memory_.block(work_tile_, tile.block_of[work_segment_]).loaded == kUnknown) return false;
  if (work_segment_ == 0 && !gate(geometry)) return false;
  if (work_segment_ == 0) map(geometry);

  row_lines_.memory = column_lines_.memory = false;
  if (begins_block(tile, work_segment_)) {
    wait_for_block(row_lines_, state);
    wait_for_block(column_lines_, state);
  }
  send_segment(state);
  send_groups(state);

  bool apart = false;
  for_classes(geometry, [&](int r, int c, auto...) { apart |= apart_[r][c]; });
  if (apart)
    account_apart(state);
  else if (waits_.edges())
    account(waits_.first_pe(), 0, 0);
  begin(geometry, !apart);
  take_groups(state, !apart);

  const int classes = classes_across(column_lines_, geometry);
  end_segment({pes(0, geometry.columns),
               classes,
               {of_class_[0].data(), of_class_[1].data()},
               taken_.data(),
               sigma_.data(),
               ready_.data(),
               free_.data(),
               {popped_[0].data(), popped_[1].data()}});
  for (int k = 0; k < classes; ++k) {
    Time* const room = column_lines_.room[k].data();
    const std::size_t last = (column_lines_.depth - std::size_t{1}) * column_lines_.stride;
    for (std::size_t i = 0; i < last; i += column_lines_.stride)
      std::copy_n(room + i + column_lines_.stride, geometry.columns, room + i);
    std::copy_n(popped_[k].data(), geometry.columns, room + last);
  }
  take_ahead(column_lines_, geometry, nullptr);
  take_ahead(row_lines_, geometry, tile.filters->groups.data() + std::size_t{work_segment_} * row_lines_.stride);
  if (ends_block(tile, work_segment_)) {
    pass_block(column_lines_, state);
    pass_block(row_lines_, state);
  }
  if (++work_segment_ == operands_.segments()) leave_tile(state);
  return true;
}

void Rows::account_apart(const TileState& state) {
  // Tiles before this one are all sent, so their edges are known.
  const Time edge = memory_.edges().empty() ? 0 : static_cast<Time>(memory_.edges().back().end);
  const Geometry& tile = state.geometry;
  bool near = false;
  for (std::uint32_t row = 0; row < tile.rows; ++row) {
    for (std::uint32_t column = 0; column < state.tile.geometry.columns; ++column) account(waits_, row, column);
    for (std::uint32_t column = 0; column < tile.columns; ++column)
      near |= std::max({free_[at(row, column)], row_lines_.arrival[row], column_lines_.arrival[column]}) < edge;
  }
  if (!near) for_classes(tile, [&](int r, int c, auto...) { apart_[r][c] = false; });
}

template <typename Waits>
void Rows::account(Waits& waits, std::uint32_t row, std::uint32_t column) const {
  using Unsigned = fabric::fast::Time;
  const std::uint32_t pe = row * columns_ + column, kind = kinds_[column];
  const std::size_t own = at(row, kind);
  const Time arrival = row_lines_.arrival[row], column_arrival = column_lines_.arrival[kind];
  const Time with_weights = std::max(free_[own], arrival);
  waits.starve(pe, static_cast<Unsigned>(free_[own]), static_cast<Unsigned>(arrival),
               static_cast<Unsigned>(row_lines_.start[row]), PeClass::StarvedWeight, row_lines_.waits[row]);
  waits.starve(pe, static_cast<Unsigned>(with_weights), static_cast<Unsigned>(column_arrival),
               static_cast<Unsigned>(column_lines_.start[kind]), PeClass::StarvedActivation, column_lines_.waits[kind]);
  const Time there = std::max(with_weights, column_arrival);
  if (work_segment_ == 0 && gated_ && gate_[own] > there)
    waits.block(pe, static_cast<Unsigned>(there), static_cast<Unsigned>(gate_[own]), work_tile_);
}

void Rows::begin(const Geometry& tile, bool counts) {
  std::fill_n(earliest_.data(), earliest_.size(), INT64_MAX);
  const std::array<std::uint32_t, 3> bounds{0, std::min(column_lines_.split, tile.columns), tile.columns};
  for (int k = 0; k < classes_across(row_lines_, tile); ++k) {
    std::fill_n(latest_[k].data(), latest_[k].size(), kLongAgo);
    const Begin begin{pes(bounds[k], bounds[k + 1]),
                      row_lines_.on_bus(),
                      column_lines_.on_bus(),
                      free_.data(),
                      ready_.data(),
                      (counts ? starved_weight_ : unused_).data(),
                      (counts ? starved_activation_ : unused_).data(),
                      earliest_.data(),
                      latest_[k].data()};
    begin_segment(begin);
    if (counts && (row_lines_.memory || column_lines_.memory)) count_memory_waits(begin, starved_memory_.data());
  }
  if (work_segment_ != 0 || !gated_) return;
  std::fill_n(earliest_.data(), earliest_.size(), INT64_MAX);
  for (int k = 0; k < classes_across(row_lines_, tile); ++k) {
    std::fill_n(latest_[k].data(), latest_[k].size(), kLongAgo);
    wait_for_gate({pes(bounds[k], bounds[k + 1]), gate_.data(), untaken_begin_, untaken_end_, ready_.data(),
                   (counts ? blocked_memory_ : unused_).data(), (counts ? blocked_output_ : unused_).data(),
                   earliest_.data(), latest_[k].data()});
  }
}

void Rows::take_groups(const TileState& state, bool counts) {
  const Geometry& tile = state.geometry;
  const FilterTile& filters = *state.tile.filters;
  const std::size_t first = std::size_t{work_segment_} * row_lines_.stride;
  const std::uint32_t most = filters.most_groups[work_segment_], depth = row_lines_.depth;
  // Once a FIFO was full or could have been, groups of one word keep pace: FAST.md.
  const bool paced = one_word_ && most > depth + 1;
  const bool banks = config_.reach == Reach::Bank;
  for (std::uint32_t row = 0; banks && row < tile.rows; ++row) {
    const Filter& filter = filters.filters[row];
    cycles_[row] = filter.cycles.data() + filter.segment_steps[work_segment_];
  }
  std::fill_n(taken_.data(), taken_.size(), 0);
  std::copy_n(row_lines_.arrival.data(), sigma_.size(), sigma_.data());
  const Chain chain{row_lines_.stride,
                    depth,
                    paced ? depth + 1 : most,
                    classes_across(row_lines_, tile),
                    filters.groups.data() + first,
                    filters.last_words.data() + first,
                    full_words_,
                    banks ? cycles_.data() : nullptr,
                    {latest_[0].data(), latest_[1].data()},
                    earliest_.data(),
                    row_lines_.bus.data(),
                    {row_lines_.room[0].data(), row_lines_.room[1].data()},
                    taken_.data(),
                    sigma_.data(),
                    before_.data(),
                    taken_before_.data(),
                    start_.data(),
                    arrival_.data()};
  for (std::uint32_t group = 0; follow(chain, group);) {
    if (counts)
      count_group_waits(chain, pes(0, tile.columns), ready_.data(), starved_weight_.data());
    else
      note_group_waits(state);
  }
  if (paced) keep_pace(chain);
  next_room(chain, paced, {next_room_[0].data(), next_room_[1].data()});
  for (int k = 0; k < chain.classes; ++k) std::swap(row_lines_.room[k], next_room_[k]);
}

/// Some PEs wait for a group: as long as it is on the bus; before that the line waits for room, or for a PE.
void Rows::note_group_waits(const TileState& state) {
  using Unsigned = fabric::fast::Time;
  for (std::uint32_t row = 0; row < state.geometry.rows; ++row) {
    if (sigma_[row] <= std::max(before_[row], earliest_[row])) continue;
    for (std::uint32_t column = 0; column < state.tile.geometry.columns; ++column)
      waits_.starve(row * columns_ + column,
                    static_cast<Unsigned>(taken_before_[row] + std::max(ready_[at(row, kinds_[column])], before_[row])),
                    static_cast<Unsigned>(arrival_[row]), static_cast<Unsigned>(start_[row]), PeClass::StarvedWeight,
                    row_lines_.waits[row]);
  }
}

void Rows::leave_tile(TileState& state) {
  const Geometry& tile = state.geometry;
  ByClass<bool> mapped{};
  for_classes(tile,
              [&](int r, int c, std::uint32_t row, std::uint32_t rows, std::uint32_t column, std::uint32_t columns) {
                mapped[r][c] = true;
                ++worked_tiles_[r][c];
                if (work_tile_ != last_of_class_[r][c]) return;
                for (; column < columns; ++column)
                  std::copy(&free_[at(row, column)], &free_[at(rows, column)], &done_at_[at(row, column)]);
              });
  for (int r = 0; r < 2; ++r)
    for (int c = 0; c < 2; ++c) apart_[r][c] |= !mapped[r][c];
  state.complete.resize(free_.size());
  std::copy_n(free_.data(), free_.size(), state.complete.data());
  state.worked = true;
  work_segment_ = 0;
  ++work_tile_;
}

// ---- Drain, the layer ----

bool Rows::drain() {
  if (drain_tile_ == tiles_ || drain_tile_ >= memory_.written() + 2) return false;
  TileState& state = state_of(drain_tile_);
  if (!state.worked) return false;
  const Geometry& tile = state.geometry;
  Time latest = 0;
  for (std::uint32_t c = 0; c < tile.columns; ++c) {
    Time& bus = drain_bus_[c];
    if (drain_tile_ >= 2) bus = std::max(bus, static_cast<Time>(memory_.written_at(TileIndex(drain_tile_ - 2))));
    const Time results = state.tile.columns[first_of_kind_[c]].windows;
    for (std::size_t pe = at(0, c); pe < at(tile.rows, c); ++pe) {
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
  const TileIndex needed = std::min({drain_tile_, work_tile_, memory_.written()});
  for (; !states_.empty() && first_state_ < needed; ++first_state_) states_.pop_front();
  waits_.flush(static_cast<fabric::fast::Time>(free_[0]));
  Time oldest = INT64_MAX;
  for (Lines* lines : {&row_lines_, &column_lines_})
    for (std::uint32_t i = 0; i < lines->count; ++i) {
      if (has_tiles(*lines, i)) oldest = std::min(oldest, lines->bus[i]);
      forget_waits(*lines, i);
    }
  memory_.forget_before(static_cast<fabric::fast::Time>(oldest));
}

void Rows::finish() {
  worker_.report(tally_);
  const fabric::fast::Time cycles = memory_.cycles();
  const std::uint32_t pes = rows_ * columns_;
  for (std::uint32_t pe = 0; pe < pes; ++pe)
    waits_.finish(pe, static_cast<fabric::fast::Time>(done_at_[at(pe / columns_, kinds_[pe % columns_])]), cycles);
  waits_.flush(kUnknown);
  for (std::uint32_t pe = 0; pe < pes; ++pe) {
    const std::size_t own = at(pe / columns_, kinds_[pe % columns_]);
    Counters<PeClass> classes = waits_.classes(pe);
    classes[PeClass::StarvedWeight] += static_cast<std::uint64_t>(starved_weight_[own]);
    classes[PeClass::StarvedActivation] += static_cast<std::uint64_t>(starved_activation_[own]);
    classes[PeClass::StarvedMemory] += static_cast<std::uint64_t>(starved_memory_[own]);
    classes[PeClass::BlockedMemory] += static_cast<std::uint64_t>(blocked_memory_[own]);
    classes[PeClass::BlockedOutput] += static_cast<std::uint64_t>(blocked_output_[own]);
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
