// Stalls are a pure function with the share that was asked for, independent from port to port.
#include "memory/stalls.h"

#include <catch2/catch.hpp>
#include <cmath>

using namespace lacuna;

namespace {

constexpr Stalls::Port kPort{0}, kOtherPort{1};

}  // namespace

TEST_CASE("no stalls hold nothing back") {
  CHECK(!Stalls().any());
  for (std::uint64_t cycle = 0; cycle < 1000; ++cycle) CHECK(!Stalls().holds(Stalls::kMemory, 0, cycle));
}

TEST_CASE("each port is held back for its share of cycles whatever the others do") {
  constexpr int kCycles = 100000;
  const Stalls stalls(200000, 7);
  const auto count = [&](auto held) {
    int n = 0;
    for (std::uint64_t cycle = 0; cycle < kCycles; ++cycle) n += held(cycle) ? 1 : 0;
    return n;
  };
  // Five standard deviations of a binomial count.
  const auto near = [&](int n, double p) { return std::abs(n - p * kCycles) < 5 * std::sqrt(kCycles * p * (1 - p)); };
  const auto first = [&](std::uint64_t c) { return stalls.holds(kPort, 0, c); };
  const auto second = [&](std::uint64_t c) { return stalls.holds(kPort, 1, c); };
  const auto other = [&](std::uint64_t c) { return stalls.holds(kOtherPort, 0, c); };
  CHECK(near(count(first), 0.2));
  CHECK(near(count(second), 0.2));
  CHECK(near(count([&](std::uint64_t c) { return first(c) && second(c); }), 0.04));
  CHECK(near(count([&](std::uint64_t c) { return first(c) && other(c); }), 0.04));
  CHECK(near(count([&](std::uint64_t c) { return first(c) && Stalls(200000, 8).holds(kPort, 0, c); }), 0.04));
}
