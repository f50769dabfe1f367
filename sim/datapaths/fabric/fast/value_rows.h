// The values of windows and filters in the order of the reduction, and which of them are zero.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "datapaths/fabric/fast/aligned.h"
#include "datapaths/fabric/fast/kernels/kernels.h"
#include "workload/layer.h"

namespace lacuna::fabric::fast {

class ValueRows {
 public:
  /// `filter_order` [M]: group by group, the output channels in the order in which they are mapped. `chunk`: rows are
  /// filled up with zeros to a multiple of it. Both layer and order must outlive it.
  ValueRows(const Layer& layer, const std::vector<std::uint32_t>& filter_order, std::uint32_t chunk,
            const ValueKernels& kernels);

  /// Bytes of an input as window rows hold it: 1 if it is an unsigned byte and the kernels multiply bytes, 2 for other
  /// operands of 8 bits, 4 for those of 16.
  [[nodiscard]] std::uint32_t input_size() const { return input_size_; }
  /// Elements of a row: K, zeros up to a whole chunk and some more.
  [[nodiscard]] std::size_t stride() const { return stride_; }
  /// Calls visit(i, first element) for `count` windows from `window` on; the first element of a window in the image
  /// names it below.
  template <typename Visit>
  void for_windows(std::uint32_t group, std::uint64_t window, std::uint32_t count, Visit visit) const;
  /// The inputs of a window. T is std::uint8_t, std::int16_t or std::int32_t: input_size().
  template <typename T>
  void window(std::size_t first_element, T* row) const;
  /// The weights of the filter mapped at place `place` of its group. T is std::int8_t, std::int16_t or std::int32_t
  /// likewise.
  template <typename T>
  void filter(std::uint32_t group, std::uint32_t place, T* row) const;

  /// Words of the bits of a row, the last two of which are zero.
  [[nodiscard]] std::size_t bit_words() const { return (stride_in_chunks_ + 63) / 64 + 2; }
  /// Bit p: input p of the window is not zero.
  void window_bits(std::size_t first_element, std::uint64_t* bits) const;

  /// Whether each 64 bits of a window are one word of the image's bits: word c of the window is
  /// image_bits()[first element / 64 + word_offsets()[c]].
  [[nodiscard]] bool whole_words() const { return !word_offsets_.empty(); }
  [[nodiscard]] const std::uint64_t* image_bits() const { return image_bits_.data(); }
  [[nodiscard]] const std::vector<std::uint32_t>& word_offsets() const { return word_offsets_; }

 private:
  /// Calls visit(first element, elements) for the runs of neighbours in the image that make up the window.
  template <typename Visit>
  void for_runs(std::size_t first_element, Visit visit) const;
  void lay_out_image();

  const Layer& layer_;
  const std::vector<std::uint32_t>& filter_order_;
  const ValueKernels& kernels_;
  std::uint32_t k_ = 0, group_filters_ = 0, group_channels_ = 0;
  std::uint32_t input_size_ = 1;
  std::uint32_t stored_size_ = 1;  ///< bytes of an input in the image
  std::size_t stride_ = 0, stride_in_chunks_ = 0;
  /// [N][H + padding][W + padding][C]: operands of 8 bits as they are, others in 32 bits.
  Aligned<std::byte> image_;
  std::uint32_t image_height_ = 0, image_width_ = 0;
  Aligned<std::uint64_t> image_bits_;  ///< which of them are not zero
  std::vector<std::uint32_t> word_offsets_;
};

template <typename Visit>
void ValueRows::for_windows(std::uint32_t group, std::uint64_t window, std::uint32_t count, Visit visit) const {
  const ConvShape& shape = layer_.shape;
  const std::uint32_t columns = shape.Q(), rows = shape.P();
  auto q = static_cast<std::uint32_t>(window % columns);
  auto p = static_cast<std::uint32_t>(window / columns % rows);
  std::uint64_t n = window / columns / rows;
  for (std::uint32_t i = 0; i < count; ++i) {
    visit(i, ((n * image_height_ + std::size_t{p} * shape.stride_h) * image_width_ + std::size_t{q} * shape.stride_w) *
                     shape.C +
                 std::size_t{group} * group_channels_);
    if (++q < columns) continue;
    q = 0;
    if (++p < rows) continue;
    p = 0;
    ++n;
  }
}

/// Calls visit(window element, weight element) with values of the types in which rows hold operands of `input_size`
/// bytes.
template <typename Visit>
void with_elements(std::uint32_t input_size, Visit&& visit) {
  if (input_size == 1)
    visit(std::uint8_t{}, std::int8_t{});
  else if (input_size == 2)
    visit(std::int16_t{}, std::int16_t{});
  else
    visit(std::int32_t{}, std::int32_t{});
}

}  // namespace lacuna::fabric::fast
