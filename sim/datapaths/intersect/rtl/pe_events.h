// Turns what the probes on PEs saw in a cycle into events: which tile and step a PE was in is counted here, from what
// the RTL did; the rest is the fabric's.
#pragma once

#include <vector>

#include "datapaths/fabric/rtl/array_events.h"
#include "datapaths/intersect/parts.h"
#include "datapaths/intersect/skip_rules.h"
#include "rtl/intersect/probe/report.h"
#include "rtl/rtl_model.h"

namespace lacuna::intersect {

template <typename Rtl, typename Sink>
class PeEvents {
 public:
  using Array = fabric::ArrayEvents<Rtl, Sink>;

  PeEvents(const RtlModel& model, const Lowering& lowering, TileStore& tiles, Array& array, Sink& sink)
      : tiles_(tiles),
        array_(array),
        sink_(sink),
        rows_(lowering.machine().array.rows),
        columns_(lowering.machine().array.columns),
        rule_(config(lowering.machine()).skip),
        probes_(array.pe_probes(model, PeReport::kKind)) {
    pes_.resize(probes_.size());
    for (Row row(0); row < rows_; ++row)
      for (Column column(0); column < columns_; ++column)
        pes_[row * columns_ + column].last_tile = lowering.last_tile(row, column).value_or(kNoTileIndex);
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
  void pe(Row row, Column column, std::uint32_t index, std::uint64_t now) {
    const auto report = probes_[index].template report<PeReport>();
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
      pe.waits = array_.why(row, column,
                            {.tile = pe.tile,
                             .last_tile = pe.last_tile,
                             .blocked = report.is(PeFlag::Blocked),
                             .done = report.is(PeFlag::Stopped) || report.is(PeFlag::BetweenTiles),
                             .discards = report.is(PeFlag::Discard),
                             .no_weight = report.is(PeFlag::NoWeight)});
    else
      pe.issued.push_back({pe.tile, pe.step});
    if (index == 0) array_.first_pe(report.is(PeFlag::Issue) ? PeClass::Busy : pe.waits);
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

  void open(Row row, Column column, std::uint32_t index, const PeReport& report, std::uint64_t now) {
    Pe& pe = pes_[index];
    if (report.is(PeFlag::BetweenTiles)) {
      pe.tile = array_.begun_tile(row, column, pe.tile, now);
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

  TileStore& tiles_;
  Array& array_;
  Sink& sink_;
  std::uint32_t rows_, columns_;
  SkipRule rule_;
  std::vector<Probe> probes_;
  std::vector<Pe> pes_;
  bool moved_ = false;
};

}  // namespace lacuna::intersect
