// How far is it? One line on standard error that overwrites itself, on a terminal only.
#pragma once

#include <chrono>
#include <cstddef>
#include <mutex>
#include <string>

#include "machine/engine.h"

namespace lacuna {

/// Characters of a line on the terminal behind standard output, 60 at least; 100 if that is no terminal, so that what
/// is written to a file depends on nothing else.
std::size_t terminal_width();

/// Safe to use from several threads.
class TerminalProgress : public Progress {
 public:
  TerminalProgress();
  ~TerminalProgress() override;
  TerminalProgress(const TerminalProgress&) = delete;
  TerminalProgress& operator=(const TerminalProgress&) = delete;

  /// A new layer begins, `index` (from 0) of `count`.
  void layer(const std::string& name, std::size_t index, std::size_t count);
  /// Work that is no layer.
  void say(const std::string& text);
  /// How far the layer named last is.
  void tiles(std::uint64_t done, std::uint64_t total) override;

 private:
  friend class LayerProgress;
  void show(const std::string& text);
  void show_tiles(const std::string& layer, std::uint64_t done, std::uint64_t total);

  bool terminal_;
  std::mutex mutex_;
  std::string layer_;
  std::chrono::steady_clock::time_point last_{};
};

/// One of several layers that run at the same time; the line shows the one that spoke last.
class LayerProgress : public Progress {
 public:
  LayerProgress(TerminalProgress& terminal, const std::string& name, std::size_t index, std::size_t count);
  void tiles(std::uint64_t done, std::uint64_t total) override;

 private:
  TerminalProgress& terminal_;
  std::string layer_;
};

}  // namespace lacuna
