// How far is it? One line on standard error that overwrites itself, on a terminal only.
#pragma once

#include <chrono>
#include <string>

#include "machine/engine.h"

namespace lacuna {

class TerminalProgress : public Progress {
 public:
  TerminalProgress();
  ~TerminalProgress() override;
  TerminalProgress(const TerminalProgress&) = delete;
  TerminalProgress& operator=(const TerminalProgress&) = delete;

  /// A new layer begins, `index` (from 0) of `count`.
  void layer(const std::string& name, std::size_t index, std::size_t count);
  void tiles(std::uint64_t done, std::uint64_t total) override;

 private:
  void show(const std::string& tail);

  bool terminal_;
  std::string layer_;
  std::chrono::steady_clock::time_point last_{};
};

}  // namespace lacuna
