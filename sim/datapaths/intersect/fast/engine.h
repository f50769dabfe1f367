// The `fast` engine: the intersect machine as recurrences over compressed operands, without a clock. FAST.md derives
// them.
#pragma once

#include <memory>

#include "machine/engine.h"

namespace lacuna::intersect {

namespace fast {
struct Kernels;
}

/// What decides how the engine computes, never what.
struct FastOptions {
  const fast::Kernels* kernels = nullptr;  ///< one of fast::runnable_kernels(); null for the fastest
  bool whole_rows = true;                  ///< rows of PEs at a time where that is exact; false: always one by one
};

/// Safe to use from several threads, each with its own layer; use_threads() first.
std::unique_ptr<Engine> make_fast_engine();
std::unique_ptr<Engine> make_fast_engine(const FastOptions& options);

}  // namespace lacuna::intersect
