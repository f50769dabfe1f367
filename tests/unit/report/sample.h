// A report whose figures are easy to work out by hand.
#pragma once

#include <fmt/format.h>

#include "datapaths/intersect/config.h"
#include "machine/family.h"
#include "report/report.h"

namespace lacuna {

/// A machine of 2 x 3 PEs with 2 lanes at 500 MHz, and two layers that kept it busy for half of their cycles.
inline Report sample() {
  Report report;
  report.version = "1.2.3";
  report.engine = "systemc";
  report.machine.array.rows = 2;
  report.machine.array.columns = 3;
  intersect::config(report.machine).lanes = 2;
  report.machine.clock_mhz = 500;
  report.config_hash = "c0ffee";
  report.energy_table = "t";
  report.workload = "net";
  report.source = "a test, \"quoted\"";
  for (std::uint64_t i = 1; i <= 2; ++i) {
    LayerReport layer;
    LayerOutcome& o = layer.outcome;
    o.name = fmt::format("layer{}", i);
    layer.op = "conv";
    layer.images = 2 * i;
    layer.verified = true;
    o.cycles = 1000 * i;
    o.dense_pairs = 9000 * i;
    o.pairs[PairClass::Executed] = 3000 * i;
    o.pairs[PairClass::Skipped] = 6000 * i;
    o.per_pe.resize(6);
    for (auto& pe : o.per_pe) {
      pe[PeClass::Busy] = 500 * i;
      pe[PeClass::Imbalance] = 500 * i;
      o.pe_cycles += pe;
    }
    const ActionList& actions = family(report.machine).actions();
    o.actions = ActionCounts(actions);
    o.actions[CommonAction::DramRead] = 64 * i;
    layer.energy.actions = ByAction<double>(actions);
    layer.energy.actions[common_action(CommonAction::DramRead)] = 100.0 * static_cast<double>(i);
    layer.energy.total = 100.0 * static_cast<double>(i);
    o.notes = {"generated", fmt::format("only layer {}, \"this\"", i)};
    report.layers.push_back(layer);
  }
  return report;
}

}  // namespace lacuna
