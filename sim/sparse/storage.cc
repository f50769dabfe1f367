// The storage formats, twice: counted (fast, called for whole networks) and really encoded and decoded (the proof).
#include "sparse/storage.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <type_traits>

#include "base/error.h"

namespace lacuna {
namespace {

std::uint64_t bytes_of_bits(std::uint64_t bits) { return (bits + 7) / 8; }

void check(const FormatParams& p) {
  LACUNA_CHECK(p.operand_bits == 8 || p.operand_bits == 16, "operand_bits is {}", p.operand_bits);
  LACUNA_CHECK(p.run_bits >= 1 && p.run_bits <= 16, "run_bits is {}", p.run_bits);
  LACUNA_CHECK(p.index_bits >= 1 && p.index_bits <= 16, "index_bits is {}", p.index_bits);
  LACUNA_CHECK(p.pointer_bits >= 1 && p.pointer_bits <= 64, "pointer_bits is {}", p.pointer_bits);
}

struct Entries {
  std::uint64_t up_to_last;  ///< entries up to the last nonzero value
  std::uint64_t all;         ///< with those for the zeros at the end
};

/// Entries of a run-length code whose runs have `bits` bits: one for each nonzero, one for each 2^bits zeros in a row.
/// Without a branch on the data: masks of trained networks are as good as random to a branch predictor.
template <typename T>
Entries count_entries(std::span<const T> values, unsigned bits) {
  const std::uint32_t full = 1u << bits;
  std::uint64_t entries = 0, up_to_last = 0;
  std::uint32_t run = 0;
  for (const T value : values) {
    const bool nonzero = value != 0;
    ++run;
    const bool ends = nonzero | (run == full);
    entries += ends;
    run = ends ? 0 : run;
    up_to_last = nonzero ? entries : up_to_last;
  }
  return {up_to_last, entries + (run != 0)};
}

/// Elements of T in `word` that are not zero.
template <typename T>
unsigned nonzeros_of_word(std::uint64_t word) {
  constexpr std::uint64_t kOnes = ~std::uint64_t{0} / std::make_unsigned_t<T>(-1);  // 1 in every element
  constexpr std::uint64_t kTops = kOnes << (8 * sizeof(T) - 1);
  // The top bit of an element: it is set, or the other bits are not zero and carry into it.
  return static_cast<unsigned>(std::popcount((((word & ~kTops) + (kTops - kOnes)) | word) & kTops));
}

/// Appends fields of up to 64 bits, least significant bit first.
class BitWriter {
 public:
  void put(std::uint64_t field, unsigned bits) {
    for (unsigned i = 0; i < bits; ++i, ++used_) {
      if (used_ % 8 == 0) bytes_.push_back(std::byte{0});
      bytes_.back() |= static_cast<std::byte>(((field >> i) & 1u) << (used_ % 8));
    }
  }
  void fill_byte() { used_ = bytes_.size() * 8; }
  std::vector<std::byte> take() { return std::move(bytes_); }

 private:
  std::vector<std::byte> bytes_;
  std::size_t used_ = 0;
};

class BitReader {
 public:
  explicit BitReader(std::span<const std::byte> bytes) : bytes_(bytes) {}
  std::uint64_t get(unsigned bits) {
    LACUNA_CHECK(used_ + bits <= bytes_.size() * 8, "encoded unit ends early, at bit {}", bytes_.size() * 8);
    std::uint64_t field = 0;
    for (unsigned i = 0; i < bits; ++i, ++used_)
      field |= (std::to_integer<std::uint64_t>(bytes_[used_ / 8] >> (used_ % 8)) & 1u) << i;
    return field;
  }
  void fill_byte() { used_ = bytes_of_bits(used_) * 8; }
  [[nodiscard]] std::size_t left() const { return bytes_.size() * 8 - used_; }

 private:
  std::span<const std::byte> bytes_;
  std::size_t used_ = 0;
};

}  // namespace

template <typename T>
std::uint64_t count_nonzeros(std::span<const T> values) {
  constexpr std::size_t kTogether = 8 / sizeof(T);
  std::uint64_t count = 0, word = 0;
  std::size_t at = 0;
  for (; at + kTogether <= values.size(); at += kTogether) {
    std::memcpy(&word, values.data() + at, 8);
    count += nonzeros_of_word<T>(word);
  }
  for (; at < values.size(); ++at) count += values[at] != 0;
  return count;
}

template std::uint64_t count_nonzeros(std::span<const std::int8_t>);
template std::uint64_t count_nonzeros(std::span<const std::uint8_t>);
template std::uint64_t count_nonzeros(std::span<const std::int16_t>);
template std::uint64_t count_nonzeros(std::span<const std::uint16_t>);
template std::uint64_t count_nonzeros(std::span<const std::int32_t>);

std::uint64_t encoded_bytes(const FormatParams& p, std::uint64_t count, std::uint64_t nonzeros) {
  check(p);
  LACUNA_CHECK(counts_tell_bytes(p.format), "the size of a unit depends on which values are zero");
  const std::uint64_t operand = p.operand_bits / 8;
  return p.format == StorageFormat::Dense ? count * operand : bytes_of_bits(count) + nonzeros * operand;
}

template <typename T>
std::uint64_t encoded_bytes(const FormatParams& p, std::span<const T> values) {
  check(p);
  switch (p.format) {
    case StorageFormat::Dense:
      return encoded_bytes(p, values.size(), 0);
    case StorageFormat::Bitmask:
      return encoded_bytes(p, values.size(), count_nonzeros(values));
    case StorageFormat::Rlc:
      return bytes_of_bits(count_entries(values, p.run_bits).all * (p.run_bits + p.operand_bits));
    case StorageFormat::Csc:
      return bytes_of_bits(p.pointer_bits +
                           count_entries(values, p.index_bits).up_to_last * (p.index_bits + p.operand_bits));
  }
  throw Bug("storage format without a size");
}

template std::uint64_t encoded_bytes(const FormatParams&, std::span<const std::int8_t>);
template std::uint64_t encoded_bytes(const FormatParams&, std::span<const std::uint8_t>);
template std::uint64_t encoded_bytes(const FormatParams&, std::span<const std::int16_t>);
template std::uint64_t encoded_bytes(const FormatParams&, std::span<const std::uint16_t>);
template std::uint64_t encoded_bytes(const FormatParams&, std::span<const std::int32_t>);

std::vector<std::byte> encode(const FormatParams& p, std::span<const std::int32_t> values) {
  check(p);
  const std::int32_t lowest = -(1 << (p.operand_bits - 1)), highest = (1 << p.operand_bits) - 1;
  for (const std::int32_t value : values)
    LACUNA_CHECK(value >= lowest && value <= highest, "{} does not fit {} bits", value, p.operand_bits);

  BitWriter out;
  const auto put_operand = [&](std::int32_t value) { out.put(static_cast<std::uint32_t>(value), p.operand_bits); };
  // Entries (zeros before, value) up to the last nonzero; returns the zeros that are left at the end.
  std::uint64_t entries = 0;
  const auto put_entries = [&](BitWriter& to, unsigned bits) {
    const std::uint64_t longest = (1u << bits) - 1;
    std::uint64_t zeros = 0;
    for (const std::int32_t value : values) {
      if (value == 0) {
        ++zeros;
        continue;
      }
      for (; zeros > longest; zeros -= longest + 1, ++entries) {
        to.put(longest, bits);
        to.put(0, p.operand_bits);
      }
      to.put(zeros, bits);
      to.put(static_cast<std::uint32_t>(value), p.operand_bits);
      ++entries;
      zeros = 0;
    }
    return zeros;
  };

  switch (p.format) {
    case StorageFormat::Dense:
      for (const std::int32_t value : values) put_operand(value);
      return out.take();
    case StorageFormat::Bitmask:
      for (const std::int32_t value : values) out.put(value != 0, 1);
      out.fill_byte();
      for (const std::int32_t value : values)
        if (value != 0) put_operand(value);
      return out.take();
    case StorageFormat::Rlc: {
      const std::uint64_t longest = (1u << p.run_bits) - 1;
      std::uint64_t zeros = put_entries(out, p.run_bits);
      while (zeros > 0) {
        const std::uint64_t run = std::min(zeros - 1, longest);
        out.put(run, p.run_bits);
        put_operand(0);
        zeros -= run + 1;
      }
      return out.take();
    }
    case StorageFormat::Csc: {
      BitWriter uncounted;
      put_entries(uncounted, p.index_bits);
      out.put(entries, p.pointer_bits);  // the upper bits fall off
      put_entries(out, p.index_bits);
      return out.take();
    }
  }
  throw Bug("storage format without an encoder");
}

std::vector<std::int64_t> decode(const FormatParams& p, std::span<const std::byte> bytes, std::size_t count,
                                 bool is_signed) {
  check(p);
  BitReader in(bytes);
  const auto get_operand = [&] {
    const auto bits = static_cast<std::int64_t>(in.get(p.operand_bits));
    const std::int64_t sign = std::int64_t{1} << (p.operand_bits - 1);
    return is_signed ? (bits ^ sign) - sign : bits;
  };

  std::vector<std::int64_t> values(count, 0);
  std::size_t at = 0;
  const auto get_entry = [&](unsigned bits) {
    at += in.get(bits);
    LACUNA_CHECK(at < count, "encoded unit holds more than {} values", count);
    values[at++] = get_operand();
  };

  switch (p.format) {
    case StorageFormat::Dense:
      for (std::int64_t& value : values) value = get_operand();
      break;
    case StorageFormat::Bitmask: {
      for (std::int64_t& value : values) value = static_cast<std::int64_t>(in.get(1));
      in.fill_byte();
      for (std::int64_t& value : values)
        if (value != 0) value = get_operand();
      break;
    }
    case StorageFormat::Rlc:
      while (at < count) get_entry(p.run_bits);
      break;
    case StorageFormat::Csc: {
      const std::uint64_t pointer = in.get(p.pointer_bits);
      // An entry has at least 9 bits, so what fills the last byte is never taken for one.
      std::uint64_t entries = 0;
      for (const unsigned size = p.index_bits + p.operand_bits; in.left() >= size; ++entries) get_entry(p.index_bits);
      const std::uint64_t kept = p.pointer_bits == 64 ? entries : entries & ((std::uint64_t{1} << p.pointer_bits) - 1);
      LACUNA_CHECK(kept == pointer, "pointer says {} entries, {} found", pointer, entries);
      break;
    }
  }
  LACUNA_CHECK(in.left() < 8, "{} bits after the encoded unit", in.left());
  return values;
}

}  // namespace lacuna
