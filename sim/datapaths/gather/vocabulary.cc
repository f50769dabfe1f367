// The words in which the gather machine is watched: what its PEs report beside the kinds of the fabric.
#include "datapaths/fabric/vocabulary.h"

#include "datapaths/gather/events.h"

namespace lacuna::gather {

namespace {

using fabric::kPe;

/// In the order of Kind.
constexpr std::array<KindInfo, 10> kKinds = {{
    {.name = "group",
     .unit = kPe,
     .values = {"executed", "wasted", "gated", "psum"},
     .shown = Shown::Cycles,
     .step = "step",
     .enters_tile = true},
    fabric::kWait,
    {.name = "open", .unit = kPe, .values = {"skipped"}, .step = "step"},
    {.name = "stop",
     .unit = kPe,
     .values = {"window", "terminated", "predicted"},
     .shown = Shown::Mark,
     .slice = "stop"},
    fabric::kRetire,
    fabric::send("send weights", fabric::kRowFeeder, Shifts::Whole),
    fabric::send("send activations", fabric::kColumnFeeder, Shifts::Whole),
    fabric::kDrain,
    fabric::kFetch,
    fabric::kWrite,
}};

constexpr Vocabulary kVocabulary{fabric::kUnits, kKinds};

}  // namespace

const Vocabulary& vocabulary() { return kVocabulary; }

}  // namespace lacuna::gather
