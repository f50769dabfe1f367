// Turns what the probes saw in a cycle into events: which tile and step a PE or feeder was in is counted here, from
// what the RTL did; why a PE waited follows from its match stage, the feeders and memory, as the page's table has it.
#pragma once

#include <algorithm>
#include <bit>
#include <string_view>
#include <vector>

#include "datapaths/intersect/parts.h"
#include "datapaths/intersect/rtl/feeder_walk.h"
#include "datapaths/intersect/rtl/output_buffer.h"
#include "datapaths/intersect/skip_rules.h"
#include "rtl/intersect/probe/report.h"
#include "rtl/rtl_model.h"

namespace lacuna::intersect {

template <typename Sink>
class ProbeEvents {
 public:
  ProbeEvents(const RtlModel& model, const Lowering& lowering, TileStore& tiles, Sink& sink)
      : lowering_(lowering),
        tiles_(tiles),
        sink_(sink),
        rows_(lowering.machine().array.rows),
        columns_(lowering.machine().array.columns),
        rule_(config(lowering.machine()).skip) {
    const std::vector<Probe> pes = model.probes(PeReport::kKind);
    LACUNA_CHECK(pes.size() == std::size_t{rows_} * columns_, "{} PEs have probes", pes.size());
    pe_probes_.assign(pes.begin(), pes.end());
    for (const Probe& probe : pes) {
      const auto at = probe.indices();
      LACUNA_CHECK(at.size() == 2, "a PE at {}", probe.path());
      pe_probes_[at[0] * columns_ + at[1]] = probe;
    }
    const std::vector<Probe> feeders = model.probes(FeederReport::kKind);
    LACUNA_CHECK(feeders.size() == std::size_t{rows_} + columns_, "{} feeders have probes", feeders.size());
    row_probes_.assign(rows_, feeders.front());
    column_probes_.assign(columns_, feeders.front());
    for (const Probe& probe : feeders) {
      const auto at = probe.indices();
      LACUNA_CHECK(at.size() == 1, "a feeder at {}", probe.path());
      (probe.path().find("gen_row") != std::string_view::npos ? row_probes_ : column_probes_)[at[0]] = probe;
    }
    pes_.resize(pes.size());
    for (Row row(0); row < rows_; ++row)
      for (Column column(0); column < columns_; ++column)
        pes_[row * columns_ + column].last_tile = lowering.last_tile(row, column).value_or(kNoTileIndex);
    row_steps_.resize(rows_);
    column_steps_.resize(columns_);
  }

  /// The events of cycle `now`. `memory` is its registers at the start of the cycle, and the walks are where the
  /// feeders were at its start. True if anything moved.
  bool cycle(std::uint64_t now, const MemoryState& memory, const FeederWalk& row_walk, const FeederWalk& column_walk,
             const OutputBuffer& outputs) {
    const BlockPosition slowest = std::min(row_walk.slowest(), column_walk.slowest());
    half_free_ = memory.halves_held(slowest) < 2;
    memory_ = &memory;
    row_walk_ = &row_walk;
    column_walk_ = &column_walk;
    outputs_ = &outputs;
    if (slowest.tile != array_tile_) {
      array_tile_ = slowest.tile;
      if (array_tile_ < lowering_.tiles()) array_geometry_ = lowering_.geometry(array_tile_);
    }
    moved_ = false;
    for (Row row(0); row < rows_; ++row) feeder(Side::Weights, row, now);
    for (Column column(0); column < columns_; ++column) feeder(Side::Activations, column, now);
    std::uint32_t index = 0;
    for (Row row(0); row < rows_; ++row)
      for (Column column(0); column < columns_; ++column, ++index) pe(row, column, index, now);
    return moved_;
  }

 private:
  /// Where a group belongs that the match stage issued.
  struct Issued {
    TileIndex tile;
    StepIndex step;
  };
  /// A PE's tile and step, counted from the pairs it opens.
  struct Pe {
    std::vector<Issued> issued;  ///< groups not yet in the MAC stage, oldest first
    TileIndex tile = kNoTileIndex;
    StepIndex step;
    TileIndex last_tile = kNoTileIndex;  ///< that maps it
    PeClass waits = PeClass::FillDrain;  ///< the class of the next cycle, if it holds no group
  };
  /// A feeder's step, counted from the messages it sends.
  struct Steps {
    TileIndex tile = kNoTileIndex;
    StepIndex step;
    std::uint32_t served = 0;  ///< groups that have had the step's message
    std::uint32_t ended = 0;   ///< groups ended in the tile
  };

  void feeder(Side side, std::uint32_t line, std::uint64_t now) {
    const bool weights = side == Side::Weights;
    const auto report = (weights ? row_probes_ : column_probes_)[line].report<FeederReport>();
    if (report.activity != kSending) return;
    moved_ = true;
    if (report.complete == 0) return;
    const BlockPosition at = (weights ? row_walk_ : column_walk_)->positions()[line];
    Steps& steps = (weights ? row_steps_ : column_steps_)[line];
    if (steps.tile != at.tile) steps = {at.tile, StepIndex(0), 0, 0};
    if (steps.tile >= lowering_.tiles())
      throw RtlFailure(fmt::format("cycle {}: a feeder sends behind the last tile", now));
    std::uint32_t destinations = 0;
    for (const std::uint32_t word : report.group) destinations += static_cast<std::uint32_t>(std::popcount(word));
    sink_.on(event::Send{now, side, line, steps.tile, steps.step, report.bytes, destinations});
    if (!weights || config(lowering_.machine()).mapping != Mapping::Filters) {
      ++steps.step;
      return;
    }
    // Unicast: the step goes on with the next group.
    ++(report.bytes == 0 ? steps.ended : steps.served);
    if (steps.served + steps.ended == lowering_.geometry(at.tile).columns_of(Row(line))) {
      ++steps.step;
      steps.served = 0;
    }
  }

  void pe(Row row, Column column, std::uint32_t index, std::uint64_t now) {
    const auto report = pe_probes_[index].report<PeReport>();
    Pe& pe = pes_[index];
    if (report.is(PeFlag::Retire)) {
      sink_.on(event::Retire{now, index, report.retired});
      moved_ = true;
    }
    if (report.is(PeFlag::Multiplied)) {
      const Issued group = issued(row, column, now);
      sink_.on(event::Group{now, index, group.tile, group.step, report.executed, report.wasted, report.unmultiplied,
                            report.sum});
      moved_ = true;
    } else if (report.is(PeFlag::Killed)) {
      const Issued group = issued(row, column, now);
      sink_.on(event::Kill{now, index, group.tile, group.step, report.unmultiplied});
      moved_ = true;
    } else {
      sink_.on(event::Wait{now, index, pe.waits});
    }
    if (report.is(PeFlag::Open)) open(row, column, index, report, now);
    if (!report.is(PeFlag::Issue))
      pe.waits = why(row, column, pe, report);
    else
      pe.issued.push_back({pe.tile, pe.step});
    if (index == 0) first_pe_ = report.is(PeFlag::Issue) ? PeClass::Busy : pe.waits;
    if (report.is(PeFlag::Discard) && !(report.is(PeFlag::NoWeight) && report.is(PeFlag::NoActivation))) moved_ = true;
    if (report.is(PeFlag::Stop)) stop(row, column, index, report, now);
  }

  /// The oldest group on its way from the match stage to the MAC stage, however many stages lie between.
  Issued issued(Row row, Column column, std::uint64_t now) {
    auto& queue = pes_[row * columns_ + column].issued;
    if (queue.empty())
      throw RtlFailure(fmt::format("cycle {}: PE ({}, {}) multiplies a group that was not issued", now, row, column));
    const Issued group = queue.front();
    queue.erase(queue.begin());
    return group;
  }

  /// The tile that the PE works on after the one it works on or has worked on last.
  [[nodiscard]] TileIndex next_tile(Row row, Column column, const Pe& pe) const {
    TileIndex tile(pe.tile == kNoTileIndex ? 0 : pe.tile + 1);
    while (tile < lowering_.tiles() && !lowering_.geometry(tile).mapped(row, column)) ++tile;
    return tile;
  }

  void open(Row row, Column column, std::uint32_t index, const PeReport& report, std::uint64_t now) {
    Pe& pe = pes_[index];
    if (report.is(PeFlag::BetweenTiles)) {
      const TileIndex tile = next_tile(row, column, pe);
      if (tile >= lowering_.tiles() || BlockPosition{tile, 0} >= memory_->loaded)
        throw RtlFailure(
            fmt::format("cycle {}: PE ({}, {}) begins tile {}, which is not there", now, row, column, tile));
      pe.tile = tile;
      pe.step = StepIndex(0);
    } else {
      ++pe.step;
    }
    const Tile& tile = tiles_.get(pe.tile);
    if (pe.step >= tile.steps().size())
      throw RtlFailure(fmt::format("cycle {}: PE ({}, {}) opens step {} of tile {}, which has {}", now, row, column,
                                   pe.step, pe.tile, tile.steps().size()));
    const std::uint32_t owned = tile.weight_message(row, column, pe.step).owned.count();
    sink_.on(event::Open{now, index, pe.tile, pe.step, owned - report.slots});
  }

  void stop(Row row, Column column, std::uint32_t index, const PeReport& report, std::uint64_t now) {
    const Pe& pe = pes_[index];
    const Tile& tile = tiles_.get(pe.tile);
    std::uint64_t terminated = report.left;
    std::uint64_t skipped = 0;
    with_skip_rule(rule_, [&](auto rule) {
      for (StepIndex step(pe.step + 1); step < tile.steps().size(); ++step) {
        const Message& weights = tile.weight_message(row, column, step);
        const std::uint32_t slots =
            rule.slots(weights.owned, weights.mask, tile.activation_message(column, step).mask).count();
        terminated += slots;
        skipped += weights.owned.count() - slots;
      }
    });
    sink_.on(event::Stop{now + 1, index, pe.tile, pe.step, terminated, skipped});
  }

  /// Class of the cycle after one in which the match stage issued nothing.
  [[nodiscard]] PeClass why(Row row, Column column, const Pe& pe, const PeReport& report) const {
    if (report.is(PeFlag::Blocked)) {
      const TileIndex tile = next_tile(row, column, pe);
      return tile >= kTilesToWritten && untaken(tile - kTilesToWritten) ? PeClass::BlockedMemory
                                                                        : PeClass::BlockedOutput;
    }
    const bool past = array_tile_ >= lowering_.tiles();
    if (!past && !array_geometry_.mapped(row, column)) return is_memorys(first_pe_) ? first_pe_ : PeClass::IdleEdge;
    const bool done = pe.tile == pe.last_tile && (report.is(PeFlag::Stopped) || report.is(PeFlag::BetweenTiles));
    if (done && past) return only_writes_left() ? PeClass::BlockedMemory : PeClass::FillDrain;
    if (done) return PeClass::Imbalance;
    if (report.is(PeFlag::Discard)) return PeClass::Imbalance;
    if (report.is(PeFlag::NoWeight))
      return starved(row_probes_[row], row_walk_->positions()[row], column, PeClass::StarvedWeight);
    return starved(column_probes_[column], column_walk_->positions()[column], row, PeClass::StarvedActivation);
  }

  /// `tile` is complete and memory has not written it.
  [[nodiscard]] bool untaken(std::uint64_t tile) const {
    return tile >= memory_->written && outputs_->bytes_of(TileIndex(tile)).has_value();
  }
  [[nodiscard]] bool only_writes_left() const {
    for (std::uint64_t tile = memory_->written; tile < lowering_.tiles(); ++tile)
      if (!untaken(tile)) return false;
    return true;
  }

  [[nodiscard]] PeClass starved(const Probe& probe, BlockPosition position, std::uint32_t at, PeClass sending) const {
    const auto feeder = probe.report<FeederReport>();
    if (feeder.activity == kSending && ((feeder.group[at / 32] >> (at % 32)) & 1) != 0) return sending;
    if (feeder.activity == kWaitingForBlock && (position < memory_->taken || half_free_)) return PeClass::StarvedMemory;
    return PeClass::Imbalance;
  }

  const Lowering& lowering_;
  TileStore& tiles_;
  Sink& sink_;
  std::uint32_t rows_, columns_;
  SkipRule rule_;
  std::vector<Probe> pe_probes_, row_probes_, column_probes_;
  std::vector<Pe> pes_;
  std::vector<Steps> row_steps_, column_steps_;
  TileIndex array_tile_ = kNoTileIndex;  ///< the oldest tile some feeder is not past
  Geometry array_geometry_;
  PeClass first_pe_ = PeClass::FillDrain;  ///< class of the next cycle of the first PE, which every tile maps
  bool half_free_ = false, moved_ = false;
  const MemoryState* memory_ = nullptr;
  const FeederWalk* row_walk_ = nullptr;
  const FeederWalk* column_walk_ = nullptr;
  const OutputBuffer* outputs_ = nullptr;
};

}  // namespace lacuna::intersect
