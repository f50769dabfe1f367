// PEs of PeByPe: when each chunk pair begins, when sums stop, what is discarded.
#include <algorithm>
#include <utility>

#include "datapaths/intersect/fast/pe_by_pe.h"

namespace lacuna::intersect::fast {

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
  if (!has_state(pe.tile)) return false;
  TileState& state = state_of(pe.tile);
  const std::uint32_t steps = state.work.steps;
  const std::array<std::size_t, 2> from{stream(kWeights, pe), stream(kActivations, pe)};
  if (state.sent[kWeights][from[0]] <= pe.step || state.sent[kActivations][from[1]] <= pe.step) return false;
  const Send& weights = state.sends[kWeights][from[0] * steps + pe.step];
  const Send& activations = state.sends[kActivations][from[1] * steps + pe.step];

  const Time there = std::max({pe.free, weights.arrival, activations.arrival});
  Time begin = there;
  if (pe.step == 0 && pe.completions >= 2) {
    if (pe.drains + 1 < pe.completions) return false;
    begin = std::max(begin, pe.drained[pe.completions % 2] + 1);
  }
  starve(pe, kWeights, pe.free, weights.arrival, weights.start);
  starve(pe, kActivations, std::max(pe.free, weights.arrival), activations.arrival, activations.start);
  waits_.block(index_of(pe), there, begin, pe.tile);

  const std::uint32_t stop_step = state.work.stop_step[index_of(pe)];
  const std::uint32_t stop_group = state.work.stop_group[index_of(pe)];
  const std::uint32_t groups = state.work.groups_of(index_of(pe), pe.step);
  if (recorder_)
    recorder_->pair(index_of(pe), state.values, pe.step, begin, stop_step == pe.step ? stop_group + 1 : groups);
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
  state.stopped[index_of(pe)] = pe.stop + 2;
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
  if (recorder_) recorder_->kill(index_of(pe), state.values, pe.step, stop_group + 1, pe.stop);
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
  TileState& state = state_of(pe.tile);
  const std::uint32_t steps = state.work.steps;
  const StepIndex step(pe.next[0]);
  bool arrives = true, unknown = false;
  for (Side side : {kWeights, kActivations}) {
    const std::size_t from = stream(side, pe);
    if (state.sent[side][from] > step)
      arrives &= state.sends[side][from * steps + step].arrival <= pe.stop + 1;
    else if (state.token[side][from] != kUnknown)
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
    if (recorder_) recorder_->kill(index_of(pe), state.values, step, 0, pe.stop);
    if (state.work.groups_of(index_of(pe), step) == 1) {
      for (Side side : {kWeights, kActivations}) {
        pop(pe, side, pe.stop + 1);
        pe.done[side] = ++pe.next[side] == steps;
      }
    }
  } else {
    pe.owed = pe.stop + 1;
    if (recorder_) recorder_->stop(index_of(pe), state.values, StepIndex(step - 1), pe.stop);
  }
  pe.state = State::Discarding;
  return true;
}

/// Discards what is known to arrive, an entry per operand and cycle, until both operands' ends.
bool PeByPe::discard(Pe& pe) {
  TileState& state = state_of(pe.tile);
  const std::uint32_t steps = state.work.steps;
  if (pe.owed != kUnknown) {
    std::array<Send, 2> entry;
    for (Side side : {kWeights, kActivations}) {
      const std::size_t from = stream(side, pe);
      if (state.sent[side][from] > pe.next[side])
        entry[side] = state.sends[side][from * steps + pe.next[side]];
      else if (state.token[side][from] != kUnknown)
        entry[side] = {state.token[side][from] - 1, state.token[side][from]};
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
      if (state.sent[side][from] > pe.next[side]) {
        arrival = state.sends[side][from * steps + pe.next[side]].arrival;
        pe.done[side] = ++pe.next[side] == steps;
      } else if (state.token[side][from] != kUnknown) {
        arrival = state.token[side][from];
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
  if (pe.tile != kNoTileIndex) --state_of(pe.tile).pes_left;
  pe.state = State::Working;
  pe.step = StepIndex(0);
  if (pe.last_tile == kNoTileIndex || pe.tile == pe.last_tile) {
    pe.state = State::Finished;
    pe.free = discarded ? pe.stop + 2 : free;
    return;
  }
  if (discarded) wait(pe, pe.stop + 2, free, PeClass::Imbalance);
  pe.free = free;
  do ++pe.tile;
  while (waits_.edges() && !operands_.geometry(pe.tile).mapped(pe.row, pe.column));
}

}  // namespace lacuna::intersect::fast
