// Which bytes come from DRAM for which tile, and where they lie: what the global buffer can hold decides what is read
// again.
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

/// Bytes in DRAM that lie together.
struct Extent {
  std::uint64_t address = 0, bytes = 0;
  bool operator==(const Extent&) const = default;
};

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
  /// Bytes of the global buffer beside what it keeps to be read again: room for what is fetched and not yet loaded.
  [[nodiscard]] std::uint64_t room() const { return room_; }
  /// The weights of a tile in DRAM, before rounding to bursts; no bytes if the global buffer still holds them.
  [[nodiscard]] Extent weights(std::uint32_t group, std::uint32_t filter_tile, std::uint32_t window_tile) const;
  /// The same of its inputs.
  [[nodiscard]] Extent inputs(std::uint32_t group, std::uint32_t filter_tile, std::uint32_t window_tile) const;
  /// Where the outputs begin.
  [[nodiscard]] std::uint64_t output_address() const { return window_ends_.back(); }

 private:
  void choose(bool filters_outer, std::uint64_t capacity);
  [[nodiscard]] std::uint64_t total_bytes() const;

  StoredOperands stored_;
  std::vector<std::uint64_t> filter_begins_;  ///< address of each filter tile's weights
  std::vector<std::uint64_t> window_ends_;    ///< address behind the input rows of each window tile
  bool filters_outer_ = true;
  std::uint64_t room_ = 0;
  Reread weights_ = Reread::OncePerLayer;
  Reread inputs_ = Reread::OncePerLayer;
};

}  // namespace lacuna
