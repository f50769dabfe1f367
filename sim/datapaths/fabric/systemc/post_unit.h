// What a post unit makes of a complete sum: requantise, ReLU, clamp, near-zero threshold.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>

#include "machine/config.h"
#include "workload/layer.h"

namespace lacuna::fabric {

class PostUnit {
 public:
  PostUnit(const Machine& machine, const Layer& layer)
      : layer_(layer), threshold_(static_cast<std::int64_t>(machine.post.threshold)) {
    const unsigned bits = layer.operand_bits();
    if (layer.requantise.empty()) {
      lowest_ = std::numeric_limits<std::int64_t>::min();
      highest_ = std::numeric_limits<std::int64_t>::max();
    } else {
      lowest_ = -(std::int64_t{1} << (bits - 1));
      highest_ = (std::int64_t{1} << (bits - (layer.relu ? 0 : 1))) - 1;
    }
    if (layer.relu) lowest_ = 0;
  }

  /// The output value of `sum` in output channel `filter`. |sum| < 2^47 and multiplier < 2^16 keep the product in 64
  /// bits.
  [[nodiscard]] std::int64_t operator()(std::int64_t sum, std::uint32_t filter) const {
    std::int64_t value = sum;
    if (!layer_.requantise.empty()) {
      const Requantise& r = layer_.requantise[filter];
      const std::int64_t half = r.shift == 0 ? 0 : std::int64_t{1} << (r.shift - 1);
      value = (value * static_cast<std::int64_t>(r.multiplier) + half) >> r.shift;
    }
    value = std::clamp(value, lowest_, highest_);
    return value > -threshold_ && value < threshold_ ? 0 : value;
  }

 private:
  const Layer& layer_;
  std::int64_t threshold_;
  std::int64_t lowest_ = 0, highest_ = 0;
};

}  // namespace lacuna::fabric
