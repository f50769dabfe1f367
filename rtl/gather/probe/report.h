// What the probes of the gather machine report, as gather_report_pkg.sv defines it. There the members stand in the
// opposite order; tests/rtl/check_rtl.py holds the two against each other.
#pragma once

#include <cstdint>

namespace lacuna::gather {

/// Flags of PeReport, from the lowest bit on.
enum class PeFlag : std::uint32_t {
  Group,
  Issue,
  Open,
  Pop,
  Blocked,
  Waits,
  BetweenTiles,
  NoWeight,
  NoActivation,
  Retire,
};

/// A PE in one cycle.
struct PeReport {
  static constexpr const char* kKind = "pe";
  std::int64_t sum;
  std::int64_t retired;
  std::uint32_t flags;
  std::uint32_t executed;
  std::uint32_t wasted;
  std::uint32_t unmultiplied;
  std::uint32_t entries;
  std::uint32_t predicted;

  [[nodiscard]] bool is(PeFlag flag) const { return ((flags >> static_cast<std::uint32_t>(flag)) & 1) != 0; }
};

/// Lanes that go together, in one cycle.
struct SequencerReport {
  static constexpr const char* kKind = "sequencer";
  std::uint32_t stops;
  std::uint32_t group;
  std::uint32_t left;
};

}  // namespace lacuna::gather
