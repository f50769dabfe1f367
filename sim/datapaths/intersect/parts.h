// The parts of the fabric that the engines with a clock share, as this family has them.
#pragma once

#include "datapaths/fabric/block_memory.h"
#include "datapaths/fabric/memory_classes.h"
#include "datapaths/fabric/ports.h"
#include "datapaths/fabric/tile_store.h"
#include "datapaths/intersect/events.h"

namespace lacuna::intersect {

namespace ports = fabric::ports;
using fabric::is_memorys;
using fabric::kTilesToWritten;
using fabric::MemoryState;
using fabric::Side;
using BlockMemory = fabric::BlockMemory<Own>;
using TileStore = fabric::TileStore<Own>;

}  // namespace lacuna::intersect
