// What the units of the gather machine report, as it happens. Those of the fabric are in fabric/events.h. Of the
// events of one cycle a PE reports stops first, lane by lane, then a retire, then its group or wait, then what it
// opens. Until a tile's first product, psum is what the tile before left.
#pragma once

#include <cstdint>

#include "datapaths/fabric/events.h"
#include "datapaths/gather/actions.h"
#include "datapaths/gather/config.h"
#include "datapaths/gather/lowering.h"
#include "machine/tally.h"

namespace lacuna::gather {

/// The kinds of records, in the order of vocabulary().kinds.
enum class Kind : std::uint16_t { Group, Wait, Open, Stop, Retire, SendWeights, SendActivations, Drain, Fetch, Write };

/// The units and kinds of records of the family.
[[nodiscard]] const Vocabulary& vocabulary();

/// What the fabric asks of this family: fabric/README.md.
struct Own {
  using Lowering = gather::Lowering;
  using Tile = gather::Tile;
  using Message = gather::Message;
  using Kind = gather::Kind;
  using Action = gather::Action;

  [[nodiscard]] static const FeederConfig& feeder(const Machine& machine, fabric::Side side) {
    const Config& c = config(machine);
    if (side == fabric::Side::Weights) return c.weights;
    return c.activations;
  }
  [[nodiscard]] static bool unicast(const Machine&) { return false; }
};

namespace event {

using fabric::record_of;
using Wait = fabric::event::Wait<Own>;
using Retire = fabric::event::Retire<Own>;
using Send = fabric::event::Send<Own>;
using Drain = fabric::event::Drain<Own>;
using Fetch = fabric::event::Fetch<Own>;
using Write = fabric::event::Write<Own>;

/// What a PE issued in the cycle before was in its MAC stage: `entries` of the filter, for `executed` + `wasted` +
/// `gated` pairs; none of them in a bubble: a conflict of banks, a group or filter without entries, an entry that is
/// killed.
struct Group {
  std::uint64_t cycle;
  std::uint32_t pe;  ///< row x columns + column
  TileIndex tile;
  StepIndex step;         ///< of the row
  std::uint32_t entries;  ///< that some window was multiplied with or gated; with lanes apart one for each lane
  std::uint32_t executed, wasted, gated;
  std::int64_t psum;  ///< the sum of the first window, or of lane 0, after the cycle

  [[nodiscard]] PeClass spent() const {
    return executed + wasted != 0 ? PeClass::Busy : gated != 0 ? PeClass::Gated : PeClass::Bubble;
  }
  void count(Tally& tally) const {
    tally.pairs(PairClass::Executed, executed);
    tally.pairs(PairClass::Wasted, wasted);
    tally.pairs(PairClass::Gated, gated);
    tally.pe_cycles(pe, spent());
    tally.add(Action::IndexDecode, entries);
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

/// A PE issued the first cycle of a segment (`step`: the row's step that begins it) or of a filter: `skipped` pairs
/// of it have no entry.
struct Open {
  std::uint64_t cycle;
  std::uint32_t pe;
  TileIndex tile;
  StepIndex step;
  std::uint64_t skipped;

  void count(Tally& tally) const { tally.pairs(PairClass::Skipped, skipped); }
  [[nodiscard]] Record record(const Machine&) const {
    Record r = record_of(Kind::Open, cycle, pe);
    r.tile = tile;
    r.step = step;
    r.values = {static_cast<std::int64_t>(skipped)};
    return r;
  }
};

/// A lane stopped, in the cycle before: the sum of window `window` of the PE's results is proven or predicted to end
/// at or below zero, and `terminated` or `predicted` entries of it are left; the other is zero.
struct Stop {
  std::uint64_t cycle;
  std::uint32_t pe;
  TileIndex tile;
  std::uint32_t window;
  std::uint64_t terminated, predicted;

  void count(Tally& tally) const {
    tally.pairs(PairClass::Terminated, terminated);
    tally.pairs(PairClass::Predicted, predicted);
    tally.outputs_terminated(terminated != 0 ? 1 : 0);
    tally.outputs_predicted(predicted != 0 ? 1 : 0);
  }
  [[nodiscard]] Record record(const Machine&) const {
    Record r = record_of(Kind::Stop, cycle, pe);
    r.tile = tile;
    r.values = {window, static_cast<std::int64_t>(terminated), static_cast<std::int64_t>(predicted)};
    return r;
  }
};

/// What a PE did in the whole layer or a part of it, from an engine that does not walk cycle by cycle: instead of
/// Group, Wait, Open and Stop. It has no record.
struct PeSum {
  std::uint32_t pe = 0;
  Counters<PeClass> cycles;
  std::uint64_t executed = 0, wasted = 0, gated = 0, skipped = 0, terminated = 0, predicted = 0;  ///< pairs
  std::uint64_t entries = 0;
  std::uint64_t outputs_terminated = 0, outputs_predicted = 0;

  void count(Tally& tally) const {
    tally.pe_cycles(pe, cycles);
    tally.pairs(PairClass::Executed, executed);
    tally.pairs(PairClass::Wasted, wasted);
    tally.pairs(PairClass::Gated, gated);
    tally.pairs(PairClass::Skipped, skipped);
    tally.pairs(PairClass::Terminated, terminated);
    tally.pairs(PairClass::Predicted, predicted);
    tally.add(Action::IndexDecode, entries);
    tally.outputs_terminated(outputs_terminated);
    tally.outputs_predicted(outputs_predicted);
  }
};

}  // namespace event

}  // namespace lacuna::gather
