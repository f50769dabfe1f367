// The `rtl` engine of the family: its SystemVerilog under rtl/, compiled once a machine, behind the interface of all
// engines.
#pragma once

#include <memory>

#include "machine/engine.h"

namespace lacuna::gather {

/// The engine over the RTL that `options` name, with ports held back at random as they say.
std::unique_ptr<Engine> make_rtl_engine(const EngineOptions& options = {});

}  // namespace lacuna::gather
