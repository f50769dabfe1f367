// Files of the program: a program that is not installed has those of its sources.
#include "base/program_files.h"

#include <catch2/catch.hpp>

using namespace lacuna;

TEST_CASE("a program that is not installed finds the files of its sources") {
  CHECK(program_files() == LACUNA_SOURCE_DIR);
  CHECK(std::filesystem::is_regular_file(program_files() / "configs/default.yaml"));
}
