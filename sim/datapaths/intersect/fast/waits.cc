#include "datapaths/intersect/fast/waits.h"

#include <algorithm>

#include "datapaths/intersect/fast/events.h"

namespace lacuna::intersect::fast {

WaitAccount::WaitAccount(const Operands& operands, const MemorySequence& memory, EventRecorder* recorder)
    : memory_(memory),
      recorder_(recorder),
      tiles_(operands.tiles()),
      columns_(operands.lowering().machine().array.columns) {
  const std::uint32_t pes = operands.lowering().machine().array.rows * columns_;
  edges_ = operands.smallest().pes() != pes;
  classes_.resize(pes);
}

void WaitAccount::count(std::uint32_t pe, Time begin, Time end, PeClass what) {
  if (begin >= end) return;
  classes_[pe][what] += end - begin;
  if (recorder_) recorder_->wait(pe, begin, end, what);
}

void WaitAccount::starve(std::uint32_t pe, Time begin, Time end, Time start, PeClass starved,
                         const std::vector<Interval>& memory_waits) {
  if (begin >= end) return;
  add(pe, std::max(begin, start), end, starved);
  end = std::min(end, start);
  auto memory = std::ranges::upper_bound(memory_waits, begin, {}, &Interval::end);
  for (; memory != memory_waits.end() && begin < end && memory->begin < end; ++memory) {
    add(pe, begin, memory->begin, PeClass::Imbalance);
    begin = std::max(begin, memory->begin);
    add(pe, begin, std::min(memory->end, end), PeClass::StarvedMemory);
    begin = memory->end;
  }
  add(pe, begin, end, PeClass::Imbalance);
}

void WaitAccount::finish(std::uint32_t pe, Time begin, Time cycles) {
  // The class of a cycle is what the match stage did in the cycle before; cycle 0 is before the first.
  const Time end = cycles - 1;
  const Time past = memory_.array_tile_since();
  add(pe, begin, std::min(past, end), PeClass::Imbalance);
  add(pe, std::max(begin, past), end, PeClass::FillDrain);
  ++classes_[pe][PeClass::FillDrain];
}

void WaitAccount::flush() {
  const Time known = memory_.array_tile() == tiles_ ? kUnknown : memory_.array_tile_since();
  std::size_t kept = 0;
  for (const Wait& wait : waits_) {
    const Row row(wait.pe / columns_);
    const Column column(wait.pe % columns_);
    const Time end = std::min(wait.end, known);
    Time from = wait.begin;
    auto edge = std::ranges::upper_bound(memory_.edges(), from, {}, &MemorySequence::Edge::end);
    for (; edge != memory_.edges().end() && edge->begin < end; ++edge) {
      if (edge->geometry.mapped(row, column)) continue;
      count(wait.pe, from, edge->begin, wait.what);
      from = std::max(from, edge->begin);
      count(wait.pe, from, std::min(edge->end, end), PeClass::IdleEdge);
      from = std::min(edge->end, end);
    }
    count(wait.pe, from, end, wait.what);
    if (end < wait.end) waits_[kept++] = {wait.pe, wait.what, std::max(wait.begin, end), wait.end};
  }
  waits_.resize(kept);
}

}  // namespace lacuna::intersect::fast
