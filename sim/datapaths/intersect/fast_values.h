// What are the values? Outputs of a layer, the bytes they take where they are written, and the places where early
// termination stops a sum. None of it depends on time, so it is computed for the whole layer first, in the order that
// suits products.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "datapaths/intersect/fast_operands.h"
#include "tensor/tensor.h"

namespace lacuna::fast {

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

class Values {
 public:
  explicit Values(const Operands& operands);

  /// [N, M, P, Q]; to be taken once.
  Tensor take_output() { return std::move(output_); }
  /// Bytes of the results of one column: `rows` neighbouring filters of the array, from place `place` of the group on,
  /// of one window.
  [[nodiscard]] std::uint32_t column_bytes(std::uint32_t group, std::uint32_t place, std::uint64_t window) const {
    return column_bytes_[(std::size_t{group} * blocks_ + place / rows_) * windows_ + window];
  }
  /// The stops of the filter at place `place` of its group, by window. Only with early termination.
  [[nodiscard]] const Stop* stops(std::uint32_t group, std::uint32_t place) const {
    return stops_.data() + (std::size_t{group} * group_filters_ + place) * windows_;
  }

 private:
  template <typename Input, typename Weight, typename Sum>
  void compute();

  const Operands& operands_;
  std::uint32_t rows_, group_filters_, blocks_;
  std::uint64_t windows_;
  Tensor output_;
  std::vector<std::uint32_t> column_bytes_;  ///< [group][block of rows][window]
  std::vector<Stop> stops_;                  ///< [group][place][window]
};

}  // namespace lacuna::fast
