#include "datapaths/fabric/fast/value_rows.h"

#include <algorithm>
#include <cstring>
#include <type_traits>

#include "tensor/element_types.h"

namespace lacuna::fabric::fast {

ValueRows::ValueRows(const Layer& layer, const std::vector<std::uint32_t>& filter_order, std::uint32_t chunk,
                     const ValueKernels& kernels)
    : layer_(layer), filter_order_(filter_order), kernels_(kernels) {
  const ConvShape& shape = layer_.shape;
  group_filters_ = shape.M / shape.groups;
  group_channels_ = shape.C / shape.groups;
  k_ = shape.R * shape.S * group_channels_;
  const bool wide = layer_.operand_bits() == 16;
  stored_size_ = wide ? 4 : 1;
  input_size_ = wide ? 4 : kernels.byte_products && layer_.input.type() == DType::UInt8 ? 1 : 2;
  stride_in_chunks_ = std::size_t{(k_ + chunk - 1) / chunk} * chunk;
  // An odd number of cache lines apart, so that rows do not meet in the same sets; masks read up to two words past the
  // end.
  stride_ = (((stride_in_chunks_ + 192) * input_size_ + 127) / 128 * 128 + 64) / input_size_;
  lay_out_image();
  if (chunk == 64 && group_channels_ % 64 == 0)
    for (std::uint32_t r = 0; r < shape.R; ++r)
      for (std::uint32_t s = 0; s < shape.S; ++s)
        for (std::uint32_t c = 0; c < group_channels_; c += 64)
          word_offsets_.push_back(((r * shape.dilation_h * image_width_ + s * shape.dilation_w) * shape.C + c) / 64);
}

void ValueRows::lay_out_image() {
  const ConvShape& shape = layer_.shape;
  image_height_ = shape.H + shape.pad_top + shape.pad_bottom;
  image_width_ = shape.W + shape.pad_left + shape.pad_right;
  const std::size_t elements = std::size_t{shape.N} * image_height_ * image_width_ * shape.C;
  const std::size_t words = elements / 64 + 2;
  const bool padded = image_height_ != shape.H || image_width_ != shape.W;
  image_.resize(words * 64 * stored_size_);
  if (padded)
    std::memset(image_.data(), 0, image_.size());
  else
    std::memset(image_.data() + elements * stored_size_, 0, image_.size() - elements * stored_size_);
  with_operands(layer_.input, [&](auto values) {
    for (std::size_t n = 0; n < shape.N; ++n)
      for (std::size_t h = 0; h < shape.H; ++h) {
        const std::size_t to = ((n * image_height_ + h + shape.pad_top) * image_width_ + shape.pad_left) * shape.C;
        const std::size_t from = (n * shape.C * shape.H + h) * shape.W;
        const std::size_t plane = std::size_t{shape.H} * shape.W;
        if (stored_size_ == 1) {
          kernels_.transpose(reinterpret_cast<const std::uint8_t*>(values.data()) + from, values.size() - from, plane,
                             shape.C, shape.W, reinterpret_cast<std::uint8_t*>(image_.data()) + to, shape.C);
        } else {
          auto* const image = reinterpret_cast<std::int32_t*>(image_.data()) + to;
          for (std::size_t c = 0; c < shape.C; ++c)
            for (std::size_t w = 0; w < shape.W; ++w) image[w * shape.C + c] = values[from + c * plane + w];
        }
      }
  });
  image_bits_.resize(words + 1);
  kernels_.nonzero(image_.data(), stored_size_, static_cast<std::uint32_t>(words), image_bits_.data());
  image_bits_[words] = 0;
}

template <typename Visit>
void ValueRows::for_runs(std::size_t first, Visit visit) const {
  const ConvShape& shape = layer_.shape;
  const bool whole_rows = shape.groups == 1 && shape.dilation_w == 1;
  for (std::uint32_t r = 0; r < shape.R; ++r) {
    std::size_t from = first + std::size_t{r} * shape.dilation_h * image_width_ * shape.C;
    if (whole_rows) {
      visit(from, std::size_t{shape.S} * shape.C);
    } else {
      for (std::uint32_t s = 0; s < shape.S; ++s, from += std::size_t{shape.dilation_w} * shape.C)
        visit(from, group_channels_);
    }
  }
}

template <typename T>
void ValueRows::window(std::size_t first_element, T* row) const {
  LACUNA_CHECK(sizeof(T) == input_size_, "inputs take {} bytes", input_size_);
  const T* const end = row + stride_;
  const bool is_signed = layer_.input.type() == DType::Int8;
  for_runs(first_element, [&](std::size_t from, std::size_t count) {
    if constexpr (sizeof(T) == 2)
      kernels_.widen(reinterpret_cast<const std::uint8_t*>(image_.data()) + from, is_signed, count, row);
    else
      std::memcpy(row, reinterpret_cast<const T*>(image_.data()) + from, count * sizeof(T));
    row += count;
  });
  std::fill(row, const_cast<T*>(end), T{0});
}
template void ValueRows::window(std::size_t, std::uint8_t*) const;
template void ValueRows::window(std::size_t, std::int16_t*) const;
template void ValueRows::window(std::size_t, std::int32_t*) const;

template <typename T>
void ValueRows::filter(std::uint32_t group, std::uint32_t place, T* row) const {
  const ConvShape& shape = layer_.shape;
  const std::size_t filter = filter_order_[std::size_t{group} * group_filters_ + place];
  const std::uint32_t plane = shape.R * shape.S;
  with_operands(layer_.weights, [&](auto weights) {
    const std::size_t left = weights.size() - filter * k_;
    const auto* const from = weights.data() + filter * k_;
    if constexpr (sizeof(T) == 4) {
      for (std::uint32_t c = 0; c < group_channels_; ++c)
        for (std::uint32_t at = 0; at < plane; ++at)
          row[std::size_t{at} * group_channels_ + c] = static_cast<T>(from[std::size_t{c} * plane + at]);
    } else {
      const auto* const bytes = reinterpret_cast<const std::uint8_t*>(from);
      const auto reorder = [&](std::uint8_t* to) {
        if (plane == 1)
          std::memcpy(to, bytes, k_);
        else
          kernels_.transpose(bytes, left, plane, group_channels_, plane, to, group_channels_);
      };
      if constexpr (sizeof(T) == 1) {
        reorder(reinterpret_cast<std::uint8_t*>(row));
      } else {
        std::vector<std::uint8_t> ordered(k_);
        reorder(ordered.data());
        kernels_.widen(ordered.data(), layer_.weights.type() == DType::Int8, k_, row);
      }
    }
  });
  std::fill(row + k_, row + stride_, T{0});
}
template void ValueRows::filter(std::uint32_t, std::uint32_t, std::int8_t*) const;
template void ValueRows::filter(std::uint32_t, std::uint32_t, std::int16_t*) const;
template void ValueRows::filter(std::uint32_t, std::uint32_t, std::int32_t*) const;

void ValueRows::window_bits(std::size_t first_element, std::uint64_t* bits) const {
  std::fill_n(bits, bit_words(), 0);
  const std::uint64_t* const image = image_bits_.data();
  std::size_t at = 0;
  for_runs(first_element, [&](std::size_t from, std::size_t count) {
    for (std::size_t i = 0; i < count; i += 64) {
      const std::size_t first = from + i, n = std::min<std::size_t>(64, count - i);
      std::uint64_t word = image[first / 64] >> (first % 64);
      if (first % 64 != 0) word |= image[first / 64 + 1] << (64 - first % 64);
      if (n < 64) word &= (std::uint64_t{1} << n) - 1;
      bits[at / 64] |= word << (at % 64);
      if (at % 64 != 0) bits[at / 64 + 1] |= word >> (64 - at % 64);
      at += n;
    }
  });
}

}  // namespace lacuna::fabric::fast
