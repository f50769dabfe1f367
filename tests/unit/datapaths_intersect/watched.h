// What the SystemC engine reported of a layer, and questions about it in the manner of a device's timing tables: it did
// not happen in cycle n - 1, it happened in cycle n.
#pragma once

#include <algorithm>
#include <optional>
#include <vector>

#include "datapaths/intersect/events.h"
#include "datapaths/intersect/systemc/engine.h"
#include "layers.h"
#include "machine/record.h"

namespace lacuna::test {

class Watched : private RecordSink {
 public:
  Watched(const Machine& machine, const Layer& layer)
      : outcome(intersect::make_systemc_engine(EngineOptions{})->observe(machine, layer, *this, nullptr)) {}

  /// The records of a kind of unit `unit`, by cycle.
  [[nodiscard]] std::vector<Record> of(intersect::Kind kind, std::uint32_t unit = 0) const {
    std::vector<Record> some;
    std::ranges::copy_if(records_, std::back_inserter(some),
                         [&](const Record& r) { return r.kind == static_cast<std::uint16_t>(kind) && r.unit == unit; });
    return some;
  }
  /// Record `nth` of them; a failing check if there is none.
  [[nodiscard]] Record nth(intersect::Kind kind, std::size_t nth, std::uint32_t unit = 0) const {
    const std::vector<Record> some = of(kind, unit);
    REQUIRE(nth < some.size());
    return some[nth];
  }
  /// Record `nth` of the kind comes in cycle `cycle`, and none of the kind comes between the record before and that.
  [[nodiscard]] bool at(std::uint64_t cycle, intersect::Kind kind, std::size_t nth = 0, std::uint32_t unit = 0) const {
    const std::vector<Record> some = of(kind, unit);
    INFO("not at " << cycle - 1 << ", at " << cycle);
    return nth < some.size() && some[nth].cycle == cycle;
  }

 private:
  void on(const Record& record) override { records_.push_back(record); }

  std::vector<Record> records_;

 public:
  LayerOutcome outcome;  ///< the last member: its making fills the others
};

}  // namespace lacuna::test
