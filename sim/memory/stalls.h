// Random back-pressure: which port is held back in which cycle. The engines with ports read the same stalls, so a check
// stays strict under them. Which ports a machine has, and what holding one back does, is on its page, section
// Back-pressure.
#pragma once

#include <cstdint>

namespace lacuna {

class Stalls {
 public:
  /// A kind of port. A family counts its own from 0 (`Port{n}`).
  enum class Port : std::uint8_t {};
  /// Memory's, the same in every machine.
  static constexpr Port kMemory{255};

  /// Nothing is ever held back.
  Stalls() = default;
  /// Each port in each cycle with probability `millionths` / 1,000,000 (below 1), decided by `seed`.
  Stalls(std::uint32_t millionths, std::uint64_t seed)
      : limit_(static_cast<std::uint64_t>(millionths) * (UINT64_MAX / 1000000)), seed_(seed) {}

  [[nodiscard]] bool any() const { return limit_ != 0; }
  /// Whether the `index`th `port` of its kind (of a row, a column; 0 for memory) is held back in `cycle`. A pure
  /// function.
  [[nodiscard]] bool holds(Port port, std::uint32_t index, std::uint64_t cycle) const {
    return limit_ != 0 && mixed(port, index, cycle) < limit_;
  }

 private:
  /// Uniform bits: the finaliser of splitmix64, twice.
  [[nodiscard]] std::uint64_t mixed(Port port, std::uint32_t index, std::uint64_t cycle) const {
    const auto mix = [](std::uint64_t z) {
      z += 0x9e3779b97f4a7c15u;
      z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
      z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
      return z ^ (z >> 31);
    };
    return mix(mix(seed_ ^ (std::uint64_t{index} << 8 | static_cast<std::uint64_t>(port)) << 20) ^ cycle);
  }

  std::uint64_t limit_ = 0, seed_ = 0;
};

}  // namespace lacuna
