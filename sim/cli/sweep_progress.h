// How far is the sweep? A bar with rate and time left on standard error, on a terminal only.
#pragma once

#include <chrono>

#include "sweep/runner.h"

namespace lacuna {

class SweepProgress : public RunnerProgress {
 public:
  SweepProgress();
  ~SweepProgress() override;
  SweepProgress(const SweepProgress&) = delete;
  SweepProgress& operator=(const SweepProgress&) = delete;

  void points(std::uint64_t done, std::uint64_t total, double work_done, double work_total) override;

 private:
  bool terminal_;
  std::chrono::steady_clock::time_point begin_, last_{};
};

/// "[#####...............] 250 of 1000 points, 61.2/s, 12 s left". Time left assumes that work goes on as fast as so
/// far; later points have more work than earlier ones.
std::string sweep_progress_line(std::uint64_t done, std::uint64_t total, double work_done, double work_total,
                                double seconds);

}  // namespace lacuna
