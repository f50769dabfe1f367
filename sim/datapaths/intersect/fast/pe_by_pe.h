// When does everything happen in the intersect machine? Its tiles for the recurrences of the fabric, which go PE by PE.
#pragma once

#include <functional>

#include "datapaths/fabric/fast/pe_by_pe.h"
#include "datapaths/intersect/fast/events.h"
#include "datapaths/intersect/fast/operands.h"
#include "datapaths/intersect/fast/values.h"

namespace lacuna::intersect::fast {

class PeByPe {
 public:
  /// `recorder` records what happens; null for none.
  PeByPe(Operands& operands, const Values& values, Tally& tally, EventRecorder* recorder = nullptr)
      : operands_(operands), values_(values), tally_(tally), recorder_(recorder) {}

  /// Runs the layer and reports it to the tally; its cycles.
  Time run(const std::function<void(std::uint64_t tiles_written)>& progress);

 private:
  Operands& operands_;
  const Values& values_;
  Tally& tally_;
  EventRecorder* recorder_;
};

}  // namespace lacuna::intersect::fast
