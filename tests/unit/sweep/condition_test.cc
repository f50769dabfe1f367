// What `skip_where` means, against values worked out by hand, and every way to get it wrong.
#include "sweep/condition.h"

#include <catch2/catch.hpp>

#include "base/error.h"

using namespace lacuna;

namespace {

/// On a machine of 8 x 16 PEs, chunk 64, lanes 1, skip both, 1000 MHz.
std::vector<Parameter> machine() {
  Machine machine;
  machine.array.rows = 8;
  return parameters(machine);
}

bool holds(const std::string& text, const std::vector<Parameter>& on = machine()) {
  return Condition(yaml::load_text("skip_where: " + text, "s.yaml").entries[0].second).holds(on);
}

std::string refusal(const std::string& text) {
  try {
    (void)holds(text);
  } catch (const UserError& error) {
    return error.what();
  }
  return "(no error)";
}

}  // namespace

TEST_CASE("comparisons and arithmetic are those of numbers") {
  CHECK(holds("array.rows == 8"));
  CHECK(holds("array.rows * array.columns > 127"));
  CHECK_FALSE(holds("array.rows * array.columns > 128"));
  CHECK(holds("array.rows + array.columns * 2 == 40"));
  CHECK(holds("(array.rows + array.columns) * 2 == 48"));
  CHECK(holds("array.columns - array.rows - 4 == 4"));
  CHECK(holds("array.rows / array.columns == 0.5"));
  CHECK(holds("intersect.chunk % 60 == 4"));
  CHECK(holds("clock_mhz >= 1000"));
  CHECK(holds("clock_mhz <= 1000"));
  CHECK_FALSE(holds("clock_mhz != 1000"));
  CHECK_FALSE(holds("clock_mhz < 1000"));
}

TEST_CASE("a comparison with a parameter that a machine does not have is neither true nor false") {
  std::vector<Parameter> other = machine();  // of a family without the section, its parameters at other places
  std::erase_if(other, [](const Parameter& p) { return p.name.starts_with("intersect."); });
  CHECK(holds("clock_mhz == 1000", other));
  for (const std::string unknown : {"intersect.skip == both", "intersect.skip != both", "intersect.chunk + 1 > 3"}) {
    CHECK_FALSE(holds(unknown, other));
    CHECK_FALSE(holds("not (" + unknown + ")", other));
    CHECK_FALSE(holds(unknown + " and array.rows == 8", other));
    CHECK(holds(unknown + " or array.rows == 8", other));
    CHECK(holds("array.rows == 8 or " + unknown, other));
    CHECK(holds("not (" + unknown + " and array.rows == 9)", other));
  }
}

TEST_CASE("a parameter's name of an earlier version says where it went") {
  CHECK(refusal("array.skip == both") == "s.yaml:1:13: 'array.skip' is now 'intersect.skip'");
}

TEST_CASE("words are compared as words") {
  CHECK(holds("intersect.skip == both"));
  CHECK(holds("intersect.skip != gate"));
  CHECK_FALSE(holds("both == intersect.skip and array.operand == int16"));
  CHECK(holds("intersect.weights.encoding == intersect.activations.encoding"));
  CHECK(holds("name == default"));
}

TEST_CASE("not binds tighter than and and tighter than or") {
  CHECK(holds("array.rows == 8 or array.rows == 9 and array.rows == 10"));
  CHECK_FALSE(holds("(array.rows == 8 or array.rows == 9) and array.rows == 10"));
  CHECK(holds("not array.rows == 9 and array.columns == 16"));
  CHECK_FALSE(holds("not (array.rows == 8 and array.columns == 16)"));
  CHECK(holds("not not array.rows == 8"));
}

TEST_CASE("a condition that cannot be read is refused at the word") {
  CHECK(refusal("array.rosw > 3") == "s.yaml:1:13: unknown parameter 'array.rosw'; did you mean 'array.rows'? (" + [] {
    std::string names;
    for (const auto& p : all_parameters()) names += (names.empty() ? "" : ", ") + p.name;
    return names;
  }() + ")");
  CHECK(refusal("intersect.skip == bot") ==
        "s.yaml:1:31: unknown intersect.skip 'bot'; did you mean 'both'? (none, gate, "
        "activations, weights, both)");
  CHECK_THAT(refusal("rows == columns"), Catch::StartsWith("s.yaml:1:13: unknown parameter 'rows'"));
  CHECK(refusal("intersect.skip > 3") == "s.yaml:1:13: this is a word ('intersect.skip'); need a number");
  CHECK(refusal("array.rows == both") == "s.yaml:1:27: this is a word ('both'); need a number");
  CHECK(refusal("intersect.skip == 3") == "s.yaml:1:31: this is a number; need a word");
  CHECK(refusal("array.rows + 3") == "s.yaml:1:24: this is a number; need a condition");
  CHECK(refusal("array.rows") == "s.yaml:1:13: this is a number ('array.rows'); need a condition");
  CHECK(refusal("(array.rows > 1) + 2 > 3") == "s.yaml:1:25: this is a condition; need a number");
  CHECK(refusal("array.rows >") == "s.yaml:1:25: the condition ends where a parameter, a number or a word is needed");
  CHECK(refusal("array.rows > 1 array.columns") ==
        "s.yaml:1:28: 'array.columns' is not expected here; need 'and', 'or', an operator or the end");
  CHECK(refusal("array.rows > $") ==
        "s.yaml:1:26: '$' is not expected here; need a parameter, a number, a word or '('");
  CHECK(refusal("(array.rows > 1") == "s.yaml:1:28: '(' without ')'");
  CHECK(refusal("array.rows > 0x8") == "s.yaml:1:26: a number is '0x8'; need a decimal number, 0..1000000000000000");
  CHECK(refusal("'array.rows > 1 and'") ==
        "s.yaml:1:32: the condition ends where a parameter, a number or a word is needed");
  CHECK(refusal("array.rows / (array.columns - 16) > 1") == "s.yaml:1:24: a division by zero for one of the points");
  std::string chain = "array.rows == 1";
  for (int i = 0; i < 100'000; ++i) chain += " or array.rows == 1";
  CHECK_THAT(refusal(chain), Catch::EndsWith(": the condition has more than 1000 operators"));
  std::string deep(300, '(');
  CHECK_THAT(refusal(deep), Catch::EndsWith(": the condition is nested more than 200 deep"));
  CHECK(refusal("[[1]]") == "s.yaml:1:13: skip_where is a list; need text");
}
