// What binds lines and PEs of PeByPe together: tiles in flight, drain buses, memory, the order in which times are
// settled.
#include "datapaths/fabric/fast/pe_by_pe.h"

#include <algorithm>
#include <utility>

#include "base/error.h"

namespace lacuna::fabric::fast {

PeByPe::PeByPe(const Machine& machine, const MemoryPlan& plan, const Feeders& feeders, LayerPort& layer,
               Together together)
    : layer_(layer),
      map_(layer.tiles()),
      recorder_(layer.recorder()),
      tiles_(map_.tiles()),
      rows_(machine.array.rows),
      columns_(machine.array.columns),
      unicast_(feeders.unicast),
      together_(together),
      depth_(feeders.depth),
      memory_(machine, tiles_, plan.output_address(), plan.room(), *this),
      waits_(machine.array, map_, memory_, recorder_) {
  lines_.resize(rows_ + columns_);
  for (std::uint32_t i = 0; i < lines_.size(); ++i) {
    lines_[i].side = i < rows_ ? kWeights : kActivations;
    lines_[i].index = i < rows_ ? i : i - rows_;
    lines_[i].last_tile = kNoTileIndex;
  }
  pes_.resize(std::size_t{rows_} * columns_);
  buses_.resize(columns_);
  for (const std::size_t side : {kWeights, kActivations}) pops_[side].resize(pes_.size() * depth_[side]);

  const auto later = [](TileIndex a, TileIndex b) { return a == kNoTileIndex ? b : std::max(a, b); };
  for (Pe& pe : pes_) {
    pe.row = Row(index_of(pe) / columns_);
    pe.column = Column(index_of(pe) % columns_);
    const auto last = map_.last_tile(pe.row, pe.column);
    pe.last_tile = last.value_or(kNoTileIndex);
    if (last)
      for (const std::size_t side : {kWeights, kActivations})
        line_of(side, pe).last_tile = later(line_of(side, pe).last_tile, *last);
  }
  for (Pe& pe : pes_) {
    pe.tile = kNoTileIndex;
    finish_tile(pe, 0);
  }
  for (Line& line : lines_) enter_tile(line, TileIndex(0));
}

PeByPe::TileState& PeByPe::state_of(TileIndex tile) {
  LACUNA_CHECK(tile >= first_state_ && tile < tiles_, "tile {} asked for, {}.. are held", tile, first_state_);
  while (tile >= first_state_ + states_.size()) {
    TileState& state = states_.emplace_back();
    state.work = layer_.work(TileIndex(first_state_ + states_.size() - 1));
    for (const std::size_t side : {kWeights, kActivations}) {
      const Messages& messages = state.work->messages[side];
      state.sends[side].resize(messages.size());
      state.sent[side].assign(messages.streams(), 0);
      state.token[side].assign(messages.streams(), kUnknown);
    }
    state.stopped.assign(pes_.size(), kUnknown);
    memory_.add(state.work->geometry, state.work->blocks, state.work->left_out);
    state.pes_left = state.work->geometry.pes();
  }
  return states_[tile - first_state_];
}

// ---- Drain ----

/// Takes the results that are known to be there.
bool PeByPe::advance(Column column, Bus& bus) {
  bool changed = false;
  while (bus.tile < tiles_ && bus.tile < memory_.written() + 2 && has_state(bus.tile)) {
    TileState& state = state_of(bus.tile);
    const std::uint32_t rows = state.work->geometry.rows_of(column);
    const std::uint32_t results = rows == 0 ? 0 : state.work->results[column];
    while (bus.row < rows) {
      Pe& pe = pes_[std::size_t{bus.row} * columns_ + column];
      if (pe.completions <= pe.drains) return changed;
      const std::uint64_t k = pe.drains;
      Time retire = pe.complete[k % 2] + 2;
      if (k > 0) retire = std::max(retire, pe.drained[(k - 1) % 2] + 1);
      Time time = std::max(retire + 1, bus.free);
      if (bus.tile >= 2) time = std::max(time, memory_.written_at(TileIndex(bus.tile - 2)));
      // Results become valid together and leave one a cycle.
      const Time last = time + results - 1;
      pe.drained[k % 2] = last;
      ++pe.drains;
      pe.awake = true;
      bus.free = last + 1;
      state.last_result = std::max(state.last_result, last);
      if (++state.pes_drained == state.work->geometry.pes())
        memory_.results(bus.tile, state.last_result, state.work->output_bytes);
      ++bus.row;
      changed = true;
      layer_.drained(*state.work, index_of(pe), time);
      if (recorder_ && pe.completions > pe.drains)
        layer_.retired(index_of(pe), std::max(pe.complete[(k + 1) % 2] + 2, last + 1));
    }
    ++bus.tile;
    bus.row = 0;
  }
  return changed;
}

// ---- Memory ----

/// Settles the earliest choice that waits for an unknown time, or begins the next transfer.
void PeByPe::step_memory() {
  const MemorySequence::Next next = memory_.next();
  Time threshold = kUnknown;
  bool* settled = nullptr;
  for (Line& line : lines_)
    if (line.threshold < threshold) threshold = line.threshold, settled = &line.settled;
  for (Pe& pe : pes_)
    if (pe.state == State::Stopping && pe.threshold < threshold) threshold = pe.threshold, settled = &pe.settled;
  if (settled && threshold <= std::min(next.write, next.fetch)) {
    *settled = true;
  } else {
    memory_.begin(next);
  }
  for (Line& line : lines_) line.awake = true;
  for (Bus& bus : buses_) bus.awake = true;
  for (Pe& pe : pes_) pe.awake |= pe.state == State::Stopping;
}

/// Lets go of what no time to come depends on.
void PeByPe::forget() {
  if (memory_.array_tile() < tiles_) {
    for (Pe& pe : pes_) {
      if (pe.state != State::Finished || pe.free >= memory_.array_tile_since()) continue;
      wait(pe, pe.free, memory_.array_tile_since(), PeClass::Imbalance);
      pe.free = memory_.array_tile_since();
    }
  }
  const Pe& first = pes_.front();
  waits_.flush(first.state == State::Finished ? kUnknown : first.state == State::Working ? first.free : first.stop);
  if (recorder_) recorder_->reached(reached());
  while (!states_.empty() && first_state_ < memory_.written() && first_state_ < memory_.array_tile() &&
         states_.front().pes_left == 0) {
    states_.pop_front();
    ++first_state_;
  }
  Time oldest = kUnknown;
  for (const Line& line : lines_)
    if (line.tile < tiles_) oldest = std::min(oldest, line.bus_free);
  memory_.forget_before(oldest);
  constexpr std::size_t kManyWaits = 256;
  for (Line& line : lines_) {
    if (line.memory_waits.size() < kManyWaits) continue;
    Time begin = kUnknown;
    for (const Pe& pe : pes_)
      if (pe.state != State::Finished && (line.side == kWeights ? pe.row : pe.column) == line.index)
        begin = std::min(begin, pe.state == State::Working ? pe.free : pe.stop);
    std::erase_if(line.memory_waits, [&](const Interval& wait) { return wait.end <= begin; });
  }
}

Time PeByPe::reached() const {
  Time time = std::min(waits_.reached(), memory_.finished() ? kUnknown : memory_.ready());
  for (const Line& line : lines_)
    if (line.tile < tiles_) time = std::min(time, line.bus_free);
  for (const Bus& bus : buses_) {
    if (bus.tile == tiles_) continue;
    Time free = bus.free;  // a bus that no result came on for many tiles still waits for what is written
    if (bus.tile >= 2) free = std::max(free, std::min(memory_.written_at(TileIndex(bus.tile - 2)), memory_.ready()));
    time = std::min(time, free);
  }
  for (const Pe& pe : pes_)
    time = std::min(time, pe.state == State::Working || pe.state == State::Finished ? pe.free : pe.stop);
  return time;
}

void PeByPe::finish(Time cycles) {
  for (const Pe& pe : pes_) waits_.finish(index_of(pe), pe.free, cycles);
  waits_.flush(kUnknown);
  for (const Sent& late : late_sends_)
    if (late.last < cycles) layer_.sent(late);
  if (recorder_) recorder_->finish(cycles);
  layer_.finish(waits_, cycles);
}

Time PeByPe::run(const std::function<void(std::uint64_t)>& progress) {
  for (;;) {
    bool changed = true;
    while (changed) {
      changed = false;
      // Only what something has happened to may go on.
      for (Line& line : lines_)
        if (std::exchange(line.awake, false)) changed |= advance(line);
      for (Pe& pe : pes_)
        if (std::exchange(pe.awake, false)) changed |= advance(pe);
      for (Column column(0); column < buses_.size(); ++column)
        if (std::exchange(buses_[column].awake, false)) changed |= advance(column, buses_[column]);
    }
    const bool working = std::ranges::any_of(lines_, [&](const Line& line) { return line.tile < tiles_; }) ||
                         std::ranges::any_of(pes_, [](const Pe& pe) { return pe.state != State::Finished; });
    if (!working && memory_.finished()) break;
    step_memory();
    forget();
    progress(memory_.written());
  }
  finish(memory_.cycles());
  return memory_.cycles();
}

}  // namespace lacuna::fabric::fast
