// What are the values? Outputs of a layer, the bytes they take where they are written, and the places where early
// termination stops a sum. None of it depends on time, so it is computed for the whole layer first, in the order that
// suits products.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "datapaths/intersect/fast/operands.h"
#include "tensor/tensor.h"

namespace lacuna::intersect::fast {

/// Where a sum stops: after the last positive weight, or in a chunk of the negative pass with group `group` of its
/// slots.
class Stop {
 public:
  Stop() = default;
  static Stop after_positive() { return Stop(kAfterPositive); }
  static Stop at(std::uint32_t chunk, std::uint32_t group) { return Stop(chunk << 8 | group); }
  [[nodiscard]] bool never() const { return code_ == kNever; }
  [[nodiscard]] bool is_after_positive() const { return code_ == kAfterPositive; }
  [[nodiscard]] std::uint32_t chunk() const { return code_ >> 8; }
  [[nodiscard]] std::uint32_t group() const { return code_ & 255; }

 private:
  static constexpr std::uint32_t kNever = UINT32_MAX, kAfterPositive = UINT32_MAX - 1;
  explicit Stop(std::uint32_t code) : code_(code) {}
  std::uint32_t code_ = kNever;
};

/// The values of a layer, where they are kept.
struct ValueStore {
  bool keeps_outputs = true;
  bool bytes_need_values = false;      ///< the bytes of results as they are written depend on them
  std::uint32_t output_bytes = 0;      ///< of one that is stored dense
  std::uint32_t rows = 0, groups = 0;  ///< of the array, of the layer
  std::uint32_t group_filters = 0,
                filter_tiles = 0;  ///< of a group: filters, filter tiles: as many filters as the array has rows
  std::uint64_t windows = 0;
  Tensor output;                            ///< [N, M, P, Q]
  std::vector<std::uint32_t> column_bytes;  ///< [group][filter tile][window], if they depend on values
  std::vector<Stop> stops;                  ///< [group][place][window], with early termination

  [[nodiscard]] std::size_t column(std::uint32_t group, std::uint32_t filter_tile, std::uint64_t window) const {
    return (std::size_t{group} * filter_tiles + filter_tile) * windows + window;
  }
};

/// Filter tiles and windows of one group.
struct ValueArea {
  std::uint32_t group = 0, first_filter_tile = 0, last_filter_tile = 0;
  std::uint64_t first_window = 0, last_window = 0;
};

class Values {
 public:
  /// Computes nothing yet. Without `outputs` only what times and traffic depend on will be computed, which may be
  /// nothing.
  Values(const Operands& operands, bool outputs);

  /// Computes all values of those operands, on up to `threads` threads.
  void compute(const Operands& operands, unsigned threads);
  /// Computes those of an area only; nothing may be asked about others.
  void compute(const Operands& operands, const ValueArea& area, unsigned threads);

  [[nodiscard]] const Tensor& output() const { return store_.output; }
  /// [N, M, P, Q]; to be taken once, if outputs are kept.
  Tensor take_output() { return std::move(store_.output); }
  /// Bytes of the results of one column: `rows` neighbouring filters of the array, from place `place` of the group on,
  /// of one window.
  [[nodiscard]] std::uint32_t column_bytes(std::uint32_t group, std::uint32_t place, std::uint64_t window) const {
    if (store_.column_bytes.empty()) return std::min(store_.rows, store_.group_filters - place) * store_.output_bytes;
    return store_.column_bytes[store_.column(group, place / store_.rows, window)];
  }
  /// The same of each window, if bytes depend on values; else null.
  [[nodiscard]] const std::uint32_t* column_bytes(std::uint32_t group, std::uint32_t place) const {
    if (store_.column_bytes.empty()) return nullptr;
    return store_.column_bytes.data() + store_.column(group, place / store_.rows, 0);
  }
  /// The stops of the filter at place `place` of its group, by window. Only with early termination.
  [[nodiscard]] const Stop* stops(std::uint32_t group, std::uint32_t place) const {
    return store_.stops.data() + (std::size_t{group} * store_.group_filters + place) * store_.windows;
  }

 private:
  ValueStore store_;
  bool needed_ = true;
};

/// `machine` without what decides no value and no written byte: machines that are equal then have the same Values
/// without outputs.
Machine values_machine(const Machine& machine);

}  // namespace lacuna::intersect::fast
