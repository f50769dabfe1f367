// The `rtl` engine: the SystemVerilog under rtl/, compiled once a configuration, behind the interface of all engines.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include "machine/engine.h"
#include "memory/stalls.h"
#include "rtl/model_cache.h"

namespace lacuna::intersect {

/// The engine over the RTL in `sources`, with ports held back at random by `stalls`.
std::unique_ptr<Engine> make_rtl_engine(ModelSources sources, const Stalls& stalls = {});
/// The engine over the RTL this program was built with.
std::unique_ptr<Engine> make_rtl_engine();

/// Runs the RTL once more and writes the signals of cycles first..last to `file` (FST, for GTKWave or Surfer). Ends
/// earlier if the layer does, or if the RTL breaks off. UserError if the file cannot be written.
void write_waves(const ModelSources& sources, const Stalls& stalls, const Machine& machine, const Layer& layer,
                 const std::filesystem::path& file, std::uint64_t first, std::uint64_t last);

}  // namespace lacuna::intersect
