// How Lacuna says no: a user's fault is a UserError (one line, with a place), our own fault is a Bug.
#pragma once

#include <fmt/format.h>

#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lacuna {

/// A place in a file the user wrote. Lines and columns count from 1; 0 means "the whole file".
/// `file` may also name a command-line option, such as "--set array.rows".
struct Place {
  std::string file;
  int line = 0;
  int column = 0;

  /// "file:line:column", or "file" where no line is known.
  [[nodiscard]] std::string text() const;
};

/// The user's mistake: what() is one line, "file:line:column: what is wrong; what is legal". Exit status 2.
class UserError : public std::runtime_error {
 public:
  UserError(const Place& place, std::string_view message);
  /// With what another program said of it, line by line below that line.
  UserError(const Place& place, std::string_view message, std::span<const std::string> lines);
  [[nodiscard]] const Place& place() const { return place_; }

 private:
  Place place_;
};

/// Our mistake: a broken law or invariant. Exit status 3.
class Bug : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

/// Throws UserError with a formatted message.
template <typename... Args>
[[noreturn]] void fail(const Place& place, fmt::format_string<Args...> format, Args&&... args) {
  throw UserError(place, fmt::format(format, std::forward<Args>(args)...));
}

/// The entry of `legal` nearest to `word` by edit distance, or "" if none is near enough to be a misspelling.
[[nodiscard]] std::string_view nearest(std::string_view word, std::span<const std::string_view> legal);

/// "a, b, c" for an error message.
[[nodiscard]] std::string join(std::span<const std::string_view> words);

/// The tail of a message about a wrong word: "; did you mean 'x'? (a, b, c)", or " (a, b, c)" if none is near.
[[nodiscard]] std::string suggestion(std::string_view word, std::span<const std::string_view> legal);

/// "unknown WHAT 'word'; did you mean 'x'? (a, b, c)", the clause about 'x' only if one is near.
[[nodiscard]] std::string unknown_word(std::string_view what, std::string_view word,
                                       std::span<const std::string_view> legal);

namespace detail {
[[noreturn]] void check_failed(const char* expression, const char* file, int line, const std::string& message);
}

/// A check of our own invariants that stays on in release builds; throws Bug.
#define LACUNA_CHECK(condition, ...)                                                              \
  do {                                                                                            \
    if (!(condition)) [[unlikely]]                                                                \
      ::lacuna::detail::check_failed(#condition, __FILE__, __LINE__, ::fmt::format(__VA_ARGS__)); \
  } while (false)

}  // namespace lacuna
