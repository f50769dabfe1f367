// --threads N
#pragma once

#include <optional>

#include "base/error.h"
#include "base/parallel.h"

namespace lacuna {

/// All cores if no number was given; UserError if it is out of range.
[[nodiscard]] inline unsigned thread_count(std::optional<unsigned> wanted) {
  constexpr unsigned kMost = 1024;
  const unsigned threads = wanted.value_or(available_cores());
  if (threads < 1 || threads > kMost) fail(Place{"--threads"}, "{} threads; allowed 1..{}", threads, kMost);
  return threads;
}

}  // namespace lacuna
