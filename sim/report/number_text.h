// Numbers as people read them in tables.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace lacuna {

/// 1234567 -> "1,234,567"
std::string grouped(std::uint64_t value);
/// 1234567.89 -> "1,234,567.9"; not negative.
std::string grouped_tenths(double value);
/// +1,234 or -1,234 or 0: `now` less `base`.
std::string grouped_difference(std::uint64_t base, std::uint64_t now);
/// How much less, or how much more: "3.30x less" from 33 to 10, "1.10x more" from 10 to 11, "equal"; "-" where one of
/// them is zero. The words are the caller's: "faster" and "slower" for times.
std::string times_text(double base, double now, std::string_view less, std::string_view more);

/// A quantity with the prefix that leaves 1 to 1000 before the point, of four digits: 0.00002275 s as "22.75 us".
std::string with_prefix(double value, std::string_view unit);

/// `text` broken at blanks into lines of at most `width` characters, if words allow; lines after the first begin with
/// `indent` blanks. No newline at the end.
std::string wrapped(const std::string& text, std::size_t width, std::size_t indent);

}  // namespace lacuna
