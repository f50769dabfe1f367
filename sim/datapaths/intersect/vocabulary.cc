// The words in which the intersect machine is watched: what its PEs report beside the kinds of the fabric.
#include "datapaths/fabric/vocabulary.h"

#include "datapaths/intersect/events.h"

namespace lacuna::intersect {

namespace {

using fabric::kPe;

/// In the order of Kind.
constexpr std::array<KindInfo, 13> kKinds = {{
    {.name = "group",
     .unit = kPe,
     .values = {"executed", "wasted", "gated", "psum"},
     .shown = Shown::Cycles,
     .step = "step",
     .enters_tile = true},
    {.name = "kill", .unit = kPe, .values = {"slots"}, .shown = Shown::Cycles, .shifts = Shifts::Not, .step = "step"},
    fabric::kWait,
    {.name = "open", .unit = kPe, .values = {"skipped"}, .shifts = Shifts::WhileNoStop, .step = "step"},
    {.name = "stop",
     .unit = kPe,
     .values = {"terminated", "skipped"},
     .shown = Shown::Mark,
     .shifts = Shifts::Place,
     .step = "step",
     .slice = "stop"},
    fabric::kRetire,
    fabric::send("send weights", fabric::kRowFeeder, Shifts::WhileNoStop),
    fabric::send("end weights", fabric::kRowFeeder, Shifts::WhileNoStop, "end token"),
    fabric::send("send activations", fabric::kColumnFeeder, Shifts::WhileNoStop),
    fabric::send("end activations", fabric::kColumnFeeder, Shifts::WhileNoStop, "end token"),
    fabric::kDrain,
    fabric::kFetch,
    fabric::kWrite,
}};

constexpr Vocabulary kVocabulary{fabric::kUnits, kKinds};

}  // namespace

const Vocabulary& vocabulary() { return kVocabulary; }

}  // namespace lacuna::intersect
