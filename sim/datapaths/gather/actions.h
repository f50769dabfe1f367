// What energy is paid for in the gather machine, in the order of its reports.
#pragma once

#include "machine/actions.h"

namespace lacuna::gather {

/// In the order of kActions.
enum class Action : std::uint8_t {
  MacExecuted,
  MacWasted,
  MacGated,
  PsumUpdate,
  IndexDecode,
  SelectBit,
  FifoWrite,
  FifoRead,
  WeightBus,
  ActivationBus,
  DrainBus,
  WeightBufferWrite,
  WeightBufferRead,
  ActivationBufferWrite,
  ActivationBufferRead,
  PostOperation,
  GlobalBufferRead,
  GlobalBufferWrite,
  DramRead,
  DramWrite,
  PeClock,
  PeLeakage,
  SramLeakage
};
constexpr std::size_t kActionCount = static_cast<std::size_t>(Action::SramLeakage) + 1;

[[nodiscard]] const ActionList& actions();

}  // namespace lacuna::gather
