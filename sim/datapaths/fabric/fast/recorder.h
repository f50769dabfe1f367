// The records of everything that happens, in the order of cycles: what a clocked engine would have reported. The
// recurrences find times line by line and PE by PE, ahead of each other; here they are put in order.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "datapaths/fabric/fast/memory.h"
#include "machine/record.h"

namespace lacuna::fabric::fast {

/// Takes what happens in any order in which the records of no PE, line or bus come before earlier ones of the same, and
/// gives it to the sink by cycle. What is not given yet is kept: a tile or two, or what happens while tiles leave some
/// PEs without work, since these may have waited for anything.
class Recorder {
 public:
  /// The order of the records of a PE in one cycle; waits are among kMultiplied. kSent: of a feeder; one whose cycle is
  /// after the last of the layer has not happened.
  enum Rank : std::uint8_t { kStopped, kRetired, kMultiplied, kOpened, kSent };

  /// `wait`: the kind of record that a wait is. Every PE waits in cycle 0.
  Recorder(std::uint16_t wait, std::uint32_t pes, RecordSink& sink);

  void add(Rank rank, const Record& record);
  /// In begin..end PE `pe` issued nothing, for the reason `why`: the class of the next cycle.
  void wait(std::uint32_t pe, Time begin, Time end, PeClass why);

  /// Nothing that happens before `time` is still to come.
  void reached(Time time);
  /// The layer took `cycles`; sends that were not done by then are none.
  void finish(Time cycles);

 private:
  /// Waits of one reason, one in each cycle up to and with `last`.
  struct Waits {
    std::uint32_t pe;
    PeClass why;
    Time last;
  };
  struct Cycle {
    std::vector<std::pair<Rank, Record>> records;
    std::vector<Waits> waits;  ///< that begin
  };

  [[nodiscard]] Cycle& at(Time cycle);
  /// Gives what happens in cycle given_.
  void give_cycle();

  std::uint16_t wait_;
  RecordSink& sink_;
  Time given_ = 0;              ///< all before this cycle
  std::deque<Cycle> recorded_;  ///< cycles given_, given_ + 1, ...
  std::vector<Waits> waiting_;  ///< waits that have begun
};

}  // namespace lacuna::fabric::fast
