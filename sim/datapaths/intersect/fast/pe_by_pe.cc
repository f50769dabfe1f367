// What binds lines and PEs of PeByPe together: tiles in flight, drain buses, memory, the order in which times are
// settled.
#include "datapaths/intersect/fast/pe_by_pe.h"

#include <algorithm>
#include <utility>

namespace lacuna::intersect::fast {

PeByPe::PeByPe(Operands& operands, const Values& values, Tally& tally, EventRecorder* recorder)
    : operands_(operands),
      values_(values),
      lowering_(operands.lowering()),
      machine_(lowering_.machine()),
      config_(config(machine_)),
      tally_(tally),
      recorder_(recorder),
      tiles_(operands.tiles()),
      unicast_(config_.mapping == Mapping::Filters),
      depth_{config_.weights.fifo_depth, config_.activations.fifo_depth},
      memory_(
          operands, tally, [this](TileIndex tile) { state_of(tile); }, recorder),
      waits_(operands, memory_, recorder) {
  const std::uint32_t rows = machine_.array.rows;
  const std::uint32_t columns = machine_.array.columns;
  lines_.resize(rows + columns);
  for (std::uint32_t i = 0; i < lines_.size(); ++i) {
    lines_[i].side = i < rows ? kWeights : kActivations;
    lines_[i].index = i < rows ? i : i - rows;
    lines_[i].last_tile = kNoTileIndex;
  }
  pes_.resize(std::size_t{rows} * columns);
  buses_.resize(columns);
  for (Side side : {kWeights, kActivations}) pops_[side].resize(pes_.size() * depth_[side]);

  const auto later = [](TileIndex a, TileIndex b) { return a == kNoTileIndex ? b : std::max(a, b); };
  for (Pe& pe : pes_) {
    pe.row = Row(index_of(pe) / columns);
    pe.column = Column(index_of(pe) % columns);
    const auto last = operands_.last_tile(pe.row, pe.column);
    pe.last_tile = last.value_or(kNoTileIndex);
    if (last)
      for (Line* line : {&lines_[pe.row], &lines_[rows + pe.column]}) line->last_tile = later(line->last_tile, *last);
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
    state.work = work_of(operands_, values_, operands_.tile(TileIndex(first_state_ + states_.size() - 1)));
    report(state.work);
    if (recorder_) state.values = recorder_->values_of(state.work.operands);
    const std::array<std::size_t, 2> streams{unicast_ ? pes_.size() : machine_.array.rows, machine_.array.columns};
    for (Side side : {kWeights, kActivations}) {
      state.sends[side].resize(streams[side] * state.work.steps);
      state.sent[side].assign(streams[side], 0);
      state.token[side].assign(streams[side], kUnknown);
    }
    state.stopped.assign(pes_.size(), kUnknown);
    memory_.add(state.work.operands.tile);
    state.pes_left = state.work.tile().pes();
  }
  return states_[tile - first_state_];
}

// ---- Drain ----

/// Takes the results that are known to be there.
bool PeByPe::advance(Column column, Bus& bus) {
  bool changed = false;
  while (bus.tile < tiles_ && bus.tile < memory_.written() + 2 && has_state(bus.tile)) {
    TileState& state = state_of(bus.tile);
    const std::uint32_t rows = state.work.tile().rows_of(column);
    while (bus.row < rows) {
      Pe& pe = pes_[std::size_t{bus.row} * machine_.array.columns + column];
      if (pe.completions <= pe.drains) return changed;
      const std::uint64_t k = pe.drains;
      Time retire = pe.complete[k % 2] + 2;
      if (k > 0) retire = std::max(retire, pe.drained[(k - 1) % 2] + 1);
      Time time = std::max(retire + 1, bus.free);
      if (bus.tile >= 2) time = std::max(time, memory_.written_at(TileIndex(bus.tile - 2)));
      pe.drained[k % 2] = time;
      ++pe.drains;
      pe.awake = true;
      bus.free = time + 1;
      ++state.results;
      state.last_result = std::max(state.last_result, time);
      if (state.results == state.work.tile().pes())
        memory_.results(bus.tile, state.last_result, output_bytes(operands_, values_, state.work.operands));
      ++bus.row;
      changed = true;
      tally_.on(event::Drain{time, index_of(pe), bus.tile, 0});
      if (!recorder_) continue;
      recorder_->drain(index_of(pe), state.values, time);
      if (pe.completions > pe.drains) recorder_->retire(index_of(pe), std::max(pe.complete[(k + 1) % 2] + 2, time + 1));
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

/// Counts the pairs and the multiplied groups of a tile.
void PeByPe::report(const TileWork& work) {
  for (std::uint32_t pe = 0; pe < work.pes.size(); ++pe) {
    const PeWork& p = work.pes[pe];
    event::PeSum sum{pe, {}, p.executed, p.wasted, p.gated, p.skipped, p.terminated, work.stop_step[pe] != kNever};
    sum.cycles[PeClass::Busy] = p.busy;
    sum.cycles[PeClass::Gated] = p.gated_groups;
    sum.cycles[PeClass::Bubble] = p.bubbles;
    tally_.on(sum);
  }
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
  for (const LateSend& late : late_sends_)
    if (late.arrival <= cycles) tally_.on(late.send);
  if (recorder_) recorder_->finish(cycles);
  for (std::uint32_t pe = 0; pe < pes_.size(); ++pe) tally_.on(event::PeSum{pe, waits_.classes(pe), 0, 0, 0, 0, 0, 0});
  tally_.finish(cycles);
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

}  // namespace lacuna::intersect::fast
