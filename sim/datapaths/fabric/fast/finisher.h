// What becomes of a complete sum on its way to the output buffer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>

#include "machine/config.h"
#include "workload/layer.h"

namespace lacuna::fabric::fast {

/// Sums are rescaled and clipped, near-zero values dropped.
class Finisher {
 public:
  Finisher(const Machine& machine, const Layer& layer) : layer_(layer), threshold_(machine.post.threshold) {
    if (!layer.requantise.empty()) {
      const unsigned bits = layer.operand_bits() - (layer.relu ? 0 : 1);
      highest_ = (std::int64_t{1} << bits) - 1;
      lowest_ = -highest_ - 1;
    }
    if (layer.relu) lowest_ = 0;
  }

  /// Values of `count` sums of one filter, which lie `stride` apart.
  template <typename Sum>
  void finish(std::uint32_t filter, const Sum* sums, std::size_t stride, std::uint32_t count,
              std::int64_t* values) const {
    const Scale scale = scale_of(filter);
    for (std::uint32_t i = 0; i < count; ++i) values[i] = finished(scale, sums[i * stride]);
  }

  /// The least and the largest of the sums of a filter that end as zero: values grow with sums, and a sum of zero is
  /// one of them.
  [[nodiscard]] std::pair<std::int32_t, std::int32_t> zeros(std::uint32_t filter) const {
    const Scale scale = scale_of(filter);
    const auto furthest = [&](std::int64_t end) {
      if (finished(scale, end) == 0) return static_cast<std::int32_t>(end);
      std::int64_t zero = 0, other = end;
      while (other - zero > 1 || zero - other > 1) {
        const std::int64_t middle = zero + (other - zero) / 2;
        (finished(scale, middle) == 0 ? zero : other) = middle;
      }
      return static_cast<std::int32_t>(zero);
    };
    return {furthest(INT32_MIN), furthest(INT32_MAX)};
  }

 private:
  struct Scale {
    std::int64_t multiplier = 1, half = 0;
    unsigned shift = 0;
  };
  [[nodiscard]] Scale scale_of(std::uint32_t filter) const {
    if (layer_.requantise.empty()) return {};
    const Requantise& scale = layer_.requantise[filter];
    return {scale.multiplier, scale.shift == 0 ? 0 : std::int64_t{1} << (scale.shift - 1), scale.shift};
  }
  [[nodiscard]] std::int64_t finished(const Scale& scale, std::int64_t sum) const {
    std::int64_t value = (sum * scale.multiplier + scale.half) >> scale.shift;
    value = value > highest_ ? highest_ : value;
    value = value < lowest_ ? lowest_ : value;
    return value < threshold_ && -value < threshold_ ? 0 : value;
  }

  const Layer& layer_;
  std::int64_t threshold_;
  std::int64_t lowest_ = std::numeric_limits<std::int64_t>::min() / 2;
  std::int64_t highest_ = std::numeric_limits<std::int64_t>::max() / 2;
};

}  // namespace lacuna::fabric::fast
