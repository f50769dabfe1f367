// What a unit reports, whatever the family: one shape for checks, traces and lists. A family says in its vocabulary
// what its units are called, what they report, and how it is shown. Engines keep typed events and make a record of one
// only where something records.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "machine/counts.h"
#include "machine/index.h"

namespace lacuna {

struct Record {
  std::uint64_t cycle = 0;       ///< in which it began, or ended: KindInfo::ends
  std::uint64_t cycles = 1;      ///< how long it took
  std::uint32_t unit = 0;        ///< index within the units of the kind: a PE (row x columns + column), a row, a column
  std::uint16_t kind = 0;        ///< index in Vocabulary::kinds
  std::optional<PeClass> spent;  ///< the class of this cycle of this PE, if the record accounts for it
  TileIndex tile;
  StepIndex step;
  std::array<std::int64_t, 4> values{};  ///< by kind

  bool operator==(const Record&) const = default;
};

/// How many there are of something.
enum class Each : std::uint8_t { Machine, Row, Column, Pe };

/// Records of one unit come in the order of cycles; a check compares them one by one.
struct UnitInfo {
  std::string_view name;   ///< "PE", "row feeder"
  Each each = Each::Pe;    ///< one for each
  Each track = Each::Pe;   ///< in a trace: PEs of a column may share one (units by PE, track by column)
  std::string_view group;  ///< heading of the tracks in a trace: units with one heading and `track` share tracks
};

/// How a trace shows a record.
enum class Shown : std::uint8_t { No, Cycles, Slice, Mark };

/// What of a record is the same in a machine that does the same things later (a stage more in a pipeline).
enum class Shifts : std::uint8_t {
  Whole,        ///< everything but the cycle
  WhileNoStop,  ///< the same, unless sums stop early: a later stop lawfully changes it
  Place,        ///< that it happens in this tile
  Not,          ///< nothing: it is not compared
};

struct KindInfo {
  std::string_view name = "";                ///< "group", "send weights"
  std::uint16_t unit = 0;                    ///< index in Vocabulary::units
  std::array<std::string_view, 4> values{};  ///< names, "" for those that are not used
  Shown shown = Shown::No;
  Shifts shifts = Shifts::Whole;
  bool keeps_cycles = true;  ///< later it takes as long; false where that depends on what else is under way then
  bool has_tile = true;
  std::string_view step = "";                     ///< "step", "block", or "" if it has none
  bool ends = false;                              ///< `cycle` is the last of `cycles`, not the first
  bool enters_tile = false, leaves_tile = false;  ///< on the track of a trace
  std::string_view slice = "";                    ///< text of a slice or mark: "fetch tile {tile} block {step}", {row}
};

struct Vocabulary {
  std::span<const UnitInfo> units;
  std::span<const KindInfo> kinds;
};

/// Takes records, by cycle.
class RecordSink {
 public:
  virtual ~RecordSink() = default;
  virtual void on(const Record& record) = 0;
};

}  // namespace lacuna
