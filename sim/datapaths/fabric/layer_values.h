// The operands of a layer in the order of the reduction (channel innermost, then column, then row of the kernel), and
// what they take in DRAM.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "machine/config.h"
#include "machine/memory_plan.h"
#include "workload/layer.h"

namespace lacuna::fabric {

/// Why sums of `layer` must not be stopped once they can only fall, with accumulators of `accumulator_bits`; nothing if
/// they may: ReLU follows, no input is negative, no partial sum leaves the accumulator's range.
std::optional<std::string> early_termination_refusal(const Layer& layer, unsigned accumulator_bits);

class LayerValues {
 public:
  /// UserError if the layer's operands are wider than the machine's. Layer and machine must outlive it.
  LayerValues(const Machine& machine, const Layer& layer);

  /// Positions of the reduction of one filter.
  [[nodiscard]] std::uint32_t positions() const { return k_; }
  /// Input channels of one group.
  [[nodiscard]] std::uint32_t channels() const { return channels_; }
  /// The input, [N, H, W, C]; made when first asked for.
  const std::vector<std::int32_t>& channels_innermost();
  /// [positions] of an output channel.
  void filter(std::uint32_t filter, std::int32_t* values) const;
  /// [positions] of the window (image x P + p) x Q + q, zeros where it reaches into the padding. Needs
  /// channels_innermost().
  void window(std::uint32_t group, std::uint64_t window, std::int32_t* values) const;
  /// [channels] of input pixel (h, w) of image n, zeros outside the image. Needs channels_innermost().
  void pixel(std::uint32_t group, std::uint64_t n, std::int64_t h, std::int64_t w, std::int32_t* values) const;
  /// [M]: nonzero weights.
  [[nodiscard]] std::vector<std::uint32_t> nonzeros() const;

  /// Bytes of one stored output value: an operand, or an accumulator where the layer does not requantise.
  [[nodiscard]] std::uint32_t output_bytes() const;
  /// What filter tiles of `filters` output channels each, in `filter_order` [M], and window tiles, of which tile t
  /// reads the windows begin[t] .. begin[t + 1] - 1, take in DRAM.
  [[nodiscard]] StoredOperands stored(const std::vector<std::uint32_t>& filter_order, std::uint32_t filters,
                                      const std::vector<std::uint64_t>& begin);

 private:
  /// Bytes of each output channel's weights in DRAM.
  [[nodiscard]] std::vector<std::uint64_t> filter_bytes() const;
  /// Bytes of each row of the input in DRAM, [group][N x H].
  [[nodiscard]] std::vector<std::uint64_t> input_row_bytes();

  const Machine& machine_;
  const Layer& layer_;
  std::uint32_t k_, channels_;
  std::vector<std::int32_t> input_;  ///< [N, H, W, C], once channels_innermost() was called
};

}  // namespace lacuna::fabric
