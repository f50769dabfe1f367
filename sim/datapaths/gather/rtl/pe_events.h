// Turns what the probes on PEs saw in a cycle into events: which tile and step a PE was in is counted here, from what
// the RTL did; the rest is the fabric's.
#pragma once

#include <deque>
#include <utility>
#include <vector>

#include "datapaths/fabric/rtl/array_events.h"
#include "datapaths/gather/events.h"
#include "rtl/gather/probe/report.h"
#include "rtl/rtl_model.h"

namespace lacuna::gather {

template <typename Rtl, typename Sink>
class PeEvents {
 public:
  using Array = fabric::ArrayEvents<Rtl, Sink>;

  PeEvents(const RtlModel& model, const Lowering& lowering, fabric::TileStore<Own>& tiles, Array& array, Sink& sink)
      : lowering_(lowering),
        tiles_(tiles),
        array_(array),
        sink_(sink),
        rows_(lowering.machine().array.rows),
        columns_(lowering.machine().array.columns),
        config_(config(lowering.machine())) {
    pes_.resize(std::size_t{rows_} * columns_);
    const std::vector<Probe> probes = array.pe_probes(model, PeReport::kKind);
    for (Row row(0); row < rows_; ++row)
      for (Column column(0); column < columns_; ++column) {
        Pe& pe = pes_[row * columns_ + column];
        pe.probe = {probes[row * columns_ + column]};
        pe.last_tile = lowering.last_tile(row, column).value_or(kNoTileIndex);
      }
    for (const Probe& probe : model.probes(SequencerReport::kKind)) {
      const auto at = probe.indices();
      LACUNA_CHECK(at.size() == 3, "a sequencer at {}", probe.path());
      auto& sequencers = pes_[at[0] * columns_ + at[1]].sequencers;
      LACUNA_CHECK(at[2] == sequencers.size(), "a sequencer at {}", probe.path());
      sequencers.push_back(probe);
    }
  }

  /// The events of PEs in cycle `now`, after those of the feeders; true if anything moved.
  bool cycle(std::uint64_t now) {
    moved_ = false;
    std::uint32_t index = 0;
    for (Row row(0); row < rows_; ++row)
      for (Column column(0); column < columns_; ++column, ++index) pe(row, column, index, now);
    return moved_;
  }

 private:
  /// Where something belongs that a PE issued.
  struct Issued {
    TileIndex tile;
    StepIndex step;
  };
  /// A PE's tile, counted from what it opens, and step of the row, counted from what it pops.
  struct Pe {
    std::vector<Probe> probe;       ///< one
    std::vector<Probe> sequencers;  ///< of lanes that go together
    std::deque<Issued> issued;      ///< not yet in the MAC stage, oldest first
    TileIndex tile = kNoTileIndex;
    StepIndex step;
    TileIndex last_tile = kNoTileIndex;  ///< that maps it
    PeClass waits = PeClass::FillDrain;  ///< the class of the next cycle, if nothing is issued for it
  };

  void pe(Row row, Column column, std::uint32_t index, std::uint64_t now) {
    Pe& pe = pes_[index];
    const auto report = pe.probe.front().template report<PeReport>();
    if (report.is(PeFlag::Retire)) sink_.on(event::Retire{now, index, report.retired});
    if (report.is(PeFlag::Group)) {
      if (pe.issued.empty())
        throw RtlFailure(fmt::format("cycle {}: PE ({}, {}) multiplies what was not issued", now, row, column));
      const Issued group = pe.issued.front();
      pe.issued.pop_front();
      sink_.on(event::Group{now, index, group.tile, group.step, report.entries, report.executed, report.wasted,
                            report.unmultiplied, report.sum});
    } else {
      sink_.on(event::Wait{now, index, pe.waits});
    }
    moved_ |= report.is(PeFlag::Retire) || report.is(PeFlag::Group);
    if (report.is(PeFlag::Open)) open(row, column, index, report, now);
    if (report.is(PeFlag::Issue))
      pe.issued.push_back({pe.tile, pe.step});
    else if (report.is(PeFlag::Waits))
      pe.waits = PeClass::Imbalance;
    else
      pe.waits = array_.why(row, column,
                            {.tile = pe.tile,
                             .last_tile = pe.last_tile,
                             .blocked = report.is(PeFlag::Blocked),
                             .done = report.is(PeFlag::BetweenTiles),
                             .no_weight = report.is(PeFlag::NoWeight)});
    if (report.is(PeFlag::Pop)) ++pe.step;
    if (index == 0) array_.first_pe(report.is(PeFlag::Issue) ? PeClass::Busy : pe.waits);
    stops(index, report.predicted, now);
  }

  /// The first cycle of a segment or of a filter.
  void open(Row row, Column column, std::uint32_t index, const PeReport& report, std::uint64_t now) {
    Pe& pe = pes_[index];
    if (report.is(PeFlag::BetweenTiles)) {
      pe.tile = array_.begun_tile(row, column, pe.tile, now);
      pe.step = StepIndex(0);
    }
    const Tile& tile = tiles_.get(pe.tile);
    if (pe.step >= tile.steps_of(fabric::Side::Weights, row))
      throw RtlFailure(fmt::format("cycle {}: PE ({}, {}) opens step {} of tile {}, which has {}", now, row, column,
                                   pe.step, pe.tile, tile.steps_of(fabric::Side::Weights, row)));
    const std::uint32_t segment = tile.message(fabric::Side::Weights, row, column, pe.step).segment;
    const bool stream = config_.delivery == Delivery::Stream;
    const std::uint64_t positions =
        stream ? tile.message(fabric::Side::Activations, column, column, StepIndex(segment)).length
               : lowering_.positions();
    const std::uint64_t entries = tile.filters->rows[row].in_segment[segment];
    sink_.on(event::Open{now, index, pe.tile, pe.step, (positions - entries) * tile.results_of(column)});
  }

  /// Lanes that stop, `predicted` those of them that a prediction stops, a bit each.
  void stops(std::uint32_t index, std::uint32_t predicted, std::uint64_t now) {
    const Pe& pe = pes_[index];
    for (std::uint32_t s = 0; s < pe.sequencers.size(); ++s) {
      const auto report = pe.sequencers[s].template report<SequencerReport>();
      if (report.stops == 0) continue;
      const std::uint32_t first = pe.sequencers.size() == 1 ? 0 : s;  // lane
      for (std::uint32_t lane = 0; lane < config_.windows; ++lane)
        if ((report.stops >> lane & 1) != 0) {
          const bool is_predicted = (predicted >> (first + lane) & 1) != 0;
          sink_.on(event::Stop{now + 1, index, pe.tile, report.group * config_.windows + first + lane,
                               is_predicted ? 0 : report.left, is_predicted ? report.left : 0});
        }
    }
  }

  const Lowering& lowering_;
  fabric::TileStore<Own>& tiles_;
  Array& array_;
  Sink& sink_;
  std::uint32_t rows_, columns_;
  const Config& config_;
  std::vector<Pe> pes_;
  bool moved_ = false;
};

}  // namespace lacuna::gather
