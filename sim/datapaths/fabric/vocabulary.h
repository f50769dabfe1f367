// The words in which what families share is watched: the units of the fabric, and what they report. A family lists
// these kinds among its own, in the order of its Kind.
#pragma once

#include <array>

#include "machine/record.h"

namespace lacuna::fabric {

enum Unit : std::uint16_t { kPe, kRowFeeder, kColumnFeeder, kDrainBus, kFetches, kWrites };

/// In the order of Unit.
constexpr std::array<UnitInfo, 6> kUnits = {{
    {"PE", Each::Pe, Each::Pe, "PEs"},
    {"row feeder", Each::Row, Each::Row, "row feeders (weights)"},
    {"column feeder", Each::Column, Each::Column, "column feeders (activations)"},
    {"drain of PE", Each::Pe, Each::Column, "drain buses"},
    {"memory (fetches)", Each::Machine, Each::Machine, "memory"},
    {"memory (writes)", Each::Machine, Each::Machine, "memory"},
}};

constexpr KindInfo kWait = {
    .name = "wait", .unit = kPe, .shown = Shown::Cycles, .shifts = Shifts::Not, .has_tile = false};
constexpr KindInfo kRetire = {.name = "retire",
                              .unit = kPe,
                              .values = {"psum"},
                              .shown = Shown::Mark,
                              .has_tile = false,
                              .leaves_tile = true,
                              .slice = "result"};
/// What a feeder sends; `shifts` where PEs that stop end a tile early.
constexpr KindInfo send(std::string_view name, Unit unit, Shifts shifts, std::string_view slice = "step {step}") {
  return {.name = name,
          .unit = unit,
          .values = {"bytes", "PEs"},
          .shown = Shown::Slice,
          .shifts = shifts,
          .step = "step",
          .ends = true,
          .enters_tile = true,
          .slice = slice};
}
constexpr KindInfo kDrain = {.name = "drain",
                             .unit = kDrainBus,
                             .values = {"value"},
                             .shown = Shown::Slice,
                             .enters_tile = true,
                             .slice = "row {row}"};
constexpr KindInfo kFetch = {.name = "fetch",
                             .unit = kFetches,
                             .values = {"dram_bytes", "buffer_bytes"},
                             .shown = Shown::Slice,
                             .shifts = Shifts::WhileNoStop,
                             .keeps_cycles = false,
                             .step = "block",
                             .slice = "fetch tile {tile} block {step}"};
constexpr KindInfo kWrite = {.name = "write",
                             .unit = kWrites,
                             .values = {"bytes", "dram_bytes"},
                             .shown = Shown::Slice,
                             .keeps_cycles = false,
                             .slice = "write tile {tile}"};

}  // namespace lacuna::fabric
