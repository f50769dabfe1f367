// When does everything happen in the gather machine? Its tiles for the recurrences of the fabric, which go PE by PE.
#pragma once

#include <functional>

#include "datapaths/gather/fast/events.h"
#include "datapaths/gather/fast/operands.h"
#include "datapaths/gather/fast/values.h"

namespace lacuna::gather::fast {

/// Runs the layer and reports it to the tally; its cycles. `recorder` records what happens; null for none.
Time run_pe_by_pe(Operands& operands, const Values& values, Tally& tally, EventRecorder* recorder,
                  const std::function<void(std::uint64_t tiles_written)>& progress);

}  // namespace lacuna::gather::fast
