// Intersect machines drawn at random, corners weighted.
#pragma once

#include "machine/family.h"

namespace lacuna::intersect {

/// What decides the model of the RTL: array and feeders. Every buffer holds a chunk.
void draw_array(Draw& draw, Machine& machine, ArraySize size);
/// The order of work.
void draw_schedule(Draw& draw, Machine& machine);

}  // namespace lacuna::intersect
