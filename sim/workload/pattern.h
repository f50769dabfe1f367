// N:M patterns: of every M consecutive positions of a filter's reduction at most N weights are not zero. Positions run
// channel innermost (r, s, c); the last block of a filter may be shorter.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "workload/layer.h"

namespace lacuna {

struct Pattern {
  std::uint32_t kept = 2;   ///< N, 1..M-1
  std::uint32_t block = 4;  ///< M, 2..kMostBlock

  bool operator==(const Pattern&) const = default;
  [[nodiscard]] double density() const { return static_cast<double>(kept) / static_cast<double>(block); }
  [[nodiscard]] std::string text() const;  ///< "2:4"
};

constexpr std::uint32_t kMostBlock = 64;
/// What is legal, for messages.
constexpr std::string_view kLegalPatterns = "N:M with 1 <= N < M <= 64, for example 2:4";

/// "2:4" as the pattern; nothing if the word is none.
std::optional<Pattern> read_pattern(std::string_view word);

/// The share of weights that a pattern keeps of a layer: above N/M where the last block of a filter is shorter.
double kept_share(Pattern pattern, const ConvShape& shape);

/// Where position k of a filter's reduction stands among the filter's weights [C/groups, R, S].
constexpr std::size_t place_of(std::size_t k, const ConvShape& s) {
  const std::size_t channels = s.C / s.groups, taps = std::size_t{s.R} * s.S;
  return k % channels * taps + k / channels;
}

/// Calls keep(k) for the N largest of each block of `magnitudes`, which are those of one filter in the order of its
/// reduction; of equal ones the first counts as the larger.
template <typename Magnitude, typename Keep>
void keep_largest(Pattern pattern, std::span<const Magnitude> magnitudes, const Keep& keep) {
  for (std::size_t first = 0; first < magnitudes.size(); first += pattern.block) {
    const std::size_t end = std::min(first + pattern.block, magnitudes.size());
    for (std::size_t k = first; k < end; ++k) {
      std::size_t larger = 0;
      for (std::size_t other = first; other < end; ++other)
        larger += magnitudes[other] > magnitudes[k] || (magnitudes[other] == magnitudes[k] && other < k);
      if (larger < pattern.kept) keep(k);
    }
  }
}

}  // namespace lacuna
