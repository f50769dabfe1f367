// What the bar of a sweep says.
#include "cli/sweep_progress.h"

#include <catch2/catch.hpp>

using namespace lacuna;

TEST_CASE("the bar of a sweep shows points and rate and the time that the remaining work takes") {
  // A quarter of the work in 10 s: three times as much is left.
  CHECK(sweep_progress_line(500, 1000, 25, 100, 10) == "[#####...............] 500 of 1000 points, 50/s, 30 s left");
  CHECK(sweep_progress_line(0, 1000, 0, 100, 10) == "[....................] 0 of 1000 points");
  CHECK(sweep_progress_line(3, 3, 7, 7, 2) == "[####################] 3 of 3 points, 1.5/s, 0 s left");
  CHECK(sweep_progress_line(1, 10, 1, 100, 10) == "[....................] 1 of 10 points, 0.1/s, 16 min 30 s left");
  CHECK(sweep_progress_line(1, 10, 1, 1000, 10) == "[....................] 1 of 10 points, 0.1/s, 2 h 46 min left");
  CHECK(sweep_progress_line(1, 4, 0, 0, 10) == "[#####...............] 1 of 4 points, 0.1/s, 30 s left");
}
