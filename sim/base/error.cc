// How a message is put together: the place, one line of text, and the nearest legal word.
#include "base/error.h"

#include <algorithm>

namespace lacuna {

namespace {

/// Control characters would break the one line a user error has; they are shown as \xNN.
std::string one_line(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    else
      out += c;
  }
  return out;
}

std::string with_lines(std::string first, std::span<const std::string> lines) {
  for (const auto& line : lines) first += "\n  " + one_line(line);
  return first;
}

/// Optimal string alignment: insertions, deletions, substitutions and swaps of neighbours, each costing 1.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1), above(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) above[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (a[i - 1] != b[j - 1])});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before.swap(above);
    above.swap(row);
  }
  return above[b.size()];
}

}  // namespace

std::string Place::text() const {
  if (line <= 0) return file;
  if (column <= 0) return fmt::format("{}:{}", file, line);
  return fmt::format("{}:{}:{}", file, line, column);
}

UserError::UserError(const Place& place, std::string_view message) : UserError(place, message, {}) {}

UserError::UserError(const Place& place, std::string_view message, std::span<const std::string> lines)
    : std::runtime_error(with_lines(
          one_line(place.file.empty() ? std::string(message) : fmt::format("{}: {}", place.text(), message)), lines)),
      place_(place) {}

std::string_view nearest(std::string_view word, std::span<const std::string_view> legal) {
  constexpr std::size_t kLongest = 64;  // no legal word is longer; keeps the search short on rubbish
  if (word.empty() || word.size() > kLongest) return "";
  std::string_view best;
  std::size_t best_distance = std::max<std::size_t>(1, word.size() / 3) + 1;  // one typing error in three letters
  for (auto candidate : legal) {
    const std::size_t distance = edit_distance(word, candidate);
    if (distance < best_distance && distance < candidate.size()) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

std::string join(std::span<const std::string_view> words) { return fmt::format("{}", fmt::join(words, ", ")); }

std::string suggestion(std::string_view word, std::span<const std::string_view> legal) {
  const auto near = nearest(word, legal);
  if (near.empty()) return fmt::format(" ({})", join(legal));
  return fmt::format("; did you mean '{}'? ({})", near, join(legal));
}

std::string unknown_word(std::string_view what, std::string_view word, std::span<const std::string_view> legal) {
  return fmt::format("unknown {} '{}'{}", what, word, suggestion(word, legal));
}

void detail::check_failed(const char* expression, const char* file, int line, const std::string& message) {
  std::string_view name = file;  // without the folders of the machine it was built on
  if (const auto at = name.rfind("sim/"); at != std::string_view::npos) name.remove_prefix(at);
  throw Bug(fmt::format("{}:{}: check '{}' failed: {}", name, line, expression, message));
}

}  // namespace lacuna
