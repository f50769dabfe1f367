#include "report/number_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <sstream>

namespace lacuna {

namespace {

/// A comma before every third digit from the end.
std::string with_commas(const std::string& digits) {
  std::string out;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) out += ',';
    out += digits[i];
  }
  return out;
}

}  // namespace

std::string grouped(std::uint64_t value) { return with_commas(fmt::format("{}", value)); }

std::string grouped_tenths(double value) {
  const std::string text = fmt::format("{:.1f}", value);
  const auto point = text.find('.');
  return with_commas(text.substr(0, point)) + text.substr(point);
}

std::string grouped_difference(std::uint64_t base, std::uint64_t now) {
  if (base == now) return "0";
  return now > base ? "+" + grouped(now - base) : "-" + grouped(base - now);
}

std::string times_text(double base, double now, std::string_view less, std::string_view more) {
  if (base == now) return "equal";
  if (base == 0 || now == 0) return "-";
  const double times = std::max(base, now) / std::min(base, now);
  // Enough digits that a difference never reads as none.
  return fmt::format("{:.{}f}x {}", times, times < 1.005 ? 6 : 2, now < base ? less : more);
}

std::string with_prefix(double value, std::string_view unit) {
  constexpr std::array<std::string_view, 9> kPrefixes = {"p", "n", "u", "m", "", "k", "M", "G", "T"};
  if (value == 0 || !std::isfinite(value)) return fmt::format("{} {}", value, unit);
  std::size_t prefix = 4;
  while (std::abs(value) >= 999.95 && prefix + 1 < kPrefixes.size()) value /= 1000, ++prefix;
  while (std::abs(value) < 0.99995 && prefix > 0) value *= 1000, --prefix;
  return fmt::format("{:.4g} {}{}", value, kPrefixes[prefix], unit);
}

std::string wrapped(const std::string& text, std::size_t width, std::size_t indent) {
  std::string out, line(std::min(text.size(), text.find_first_not_of(' ')), ' ');
  bool begun = false;  // a word stands on the line
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    if (begun && line.size() + 1 + word.size() > width) {
      out += line + '\n';
      line = std::string(indent, ' ') + word;
    } else {
      line += begun ? " " + word : word;
    }
    begun = true;
  }
  return out + line;
}

}  // namespace lacuna
