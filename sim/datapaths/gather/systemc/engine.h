// The `systemc` engine: the gather machine as units on one clock, advanced cycle by cycle.
#pragma once

#include <cstdint>
#include <memory>

#include "machine/engine.h"

namespace lacuna::gather {

/// Of `options`, the engine reads the random back-pressure.
std::unique_ptr<Engine> make_systemc_engine(const EngineOptions& options = {});

/// The same with the units of each cycle evaluated in another order, decided by `seed`: no result changes.
std::unique_ptr<Engine> make_shuffled_systemc_engine(const EngineOptions& options, std::uint64_t seed);

}  // namespace lacuna::gather
