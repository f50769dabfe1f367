// How many bytes does a vector of operands take in memory, metadata included?
//
// A "unit" is one vector that is fetched on its own: the weights of a filter, the channels of a pixel. Its length n is
// known to both sides and costs nothing. Fields are packed without gaps, least significant bit first, and a unit
// ends on a whole byte. Worked example, n = 8, values 0 0 5 0 0 0 7 0, 8-bit operands, run_bits = index_bits = 1:
//
//   dense    0 0 5 0 0 0 7 0                                                                   8 bytes
//   bitmask  00100010, 5 7                                                                 1 + 2 bytes
//   rlc      (1,0) (0,5) (1,0) (1,7) (0,0)                                5 entries x 9 bits = 6 bytes
//   csc      pointer, (1,0) (0,5) (1,0) (1,7)            16-bit pointer + 4 entries x 9 bits = 7 bytes
//
// dense    n operands.
// bitmask  one bit a position, filled up to a byte, then the nonzero operands.
// rlc      as Eyeriss (ISCA'16): entries (run of zeros, level). A level of zero is itself one more zero, so that a run
//          longer than 2^run_bits - 1 continues in the next entry; zeros at the end are written too, the last entry
//          with a level of zero. A reader that knows n needs nothing else to find the end.
// csc      as EIE (ISCA'16): a pointer, then entries (zeros before, value), a value of zero where the gap is too long.
//          Zeros at the end are not written. The pointer is what the array of pointers holds for this unit: its
//          number of entries, modulo 2^pointer_bits.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "sparse/storage_format.h"

namespace lacuna {

struct FormatParams {
  StorageFormat format = StorageFormat::Dense;
  unsigned operand_bits = 8;   ///< 8 or 16
  unsigned run_bits = 4;       ///< rlc: 1..16
  unsigned index_bits = 4;     ///< csc: 1..16
  unsigned pointer_bits = 16;  ///< csc: 1..64
};

/// Bytes of one unit; the same number as encode().size(). O(n), without encoding anything.
/// T is std::int8_t, std::uint8_t, std::int16_t, std::uint16_t or std::int32_t.
template <typename T>
[[nodiscard]] std::uint64_t encoded_bytes(const FormatParams& params, std::span<const T> values);

/// How many of `values` are not zero. The same types.
template <typename T>
[[nodiscard]] std::uint64_t count_nonzeros(std::span<const T> values);

/// Whether the bytes of a unit depend on how many values are zero at most, not on which.
[[nodiscard]] constexpr bool counts_tell_bytes(StorageFormat format) {
  return format == StorageFormat::Dense || format == StorageFormat::Bitmask;
}
/// Bytes of one unit of `count` values, `nonzeros` of them not zero. Bug unless counts_tell_bytes(params.format).
[[nodiscard]] std::uint64_t encoded_bytes(const FormatParams& params, std::uint64_t count, std::uint64_t nonzeros);

/// The sum over all units of a tensor that is cut in units of `unit` values, the last one perhaps shorter.
template <typename T>
[[nodiscard]] std::uint64_t encoded_bytes(const FormatParams& params, std::span<const T> values, std::size_t unit) {
  std::uint64_t total = 0;
  for (std::size_t first = 0; first < values.size(); first += unit)
    total += encoded_bytes(params, values.subspan(first, std::min(unit, values.size() - first)));
  return total;
}

/// The bytes of one unit. Values are stored in two's complement; Bug if one does not fit operand_bits, signed or
/// unsigned.
[[nodiscard]] std::vector<std::byte> encode(const FormatParams& params, std::span<const std::int32_t> values);

/// The `count` values of one unit, sign-extended if `is_signed`. Bug if `bytes` is not what encode() makes of
/// `count` values.
[[nodiscard]] std::vector<std::int64_t> decode(const FormatParams& params, std::span<const std::byte> bytes,
                                               std::size_t count, bool is_signed);

}  // namespace lacuna
