// Where every drawn number comes from: a seeded generator that gives the same bytes on every machine.
//
// xoshiro256** (Blackman and Vigna, 2018) with its state filled by splitmix64. The distributions use comparisons,
// additions and multiplications by powers of two only: no libm, nothing a compiler may fuse or reorder into another
// result, and no std::distribution, whose algorithms the standard leaves open.
#pragma once

#include <array>
#include <bit>
#include <cstdint>

#include "base/error.h"

namespace lacuna {

class Random {
 public:
  explicit Random(std::uint64_t seed) {
    for (auto& word : state_) {  // splitmix64
      seed += 0x9e3779b97f4a7c15u;
      std::uint64_t z = seed;
      z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
      z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
      word = z ^ (z >> 31);
    }
  }

  /// 64 uniform bits.
  std::uint64_t next() {
    const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
    const std::uint64_t t = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= t;
    state_[3] = std::rotl(state_[3], 45);
    return result;
  }

  /// Uniform in 0..n-1 without bias; Bug if n is 0.
  std::uint64_t below(std::uint64_t n) {
    LACUNA_CHECK(n > 0, "Random::below(0)");
    const std::uint64_t rejected = (0 - n) % n;  // 2^64 mod n: this many values would favour the first residues
    std::uint64_t r = next();
    while (r < rejected) r = next();
    return r % n;
  }

  /// Uniform in [0, 1), a multiple of 2^-53.
  double unit() { return static_cast<double>(next() >> 11) * 0x1p-53; }

  /// Mean 0, variance 1, within -6..6: the sum of twelve uniforms (Irwin-Hall), close to normal but for the far tails.
  double normal() {
    double sum = -6.0;
    for (int i = 0; i < 12; ++i) sum += unit();
    return sum;
  }

  /// Exponential with mean 1, by von Neumann's comparison of uniforms (1951): exact up to the 53 bits of unit().
  double exponential() {
    for (double whole = 0;; whole += 1) {
      const double first = unit();
      double last = first;
      bool odd = true;  // length of the falling run that begins with `first`
      for (double u = unit(); u < last; u = unit()) {
        last = u;
        odd = !odd;
      }
      if (odd) return whole + first;
    }
  }

  /// Heavy-tailed: Laplace with mean 0 and scale 1 (mean absolute value 1, variance 2).
  double heavy_tailed() {
    const bool negative = (next() >> 63) != 0;
    const double magnitude = exponential();
    return negative ? -magnitude : magnitude;
  }

 private:
  std::array<std::uint64_t, 4> state_{};
};

}  // namespace lacuna
