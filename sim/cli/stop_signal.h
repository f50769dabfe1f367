// Ctrl-C and a scheduler's request to end: noted while this lives, so that work can end cleanly. A second one kills.
#pragma once

#include <signal.h>

#include <atomic>

namespace lacuna {

/// One at a time.
class StopSignal {
 public:
  StopSignal();
  ~StopSignal();
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;

  [[nodiscard]] const std::atomic<bool>& stop() const;
  /// The signal that came; 0 if none did.
  [[nodiscard]] int signal() const;

 private:
  struct sigaction before_[2];
};

}  // namespace lacuna
