// What the units of the intersect machine report, as it happens. Each event says what it adds to the counters and what
// it looks like as a record (machine/tally.h).
#pragma once

#include <algorithm>
#include <cstdint>

#include "datapaths/intersect/actions.h"
#include "datapaths/intersect/config.h"
#include "datapaths/intersect/lowering.h"
#include "machine/tally.h"

namespace lacuna::intersect {

/// The kinds of records, in the order of vocabulary().kinds.
enum class Kind : std::uint16_t {
  Group,
  Kill,
  Wait,
  Open,
  Stop,
  Retire,
  SendWeights,
  EndWeights,
  SendActivations,
  EndActivations,
  Drain,
  Fetch,
  Write
};

/// The units and kinds of records of the family.
[[nodiscard]] const Vocabulary& vocabulary();

namespace event {

[[nodiscard]] constexpr Record record_of(Kind kind, std::uint64_t cycle, std::uint32_t unit) {
  Record record;
  record.cycle = cycle;
  record.unit = unit;
  record.kind = static_cast<std::uint16_t>(kind);
  return record;
}

/// A group of pairs left the MAC stage of a PE.
struct Group {
  std::uint64_t cycle;
  std::uint32_t pe;  ///< row x columns + column
  TileIndex tile;
  StepIndex step;
  std::uint32_t executed, wasted, gated;
  std::int64_t psum;  ///< after the group

  [[nodiscard]] PeClass spent() const {
    return executed + wasted != 0 ? PeClass::Busy : gated != 0 ? PeClass::Gated : PeClass::Bubble;
  }
  void count(Tally& tally) const {
    tally.pairs(PairClass::Executed, executed);
    tally.pairs(PairClass::Wasted, wasted);
    tally.pairs(PairClass::Gated, gated);
    tally.pe_cycles(pe, spent());
  }
  [[nodiscard]] Record record(const Machine&) const {
    Record r = record_of(Kind::Group, cycle, pe);
    r.spent = spent();
    r.tile = tile;
    r.step = step;
    r.values = {executed, wasted, gated, psum};
    return r;
  }
};

/// The MAC stage killed a group, because the group before it stopped the sum.
struct Kill {
  std::uint64_t cycle;
  std::uint32_t pe;
  TileIndex tile;
  StepIndex step;
  std::uint32_t slots;

  void count(Tally& tally) const {
    tally.pairs(PairClass::Terminated, slots);
    tally.pe_cycles(pe, PeClass::Bubble);
  }
  [[nodiscard]] Record record(const Machine&) const {
    Record r = record_of(Kind::Kill, cycle, pe);
    r.spent = PeClass::Bubble;
    r.tile = tile;
    r.step = step;
    r.values = {slots};
    return r;
  }
};

/// The MAC stage of a PE had no group; why.
struct Wait {
  std::uint64_t cycle;
  std::uint32_t pe;
  PeClass why;

  void count(Tally& tally) const { tally.pe_cycles(pe, why); }
  [[nodiscard]] Record record(const Machine&) const {
    Record r = record_of(Kind::Wait, cycle, pe);
    r.spent = why;
    return r;
  }
};

/// The match stage opened a chunk pair; `skipped` owned positions cost no slot.
struct Open {
  std::uint64_t cycle;
  std::uint32_t pe;
  TileIndex tile;
  StepIndex step;
  std::uint32_t skipped;

  void count(Tally& tally) const { tally.pairs(PairClass::Skipped, skipped); }
  [[nodiscard]] Record record(const Machine&) const {
    Record r = record_of(Kind::Open, cycle, pe);
    r.tile = tile;
    r.step = step;
    r.values = {skipped};
    return r;
  }
};

/// A PE stopped: from this cycle on it discards. What is left of its sum had `terminated` slots and `skipped` others.
struct Stop {
  std::uint64_t cycle;
  std::uint32_t pe;
  TileIndex tile;
  StepIndex step;
  std::uint64_t terminated, skipped;

  void count(Tally& tally) const {
    tally.pairs(PairClass::Terminated, terminated);
    tally.pairs(PairClass::Skipped, skipped);
    tally.outputs_terminated(1);
  }
  [[nodiscard]] Record record(const Machine&) const {
    Record r = record_of(Kind::Stop, cycle, pe);
    r.tile = tile;
    r.step = step;
    r.values = {static_cast<std::int64_t>(terminated), static_cast<std::int64_t>(skipped)};
    return r;
  }
};

/// A sum moved to its result register.
struct Retire {
  std::uint64_t cycle;
  std::uint32_t pe;
  std::int64_t psum;

  void count(Tally&) const {}
  [[nodiscard]] Record record(const Machine&) const {
    Record r = record_of(Kind::Retire, cycle, pe);
    r.values = {psum};
    return r;
  }
};

/// Whose feeders: weights come along the rows, activations along the columns.
enum class Side : std::uint8_t { Weights, Activations };

/// A feeder finished sending a message (bytes > 0) or an end token (bytes = 0) to `destinations` PEs.
struct Send {
  std::uint64_t cycle;
  Side side;
  std::uint32_t line;
  TileIndex tile;
  StepIndex step;
  std::uint32_t bytes;
  std::uint32_t destinations;

  void count(Tally& tally) const {
    const bool weights = side == Side::Weights;
    const ArrayConfig& array = tally.machine().array;
    const std::uint64_t wire = weights ? array.columns : array.rows;
    tally.add(weights ? Action::WeightBufferRead : Action::ActivationBufferRead, bytes);
    tally.add(weights ? Action::WeightBus : Action::ActivationBus, bytes * wire);
    tally.add(Action::FifoWrite, std::uint64_t{bytes} * destinations);
  }
  [[nodiscard]] Record record(const Machine& machine) const {
    const bool weights = side == Side::Weights;
    const std::uint64_t bus = (weights ? config(machine).weights : config(machine).activations).bus_bytes;
    const Kind message = weights ? Kind::SendWeights : Kind::SendActivations;
    const Kind token = weights ? Kind::EndWeights : Kind::EndActivations;
    Record r = record_of(bytes == 0 ? token : message, cycle, line);
    r.cycles = std::max<std::uint64_t>(1, (bytes + bus - 1) / bus);
    r.tile = tile;
    r.step = step;
    r.values = {bytes, destinations};
    return r;
  }
};

/// A drain bus took a result; `value` is what the post unit makes of it.
struct Drain {
  std::uint64_t cycle;
  std::uint32_t pe;
  TileIndex tile;
  std::int64_t value;

  void count(Tally& tally) const { count(tally, 1); }
  /// The same of `results` drains at once.
  static void count(Tally& tally, std::uint64_t results) {
    const Machine& machine = tally.machine();
    tally.add(Action::DrainBus, results * (accumulator_bits(machine) / 8) * machine.array.rows);
    tally.add(CommonAction::PostOperation, results);
  }
  [[nodiscard]] Record record(const Machine&) const {
    Record r = record_of(Kind::Drain, cycle, pe);
    r.tile = tile;
    r.values = {value};
    return r;
  }
};

/// Memory began to fetch a block.
struct Fetch {
  std::uint64_t cycle;
  std::uint64_t cycles;
  const Tile* tile;
  std::uint32_t block;  ///< index in the tile

  void count(Tally& tally) const {
    const Block& b = tile->blocks[block];
    // Zero weights in chunks that no pass walks are seen by no PE.
    if (block == 0) tally.pairs(PairClass::Skipped, tile->filters->left_out * tile->windows->windows.size());
    tally.add(CommonAction::DramRead, b.dram_bytes());
    tally.add(CommonAction::GlobalBufferWrite, b.dram_bytes());
    tally.add(CommonAction::GlobalBufferRead, b.buffer_bytes);
    tally.add(Action::WeightBufferWrite, b.weight_write_bytes);
    tally.add(Action::ActivationBufferWrite, b.activation_write_bytes);
  }
  [[nodiscard]] Record record(const Machine&) const {
    Record r = record_of(Kind::Fetch, cycle, 0);
    r.cycles = cycles;
    r.tile = tile->index;
    r.step = StepIndex(block);
    r.values = {static_cast<std::int64_t>(tile->blocks[block].dram_bytes()),
                static_cast<std::int64_t>(tile->blocks[block].buffer_bytes)};
    return r;
  }
};

/// Memory began to write the outputs of a tile: `bytes` encoded, `dram_bytes` in whole bursts.
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
    Record r = record_of(Kind::Write, cycle, 0);
    r.cycles = cycles;
    r.tile = tile;
    r.values = {static_cast<std::int64_t>(bytes), static_cast<std::int64_t>(dram_bytes)};
    return r;
  }
};

/// What a PE did in the whole layer or a part of it, from an engine that does not walk cycle by cycle: instead of
/// Group, Kill, Wait, Open and Stop. It has no record.
struct PeSum {
  std::uint32_t pe = 0;
  Counters<PeClass> cycles;
  std::uint64_t executed = 0, wasted = 0, gated = 0, skipped = 0, terminated = 0;  ///< pairs
  std::uint64_t stops = 0;

  void count(Tally& tally) const {
    tally.pe_cycles(pe, cycles);
    tally.pairs(PairClass::Executed, executed);
    tally.pairs(PairClass::Wasted, wasted);
    tally.pairs(PairClass::Gated, gated);
    tally.pairs(PairClass::Skipped, skipped);
    tally.pairs(PairClass::Terminated, terminated);
    tally.outputs_terminated(stops);
  }
};

}  // namespace event

}  // namespace lacuna::intersect
