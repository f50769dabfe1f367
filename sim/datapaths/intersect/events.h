// What the units of the intersect machine report, as it happens. Each event says what it adds to the counters and what
// it looks like as a record (machine/tally.h).
#pragma once

#include <cstdint>

#include "datapaths/fabric/events.h"
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

/// What the fabric asks of this family: fabric/README.md.
struct Own {
  using Lowering = intersect::Lowering;
  using Tile = intersect::Tile;
  using Message = intersect::Message;
  using Kind = intersect::Kind;
  using Action = intersect::Action;

  [[nodiscard]] static const FeederConfig& feeder(const Machine& machine, fabric::Side side) {
    return side == fabric::Side::Weights ? config(machine).weights : config(machine).activations;
  }
  /// A row serves its PEs one by one.
  [[nodiscard]] static bool unicast(const Machine& machine) { return config(machine).mapping == Mapping::Filters; }
};

namespace event {

using fabric::record_of;
using Wait = fabric::event::Wait<Own>;
using Retire = fabric::event::Retire<Own>;
using Send = fabric::event::Send<Own>;
using Drain = fabric::event::Drain<Own>;
using Fetch = fabric::event::Fetch<Own>;
using Write = fabric::event::Write<Own>;

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
