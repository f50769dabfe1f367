#include "datapaths/intersect/fast/pe_by_pe.h"

#include <algorithm>
#include <utility>

namespace lacuna::intersect::fast {

namespace {

constexpr std::uint64_t kNoTile = UINT64_MAX;

}  // namespace

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
          operands, tally, [this](std::uint64_t tile) { run_of(tile); }, recorder),
      waits_(operands, memory_, recorder) {
  const std::uint32_t rows = machine_.array.rows;
  const std::uint32_t columns = machine_.array.columns;
  lines_.resize(rows + columns);
  for (std::uint32_t i = 0; i < lines_.size(); ++i) {
    lines_[i].side = i < rows ? kWeights : kActivations;
    lines_[i].index = i < rows ? i : i - rows;
    lines_[i].last_tile = kNoTile;
  }
  pes_.resize(std::size_t{rows} * columns);
  buses_.resize(columns);
  for (Side side : {kWeights, kActivations}) pops_[side].resize(pes_.size() * depth_[side]);

  const auto later = [](std::uint64_t a, std::uint64_t b) { return a == kNoTile ? b : std::max(a, b); };
  for (Pe& pe : pes_) {
    pe.row = index_of(pe) / columns;
    pe.column = index_of(pe) % columns;
    const auto last = operands_.last_tile(pe.row, pe.column);
    pe.last_tile = last.value_or(kNoTile);
    if (last)
      for (Line* line : {&lines_[pe.row], &lines_[rows + pe.column]}) line->last_tile = later(line->last_tile, *last);
  }
  for (Pe& pe : pes_) {
    pe.tile = kNoTile;
    finish_tile(pe, 0);
  }
  for (Line& line : lines_) enter_tile(line, 0);
}

PeByPe::TileRun& PeByPe::run_of(std::uint64_t tile) {
  LACUNA_CHECK(tile >= first_run_ && tile < tiles_, "tile {} asked for, {}.. are held", tile, first_run_);
  while (tile >= first_run_ + runs_.size()) {
    TileRun& run = runs_.emplace_back();
    run.work = work_of(operands_, values_, operands_.tile(first_run_ + runs_.size() - 1));
    report(run.work);
    if (recorder_) run.values = recorder_->values_of(run.work.operands);
    const std::array<std::size_t, 2> streams{unicast_ ? pes_.size() : machine_.array.rows, machine_.array.columns};
    for (Side side : {kWeights, kActivations}) {
      run.sends[side].resize(streams[side] * run.work.steps);
      run.sent[side].assign(streams[side], 0);
      run.token[side].assign(streams[side], kUnknown);
    }
    run.stopped.assign(pes_.size(), kUnknown);
    memory_.add(run.work.operands.tile);
    run.pes_left = run.work.tile().pes();
  }
  return runs_[tile - first_run_];
}

// ---- Lines ----

void PeByPe::enter_tile(Line& line, std::uint64_t tile) {
  line.step = 0;
  line.column = 0;
  line.tile = tiles_;
  if (line.last_tile == kNoTile) return;
  for (; tile <= line.last_tile; ++tile) {
    const Geometry geometry = operands_.geometry(tile);
    if ((line.side == kWeights ? geometry.columns_of(line.index) : geometry.rows_of(line.index)) != 0) {
      line.tile = tile;
      return;
    }
  }
}

template <typename Visit>
void PeByPe::for_group(const Line& line, const Tile& tile, Visit visit) {
  const std::uint32_t columns = machine_.array.columns;
  if (line.side == kActivations) {
    for (std::uint32_t row = 0; row < tile.rows_of(line.index); ++row) visit(pes_[row * columns + line.index]);
  } else if (unicast_) {
    visit(pes_[line.index * columns + line.column]);
  } else {
    for (std::uint32_t column = 0; column < tile.columns_of(line.index); ++column)
      visit(pes_[line.index * columns + column]);
  }
}

/// What the message that `line` sends next costs.
PeByPe::Cost PeByPe::cost(const Line& line, const TileRun& run) const {
  const Tile& tile = run.work.tile();
  const Streams* streams = run.work.operands.windows.get();
  std::size_t entry = tile.steps()[line.step].chunk;
  std::size_t stream = tile.window_stream(line.index);
  if (line.side == kWeights) {
    streams = run.work.operands.filters.get();
    entry = line.step;
    stream = tile.filter_stream(line.index, unicast_ ? line.column : 0);
  }
  const std::size_t at = entry * streams->pad + stream;
  return {static_cast<std::uint32_t>(streams->bytes[at]), static_cast<std::uint32_t>(streams->words[at])};
}

/// Sends what is known to be sent.
bool PeByPe::advance(Line& line) {
  bool changed = false;
  while (line.tile < tiles_) {
    TileRun& run = run_of(line.tile);
    const Tile& tile = run.work.tile();
    line.threshold = kUnknown;

    // The bus is free and every FIFO of the group has room.
    Time ready = line.bus_free;
    bool room_known = true;
    const std::uint32_t depth = depth_[line.side];
    for_group(line, tile, [&](Pe& pe) {
      const std::uint64_t pushes = pe.pushes[line.side];
      if (pushes < depth) return;
      if (pe.pops[line.side] + depth <= pushes)
        room_known = false;
      else
        ready = std::max(ready, pops_[line.side][index_of(pe) * depth + pushes % depth] + 1);
    });
    if (!room_known) return changed;

    // Every PE of the group is stopped: never before this message is sent, or from `stopped` on, or later than that.
    bool may_stop = true, stop_known = true;
    Time stopped = 0;
    for_group(line, tile, [&](Pe& pe) {
      if (run.work.stop_step[index_of(pe)] >= line.step)
        may_stop = false;
      else if (run.stopped[index_of(pe)] == kUnknown)
        stop_known = false;
      else
        stopped = std::max(stopped, run.stopped[index_of(pe)]);
    });

    const BlockTimes& block = memory_.block(line.tile, tile.block_of[line.step]);
    const bool settled = std::exchange(line.settled, false);
    if (block.loaded != kUnknown) {
      const Time start = std::max(ready, block.loaded);
      if (may_stop && stopped <= start && !stop_known && !settled) {
        line.threshold = start;
        return changed;
      }
      if (!may_stop || stopped > start || !stop_known) {
        wait_for_memory(line, block, line.bus_free, block.loaded);
        sent(line, run, start, start + cost(line, run).words, true);
        changed = true;
        continue;
      }
    } else {
      if (!may_stop || !stop_known) return changed;
      if (!settled) {
        line.threshold = stopped - 1;
        return changed;
      }
    }
    wait_for_memory(line, block, line.bus_free, std::min(stopped, block.loaded));
    sent(line, run, std::max(ready, stopped), std::max(ready, stopped) + 1, false);
    changed = true;
  }
  line.threshold = kUnknown;
  return changed;
}

/// Records a message or an end token, and goes to the next group, step or tile.
void PeByPe::sent(Line& line, TileRun& run, Time start, Time arrival, bool message) {
  const Tile& tile = run.work.tile();
  std::uint32_t destinations = 0;
  for_group(line, tile, [&](Pe& pe) {
    ++pe.pushes[line.side];
    ++destinations;
    pe.awake = true;
  });
  const std::size_t to =
      line.side == kWeights && unicast_ ? line.index * machine_.array.columns + line.column : line.index;
  std::uint32_t bytes = 0;
  if (message) {
    run.sends[line.side][to * run.work.steps + line.step] = {start, arrival};
    ++run.sent[line.side][to];
    bytes = cost(line, run).bytes;
  } else {
    run.token[line.side][to] = arrival;
  }
  const event::Send send{arrival - 1, line.side == kWeights ? event::Side::Weights : event::Side::Activations,
                         line.index,  line.tile,
                         line.step,   bytes,
                         destinations};
  if (recorder_) recorder_->record(send);
  if (line.tile == line.last_tile)
    late_sends_.push_back({arrival, send});
  else
    tally_.on(send);
  line.bus_free = arrival;

  if (line.side == kWeights && unicast_) {
    const auto live = [&](std::uint32_t from) {
      while (from < tile.columns_of(line.index) &&
             run.token[kWeights][line.index * machine_.array.columns + from] != kUnknown)
        ++from;
      return from;
    };
    const std::uint32_t columns = tile.columns_of(line.index);
    line.column = live(line.column + 1);
    if (line.column < columns) return;
    line.column = live(0);
    message = line.column < columns;
  }
  // From here on `message` says whether a PE of the row has not been sent its end token.
  const std::uint32_t block = tile.block_of[line.step];
  if (message && line.step + 1 < run.work.steps) {
    ++line.step;
    if (tile.block_of[line.step] != block) memory_.pass(line.tile, block, 1, arrival);
  } else {
    for (std::uint32_t b = block; b < tile.blocks.size(); ++b) memory_.pass(line.tile, b, 1, arrival);
    enter_tile(line, line.tile + 1);
  }
}

/// Notes the cycles of begin..end in which a line that waits for `block` waits for memory.
void PeByPe::wait_for_memory(Line& line, const BlockTimes& block, Time begin, Time end) {
  if (begin >= end) return;
  memory_.memory_waits(block, begin, end, [&](Time from, Time to) {
    if (!line.memory_waits.empty() && line.memory_waits.back().end == from)
      line.memory_waits.back().end = to;
    else
      line.memory_waits.push_back({from, to});
  });
}

// ---- PEs ----

void PeByPe::pop(Pe& pe, Side side, Time time) {
  pops_[side][index_of(pe) * depth_[side] + pe.pops[side]++ % depth_[side]] = time;
  line_of(side, pe).awake = true;
}

void PeByPe::starve(const Pe& pe, Side side, Time begin, Time end, Time start) {
  const PeClass starved = side == kWeights ? PeClass::StarvedWeight : PeClass::StarvedActivation;
  waits_.starve(index_of(pe), begin, end, start, starved, line_of(side, pe).memory_waits);
}

bool PeByPe::advance(Pe& pe) {
  bool changed = false;
  for (;;) {
    bool step = false;
    switch (pe.state) {
      case State::Working:
        step = work(pe);
        break;
      case State::Stopping:
        step = settle_stop(pe);
        break;
      case State::Discarding:
        step = discard(pe);
        break;
      case State::Finished:
        break;
    }
    if (!step) return changed;
    changed = true;
  }
}

/// One chunk pair.
bool PeByPe::work(Pe& pe) {
  if (!has_run(pe.tile)) return false;
  TileRun& run = run_of(pe.tile);
  const std::uint32_t steps = run.work.steps;
  const std::array<std::size_t, 2> from{stream(kWeights, pe), stream(kActivations, pe)};
  if (run.sent[kWeights][from[0]] <= pe.step || run.sent[kActivations][from[1]] <= pe.step) return false;
  const Send& weights = run.sends[kWeights][from[0] * steps + pe.step];
  const Send& activations = run.sends[kActivations][from[1] * steps + pe.step];

  const Time there = std::max({pe.free, weights.arrival, activations.arrival});
  Time begin = there;
  if (pe.step == 0 && pe.completions >= 2) {
    if (pe.drains + 1 < pe.completions) return false;
    begin = std::max(begin, pe.drained[pe.completions % 2] + 1);
  }
  starve(pe, kWeights, pe.free, weights.arrival, weights.start);
  starve(pe, kActivations, std::max(pe.free, weights.arrival), activations.arrival, activations.start);
  waits_.block(index_of(pe), there, begin);

  const std::uint32_t stop_step = run.work.stop_step[index_of(pe)];
  const std::uint32_t stop_group = run.work.stop_group[index_of(pe)];
  const std::uint32_t groups = run.work.groups_of(index_of(pe), pe.step);
  if (recorder_)
    recorder_->pair(index_of(pe), run.values, pe.step, begin, stop_step == pe.step ? stop_group + 1 : groups);
  if (stop_step != pe.step) {
    const Time last = begin + groups - 1;
    for (Side side : {kWeights, kActivations}) pop(pe, side, last);
    pe.free = last + 1;
    if (++pe.step == steps) {
      complete(pe, last);
      finish_tile(pe, pe.free);
    }
    return true;
  }

  pe.stop = begin + stop_group;
  run.stopped[index_of(pe)] = pe.stop + 2;
  for (Side side : {kWeights, kActivations}) line_of(side, pe).awake = true;
  complete(pe, pe.stop);
  pe.done = {};
  pe.discard_free = {pe.stop + 2, pe.stop + 2};
  if (stop_group + 1 == groups) {
    for (Side side : {kWeights, kActivations}) pop(pe, side, pe.stop);
    pe.next = {pe.step + 1, pe.step + 1};
    pe.state = State::Stopping;
    return true;
  }
  // The next group of the same pair is killed.
  waits_.kill(index_of(pe));
  if (recorder_) recorder_->kill(index_of(pe), run.values, pe.step, stop_group + 1, pe.stop);
  pe.next = {pe.step, pe.step};
  if (stop_group + 2 == groups) {
    for (Side side : {kWeights, kActivations}) {
      pop(pe, side, pe.stop + 1);
      ++pe.next[side];
      pe.done[side] = pe.next[side] == steps;
    }
  }
  pe.state = State::Discarding;
  return true;
}

/// The sum stopped with the last group of a pair: is the first group of the next pair issued, and killed?
bool PeByPe::settle_stop(Pe& pe) {
  TileRun& run = run_of(pe.tile);
  const std::uint32_t steps = run.work.steps;
  const std::uint32_t step = pe.next[0];
  bool arrives = true, unknown = false;
  for (Side side : {kWeights, kActivations}) {
    const std::size_t from = stream(side, pe);
    if (run.sent[side][from] > step)
      arrives &= run.sends[side][from * steps + step].arrival <= pe.stop + 1;
    else if (run.token[side][from] != kUnknown)
      arrives = false;
    else
      unknown = true;
  }
  pe.threshold = kUnknown;
  if (unknown && arrives && !std::exchange(pe.settled, false)) {
    pe.threshold = pe.stop + 1;
    return false;
  }
  if (arrives && !unknown) {
    waits_.kill(index_of(pe));
    if (recorder_) recorder_->kill(index_of(pe), run.values, step, 0, pe.stop);
    if (run.work.groups_of(index_of(pe), step) == 1) {
      for (Side side : {kWeights, kActivations}) {
        pop(pe, side, pe.stop + 1);
        pe.done[side] = ++pe.next[side] == steps;
      }
    }
  } else {
    pe.owed = pe.stop + 1;
    if (recorder_) recorder_->stop(index_of(pe), run.values, step - 1, pe.stop);
  }
  pe.state = State::Discarding;
  return true;
}

/// Discards what is known to arrive, an entry per operand and cycle, until both operands' ends.
bool PeByPe::discard(Pe& pe) {
  TileRun& run = run_of(pe.tile);
  const std::uint32_t steps = run.work.steps;
  if (pe.owed != kUnknown) {
    std::array<Send, 2> entry;
    for (Side side : {kWeights, kActivations}) {
      const std::size_t from = stream(side, pe);
      if (run.sent[side][from] > pe.next[side])
        entry[side] = run.sends[side][from * steps + pe.next[side]];
      else if (run.token[side][from] != kUnknown)
        entry[side] = {run.token[side][from] - 1, run.token[side][from]};
      else
        return false;
    }
    const Side missing = entry[kWeights].arrival > pe.owed ? kWeights : kActivations;
    starve(pe, missing, pe.owed, pe.owed + 1, entry[missing].start);
    pe.owed = kUnknown;
  }
  bool changed = false;
  for (Side side : {kWeights, kActivations}) {
    const std::size_t from = stream(side, pe);
    while (!pe.done[side]) {
      Time arrival;
      if (run.sent[side][from] > pe.next[side]) {
        arrival = run.sends[side][from * steps + pe.next[side]].arrival;
        pe.done[side] = ++pe.next[side] == steps;
      } else if (run.token[side][from] != kUnknown) {
        arrival = run.token[side][from];
        pe.done[side] = true;
      } else {
        break;
      }
      const Time time = std::max(pe.discard_free[side], arrival);
      pop(pe, side, time);
      pe.discard_free[side] = time + 1;
      changed = true;
    }
  }
  if (!pe.done[0] || !pe.done[1]) return changed;
  finish_tile(pe, std::max(pe.discard_free[0], pe.discard_free[1]));
  return true;
}

/// The last group of a sum was issued in cycle `time`.
void PeByPe::complete(Pe& pe, Time time) {
  const std::uint64_t k = pe.completions++;
  pe.complete[k % 2] = time;
  buses_[pe.column].awake = true;
  if (!recorder_) return;
  recorder_->complete(index_of(pe));
  if (pe.drains == k) recorder_->retire(index_of(pe), std::max(time + 2, k > 0 ? pe.drained[(k - 1) % 2] + 1 : 0));
}

/// Goes to the next tile that maps the PE; its match stage may begin it at `free`.
void PeByPe::finish_tile(Pe& pe, Time free) {
  const bool discarded = pe.state == State::Discarding;
  if (pe.tile != kNoTile) --run_of(pe.tile).pes_left;
  pe.state = State::Working;
  pe.step = 0;
  if (pe.last_tile == kNoTile || pe.tile == pe.last_tile) {
    pe.state = State::Finished;
    pe.free = discarded ? pe.stop + 2 : free;
    return;
  }
  if (discarded) wait(pe, pe.stop + 2, free, PeClass::Imbalance);
  pe.free = free;
  do ++pe.tile;
  while (waits_.edges() && !operands_.geometry(pe.tile).mapped(pe.row, pe.column));
}

// ---- Drain ----

/// Takes the results that are known to be there.
bool PeByPe::advance(std::uint32_t column, Bus& bus) {
  bool changed = false;
  while (bus.tile < tiles_ && bus.tile < memory_.written() + 2 && has_run(bus.tile)) {
    TileRun& run = run_of(bus.tile);
    const std::uint32_t rows = run.work.tile().rows_of(column);
    while (bus.row < rows) {
      Pe& pe = pes_[std::size_t{bus.row} * machine_.array.columns + column];
      if (pe.completions <= pe.drains) return changed;
      const std::uint64_t k = pe.drains;
      Time retire = pe.complete[k % 2] + 2;
      if (k > 0) retire = std::max(retire, pe.drained[(k - 1) % 2] + 1);
      Time time = std::max(retire + 1, bus.free);
      if (bus.tile >= 2) time = std::max(time, memory_.written_at(bus.tile - 2));
      pe.drained[k % 2] = time;
      ++pe.drains;
      pe.awake = true;
      bus.free = time + 1;
      ++run.results;
      run.last_result = std::max(run.last_result, time);
      if (run.results == run.work.tile().pes())
        memory_.results(bus.tile, run.last_result, output_bytes(operands_, values_, run.work.operands));
      ++bus.row;
      changed = true;
      tally_.on(event::Drain{time, index_of(pe), bus.tile, 0});
      if (!recorder_) continue;
      recorder_->drain(index_of(pe), run.values, time);
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
  waits_.flush();
  if (recorder_) recorder_->reached(reached());
  while (!runs_.empty() && first_run_ < memory_.written() && first_run_ < memory_.array_tile() &&
         runs_.front().pes_left == 0) {
    runs_.pop_front();
    ++first_run_;
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
  Time time = std::min(waits_.reached(), memory_.finished() ? kUnknown : memory_.idle());
  for (const Line& line : lines_)
    if (line.tile < tiles_) time = std::min(time, line.bus_free);
  for (const Bus& bus : buses_) {
    if (bus.tile == tiles_) continue;
    Time free = bus.free;  // a bus that no result came on for many tiles still waits for what is written
    if (bus.tile >= 2) free = std::max(free, std::min(memory_.written_at(bus.tile - 2), memory_.idle()));
    time = std::min(time, free);
  }
  for (const Pe& pe : pes_)
    time = std::min(time, pe.state == State::Working || pe.state == State::Finished ? pe.free : pe.stop);
  return time;
}

void PeByPe::finish(Time cycles) {
  for (const Pe& pe : pes_) waits_.finish(index_of(pe), pe.free, cycles);
  waits_.flush();
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
      for (std::uint32_t column = 0; column < buses_.size(); ++column)
        if (std::exchange(buses_[column].awake, false)) changed |= advance(column, buses_[column]);
    }
    const bool working = std::ranges::any_of(lines_, [&](const Line& line) { return line.tile < tiles_; }) ||
                         std::ranges::any_of(pes_, [](const Pe& pe) { return pe.state != State::Finished; });
    if (!working && memory_.finished()) break;
    step_memory();
    forget();
    progress(memory_.written());
  }
  finish(memory_.idle());
  return memory_.idle();
}

}  // namespace lacuna::intersect::fast
