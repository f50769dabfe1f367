// PEs of PeByPe: when each item begins, when sums stop, what is discarded.
#include <algorithm>
#include <utility>

#include "datapaths/fabric/fast/pe_by_pe.h"

namespace lacuna::fabric::fast {

void PeByPe::pop(Pe& pe, std::size_t side, Time time) {
  pops_[side][index_of(pe) * depth_[side] + pe.pops[side]++ % depth_[side]] = time;
  line_of(side, pe).awake = true;
}

void PeByPe::starve(const Pe& pe, std::size_t side, Time begin, Time end, Time start) {
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

/// When PEs begin together that could begin alone at their `ready`; unknown as long as that of one is. `activations`:
/// the step of the column that they begin.
Time PeByPe::begin_together(Pe& pe, const TileWork& work, std::uint32_t activations, Time ready) {
  if (pe.together != kUnknown) return std::exchange(pe.together, kUnknown);
  pe.ready_tile = pe.tile;
  pe.ready_item = activations;
  pe.ready = ready;
  Time latest = 0;
  const auto for_others = [&](auto visit) {
    for (Pe& other : pes_)
      if (work.geometry.mapped(other.row, other.column) &&
          (together_ == Together::Array ||
           (together_ == Together::Row ? other.row == pe.row : other.column == pe.column)))
        visit(other);
  };
  bool known = true;
  for_others([&](const Pe& other) {
    known &= other.ready_tile == pe.tile && other.ready_item == activations;
    latest = std::max(latest, other.ready);
  });
  if (!known) return kUnknown;
  for_others([&](Pe& other) {
    other.together = latest;
    other.awake = true;
  });
  return std::exchange(pe.together, kUnknown);
}

/// One item.
bool PeByPe::work(Pe& pe) {
  if (!has_state(pe.tile)) return false;
  TileState& state = state_of(pe.tile);
  const TileWork& work = *state.work;
  const TileWork::Pe& mine = work.pes[index_of(pe)];
  const Item& item = work.item(mine, pe.item);
  const std::array<std::size_t, 2> from{stream(kWeights, pe), stream(kActivations, pe)};
  if (state.sent[kWeights][from[kWeights]] <= item.weights) return false;
  if (state.sent[kActivations][from[kActivations]] <= item.activations) return false;
  const Send& weights = state.send(kWeights, from[kWeights], item.weights);
  const Send& activations = state.send(kActivations, from[kActivations], item.activations);

  const Time there = std::max({pe.free, weights.arrival, activations.arrival});
  Time begin = there;
  if (pe.item == 0 && pe.completions >= 2) {
    if (pe.drains + 1 < pe.completions) return false;
    begin = std::max(begin, pe.drained[pe.completions % 2] + 1);
  }
  const Time ready = begin;
  if (together_ != Together::None && (pe.item == 0 || (&item - 1)->activations != item.activations)) {
    begin = begin_together(pe, work, item.activations, ready);
    if (begin == kUnknown) return false;
  }
  starve(pe, kWeights, pe.free, weights.arrival, weights.start);
  starve(pe, kActivations, std::max(pe.free, weights.arrival), activations.arrival, activations.start);
  waits_.block(index_of(pe), there, ready, pe.tile);
  waits_.wait_for_others(index_of(pe), ready, begin);

  const bool stops = mine.stop_item == pe.item;
  const std::uint32_t cycles = work.cycles_of(mine, pe.item);
  if (recorder_) layer_.item(work, index_of(pe), pe.item, begin, stops ? mine.stop_group + 1 : cycles);
  if (!stops) {
    const Time last = begin + cycles - 1;
    const bool ends = pe.item + 1 == mine.items;
    const Item* const next = ends ? nullptr : &item + 1;
    if (ends || next->weights != item.weights) pop(pe, kWeights, last);
    if (ends || next->activations != item.activations) pop(pe, kActivations, last);
    pe.free = last + 1;
    ++pe.item;
    if (ends) {
      complete(pe, work, last);
      finish_tile(pe, pe.free);
    }
    return true;
  }

  // Where sums stop, an item is a step of both lines.
  const std::uint32_t steps = mine.items;
  pe.stop = begin + mine.stop_group;
  state.stopped[index_of(pe)] = pe.stop + 2;
  for (const std::size_t side : {kWeights, kActivations}) line_of(side, pe).awake = true;
  complete(pe, work, pe.stop);
  pe.done = {};
  pe.discard_free = {pe.stop + 2, pe.stop + 2};
  if (mine.stop_group + 1 == cycles) {
    for (const std::size_t side : {kWeights, kActivations}) pop(pe, side, pe.stop);
    pe.next = {pe.item + 1, pe.item + 1};
    pe.state = State::Stopping;
    return true;
  }
  // The next group of the same item is killed.
  waits_.kill(index_of(pe));
  if (recorder_) layer_.killed(work, index_of(pe), pe.item, mine.stop_group + 1, pe.stop);
  pe.next = {pe.item, pe.item};
  if (mine.stop_group + 2 == cycles) {
    for (const std::size_t side : {kWeights, kActivations}) {
      pop(pe, side, pe.stop + 1);
      ++pe.next[side];
      pe.done[side] = pe.next[side] == steps;
    }
  }
  pe.state = State::Discarding;
  return true;
}

/// The sum stopped with the last group of an item: is the first group of the next one issued, and killed?
bool PeByPe::settle_stop(Pe& pe) {
  TileState& state = state_of(pe.tile);
  const TileWork::Pe& mine = state.work->pes[index_of(pe)];
  const std::uint32_t step = pe.next[0];
  bool arrives = true, unknown = false;
  for (const std::size_t side : {kWeights, kActivations}) {
    const std::size_t from = stream(side, pe);
    if (state.sent[side][from] > step)
      arrives &= state.send(side, from, step).arrival <= pe.stop + 1;
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
    if (recorder_) layer_.killed(*state.work, index_of(pe), step, 0, pe.stop);
    if (state.work->cycles_of(mine, step) == 1) {
      for (const std::size_t side : {kWeights, kActivations}) {
        pop(pe, side, pe.stop + 1);
        pe.done[side] = ++pe.next[side] == mine.items;
      }
    }
  } else {
    pe.owed = pe.stop + 1;
    if (recorder_) layer_.stopped(*state.work, index_of(pe), step - 1, pe.stop);
  }
  pe.state = State::Discarding;
  return true;
}

/// Discards what is known to arrive, an entry per operand and cycle, until both operands' ends.
bool PeByPe::discard(Pe& pe) {
  const TileState& state = state_of(pe.tile);
  if (pe.owed != kUnknown) {
    std::array<Send, 2> entry;
    for (const std::size_t side : {kWeights, kActivations}) {
      const std::size_t from = stream(side, pe);
      if (state.sent[side][from] > pe.next[side])
        entry[side] = state.send(side, from, pe.next[side]);
      else if (state.token[side][from] != kUnknown)
        entry[side] = {state.token[side][from] - 1, state.token[side][from]};
      else
        return false;
    }
    const std::size_t missing = entry[kWeights].arrival > pe.owed ? kWeights : kActivations;
    starve(pe, missing, pe.owed, pe.owed + 1, entry[missing].start);
    pe.owed = kUnknown;
  }
  bool changed = false;
  for (const std::size_t side : {kWeights, kActivations}) {
    const std::size_t from = stream(side, pe);
    while (!pe.done[side]) {
      Time arrival;
      if (state.sent[side][from] > pe.next[side]) {
        arrival = state.send(side, from, pe.next[side]).arrival;
        pe.done[side] = ++pe.next[side] == state.steps(side, from);
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

/// The last issue of a tile was made in cycle `time`.
void PeByPe::complete(Pe& pe, const TileWork& work, Time time) {
  const std::uint64_t k = pe.completions++;
  pe.complete[k % 2] = time;
  buses_[pe.column].awake = true;
  if (!recorder_) return;
  layer_.completed(work, index_of(pe));
  if (pe.drains == k) layer_.retired(index_of(pe), std::max(time + 2, k > 0 ? pe.drained[(k - 1) % 2] + 1 : 0));
}

/// Goes to the next tile that maps the PE; it may begin it at `free`.
void PeByPe::finish_tile(Pe& pe, Time free) {
  const bool discarded = pe.state == State::Discarding;
  if (pe.tile != kNoTileIndex) --state_of(pe.tile).pes_left;
  pe.state = State::Working;
  pe.item = 0;
  if (pe.last_tile == kNoTileIndex || pe.tile == pe.last_tile) {
    pe.state = State::Finished;
    pe.free = discarded ? pe.stop + 2 : free;
    return;
  }
  if (discarded) wait(pe, pe.stop + 2, free, PeClass::Imbalance);
  pe.free = free;
  do ++pe.tile;
  while (waits_.edges() && !map_.geometry(pe.tile).mapped(pe.row, pe.column));
}

}  // namespace lacuna::fabric::fast
