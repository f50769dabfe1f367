// Other programs: what they print, how they end, and input of any size.
#include "base/child_process.h"

#include <catch2/catch.hpp>

using namespace lacuna;

TEST_CASE("a child's output and error come apart with its status") {
  const ChildResult result = run_child({"sh", "-c", "echo out; echo err >&2; exit 3"});
  CHECK(result.status == 3);
  CHECK(result.output == "out\n");
  CHECK(result.error == "err\n");
}

TEST_CASE("a child reads all of its input while it writes") {
  std::string text;
  for (int i = 0; i < 100'000; ++i) text += "line " + std::to_string(i) + "\n";
  const ChildResult result = run_child({"sh", "-c", "tee /dev/stderr"}, text);
  CHECK(result.status == 0);
  CHECK(result.output == text);
  CHECK(result.error == text);
}

TEST_CASE("a child that does not read its input does no harm") {
  CHECK(run_child({"true"}, std::string(1'000'000, 'x')).status == 0);
}

TEST_CASE("a killed child and a missing program are told from others") {
  CHECK(run_child({"sh", "-c", "kill -9 $$"}).status == 128 + 9);
  CHECK(run_child({"no-such-program-of-lacuna"}).status == -1);
}
