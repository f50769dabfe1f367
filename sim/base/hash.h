// Which inputs were these? A 128-bit fingerprint (XXH3) of bytes, words and numbers, the same on every machine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace lacuna {

/// Incremental. Not cryptographic: it tells inputs apart, it does not prove who made them.
class Hasher {
 public:
  Hasher();
  ~Hasher();
  Hasher(Hasher&&) noexcept;
  Hasher& operator=(Hasher&&) noexcept;

  /// The bytes as they are; two calls equal one call with the concatenation.
  void add(std::span<const std::byte> bytes);
  /// Length (8 bytes), then the characters, so that "ab" + "c" differs from "a" + "bc".
  void add(std::string_view text);
  void add(const char* text) { add(std::string_view(text)); }
  /// Eight bytes, least significant first.
  void add(std::uint64_t number);

  /// 32 lower-case hex digits of what was added so far.
  [[nodiscard]] std::string hex() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace lacuna
