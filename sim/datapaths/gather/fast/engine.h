// The `fast` engine: the gather machine as recurrences over its messages, without a clock. FAST.md derives them.
#pragma once

#include <memory>

#include "machine/engine.h"

namespace lacuna::gather {

/// Safe to use from several threads, each with its own layer; use_threads() first.
std::unique_ptr<Engine> make_fast_engine();

}  // namespace lacuna::gather
