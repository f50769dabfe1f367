// The ports of the array that random back-pressure holds back: README.md, section Back-pressure.
#pragma once

#include "memory/stalls.h"

namespace lacuna::fabric::ports {

constexpr Stalls::Port kRowTile{0}, kRowBlock{1}, kColumnTile{2}, kColumnBlock{3}, kDrainTile{4}, kDrainScale{5};

}  // namespace lacuna::fabric::ports
