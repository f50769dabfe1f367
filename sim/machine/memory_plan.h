// Which bytes come from DRAM for which tile: what the global buffer can hold decides what is read again.
// The rules are in sim/memory/README.md.
#pragma once

#include <cstdint>
#include <vector>

#include "base/enum_names.h"

namespace lacuna {

/// Which operand stays while the other sweeps.
enum class Order { Auto, FiltersOuter, WindowsOuter };

template <>
struct EnumNames<Order> {
  static constexpr std::array<std::string_view, 3> names = {"auto", "filters_outer", "windows_outer"};
};

/// How often an operand is read from DRAM.
enum class Reread : std::uint8_t { OncePerLayer, OncePerSweep, EveryTile };

/// Stored bytes of the operands of one layer, unit by unit.
struct StoredOperands {
  std::uint32_t groups = 1, filter_tiles = 0, window_tiles = 0;
  std::vector<std::uint64_t> filter_tile;  ///< [group][filter tile]: weights
  std::vector<std::uint64_t> window_all;   ///< [group][window tile]: every input row the tile reads
  std::vector<std::uint64_t> window_new;   ///< [group][window tile]: those no earlier window tile has read
};

class MemoryPlan {
 public:
  /// `capacity`: bytes of the global buffer.
  MemoryPlan(Order order, std::uint64_t capacity, StoredOperands stored);

  [[nodiscard]] bool filters_outer() const { return filters_outer_; }
  /// DRAM bytes of the weights of a tile, before rounding to bursts; 0 if the global buffer still holds them.
  [[nodiscard]] std::uint64_t weight_bytes(std::uint32_t group, std::uint32_t filter_tile,
                                           std::uint32_t window_tile) const;
  /// The same of its inputs.
  [[nodiscard]] std::uint64_t input_bytes(std::uint32_t group, std::uint32_t filter_tile,
                                          std::uint32_t window_tile) const;

 private:
  void choose(bool filters_outer, std::uint64_t capacity);
  [[nodiscard]] std::uint64_t total_bytes() const;

  StoredOperands stored_;
  bool filters_outer_ = true;
  Reread weights_ = Reread::OncePerLayer;
  Reread inputs_ = Reread::OncePerLayer;
};

}  // namespace lacuna
