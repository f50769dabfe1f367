// The words in which the gather machine is watched: its units, and what they report.
#include <array>

#include "datapaths/gather/events.h"

namespace lacuna::gather {

namespace {

enum Unit : std::uint16_t { kPe, kRowFeeder, kColumnFeeder, kDrainBus, kFetches, kWrites };

constexpr std::array<UnitInfo, 6> kUnits = {{
    {"PE", Each::Pe, Each::Pe, "PEs"},
    {"row feeder", Each::Row, Each::Row, "row feeders (weights)"},
    {"column feeder", Each::Column, Each::Column, "column feeders (activations)"},
    {"drain of PE", Each::Pe, Each::Column, "drain buses"},
    {"memory (fetches)", Each::Machine, Each::Machine, "memory"},
    {"memory (writes)", Each::Machine, Each::Machine, "memory"},
}};

/// In the order of Kind.
constexpr std::array<KindInfo, 10> kKinds = {{
    {.name = "group",
     .unit = kPe,
     .values = {"executed", "wasted", "gated", "psum"},
     .shown = Shown::Cycles,
     .step = "step",
     .enters_tile = true},
    {.name = "wait", .unit = kPe, .shown = Shown::Cycles, .shifts = Shifts::Not, .has_tile = false},
    {.name = "open", .unit = kPe, .values = {"skipped"}, .step = "step"},
    {.name = "stop", .unit = kPe, .values = {"window", "terminated"}, .shown = Shown::Mark, .slice = "stop"},
    {.name = "retire",
     .unit = kPe,
     .values = {"psum"},
     .shown = Shown::Mark,
     .has_tile = false,
     .leaves_tile = true,
     .slice = "result"},
    {.name = "send weights",
     .unit = kRowFeeder,
     .values = {"bytes", "PEs"},
     .shown = Shown::Slice,
     .step = "step",
     .ends = true,
     .enters_tile = true,
     .slice = "step {step}"},
    {.name = "send activations",
     .unit = kColumnFeeder,
     .values = {"bytes", "PEs"},
     .shown = Shown::Slice,
     .step = "step",
     .ends = true,
     .enters_tile = true,
     .slice = "step {step}"},
    {.name = "drain",
     .unit = kDrainBus,
     .values = {"value"},
     .shown = Shown::Slice,
     .enters_tile = true,
     .slice = "row {row}"},
    {.name = "fetch",
     .unit = kFetches,
     .values = {"dram_bytes", "buffer_bytes"},
     .shown = Shown::Slice,
     .shifts = Shifts::WhileNoStop,
     .keeps_cycles = false,
     .step = "block",
     .slice = "fetch tile {tile} block {step}"},
    {.name = "write",
     .unit = kWrites,
     .values = {"bytes", "dram_bytes"},
     .shown = Shown::Slice,
     .keeps_cycles = false,
     .slice = "write tile {tile}"},
}};

constexpr Vocabulary kVocabulary{kUnits, kKinds};

}  // namespace

const Vocabulary& vocabulary() { return kVocabulary; }

}  // namespace lacuna::gather
