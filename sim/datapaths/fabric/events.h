// What the units of the fabric report, for every family that is built on it. `Own` is the family's own.h: its numbers
// of the kinds and actions that these events have, and what its feeders are like. PEs report more, in events of the
// family.
#pragma once

#include <algorithm>
#include <cstdint>

#include "datapaths/fabric/block.h"
#include "datapaths/fabric/side.h"
#include "machine/tally.h"

namespace lacuna::fabric {

template <typename Kind>
[[nodiscard]] constexpr Record record_of(Kind kind, std::uint64_t cycle, std::uint32_t unit) {
  Record record;
  record.cycle = cycle;
  record.unit = unit;
  record.kind = static_cast<std::uint16_t>(kind);
  return record;
}

namespace event {

/// The MAC stage of a PE had nothing to do; why.
template <typename Own>
struct Wait {
  std::uint64_t cycle;
  std::uint32_t pe;  ///< row x columns + column
  PeClass why;

  void count(Tally& tally) const { tally.pe_cycles(pe, why); }
  [[nodiscard]] Record record(const Machine&) const {
    Record r = record_of(Own::Kind::Wait, cycle, pe);
    r.spent = why;
    return r;
  }
};

/// The sums of a tile moved to their result registers; `psum` is the first of them.
template <typename Own>
struct Retire {
  std::uint64_t cycle;
  std::uint32_t pe;
  std::int64_t psum;

  void count(Tally&) const {}
  [[nodiscard]] Record record(const Machine&) const {
    Record r = record_of(Own::Kind::Retire, cycle, pe);
    r.values = {psum};
    return r;
  }
};

/// A feeder finished sending a message (bytes > 0) or an end token (bytes = 0) to `destinations` PEs.
template <typename Own>
struct Send {
  std::uint64_t cycle;
  Side side;
  std::uint32_t line;
  TileIndex tile;
  StepIndex step;
  std::uint32_t bytes;
  std::uint32_t destinations;

  void count(Tally& tally) const {
    using Action = typename Own::Action;
    const bool weights = side == Side::Weights;
    const ArrayConfig& array = tally.machine().array;
    const std::uint64_t wire = weights ? array.columns : array.rows;
    tally.add(weights ? Action::WeightBufferRead : Action::ActivationBufferRead, bytes);
    tally.add(weights ? Action::WeightBus : Action::ActivationBus, bytes * wire);
    tally.add(Action::FifoWrite, std::uint64_t{bytes} * destinations);
  }
  [[nodiscard]] Record record(const Machine& machine) const {
    using Kind = typename Own::Kind;
    const bool weights = side == Side::Weights;
    const std::uint64_t bus = Own::feeder(machine, side).bus_bytes;
    Kind kind = weights ? Kind::SendWeights : Kind::SendActivations;
    if constexpr (requires { Kind::EndWeights; })  // a family whose tiles may end early
      if (bytes == 0) kind = weights ? Kind::EndWeights : Kind::EndActivations;
    Record r = record_of(kind, cycle, line);
    r.cycles = std::max<std::uint64_t>(1, (bytes + bus - 1) / bus);
    r.tile = tile;
    r.step = step;
    r.values = {bytes, destinations};
    return r;
  }
};

/// A drain bus took a result; `value` is what the post unit makes of it.
template <typename Own>
struct Drain {
  std::uint64_t cycle;
  std::uint32_t pe;
  TileIndex tile;
  std::int64_t value;

  void count(Tally& tally) const { count(tally, 1); }
  /// The same of `results` drains at once.
  static void count(Tally& tally, std::uint64_t results) {
    const Machine& machine = tally.machine();
    tally.add(Own::Action::DrainBus, results * (accumulator_bits(machine) / 8) * machine.array.rows);
    tally.add(CommonAction::PostOperation, results);
  }
  [[nodiscard]] Record record(const Machine&) const {
    Record r = record_of(Own::Kind::Drain, cycle, pe);
    r.tile = tile;
    r.values = {value};
    return r;
  }
};

/// Memory began to fetch a block.
template <typename Own>
struct Fetch {
  std::uint64_t cycle;
  std::uint64_t cycles;
  TileIndex tile;
  std::uint32_t index;  ///< of the block in the tile
  const Block* block;
  std::uint64_t left_out;  ///< of the tile, with its first block: pairs that no PE sees

  void count(Tally& tally) const {
    using Action = typename Own::Action;
    const Block& b = *block;
    tally.pairs(PairClass::Skipped, left_out);
    tally.add(CommonAction::DramRead, b.dram_bytes());
    tally.add(CommonAction::GlobalBufferWrite, b.dram_bytes());
    tally.add(CommonAction::GlobalBufferRead, b.buffer_bytes);
    tally.add(Action::WeightBufferWrite, b.weight_write_bytes);
    tally.add(Action::ActivationBufferWrite, b.activation_write_bytes);
  }
  [[nodiscard]] Record record(const Machine&) const {
    Record r = record_of(Own::Kind::Fetch, cycle, 0);
    r.cycles = cycles;
    r.tile = tile;
    r.step = StepIndex(index);
    r.values = {static_cast<std::int64_t>(block->dram_bytes()), static_cast<std::int64_t>(block->buffer_bytes)};
    return r;
  }
};

/// Memory began to write the outputs of a tile: `bytes` encoded, `dram_bytes` in whole bursts.
template <typename Own>
struct Write {
  std::uint64_t cycle;
  std::uint64_t cycles;
  TileIndex tile;
  std::uint64_t bytes;
  std::uint64_t dram_bytes;

  void count(Tally& tally) const {
    tally.add(CommonAction::GlobalBufferWrite, bytes);
    tally.add(CommonAction::GlobalBufferRead, bytes);
    tally.add(CommonAction::DramWrite, dram_bytes);
  }
  [[nodiscard]] Record record(const Machine&) const {
    Record r = record_of(Own::Kind::Write, cycle, 0);
    r.cycles = cycles;
    r.tile = tile;
    r.values = {static_cast<std::int64_t>(bytes), static_cast<std::int64_t>(dram_bytes)};
    return r;
  }
};

}  // namespace event

}  // namespace lacuna::fabric
