// What is the fabric's of the events of the RTL: messages that feeders sent, by the probes on them, and why a PE
// waited, which follows from its FIFOs, the feeders and memory, as the table of README.md has it. The family's probes
// on PEs ask here.
#pragma once

#include <algorithm>
#include <bit>
#include <string_view>
#include <vector>

#include "datapaths/fabric/events.h"
#include "datapaths/fabric/geometry.h"
#include "datapaths/fabric/memory_classes.h"
#include "datapaths/fabric/rtl/feeder_walk.h"
#include "datapaths/fabric/rtl/output_buffer.h"
#include "rtl/fabric/probe/report.h"
#include "rtl/rtl_model.h"

namespace lacuna::fabric {

/// What is around the array at the start of a cycle.
template <typename Rtl>
struct Surroundings {
  const MemoryState& memory;
  const FeederWalk<Rtl>& rows;
  const FeederWalk<Rtl>& columns;
  const OutputBuffer<typename Rtl::Own>& outputs;
};

template <typename Rtl, typename Sink>
class ArrayEvents {
 public:
  using Own = typename Rtl::Own;

  ArrayEvents(const RtlModel& model, const typename Own::Lowering& lowering, Sink& sink)
      : lowering_(lowering),
        sink_(sink),
        rows_(lowering.machine().array.rows),
        columns_(lowering.machine().array.columns),
        unicast_(Own::unicast(lowering.machine())) {
    const std::vector<Probe> feeders = model.probes(FeederReport::kKind);
    LACUNA_CHECK(feeders.size() == std::size_t{rows_} + columns_, "{} feeders have probes", feeders.size());
    row_probes_.assign(rows_, feeders.front());
    column_probes_.assign(columns_, feeders.front());
    for (const Probe& probe : feeders) {
      const auto at = probe.indices();
      LACUNA_CHECK(at.size() == 1, "a feeder at {}", probe.path());
      (probe.path().find("gen_row") != std::string_view::npos ? row_probes_ : column_probes_)[at[0]] = probe;
    }
    row_steps_.resize(rows_);
    column_steps_.resize(columns_);
  }

  /// [PE]: the probes of one kind on PEs.
  [[nodiscard]] std::vector<Probe> pe_probes(const RtlModel& model, const char* kind) const {
    const std::vector<Probe> pes = model.probes(kind);
    LACUNA_CHECK(pes.size() == std::size_t{rows_} * columns_, "{} PEs have probes", pes.size());
    std::vector<Probe> result = pes;
    for (const Probe& probe : pes) {
      const auto at = probe.indices();
      LACUNA_CHECK(at.size() == 2, "a PE at {}", probe.path());
      result[at[0] * columns_ + at[1]] = probe;
    }
    return result;
  }

  /// The events of the feeders in cycle `now`; true if one of them sent.
  bool cycle(std::uint64_t now, const Surroundings<Rtl>& around) {
    around_ = &around;
    const BlockPosition slowest = std::min(around.rows.slowest(), around.columns.slowest());
    half_free_ = around.memory.halves_held(slowest) < 2;
    if (slowest.tile != array_tile_) {
      array_tile_ = slowest.tile;
      if (array_tile_ < lowering_.tiles()) array_geometry_ = lowering_.geometry(array_tile_);
    }
    bool moved = false;
    for (Row row(0); row < rows_; ++row) moved |= feeder(Side::Weights, row, now);
    for (Column column(0); column < columns_; ++column) moved |= feeder(Side::Activations, column, now);
    return moved;
  }

  /// The tile that a PE works on after `tile`, or its first one after kNoTileIndex.
  [[nodiscard]] TileIndex next_tile(Row row, Column column, TileIndex tile) const {
    TileIndex next(tile == kNoTileIndex ? 0 : tile + 1);
    while (next < lowering_.tiles() && !lowering_.geometry(next).mapped(row, column)) ++next;
    return next;
  }
  /// The tile that a PE begins, after `tile`. RtlFailure if it cannot have it.
  [[nodiscard]] TileIndex begun_tile(Row row, Column column, TileIndex tile, std::uint64_t now) const {
    const TileIndex next = next_tile(row, column, tile);
    if (next >= lowering_.tiles() || BlockPosition{next, 0} >= around_->memory.loaded)
      throw RtlFailure(fmt::format("cycle {}: PE ({}, {}) begins tile {}, which is not there", now, row, column, next));
    return next;
  }

  /// What a PE that issues nothing shows.
  struct Idle {
    TileIndex tile;          ///< that it works on, or has worked on last
    TileIndex last_tile;     ///< that maps it
    bool blocked = false;    ///< its operands are there
    bool done = false;       ///< it has nothing left to do in `tile`
    bool discards = false;   ///< what is left of a tile it has stopped in
    bool no_weight = false;  ///< of its operands the weight is missing
  };
  /// Class of the cycle after one in which the PE issued nothing.
  [[nodiscard]] PeClass why(Row row, Column column, const Idle& pe) const {
    if (pe.blocked) {
      const TileIndex tile = next_tile(row, column, pe.tile);
      return tile >= kTilesToWritten && untaken(tile - kTilesToWritten) ? PeClass::BlockedMemory
                                                                        : PeClass::BlockedOutput;
    }
    const bool past = array_tile_ >= lowering_.tiles();
    if (!past && !array_geometry_.mapped(row, column)) return is_memorys(first_pe_) ? first_pe_ : PeClass::IdleEdge;
    const bool done = pe.tile == pe.last_tile && pe.done;
    if (done && past) return only_writes_left() ? PeClass::BlockedMemory : PeClass::FillDrain;
    if (done || pe.discards) return PeClass::Imbalance;
    return pe.no_weight
               ? starved(row_probes_[row], around_->rows.positions()[row], column, PeClass::StarvedWeight)
               : starved(column_probes_[column], around_->columns.positions()[column], row, PeClass::StarvedActivation);
  }
  /// The class of the next cycle of the first PE, Busy for any in which it works; before those of the others.
  void first_pe(PeClass c) { first_pe_ = c; }

 private:
  /// A feeder's step, counted from the messages it sends.
  struct Steps {
    TileIndex tile = kNoTileIndex;
    StepIndex step;
    std::uint32_t served = 0;  ///< groups that have had the step's message
    std::uint32_t ended = 0;   ///< groups ended in the tile
  };

  bool feeder(Side side, std::uint32_t line, std::uint64_t now) {
    const bool weights = side == Side::Weights;
    const auto report = (weights ? row_probes_ : column_probes_)[line].template report<FeederReport>();
    if (report.activity != kSending) return false;
    if (report.complete == 0) return true;
    const BlockPosition at = (weights ? around_->rows : around_->columns).positions()[line];
    Steps& steps = (weights ? row_steps_ : column_steps_)[line];
    if (steps.tile != at.tile) steps = {at.tile, StepIndex(0), 0, 0};
    if (steps.tile >= lowering_.tiles())
      throw RtlFailure(fmt::format("cycle {}: a feeder sends behind the last tile", now));
    std::uint32_t destinations = 0;
    for (const std::uint32_t word : report.group) destinations += static_cast<std::uint32_t>(std::popcount(word));
    sink_.on(event::Send<Own>{now, side, line, steps.tile, steps.step, report.bytes, destinations});
    if (!weights || !unicast_) {
      ++steps.step;
      return true;
    }
    // Unicast: the step goes on with the next group.
    ++(report.bytes == 0 ? steps.ended : steps.served);
    if (steps.served + steps.ended == lowering_.geometry(at.tile).columns_of(Row(line))) {
      ++steps.step;
      steps.served = 0;
    }
    return true;
  }

  /// `tile` is complete and memory has not written it.
  [[nodiscard]] bool untaken(std::uint64_t tile) const {
    return tile >= around_->memory.written && around_->outputs.bytes_of(TileIndex(tile)).has_value();
  }
  [[nodiscard]] bool only_writes_left() const {
    for (std::uint64_t tile = around_->memory.written; tile < lowering_.tiles(); ++tile)
      if (!untaken(tile)) return false;
    return true;
  }
  [[nodiscard]] PeClass starved(const Probe& probe, BlockPosition position, std::uint32_t at, PeClass sending) const {
    const auto feeder = probe.report<FeederReport>();
    if (feeder.activity == kSending && ((feeder.group[at / 32] >> (at % 32)) & 1) != 0) return sending;
    if (feeder.activity == kWaitingForBlock && (position < around_->memory.taken || half_free_))
      return PeClass::StarvedMemory;
    return PeClass::Imbalance;
  }

  const typename Own::Lowering& lowering_;
  Sink& sink_;
  std::uint32_t rows_, columns_;
  bool unicast_;
  std::vector<Probe> row_probes_, column_probes_;
  std::vector<Steps> row_steps_, column_steps_;
  TileIndex array_tile_ = kNoTileIndex;  ///< the oldest tile some feeder is not past
  Geometry array_geometry_;
  PeClass first_pe_ = PeClass::FillDrain;  ///< class of the next cycle of the first PE, which every tile maps
  bool half_free_ = false;
  const Surroundings<Rtl>* around_ = nullptr;  ///< in this cycle
};

}  // namespace lacuna::fabric
