#include "workload/pattern.h"

#include <charconv>

namespace lacuna {

namespace {

/// Decimal digits without a leading zero as a number up to kMostBlock; 0 for anything else.
std::uint32_t small_number(std::string_view word) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  const bool whole = error == std::errc() && end == word.data() + word.size() && word[0] != '0';
  return whole && value <= kMostBlock ? value : 0;
}

}  // namespace

std::string Pattern::text() const { return fmt::format("{}:{}", kept, block); }

std::optional<Pattern> read_pattern(std::string_view word) {
  const std::size_t colon = word.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const Pattern pattern{small_number(word.substr(0, colon)), small_number(word.substr(colon + 1))};
  if (pattern.kept < 1 || pattern.kept >= pattern.block) return std::nullopt;
  return pattern;
}

double kept_share(Pattern pattern, const ConvShape& shape) {
  const std::uint64_t K = std::uint64_t{shape.C / shape.groups} * shape.R * shape.S;
  const std::uint64_t rest = std::min<std::uint64_t>(pattern.kept, K % pattern.block);
  return static_cast<double>(K / pattern.block * pattern.kept + rest) / static_cast<double>(K);
}

}  // namespace lacuna
