// At most ten lines a second, so that a slow terminal does not slow the sweep.
#include "cli/sweep_progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

namespace lacuna {

namespace {

constexpr std::size_t kBar = 20;  ///< characters

std::string duration(double seconds) {
  const auto s = static_cast<std::uint64_t>(seconds + 0.5);
  if (s < 100) return fmt::format("{} s", s);
  if (s < 6000) return fmt::format("{} min {} s", s / 60, s % 60);
  return fmt::format("{} h {} min", s / 3600, s % 3600 / 60);
}

}  // namespace

std::string sweep_progress_line(std::uint64_t done, std::uint64_t total, double work_done, double work_total,
                                double seconds) {
  const double part = work_total > 0 ? work_done / work_total : total == 0 ? 1 : static_cast<double>(done) / total;
  const auto full = std::min(kBar, static_cast<std::size_t>(part * kBar));
  std::string line =
      fmt::format("[{}{}] {} of {} points", std::string(full, '#'), std::string(kBar - full, '.'), done, total);
  if (done != 0 && seconds > 0) line += fmt::format(", {:.3g}/s", static_cast<double>(done) / seconds);
  if (part > 0 && seconds > 0) line += fmt::format(", {} left", duration(seconds * (1 - part) / part));
  return line;
}

SweepProgress::SweepProgress() : terminal_(::isatty(STDERR_FILENO) == 1), begin_(std::chrono::steady_clock::now()) {}

SweepProgress::~SweepProgress() {
  if (terminal_) fmt::print(stderr, "\r\x1b[K");
}

void SweepProgress::points(std::uint64_t done, std::uint64_t total, double work_done, double work_total) {
  const auto now = std::chrono::steady_clock::now();
  if (!terminal_ || (now - last_ < std::chrono::milliseconds(100) && done != total)) return;
  last_ = now;
  const double seconds = std::chrono::duration<double>(now - begin_).count();
  fmt::print(stderr, "\r\x1b[K{}", sweep_progress_line(done, total, work_done, work_total, seconds));
  std::fflush(stderr);
}

}  // namespace lacuna
