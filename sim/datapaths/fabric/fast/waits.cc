#include "datapaths/fabric/fast/waits.h"

#include <algorithm>
#include <array>
#include <utility>

#include "datapaths/fabric/memory_classes.h"

namespace lacuna::fabric::fast {

namespace {

/// Divides the cycles begin..end in which a PE waits for an entry that is on its bus from `start` on.
template <typename Note>
void divide_starved(Time begin, Time end, Time start, PeClass starved, const std::vector<Interval>& memory_waits,
                    Note note) {
  if (begin >= end) return;
  note(std::max(begin, start), end, starved);
  end = std::min(end, start);
  auto memory = std::ranges::upper_bound(memory_waits, begin, {}, &Interval::end);
  for (; memory != memory_waits.end() && begin < end && memory->begin < end; ++memory) {
    note(begin, memory->begin, PeClass::Imbalance);
    begin = std::max(begin, memory->begin);
    note(begin, std::min(memory->end, end), PeClass::StarvedMemory);
    begin = memory->end;
  }
  note(begin, end, PeClass::Imbalance);
}

/// Divides the cycles begin..end in which the operands of `tile` are there and results before cannot leave.
template <typename Note>
void divide_blocked(const MemorySequence& memory, Time begin, Time end, TileIndex tile, Note note) {
  if (begin >= end) return;
  const Interval untaken = tile < kTilesToWritten ? Interval{0, 0} : memory.untaken(TileIndex(tile - kTilesToWritten));
  const Time from = std::clamp(untaken.begin, begin, end);
  const Time to = std::clamp(untaken.end, from, end);
  note(begin, from, PeClass::BlockedOutput);
  note(from, to, PeClass::BlockedMemory);
  note(to, end, PeClass::BlockedOutput);
}

}  // namespace

void FirstPe::add(std::uint32_t pe, Time begin, Time end, PeClass what) {
  if (pe != 0 || begin >= end || !is_memorys(what)) return;
  if (!waits_.empty() && waits_.back().end == begin && waits_.back().what == what)
    waits_.back().end = end;
  else
    waits_.push_back({begin, end, what});
}

void FirstPe::starve(std::uint32_t pe, Time begin, Time end, Time start, PeClass starved,
                     const std::vector<Interval>& memory_waits) {
  divide_starved(begin, std::min(end, start), start, starved, memory_waits,
                 [&](Time from, Time to, PeClass what) { add(pe, from, to, what); });
}

void FirstPe::block(std::uint32_t pe, Time begin, Time end, TileIndex tile) {
  divide_blocked(memory_, begin, end, tile, [&](Time from, Time to, PeClass what) { add(pe, from, to, what); });
}

WaitAccount::WaitAccount(const ArrayConfig& array, const Tiles& tiles, const MemorySequence& memory, Recorder* recorder)
    : memory_(memory), recorder_(recorder), tiles_(tiles.tiles()), columns_(array.columns), first_pe_(memory) {
  const std::uint32_t pes = array.rows * columns_;
  edges_ = tiles.smallest().pes() != pes;
  classes_.resize(pes);
  for (std::uint32_t pe = 0; pe < pes; ++pe)
    mapped_.push_back(tiles.last_tile(Row(pe / columns_), Column(pe % columns_)).has_value());
}

void WaitAccount::count(std::uint32_t pe, Time begin, Time end, PeClass what) {
  if (begin >= end) return;
  classes_[pe][what] += end - begin;
  if (recorder_) recorder_->wait(pe, begin, end, what);
}

void WaitAccount::starve(std::uint32_t pe, Time begin, Time end, Time start, PeClass starved,
                         const std::vector<Interval>& memory_waits) {
  divide_starved(begin, end, start, starved, memory_waits,
                 [&](Time from, Time to, PeClass what) { add(pe, from, to, what); });
}

void WaitAccount::block(std::uint32_t pe, Time begin, Time end, TileIndex tile) {
  if (begin >= end) return;
  if (tile >= kTilesToWritten && memory_.written() <= tile - kTilesToWritten) {
    blocked_.push_back({pe, PeClass::BlockedOutput, begin, end, tile});
    return;
  }
  divide_blocked(memory_, begin, end, tile, [&](Time from, Time to, PeClass what) { count(pe, from, to, what); });
  if (edges_) first_pe_.block(pe, begin, end, tile);
}

void WaitAccount::finish(std::uint32_t pe, Time begin, Time cycles) {
  // The class of a cycle is what the match stage did in the cycle before; cycle 0 is before the first.
  const Time end = cycles - 1;
  const Time past = memory_.array_tile_since();
  add(pe, begin, std::min(past, end), PeClass::Imbalance);
  begin = std::min(std::max(begin, past), end);
  const Time complete = std::clamp(memory_.complete(), begin, end);
  add(pe, begin, complete, PeClass::FillDrain);
  add(pe, complete, end, PeClass::BlockedMemory);
  ++classes_[pe][PeClass::FillDrain];
}

void WaitAccount::count_edge(std::uint32_t pe, Time begin, Time end, std::size_t& first) {
  const std::vector<FirstPe::Wait>& waits = first_pe_.waits();
  while (first < waits.size() && waits[first].end <= begin) ++first;
  for (; first < waits.size() && waits[first].begin < end; ++first) {
    count(pe, begin, waits[first].begin, PeClass::IdleEdge);
    begin = std::max(begin, waits[first].begin);
    count(pe, begin, std::min(waits[first].end, end), waits[first].what);
    begin = std::min(waits[first].end, end);
    if (waits[first].end > end) break;
  }
  count(pe, begin, end, PeClass::IdleEdge);
}

void WaitAccount::count_wait(const Wait& wait, Time end) {
  const Row row(wait.pe / columns_);
  const Column column(wait.pe % columns_);
  Time from = wait.begin;
  const auto after = std::ranges::upper_bound(first_pe_.waits(), from, {}, &FirstPe::Wait::end);
  auto first = static_cast<std::size_t>(after - first_pe_.waits().begin());
  auto edge = std::ranges::upper_bound(memory_.edges(), from, {}, &MemorySequence::Edge::end);
  for (; edge != memory_.edges().end() && edge->begin < end; ++edge) {
    if (edge->geometry.mapped(row, column)) continue;
    count(wait.pe, from, edge->begin, wait.what);
    from = std::max(from, edge->begin);
    count_edge(wait.pe, from, std::min(edge->end, end), first);
    from = std::min(edge->end, end);
  }
  count(wait.pe, from, end, wait.what);
}

void WaitAccount::flush(Time first_pe) {
  for (const Wait& wait : std::exchange(blocked_, {})) block(wait.pe, wait.begin, wait.end, wait.tile);
  const Time known = std::min(first_pe, memory_.array_tile() == tiles_ ? kUnknown : memory_.array_tile_since());
  std::size_t kept = 0;
  // PEs that no tile maps wait for the same; only a recorder asks for each of them.
  struct Unmapped {
    Time begin = kUnknown, end = kUnknown;
    Counters<PeClass> counted;
  };
  std::array<Unmapped, enum_count<PeClass>()> unmapped;  // the latest wait of each class
  for (const Wait& wait : waits_) {
    const Time end = std::min(wait.end, known);
    Unmapped& latest = unmapped[static_cast<std::size_t>(wait.what)];
    if (mapped_[wait.pe] || recorder_) {
      count_wait(wait, end);
    } else {
      const Counters<PeClass> before = classes_[wait.pe];
      if (latest.begin != wait.begin || latest.end != wait.end) {
        classes_[wait.pe] = {};
        count_wait(wait, end);
        latest = {wait.begin, wait.end, classes_[wait.pe]};
      }
      classes_[wait.pe] = before;
      classes_[wait.pe] += latest.counted;
    }
    if (end < wait.end) waits_[kept++] = {wait.pe, wait.what, std::max(wait.begin, end), wait.end, {}};
  }
  waits_.resize(kept);
}

}  // namespace lacuna::fabric::fast
