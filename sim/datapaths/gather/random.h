// Gather machines drawn at random, corners weighted.
#pragma once

#include "machine/family.h"

namespace lacuna::gather {

/// What decides the model of the RTL: array, PEs and feeders. Every buffer and store holds what a random layer brings.
void draw_array(Draw& draw, Machine& machine, ArraySize size);
/// The order of work.
void draw_schedule(Draw& draw, Machine& machine);

}  // namespace lacuna::gather
