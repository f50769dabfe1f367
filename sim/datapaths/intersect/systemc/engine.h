// The `systemc` engine: the intersect machine as SystemC modules, advanced clock by clock.
#pragma once

#include <memory>

#include "machine/engine.h"
#include "memory/stalls.h"

namespace lacuna::intersect {

std::unique_ptr<Engine> make_systemc_engine();
/// The engine with ports held back at random.
std::unique_ptr<Engine> make_systemc_engine(const Stalls& stalls);

}  // namespace lacuna::intersect
