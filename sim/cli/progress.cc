// At most ten lines a second, so that a slow terminal does not slow the simulation.
#include "cli/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

namespace lacuna {

namespace {

constexpr std::string_view kClearLine = "\r\x1b[K";

}  // namespace

TerminalProgress::TerminalProgress() : terminal_(::isatty(STDERR_FILENO) == 1) {}

TerminalProgress::~TerminalProgress() {
  if (terminal_) fmt::print(stderr, "{}", kClearLine);
}

void TerminalProgress::layer(const std::string& name, std::size_t index, std::size_t count) {
  layer_ = fmt::format("layer {} of {}, {}", index + 1, count, name);
  show("");
}

void TerminalProgress::tiles(std::uint64_t done, std::uint64_t total) {
  const auto now = std::chrono::steady_clock::now();
  if (!terminal_ || now - last_ < std::chrono::milliseconds(100)) return;
  last_ = now;
  show(fmt::format(": tile {} of {}, {} %", done, total, total == 0 ? 100 : done * 100 / total));
}

void TerminalProgress::show(const std::string& tail) {
  if (!terminal_) return;
  fmt::print(stderr, "{}{}{}", kClearLine, layer_, tail);
  std::fflush(stderr);
}

}  // namespace lacuna
