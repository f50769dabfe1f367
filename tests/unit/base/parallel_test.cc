#include "base/parallel.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <stdexcept>
#include <string>
#include <vector>

using namespace lacuna;

TEST_CASE("every part is done once with any number of threads") {
  for (const unsigned threads : {1u, 2u, 3u, 7u}) {
    std::vector<std::atomic<int>> done(100);
    std::atomic<bool> worker_in_range{true};
    parallel_for(done.size(), threads, [&](std::size_t part, unsigned worker) {
      ++done[part];
      if (worker >= threads) worker_in_range = false;
    });
    CHECK(worker_in_range);
    for (const auto& count : done) CHECK(count == 1);
  }
}

TEST_CASE("no parts are no work") {
  parallel_for(0, 4, [](std::size_t, unsigned) { FAIL("there is no part"); });
}

TEST_CASE("of several failures the lowest is thrown with any number of threads") {
  for (const unsigned threads : {1u, 2u, 3u, 7u})
    for (int repeat = 0; repeat < 20; ++repeat)
      CHECK_THROWS_WITH(parallel_for(50, threads,
                                     [](std::size_t part, unsigned) {
                                       if (part >= 5) throw std::runtime_error(std::to_string(part));
                                     }),
                        "5");
}

TEST_CASE("there is at least one core") { CHECK(available_cores() >= 1); }
