#include "datapaths/intersect/fast_waits.h"

#include <algorithm>

namespace lacuna::fast {

namespace {

/// Some tile leaves a PE without work: tiles differ only at the ends of the filters and of the windows.
bool has_edges(const Operands& operands, std::uint32_t pes) {
  return operands.smallest().pes() != pes;
}

}  // namespace

WaitAccount::WaitAccount(const Operands& operands, const MemorySequence& memory)
    : memory_(memory), tiles_(operands.tiles()), columns_(operands.lowering().machine().array.columns) {
  const std::uint32_t pes = operands.lowering().machine().array.rows * columns_;
  edges_ = has_edges(operands, pes);
  classes_.resize(pes);
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
  const bool all = memory_.array_tile() == tiles_;
  std::size_t kept = 0;
  for (const Wait& wait : waits_) {
    if (wait.end > memory_.array_tile_since() && !all) {
      waits_[kept++] = wait;
      continue;
    }
    const std::uint32_t row = wait.pe / columns_;
    const std::uint32_t column = wait.pe % columns_;
    Time edge = 0;
    auto at = std::ranges::upper_bound(memory_.edges(), wait.begin, {}, &MemorySequence::Edge::end);
    for (; at != memory_.edges().end() && at->begin < wait.end; ++at)
      if (!at->geometry.mapped(row, column)) edge += std::min(at->end, wait.end) - std::max(at->begin, wait.begin);
    classes_[wait.pe][PeClass::IdleEdge] += edge;
    classes_[wait.pe][wait.what] += wait.end - wait.begin - edge;
  }
  waits_.resize(kept);
}

}  // namespace lacuna::fast
