#include "report/number_text.h"

#include <fmt/format.h>

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

std::string ratio_text(double base, double now) {
  if (base == now) return "1.000x";
  if (base == 0) return "-";
  return fmt::format("{:.3f}x", now / base);
}

}  // namespace lacuna
