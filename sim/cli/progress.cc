// At most ten lines a second, so that a slow terminal does not slow the simulation.
#include "cli/progress.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace lacuna {

namespace {

constexpr std::string_view kClearLine = "\r\x1b[K";

}  // namespace

std::size_t terminal_width() {
  constexpr std::size_t kLeast = 60, kNoTerminal = 100;
  winsize size{};
  if (::isatty(STDOUT_FILENO) != 1 || ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
    return kNoTerminal;
  return std::max<std::size_t>(kLeast, size.ws_col);
}

TerminalProgress::TerminalProgress() : terminal_(::isatty(STDERR_FILENO) == 1) {}

TerminalProgress::~TerminalProgress() {
  if (terminal_) fmt::print(stderr, "{}", kClearLine);
}

namespace {

std::string text_of_layer(const std::string& name, std::size_t index, std::size_t count) {
  return fmt::format("layer {} of {}, {}", index + 1, count, name);
}

}  // namespace

void TerminalProgress::layer(const std::string& name, std::size_t index, std::size_t count) {
  const std::lock_guard lock(mutex_);
  layer_ = text_of_layer(name, index, count);
  show(layer_);
}

void TerminalProgress::say(const std::string& text) {
  const std::lock_guard lock(mutex_);
  show(text);
}

void TerminalProgress::tiles(std::uint64_t done, std::uint64_t total) {
  const std::lock_guard lock(mutex_);
  show_tiles(layer_, done, total);
}

void TerminalProgress::show_tiles(const std::string& layer, std::uint64_t done, std::uint64_t total) {
  if (!terminal_) return;
  const auto now = std::chrono::steady_clock::now();
  if (now - last_ < std::chrono::milliseconds(100)) return;
  last_ = now;
  show(fmt::format("{}: tile {} of {}, {} %", layer, done, total, total == 0 ? 100 : done * 100 / total));
}

void TerminalProgress::show(const std::string& text) {
  if (!terminal_) return;
  fmt::print(stderr, "{}{}", kClearLine, text);
  std::fflush(stderr);
}

LayerProgress::LayerProgress(TerminalProgress& terminal, const std::string& name, std::size_t index, std::size_t count)
    : terminal_(terminal), layer_(text_of_layer(name, index, count)) {
  const std::lock_guard lock(terminal_.mutex_);
  terminal_.show(layer_);
}

void LayerProgress::tiles(std::uint64_t done, std::uint64_t total) {
  const std::lock_guard lock(terminal_.mutex_);
  terminal_.show_tiles(layer_, done, total);
}

}  // namespace lacuna
