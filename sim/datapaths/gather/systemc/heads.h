// What a PE works on: the heads of its two FIFOs, and what of them it is done with.
#pragma once

#include "datapaths/gather/lowering.h"

namespace lacuna::gather {

struct Heads {
  const Tile* tile = nullptr;
  const Message* weights = nullptr;
  const Message* activations = nullptr;
  Row row;
  Column column;
  bool first = false;  ///< of the tile
};

/// What is popped with what was issued in a cycle.
struct Pops {
  bool weights = false, activations = false;
};

}  // namespace lacuna::gather
