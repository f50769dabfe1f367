// XXH3-128 of libxxhash behind Hasher.
#include "base/hash.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <array>

#include "base/error.h"

namespace lacuna {

struct Hasher::State {
  XXH3_state_t* xxh = XXH3_createState();
  State() { LACUNA_CHECK(xxh != nullptr && XXH3_128bits_reset(xxh) == XXH_OK, "no hash state"); }
  ~State() { XXH3_freeState(xxh); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
};

Hasher::Hasher() : state_(std::make_unique<State>()) {}
Hasher::~Hasher() = default;
Hasher::Hasher(Hasher&&) noexcept = default;
Hasher& Hasher::operator=(Hasher&&) noexcept = default;

void Hasher::add(std::span<const std::byte> bytes) {
  if (!bytes.empty()) XXH3_128bits_update(state_->xxh, bytes.data(), bytes.size());
}

void Hasher::add(std::string_view text) {
  add(static_cast<std::uint64_t>(text.size()));
  add(std::as_bytes(std::span(text.data(), text.size())));
}

void Hasher::add(std::uint64_t number) {
  std::array<std::byte, 8> bytes{};
  for (auto& byte : bytes) {
    byte = static_cast<std::byte>(number & 0xff);
    number >>= 8;
  }
  add(std::span<const std::byte>(bytes));
}

std::string Hasher::hex() const {
  const XXH128_hash_t digest = XXH3_128bits_digest(state_->xxh);
  return fmt::format("{:016x}{:016x}", digest.high64, digest.low64);
}

}  // namespace lacuna
