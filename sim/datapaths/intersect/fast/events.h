// What did every unit do, cycle by cycle? The events that the times of pe_by_pe.h stand for: what a clocked engine
// would have reported, in the order of cycles. Operands are multiplied here group by group, from their values, so that
// masks, slots and stops found elsewhere show where they are wrong.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <utility>
#include <variant>
#include <vector>

#include "datapaths/intersect/fast/memory.h"
#include "datapaths/intersect/fast/operands.h"
#include "machine/record.h"
#include "tensor/tensor.h"

namespace lacuna::intersect::fast {

/// The operands of a tile, value by value, and the masks these make.
struct TileValues {
  std::shared_ptr<const Tile> tile;
  struct Stream {
    std::vector<std::int32_t> values;  ///< [position of the reduction]
    std::vector<Mask> nonzero, owned;  ///< [step] of weights, in the step's pass; [chunk] of activations, all owned
  };
  std::vector<Stream> weights, activations;
};

/// Takes what happens in any order in which the events of no PE, line or bus come before earlier ones of the same, and
/// gives it to the sink by cycle. What is not given yet is kept: a tile or two, or what happens while tiles leave some
/// PEs without work, since these may have waited for anything.
class EventRecorder {
 public:
  /// `output`: of the layer, complete.
  EventRecorder(const Operands& operands, const Tensor& output, RecordSink& sink);

  [[nodiscard]] TileValues values_of(const CompactTile& tile) const;

  /// PE `pe` opens the pair of `step` in cycle `begin` and issues its first `groups` groups.
  void pair(std::uint32_t pe, const TileValues& values, StepIndex step, Time begin, std::uint32_t groups);
  /// The group issued in cycle `stop` stopped the sum, and no group was issued in the next cycle.
  void stop(std::uint32_t pe, const TileValues& values, StepIndex step, Time stop);
  /// Likewise, and group `group` of `step`, issued in the next cycle, is killed; with group 0 the pair is opened there.
  void kill(std::uint32_t pe, const TileValues& values, StepIndex step, std::uint32_t group, Time stop);
  /// The sum of `pe` is complete.
  void complete(std::uint32_t pe);
  /// The oldest complete sum that has not moved to its result register does, in cycle `time`.
  void retire(std::uint32_t pe, Time time);
  /// In begin..end the match stage issued nothing, for the reason `why`: the class of the next cycle.
  void wait(std::uint32_t pe, Time begin, Time end, PeClass why);
  void drain(std::uint32_t pe, const TileValues& values, Time time);
  void record(const event::Send& send) { add(send.cycle, kMultiplied, send); }
  void record(const event::Write& write) { add(write.cycle, kMultiplied, write); }
  void record(const event::Fetch& fetch, std::shared_ptr<const Tile> tile);

  /// Nothing that happens before `time` is still to come.
  void reached(Time time);
  /// The layer took `cycles`; sends that were not done by then are none.
  void finish(Time cycles);

 private:
  /// The order of the events of a PE in one cycle.
  enum Rank : std::uint8_t { kStopped, kRetired, kMultiplied, kOpened };
  /// Waits of one reason, one in each cycle up to and with `last`.
  struct Waits {
    std::uint32_t pe;
    PeClass why;
    Time last;
  };
  struct Recorded {
    Rank rank;
    std::variant<event::Group, event::Kill, Waits, event::Open, event::Stop, event::Retire, event::Send, event::Drain,
                 event::Fetch, event::Write>
        event;
  };
  struct Pe {
    std::int64_t psum = 0;
    std::array<std::int64_t, 2> complete{};  ///< sum number k at k mod 2
    std::uint64_t completions = 0, retired = 0;
  };
  /// The positions of a chunk pair.
  struct Pair {
    Mask slots, effectual;
    std::uint32_t owned = 0;
    const std::int32_t *weights = nullptr, *activations = nullptr;
  };

  template <typename Event>
  void add(Time cycle, Rank rank, const Event& event) {
    LACUNA_CHECK(cycle >= given_, "cycle {} is recorded after cycle {} was reported", cycle, given_);
    const std::size_t ahead = cycle - given_;
    if (recorded_.size() <= ahead) recorded_.resize(ahead + 1);
    recorded_[ahead].push_back({rank, event});
  }
  [[nodiscard]] Pair pair_of(std::uint32_t pe, const TileValues& values, StepIndex step) const;
  [[nodiscard]] event::Stop stop_of(std::uint32_t pe, const TileValues& values, StepIndex step, Time stop) const;
  /// Takes the next group from the slots that are left.
  [[nodiscard]] Mask next_group(Mask& slots) const;
  void give(const Recorded& recorded);
  /// Gives what happens in cycle given_.
  void give_cycle();

  const Operands& operands_;
  const Machine& machine_;
  const Config& config_;
  RecordSink& sink_;
  std::vector<std::int64_t> output_;  ///< [N, M, P, Q]
  std::uint32_t columns_;
  std::vector<Pe> pes_;
  Time given_ = 0;                                                    ///< all before this cycle
  std::deque<std::vector<Recorded>> recorded_;                        ///< of cycles given_, given_ + 1, ...
  std::vector<Waits> waiting_;                                        ///< waits that have begun
  std::deque<std::pair<Time, std::shared_ptr<const Tile>>> fetched_;  ///< tiles of fetches that are not given
};

}  // namespace lacuna::intersect::fast
