// In which class do the cycles end in which a PE's match stage issues nothing? What the PE and its feeders did is
// reported here; cycles in which the array's tile does not map the PE are idle_edge instead, or memory's where those of
// the first PE are, as soon as it is known when that was.
#pragma once

#include <vector>

#include "datapaths/fabric/fast/memory.h"
#include "datapaths/fabric/fast/recorder.h"
#include "datapaths/fabric/fast/tiles.h"
#include "machine/outcome.h"

namespace lacuna::fabric::fast {

/// Which cycles of the first PE are memory's: what PEs that the array's tile does not map wait for.
class FirstPe {
 public:
  explicit FirstPe(const MemorySequence& memory) : memory_(memory) {}

  struct Wait {
    Time begin, end;
    PeClass what;
  };

  /// As WaitAccount::add, starve and block; of other PEs and classes nothing is kept.
  void add(std::uint32_t pe, Time begin, Time end, PeClass what);
  void starve(std::uint32_t pe, Time begin, Time end, Time start, PeClass starved,
              const std::vector<Interval>& memory_waits);
  void block(std::uint32_t pe, Time begin, Time end, TileIndex tile);

  /// In order; neighbours are of different classes or apart.
  [[nodiscard]] const std::vector<Wait>& waits() const { return waits_; }

 private:
  const MemorySequence& memory_;
  std::vector<Wait> waits_;
};

class WaitAccount {
 public:
  /// `recorder`: null for none.
  WaitAccount(const ArrayConfig& array, const Tiles& tiles, const MemorySequence& memory, Recorder* recorder = nullptr);

  /// In begin..end the match stage of `pe` issued nothing, for want of an operand or of work.
  void add(std::uint32_t pe, Time begin, Time end, PeClass what) {
    if (begin >= end) return;
    if (edges_)
      waits_.push_back({pe, what, begin, end});
    else
      count(pe, begin, end, what);
    if (edges_) first_pe_.add(pe, begin, end, what);
  }
  /// In begin..end `pe` waited for an entry that was on its bus from `start` on and for whose line the sorted
  /// `memory_waits` are known.
  void starve(std::uint32_t pe, Time begin, Time end, Time start, PeClass starved,
              const std::vector<Interval>& memory_waits);
  /// In begin..end it issued nothing, though both operands of `tile` were there.
  void block(std::uint32_t pe, Time begin, Time end, TileIndex tile);
  /// In begin..end it could have begun something, and other PEs could not that begin with it.
  void wait_for_others(std::uint32_t pe, Time begin, Time end) { count(pe, begin, end, PeClass::Imbalance); }
  /// It issued a group that was killed.
  void kill(std::uint32_t pe) { ++classes_[pe][PeClass::Bubble]; }
  /// From `begin` on `pe` has no further tile; the layer takes `cycles`. The last report of a PE.
  void finish(std::uint32_t pe, Time begin, Time cycles);
  /// Counts the waits of which it is known at which tile the array was; those of the first PE are before `first_pe`.
  void flush(Time first_pe);
  /// No cycle before it is still to be counted.
  [[nodiscard]] Time reached() const {
    Time time = kUnknown;
    for (const auto* waits : {&waits_, &blocked_})
      for (const Wait& wait : *waits) time = wait.begin < time ? wait.begin : time;
    return time;
  }
  /// What is known of the first PE, for waits that are counted elsewhere.
  [[nodiscard]] FirstPe& first_pe() { return first_pe_; }

  [[nodiscard]] const Counters<PeClass>& classes(std::uint32_t pe) const { return classes_[pe]; }
  /// Some tile does not map every PE.
  [[nodiscard]] bool edges() const { return edges_; }

 private:
  struct Wait {
    std::uint32_t pe;
    PeClass what;
    Time begin, end;
    TileIndex tile{};  ///< of the operands of a blocked PE
  };

  /// Counts begin..end, in which the array's tile does not map `pe`; waits of the first PE before `first` are earlier.
  void count_edge(std::uint32_t pe, Time begin, Time end, std::size_t& first);
  /// Counts a wait up to `end`.
  void count_wait(const Wait& wait, Time end);
  void count(std::uint32_t pe, Time begin, Time end, PeClass what);

  const MemorySequence& memory_;
  Recorder* recorder_;
  std::uint64_t tiles_;
  std::uint32_t columns_;
  bool edges_;
  std::vector<bool> mapped_;                ///< [PE]: some tile maps it
  std::vector<Counters<PeClass>> classes_;  ///< [PE]
  std::vector<Wait> waits_;
  std::vector<Wait> blocked_;  ///< until it is known when the tile before was written
  FirstPe first_pe_;
};

}  // namespace lacuna::fabric::fast
