// The `fast` engine: the intersect machine as recurrences over compressed operands, without a clock. FAST.md derives them.
#pragma once

#include <memory>

#include "machine/engine.h"

namespace lacuna {

std::unique_ptr<Engine> make_fast_engine();

}  // namespace lacuna
