// The loops over values in which engines without a clock spend their time, for several instruction sets; the same
// results from each.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace lacuna::fabric::fast {

/// PEs, or filters, side by side in one vector; rows of data of each are padded to it.
constexpr std::uint32_t kLanes = 16;
constexpr std::uint32_t padded(std::uint32_t n) { return (n + kLanes - 1) / kLanes * kLanes; }

struct ValueKernels {
  std::string_view name;
  /// Bit p of word w: element 64 w + p of the row, elements of `size` bytes (1, 2 or 4), is not zero.
  void (*nonzero)(const void* row, std::uint32_t size, std::uint32_t words, std::uint64_t* bits);
  /// to[column][row] = from[row][column] of bytes; rows of `from` are `from_stride` apart, of `to` `to_stride`.
  /// `readable` bytes may be read at `from`.
  void (*transpose)(const std::uint8_t* from, std::size_t readable, std::size_t from_stride, std::uint32_t rows,
                    std::uint32_t columns, std::uint8_t* to, std::size_t to_stride);
  /// Bytes as numbers of 16 bits.
  void (*widen)(const std::uint8_t* bytes, bool is_signed, std::size_t count, std::int16_t* to);
  /// sums[window][filter] += products over `pairs` pairs of positions of 16 filters, weights [pair][filter][2], and
  /// `count` windows, `stride` elements apart. Sums wrap.
  void (*products)(const std::int16_t* weights, const std::int16_t* windows, std::size_t stride, std::uint32_t count,
                   std::uint32_t pairs, std::int32_t* sums);
  /// The same of bytes, unsigned ones of windows, for one or two sixteens of filters, `distance` weights and 256 sums
  /// apart: weights [four positions][filter][4]. Null where that is no faster.
  void (*byte_products)(const std::int8_t* weights, std::size_t distance, std::uint32_t sixteens,
                        const std::uint8_t* windows, std::size_t stride, std::uint32_t count, std::uint32_t fours,
                        std::int32_t* sums);
  /// The same of wide operands: weights [position][filter].
  void (*wide_products)(const std::int32_t* weights, const std::int32_t* windows, std::size_t stride,
                        std::uint32_t count, std::uint32_t positions, std::int64_t* sums);
  /// totals[window] += amount for every f whose sums[window][f] is below lowest[f] or above highest[f].
  void (*add_outside)(const std::int32_t* sums, std::uint32_t count, const std::int32_t* lowest,
                      const std::int32_t* highest, std::uint32_t amount, std::uint32_t* totals);
  /// Slots of a chunk of up to 128 positions before the first one with which `sum`, lowered by the products of negative
  /// weights, is not above zero; there is one. A slot is a position whose weight is not above zero and for which
  /// costs_slot[2 x (weight not zero) + (activation not zero)]. Up to 127 bytes more may be read. Null where that is no
  /// faster.
  std::uint32_t (*slots_before_stop)(const std::int8_t* weights, const std::uint8_t* activations, std::uint32_t length,
                                     std::int32_t sum, const bool* costs_slot);
  /// Bit f of bits[window]: sums[window][f] <= 0.
  void (*not_above_zero)(const std::int32_t* sums, std::uint32_t count, std::uint16_t* bits);
};

/// The fastest kernels this processor runs.
const ValueKernels& best_value_kernels();

}  // namespace lacuna::fabric::fast
