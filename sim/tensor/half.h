// Half-precision numbers, which files have and nothing here computes with.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>

namespace lacuna {

/// IEEE 754 binary16 as binary32, which holds all of its values.
inline float from_half(std::uint16_t half) {
  const std::uint32_t exponent = (half >> 10) & 0x1f, fraction = half & 0x3ff;
  float value;
  if (exponent == 0x1f)
    value = fraction == 0 ? std::numeric_limits<float>::infinity() : std::numeric_limits<float>::quiet_NaN();
  else if (exponent == 0)
    value = std::ldexp(static_cast<float>(fraction), -24);
  else
    value = std::ldexp(static_cast<float>(fraction + 0x400), static_cast<int>(exponent) - 25);
  return half >> 15 != 0 ? -value : value;
}

}  // namespace lacuna
