// What the probes of the intersect machine report, as intersect_report_pkg.sv defines it. There the members stand in
// the opposite order; tests/rtl/check_rtl.py holds the two against each other.
#pragma once

#include <cstdint>

namespace lacuna::intersect {

/// Flags of PeReport, from the lowest bit on.
enum class PeFlag : std::uint32_t {
  Multiplied,
  Killed,
  Issue,
  Open,
  Blocked,
  Stopped,
  BetweenTiles,
  Discard,
  NoWeight,
  NoActivation,
  Stop,
  Retire,
};

/// A PE in one cycle. Units: positions.
struct PeReport {
  static constexpr const char* kKind = "pe";
  std::uint32_t flags;
  std::uint32_t slots;
  std::uint32_t left;
  std::uint32_t executed;
  std::uint32_t wasted;
  std::uint32_t unmultiplied;
  std::int64_t sum;
  std::int64_t retired;

  [[nodiscard]] bool is(PeFlag flag) const { return ((flags >> static_cast<std::uint32_t>(flag)) & 1) != 0; }
};

}  // namespace lacuna::intersect
