// The `systemc` engine: the intersect machine as SystemC modules, advanced clock by clock.
#pragma once

#include <memory>

#include "machine/engine.h"

namespace lacuna {

std::unique_ptr<Engine> make_systemc_engine();

}  // namespace lacuna
