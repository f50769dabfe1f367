// Random choices of a test case, the same on every machine for the same seed.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>

#include "base/enum_names.h"
#include "base/random.h"

namespace lacuna {

class Draw {
 public:
  explicit Draw(std::uint64_t seed) : random_(seed) {}

  /// Uniform in lowest..highest.
  std::uint32_t between(std::uint32_t lowest, std::uint32_t highest) {
    return lowest + static_cast<std::uint32_t>(random_.below(highest - lowest + 1));
  }
  template <typename T>
  T one_of(std::initializer_list<T> values) {
    return values.begin()[random_.below(values.size())];
  }
  /// Any word of an enumeration: one that is new is drawn by itself.
  template <typename Enum>
  Enum any() {
    return static_cast<Enum>(random_.below(enum_count<Enum>()));
  }
  double unit() { return random_.unit(); }
  bool chance(double p) { return unit() < p; }

 private:
  Random random_;
};

}  // namespace lacuna
