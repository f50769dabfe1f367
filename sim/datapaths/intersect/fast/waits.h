// In which class do the cycles end in which a PE's match stage issues nothing? What the PE and its feeders did is
// reported here; cycles in which the array's tile does not map the PE are idle_edge instead, as soon as it is known
// when that was.
#pragma once

#include <vector>

#include "datapaths/intersect/fast/memory.h"
#include "machine/outcome.h"

namespace lacuna::intersect::fast {

class WaitAccount {
 public:
  /// `recorder`: null for none.
  WaitAccount(const Operands& operands, const MemorySequence& memory, EventRecorder* recorder = nullptr);

  /// In begin..end the match stage of `pe` issued nothing, for want of an operand or of work.
  void add(std::uint32_t pe, Time begin, Time end, PeClass what) {
    if (begin >= end) return;
    if (edges_)
      waits_.push_back({pe, what, begin, end});
    else
      count(pe, begin, end, what);
  }
  /// In begin..end `pe` waited for an entry that was on its bus from `start` on and for whose line the sorted
  /// `memory_waits` are known.
  void starve(std::uint32_t pe, Time begin, Time end, Time start, PeClass starved,
              const std::vector<Interval>& memory_waits);
  /// In begin..end it issued nothing, though both operands were there.
  void block(std::uint32_t pe, Time begin, Time end) { count(pe, begin, end, PeClass::BlockedOutput); }
  /// It issued a group that was killed.
  void kill(std::uint32_t pe) { ++classes_[pe][PeClass::Bubble]; }
  /// From `begin` on `pe` has no further tile; the layer takes `cycles`. The last report of a PE.
  void finish(std::uint32_t pe, Time begin, Time cycles);
  /// Counts the waits of which it is known at which tile the array was.
  void flush();
  /// No cycle before it is still to be counted.
  [[nodiscard]] Time reached() const {
    Time time = kUnknown;
    for (const Wait& wait : waits_) time = wait.begin < time ? wait.begin : time;
    return time;
  }

  [[nodiscard]] const Counters<PeClass>& classes(std::uint32_t pe) const { return classes_[pe]; }
  /// Some tile does not map every PE.
  [[nodiscard]] bool edges() const { return edges_; }

 private:
  struct Wait {
    std::uint32_t pe;
    PeClass what;
    Time begin, end;
  };

  void count(std::uint32_t pe, Time begin, Time end, PeClass what);

  const MemorySequence& memory_;
  EventRecorder* recorder_;
  std::uint64_t tiles_;
  std::uint32_t columns_;
  bool edges_;
  std::vector<Counters<PeClass>> classes_;  ///< [PE]
  std::vector<Wait> waits_;
};

}  // namespace lacuna::intersect::fast
