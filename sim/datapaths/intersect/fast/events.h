// What did every unit do, cycle by cycle? The events that the times of pe_by_pe.h stand for: what a clocked engine
// would have reported, in the order of cycles. Operands are multiplied here group by group, from their values, so that
// masks, slots and stops found elsewhere show where they are wrong.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "datapaths/fabric/fast/recorder.h"
#include "datapaths/intersect/events.h"
#include "datapaths/intersect/fast/operands.h"
#include "machine/record.h"
#include "tensor/tensor.h"

namespace lacuna::intersect::fast {

using fabric::fast::Time;

/// The operands of a tile, value by value, and the masks these make.
struct TileValues {
  std::shared_ptr<const Tile> tile;
  struct Stream {
    std::vector<std::int32_t> values;  ///< [position of the reduction]
    std::vector<Mask> nonzero, owned;  ///< [step] of weights, in the step's pass; [chunk] of activations, all owned
  };
  std::vector<Stream> weights, activations;
};

class EventRecorder : public fabric::fast::Recorder {
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
  /// The output value of `pe` in a tile.
  [[nodiscard]] std::int64_t output(std::uint32_t pe, const TileValues& values) const;

 private:
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
  void keep(Rank rank, const Event& event) {
    add(rank, event.record(machine_));
  }
  [[nodiscard]] Pair pair_of(std::uint32_t pe, const TileValues& values, StepIndex step) const;
  [[nodiscard]] event::Stop stop_of(std::uint32_t pe, const TileValues& values, StepIndex step, Time stop) const;
  /// Takes the next group from the slots that are left.
  [[nodiscard]] Mask next_group(Mask& slots) const;

  const Operands& operands_;
  const Machine& machine_;
  const Config& config_;
  std::vector<std::int64_t> output_;  ///< [N, M, P, Q]
  std::uint32_t columns_;
  std::vector<Pe> pes_;
};

}  // namespace lacuna::intersect::fast
