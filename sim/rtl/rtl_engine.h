// The `rtl` engine: the SystemVerilog under rtl/, compiled once a configuration, behind the interface of all engines.
#pragma once

#include <memory>

#include "machine/engine.h"
#include "rtl/model_cache.h"

namespace lacuna {

/// The engine over the RTL in `sources`.
std::unique_ptr<Engine> make_rtl_engine(ModelSources sources);
/// The engine over the RTL this program was built with.
std::unique_ptr<Engine> make_rtl_engine();

}  // namespace lacuna
