// Same seed, same numbers on every machine, and the distributions they claim to be.
#include "base/random.h"

#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <cmath>
#include <vector>

using lacuna::Random;

TEST_CASE("the generator gives the numbers of an independent implementation") {
  // xoshiro256** seeded by splitmix64(42), written a second time in Python from the authors' descriptions.
  Random random(42);
  const std::array<std::uint64_t, 4> expected = {1546998764402558742u, 6990951692964543102u, 12544586762248559009u,
                                                 17057574109182124193u};
  for (auto value : expected) CHECK(random.next() == value);
}

TEST_CASE("below stays below and takes every value equally often") {
  Random random(1);
  std::array<int, 7> counts{};
  constexpr int kDraws = 70000;
  for (int i = 0; i < kDraws; ++i) ++counts.at(random.below(7));
  for (int count : counts) CHECK(std::abs(count - kDraws / 7) < 500);  // five standard deviations: 5 sqrt(10000 6/7)
  CHECK(random.below(1) == 0);
  CHECK_THROWS_AS(random.below(0), lacuna::Bug);
}

TEST_CASE("unit lies in the half-open interval from 0 to 1") {
  Random random(2);
  double lowest = 1, highest = 0, sum = 0;
  for (int i = 0; i < 100000; ++i) {
    const double u = random.unit();
    lowest = std::min(lowest, u);
    highest = std::max(highest, u);
    sum += u;
  }
  CHECK(lowest >= 0);
  CHECK(highest < 1);
  CHECK(sum / 100000 == Approx(0.5).margin(0.005));
}

TEST_CASE("normal has mean 0 and variance 1 and heavy_tailed is a Laplace distribution of scale 1") {
  Random random(3);
  constexpr int kDraws = 200000;
  double sum = 0, squares = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double x = random.normal();
    sum += x;
    squares += x * x;
  }
  CHECK(sum / kDraws == Approx(0).margin(0.01));
  CHECK(squares / kDraws == Approx(1).margin(0.02));

  double magnitudes = 0;
  sum = 0;
  int beyond = 0;  // P(|x| > 3) = exp(-3) = 0.0498
  for (int i = 0; i < kDraws; ++i) {
    const double x = random.heavy_tailed();
    sum += x;
    magnitudes += std::fabs(x);
    beyond += std::fabs(x) > 3 ? 1 : 0;
  }
  CHECK(sum / kDraws == Approx(0).margin(0.02));
  CHECK(magnitudes / kDraws == Approx(1).margin(0.01));
  CHECK(static_cast<double>(beyond) / kDraws == Approx(std::exp(-3.0)).margin(0.003));
}
