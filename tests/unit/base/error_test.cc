// Messages: the place in front, one line, and the nearest legal word.
#include "base/error.h"

#include <catch2/catch.hpp>

#include "base/enum_names.h"

using namespace lacuna;

namespace {

enum class Fruit { Apple, Pear };

}  // namespace

template <>
struct lacuna::EnumNames<Fruit> {
  static constexpr std::array<std::string_view, 2> names = {"apple", "pear"};
};

TEST_CASE("a user error is one line that begins with its place") {
  CHECK(std::string(UserError(Place{"a.yaml", 2, 3}, "wrong").what()) == "a.yaml:2:3: wrong");
  CHECK(std::string(UserError(Place{"a.yaml", 2, 0}, "wrong").what()) == "a.yaml:2: wrong");
  CHECK(std::string(UserError(Place{"a.yaml"}, "wrong").what()) == "a.yaml: wrong");
  CHECK(std::string(UserError(Place{}, "wrong").what()) == "wrong");
  CHECK(std::string(UserError(Place{"a\nb"}, "x\ty\x7f").what()) == "a\\x0ab: x\\x09y\\x7f");
  const std::vector<std::string> lines = {"of another program", "\x1b[31mred"};
  CHECK(std::string(UserError(Place{"a"}, "wrong:", lines).what()) ==
        "a: wrong:\n  of another program\n  \\x1b[31mred");
}

TEST_CASE("the nearest word is a misspelling away and otherwise there is none") {
  constexpr std::array<std::string_view, 4> legal = {"rows", "columns", "chunk", "lanes"};
  CHECK(nearest("colums", legal) == "columns");
  CHECK(nearest("rwos", legal) == "rows");  // a swap of neighbours is one error
  CHECK(nearest("chnuks", legal) == "chunk");
  CHECK(nearest("xyz", legal).empty());
  CHECK(nearest("", legal).empty());
  CHECK(nearest(std::string(1000, 'r'), legal).empty());
}

TEST_CASE("an unknown word is listed with the legal ones") {
  CHECK_THROWS_WITH(parse_enum<Fruit>("peer", Place{"f", 1, 2}, "fruit"),
                    "f:1:2: unknown fruit 'peer'; did you mean 'pear'? (apple, pear)");
  CHECK_THROWS_WITH(parse_enum<Fruit>("stone", Place{"f", 1, 2}, "fruit"),
                    "f:1:2: unknown fruit 'stone' (apple, pear)");
  CHECK(parse_enum<Fruit>("pear", Place{}, "fruit") == Fruit::Pear);
  CHECK(name_of(Fruit::Apple) == "apple");
}

TEST_CASE("a broken check names the check and no folder of the machine it was built on") {
  try {
    LACUNA_CHECK(1 + 1 == 3, "sum of {}", "ones");
    FAIL("no exception");
  } catch (const Bug& bug) {
    CHECK_THAT(bug.what(), Catch::Contains("check '1 + 1 == 3' failed: sum of ones"));
  }
}
