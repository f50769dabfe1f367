// Storage formats: what is decoded is what was encoded, and the counted bytes are the encoded ones.
#include "sparse/storage.h"

#include <catch2/catch.hpp>

#include "base/error.h"
#include "base/random.h"

using namespace lacuna;

namespace {

std::vector<std::int32_t> random_values(Random& random, std::size_t count, unsigned bits, bool is_signed,
                                        double density) {
  std::vector<std::int32_t> values(count);
  for (auto& value : values) {
    if (random.unit() >= density) continue;
    value = static_cast<std::int32_t>(random.below(std::uint64_t{1} << bits));
    if (is_signed) value -= 1 << (bits - 1);
  }
  return values;
}

void check_round_trip(const FormatParams& params, const std::vector<std::int32_t>& values, bool is_signed) {
  CAPTURE(name_of(params.format), params.operand_bits, params.run_bits, params.index_bits, params.pointer_bits);
  CAPTURE(values.size());
  const auto bytes = encode(params, values);
  CHECK(bytes.size() == encoded_bytes<std::int32_t>(params, values));
  CHECK(decode(params, bytes, values.size(), is_signed) == std::vector<std::int64_t>(values.begin(), values.end()));
}

}  // namespace

TEST_CASE("every format gives back what it was given") {
  Random random(11);
  for (std::size_t format = 0; format < enum_count<StorageFormat>(); ++format)
    for (const unsigned operand_bits : {8u, 16u})
      for (const bool is_signed : {true, false})
        for (const std::size_t count : {0, 1, 2, 7, 8, 9, 63, 64, 65, 300, 1031})
          for (const double density : {0.0, 0.02, 0.3, 1.0}) {
            FormatParams params{static_cast<StorageFormat>(format), operand_bits};
            params.run_bits = static_cast<unsigned>(1 + random.below(16));
            params.index_bits = static_cast<unsigned>(1 + random.below(16));
            params.pointer_bits = static_cast<unsigned>(1 + random.below(64));
            check_round_trip(params, random_values(random, count, operand_bits, is_signed, density), is_signed);
          }
}

TEST_CASE("runs as long as the field and one longer survive at every place") {
  for (const unsigned bits : {1u, 2u, 4u})
    for (const auto format : {StorageFormat::Rlc, StorageFormat::Csc})
      for (std::size_t before = 0; before <= 40; ++before)
        for (std::size_t after = 0; after <= 40; ++after) {
          std::vector<std::int32_t> values(before, 0);
          values.push_back(-3);
          values.insert(values.end(), after, 0);
          check_round_trip({format, 8, bits, bits, 8}, values, true);
        }
}

TEST_CASE("the worked example of the page has the sizes it states") {
  const std::vector<std::int32_t> values = {0, 0, 5, 0, 0, 0, 7, 0};
  const auto bytes = [&](StorageFormat format) { return encode({format, 8, 1, 1, 16}, values).size(); };
  CHECK(bytes(StorageFormat::Dense) == 8);
  CHECK(bytes(StorageFormat::Bitmask) == 3);
  CHECK(bytes(StorageFormat::Rlc) == 6);
  CHECK(bytes(StorageFormat::Csc) == 7);
}

TEST_CASE("encoded bits are packed from the least significant one") {
  // rlc, 4-bit runs: (2, 0x15) then (0, 1): 0x15 << 4 | 2 = 0x152 in 12 bits, 0x010 in the next 12.
  const std::vector<std::int32_t> values = {0, 0, 0x15, 1};
  const std::vector<std::byte> expected = {std::byte{0x52}, std::byte{0x01}, std::byte{0x01}};
  CHECK(encode({StorageFormat::Rlc, 8, 4, 4, 16}, values) == expected);
  // bitmask: positions 2 and 3.
  const std::vector<std::byte> mask = {std::byte{0x0c}, std::byte{0x15}, std::byte{0x01}};
  CHECK(encode({StorageFormat::Bitmask, 8, 4, 4, 16}, values) == mask);
}

TEST_CASE("sizes follow their formulas for a vector of zeros") {
  const std::vector<std::int8_t> zeros(100, 0);
  const auto bytes = [&](const FormatParams& params) { return encoded_bytes<std::int8_t>(params, zeros); };
  CHECK(bytes({StorageFormat::Dense, 16}) == 200);
  CHECK(bytes({StorageFormat::Bitmask, 16}) == 13);
  CHECK(bytes({StorageFormat::Rlc, 8, 4}) == 11);        // ceil(100 / 16) = 7 entries of 12 bits
  CHECK(bytes({StorageFormat::Csc, 8, 4, 4, 16}) == 2);  // the pointer alone
  CHECK(bytes({StorageFormat::Csc, 8, 4, 4, 12}) == 2);
}

TEST_CASE("all element types count the same bytes") {
  Random random(5);
  const auto values = random_values(random, 1000, 7, false, 0.2);
  for (std::size_t format = 0; format < enum_count<StorageFormat>(); ++format) {
    const FormatParams params{static_cast<StorageFormat>(format), 8, 3, 3, 16};
    const auto same = [&]<typename T>(T) {
      const std::vector<T> typed(values.begin(), values.end());
      CHECK(encoded_bytes<T>(params, typed) == encoded_bytes<std::int32_t>(params, values));
    };
    same(std::int8_t{});
    same(std::uint8_t{});
    same(std::int16_t{});
    same(std::uint16_t{});
    // Two units of 600 and 400 values.
    CHECK(encoded_bytes<std::int32_t>(params, values, 600) ==
          encoded_bytes<std::int32_t>(params, std::span(values).first(600)) +
              encoded_bytes<std::int32_t>(params, std::span(values).last(400)));
  }
}

TEST_CASE("a value that does not fit and bytes that do not belong are our own bugs") {
  const FormatParams dense{StorageFormat::Dense, 8};
  CHECK_THROWS_AS(encode(dense, std::vector<std::int32_t>{256}), Bug);
  CHECK_THROWS_AS(encode(dense, std::vector<std::int32_t>{-129}), Bug);
  CHECK_THROWS_AS(decode(dense, std::vector<std::byte>(3), 4, true), Bug);
  CHECK_THROWS_AS(decode(dense, std::vector<std::byte>(5), 4, true), Bug);
  CHECK_THROWS_AS(encode({StorageFormat::Rlc, 12}, std::vector<std::int32_t>{1}), Bug);
}
