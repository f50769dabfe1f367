// Fingerprints: published values of XXH3-128, and that pieces hash like the whole.
#include "base/hash.h"

#include <array>
#include <catch2/catch.hpp>
#include <string>

using lacuna::Hasher;

TEST_CASE("the hash of nothing is the published XXH3 128-bit value") {
  CHECK(Hasher().hex() == "99aa06d3014798d86001c324468d497f");
}

TEST_CASE("bytes in pieces hash like the whole and words do not run together") {
  const std::string text = "lacuna";
  const auto bytes = std::as_bytes(std::span(text));
  Hasher whole, pieces, changed;
  whole.add(bytes);
  pieces.add(bytes.first(2));
  pieces.add(bytes.subspan(2));
  changed.add(bytes.first(5));
  CHECK(whole.hex() == pieces.hex());
  CHECK(whole.hex() != changed.hex());

  Hasher left, right;
  left.add("ab");
  left.add("c");
  right.add("a");
  right.add("bc");
  CHECK(left.hex() != right.hex());
}

TEST_CASE("a number is hashed as eight bytes with the least significant first") {
  Hasher number, bytes;
  number.add(std::uint64_t{0x0102});
  const std::array<std::byte, 8> expected = {std::byte{2}, std::byte{1}};
  bytes.add(std::span<const std::byte>(expected));
  CHECK(number.hex() == bytes.hex());
}
