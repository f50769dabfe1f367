#include "datapaths/gather/actions.h"

#include <array>

#include "datapaths/fabric/actions.h"
#include "datapaths/gather/events.h"

namespace lacuna::gather {

namespace {

constexpr std::array<ActionInfo, kActionCount> kActions = {
    common_action(CommonAction::MacExecuted),
    common_action(CommonAction::MacWasted),
    common_action(CommonAction::MacGated),
    fabric::kPsumUpdate,
    fabric::action("index_decode", "weights", "index", "weights whose index a PE made an address of"),
    fabric::action("select_bit", "bits", "select",
                   "bits of activations times the levels of 2:1 selects they went through"),
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

}  // namespace lacuna::gather
