#include "datapaths/intersect/actions.h"

#include <array>

#include "datapaths/fabric/actions.h"
#include "datapaths/intersect/events.h"

namespace lacuna::intersect {

namespace {

constexpr std::array<ActionInfo, kActionCount> kActions = {
    common_action(CommonAction::MacExecuted),
    common_action(CommonAction::MacWasted),
    common_action(CommonAction::MacGated),
    fabric::kPsumUpdate,
    fabric::action("match_cycle", "positions", "match", "chunk positions examined by match units, chunk x cycles"),
    fabric::kFifoWrite,
    fabric::kFifoRead,
    fabric::kWeightBus,
    fabric::kActivationBus,
    fabric::kDrainBus,
    fabric::kWeightBufferWrite<Own::feeder>,
    fabric::kWeightBufferRead<Own::feeder>,
    fabric::kActivationBufferWrite<Own::feeder>,
    fabric::kActivationBufferRead<Own::feeder>,
    common_action(CommonAction::PostOperation),
    common_action(CommonAction::GlobalBufferRead),
    common_action(CommonAction::GlobalBufferWrite),
    common_action(CommonAction::DramRead),
    common_action(CommonAction::DramWrite),
    common_action(CommonAction::PeClock),
    common_action(CommonAction::PeLeakage),
    common_action(CommonAction::SramLeakage),
};

static_assert(kActions[static_cast<std::size_t>(Action::ActivationBufferRead)].name == "activation_buffer_read");

}  // namespace

const ActionList& actions() {
  static const ActionList list(kActions);
  return list;
}

}  // namespace lacuna::intersect
