// What units report, as it happens. A sink takes these; counters, traces and checks are folds over them.
#pragma once

#include <cstdint>

#include "machine/events.h"
#include "datapaths/intersect/lowering.h"
#include "machine/outcome.h"

namespace lacuna::event {

/// A group of pairs left the MAC stage of a PE.
struct Group {
  std::uint64_t cycle;
  std::uint32_t pe;  ///< row x columns + column
  std::uint64_t tile;
  std::uint32_t step;
  std::uint32_t executed, wasted, gated;
  std::int64_t psum;  ///< after the group
};

/// The MAC stage killed a group, because the group before it stopped the sum.
struct Kill {
  std::uint64_t cycle;
  std::uint32_t pe;
  std::uint64_t tile;
  std::uint32_t step;
  std::uint32_t slots;
};

/// The MAC stage of a PE had no group; why.
struct Wait {
  std::uint64_t cycle;
  std::uint32_t pe;
  PeClass why;
};

/// The match stage opened a chunk pair; `skipped` owned positions cost no slot.
struct Open {
  std::uint64_t cycle;
  std::uint32_t pe;
  std::uint64_t tile;
  std::uint32_t step;
  std::uint32_t skipped;
};

/// A PE stopped: from this cycle on it discards. What is left of its sum had `terminated` slots and `skipped` others.
struct Stop {
  std::uint64_t cycle;
  std::uint32_t pe;
  std::uint64_t tile;
  std::uint32_t step;
  std::uint64_t terminated, skipped;
};

/// A sum moved to its result register.
struct Retire {
  std::uint64_t cycle;
  std::uint32_t pe;
  std::int64_t psum;
};

enum class Side : std::uint8_t { Weights, Activations };

/// A feeder finished sending a message (bytes > 0) or an end token (bytes = 0) to `destinations` PEs.
struct Send {
  std::uint64_t cycle;
  Side side;
  std::uint32_t line;
  std::uint64_t tile;
  std::uint32_t step;
  std::uint32_t bytes;
  std::uint32_t destinations;
};

/// A drain bus took a result; `value` is what the post unit makes of it.
struct Drain {
  std::uint64_t cycle;
  std::uint32_t pe;
  std::uint64_t tile;
  std::int64_t value;
};

/// Memory began to fetch a block.
struct Fetch {
  std::uint64_t cycle;
  std::uint64_t cycles;
  const Tile* tile;
  std::uint32_t block;  ///< index in the tile
};

/// Memory began to write the outputs of a tile: `bytes` encoded, `dram_bytes` in whole bursts.
struct Write {
  std::uint64_t cycle;
  std::uint64_t cycles;
  std::uint64_t tile;
  std::uint64_t bytes;
  std::uint64_t dram_bytes;
};

/// What a PE did in the whole layer or a part of it, from an engine that does not walk cycle by cycle: instead of
/// Group, Kill, Wait, Open and Stop.
struct PeSum {
  std::uint32_t pe = 0;
  Counters<PeClass> cycles;
  std::uint64_t executed = 0, wasted = 0, gated = 0, skipped = 0, terminated = 0;  ///< pairs
  std::uint64_t stops = 0;
};

/// The layer is done.
struct Finish {
  std::uint64_t cycles;
};

}  // namespace lacuna::event
