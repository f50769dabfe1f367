// The mask of one chunk: bit p is set if position p holds a nonzero value. Up to 128 positions in two words; engines
// walk chunks of up to 64 positions as one.
#pragma once

#include <bit>
#include <cstdint>

namespace lacuna {

struct Mask {
  std::uint64_t low = 0;   ///< positions 0..63
  std::uint64_t high = 0;  ///< positions 64..127

  /// The lowest `count` positions, 0..128.
  static constexpr Mask first(unsigned count) {
    const auto word = [](unsigned n) { return n >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << n) - 1; };
    return {word(count), count > 64 ? word(count - 64) : 0};
  }

  [[nodiscard]] constexpr bool none() const { return (low | high) == 0; }
  [[nodiscard]] constexpr unsigned count() const {
    return static_cast<unsigned>(std::popcount(low) + std::popcount(high));
  }
  /// The lowest set position; the mask must not be empty.
  [[nodiscard]] constexpr unsigned lowest() const {
    return static_cast<unsigned>(low != 0 ? std::countr_zero(low) : 64 + std::countr_zero(high));
  }
  constexpr void clear_lowest() {
    if (low != 0)
      low &= low - 1;
    else
      high &= high - 1;
  }
  [[nodiscard]] constexpr bool test(unsigned p) const { return ((p < 64 ? low >> p : high >> (p - 64)) & 1) != 0; }
  constexpr void set(unsigned p) { (p < 64 ? low : high) |= std::uint64_t{1} << (p & 63); }

  friend constexpr Mask operator&(Mask a, Mask b) { return {a.low & b.low, a.high & b.high}; }
  friend constexpr Mask operator|(Mask a, Mask b) { return {a.low | b.low, a.high | b.high}; }
  /// Positions of a that are not in b.
  friend constexpr Mask without(Mask a, Mask b) { return {a.low & ~b.low, a.high & ~b.high}; }
  bool operator==(const Mask&) const = default;
};

/// The lower word of a Mask alone, for chunks of up to 64 positions. The same operations.
struct NarrowMask {
  std::uint64_t low = 0;

  NarrowMask() = default;
  constexpr explicit NarrowMask(std::uint64_t bits) : low(bits) {}
  constexpr explicit NarrowMask(const Mask& mask) : low(mask.low) {}

  [[nodiscard]] constexpr bool none() const { return low == 0; }
  [[nodiscard]] constexpr unsigned count() const { return static_cast<unsigned>(std::popcount(low)); }
  [[nodiscard]] constexpr unsigned lowest() const { return static_cast<unsigned>(std::countr_zero(low)); }
  constexpr void clear_lowest() { low &= low - 1; }

  friend constexpr NarrowMask operator&(NarrowMask a, NarrowMask b) { return NarrowMask(a.low & b.low); }
  friend constexpr NarrowMask without(NarrowMask a, NarrowMask b) { return NarrowMask(a.low & ~b.low); }
};

}  // namespace lacuna
