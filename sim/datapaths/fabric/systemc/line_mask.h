// A set of PEs of one row or column, up to 256.
#pragma once

#include <array>
#include <bit>
#include <cstdint>

namespace lacuna::fabric {

struct LineMask {
  std::array<std::uint64_t, 4> word{};

  static LineMask first(std::uint32_t count) {
    LineMask mask;
    for (std::uint32_t i = 0; i < count; ++i) mask.set(i);
    return mask;
  }
  static LineMask single(std::uint32_t index) {
    LineMask mask;
    mask.set(index);
    return mask;
  }
  void set(std::uint32_t i) { word[i >> 6] |= std::uint64_t{1} << (i & 63); }
  void clear(std::uint32_t i) { word[i >> 6] &= ~(std::uint64_t{1} << (i & 63)); }
  [[nodiscard]] bool test(std::uint32_t i) const { return ((word[i >> 6] >> (i & 63)) & 1) != 0; }
  /// No element in common.
  [[nodiscard]] bool disjoint(const LineMask& other) const {
    return ((word[0] & other.word[0]) | (word[1] & other.word[1]) | (word[2] & other.word[2]) |
            (word[3] & other.word[3])) == 0;
  }
  /// Every element of `other` is here.
  [[nodiscard]] bool contains(const LineMask& other) const {
    return ((other.word[0] & ~word[0]) | (other.word[1] & ~word[1]) | (other.word[2] & ~word[2]) |
            (other.word[3] & ~word[3])) == 0;
  }
  [[nodiscard]] std::uint32_t count() const {
    return static_cast<std::uint32_t>(std::popcount(word[0]) + std::popcount(word[1]) + std::popcount(word[2]) +
                                      std::popcount(word[3]));
  }
  /// Calls `visit` with each element, ascending.
  template <typename Visit>
  void for_each(Visit visit) const {
    for (std::uint32_t w = 0; w < word.size(); ++w)
      for (std::uint64_t left = word[w]; left != 0; left &= left - 1)
        visit(w * 64 + static_cast<std::uint32_t>(std::countr_zero(left)));
  }
};

}  // namespace lacuna::fabric
