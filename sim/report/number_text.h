// Numbers as people read them in tables.
#pragma once

#include <cstdint>
#include <string>

namespace lacuna {

/// 1234567 -> "1,234,567"
std::string grouped(std::uint64_t value);
/// 1234567.89 -> "1,234,567.9"; not negative.
std::string grouped_tenths(double value);
/// +1,234 or -1,234 or 0: `now` less `base`.
std::string grouped_difference(std::uint64_t base, std::uint64_t now);
/// "1.250x"; "-" where `base` is zero and `now` is not; "1.000x" where both are zero.
std::string ratio_text(double base, double now);

}  // namespace lacuna
