// Records and units in words: every field that a kind has is told, and none that it has not.
#include "check/record_text.h"

#include <array>
#include <catch2/catch.hpp>

#include "base/error.h"

using namespace lacuna;

namespace {

constexpr std::array<UnitInfo, 4> kUnits{{{"memory", Each::Machine, Each::Machine, "memory"},
                                          {"row feeder", Each::Row, Each::Row, "feeders"},
                                          {"drain", Each::Column, Each::Column, "drains"},
                                          {"PE", Each::Pe, Each::Pe, "PEs"}}};
constexpr std::array<KindInfo, 4> kKinds{{
    {.name = "fetch", .unit = 0, .values = {"bytes"}, .step = "block"},
    {.name = "wait", .unit = 3, .has_tile = false},
    {.name = "group", .unit = 3, .values = {"executed", "wasted", "gated", "psum"}, .step = "step"},
    {.name = "drain", .unit = 2, .values = {"row"}, .ends = true},
}};
constexpr Vocabulary kVocabulary{kUnits, kKinds};

Record record_of(std::uint16_t kind) {
  Record record;
  record.cycle = 12;
  record.unit = 13;
  record.kind = kind;
  record.tile = TileIndex(3);
  record.step = StepIndex(1);
  record.values = {5, 6, 7, -8};
  return record;
}

}  // namespace

TEST_CASE("a unit is named by its place in what it is one of") {
  CHECK(text_of(Unit{0, 0}, kVocabulary, 4) == "memory");
  CHECK(text_of(Unit{1, 2}, kVocabulary, 4) == "row feeder 2");
  CHECK(text_of(Unit{2, 3}, kVocabulary, 4) == "drain 3");
  CHECK(text_of(Unit{3, 13}, kVocabulary, 4) == "PE (3, 1)");
  const Unit unit = unit_of(record_of(2), kVocabulary);
  CHECK(unit.info == 3);
  CHECK(unit.index == 13);
}

TEST_CASE("a record tells the fields that its kind has") {
  CHECK(text_of(record_of(0), kVocabulary) == "cycle 12 fetch tile 3 block 1 bytes 5");
  CHECK(text_of(record_of(2), kVocabulary) == "cycle 12 group tile 3 step 1 executed 5 wasted 6 gated 7 psum -8");
}

TEST_CASE("how long it took follows where the cycle is the first one") {
  Record first = record_of(0), last = record_of(3);
  first.cycles = last.cycles = 9;
  CHECK(text_of(first, kVocabulary) == "cycle 12 fetch tile 3 block 1 cycles 9 bytes 5");
  CHECK(text_of(last, kVocabulary) == "cycle 12 drain tile 3 row 5");
}

TEST_CASE("the class of a PE-cycle is told where there are no values") {
  Record wait = record_of(1), group = record_of(2);
  wait.spent = group.spent = PeClass::Busy;
  CHECK(text_of(wait, kVocabulary) == "cycle 12 wait busy");
  CHECK(text_of(group, kVocabulary) == "cycle 12 group tile 3 step 1 executed 5 wasted 6 gated 7 psum -8");
}

TEST_CASE("a kind that the vocabulary lacks is a bug") {
  CHECK_THROWS_AS(text_of(record_of(4), kVocabulary), Bug);
  CHECK_THROWS_AS(unit_of(record_of(4), kVocabulary), Bug);
}
