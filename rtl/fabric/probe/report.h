// What the probes of the fabric report, as fabric_report_pkg.sv defines it. There the members stand in the opposite
// order; tests/rtl/check_rtl.py holds the two against each other.
#pragma once

#include <array>
#include <cstdint>

namespace lacuna::fabric {

/// What a feeder does in a cycle: FeederReport::activity.
enum FeederReported : std::uint32_t { kNoTile, kSending, kWaitingForRoom, kWaitingForBlock };

/// A feeder in one cycle.
struct FeederReport {
  static constexpr const char* kKind = "feeder";
  std::uint32_t activity;
  std::uint32_t complete;
  std::uint32_t bytes;
  std::array<std::uint32_t, 8> group;
};

}  // namespace lacuna::fabric
