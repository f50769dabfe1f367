// Compiled models of the RTL, one a configuration: built when first asked for, then reused by every run and process.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/error.h"
#include "datapaths/intersect/rtl/model_parameters.h"

namespace lacuna {

/// Where a model comes from and goes to.
struct ModelSources {
  std::filesystem::path rtl;                         ///< folder with sources.f and probe/sources.f
  std::filesystem::path wrapper;                     ///< folder with wrapper.cc, abi.h and hooks.h
  std::filesystem::path cache;                       ///< made if it is missing
  std::function<void(const std::string&)> on_build;  ///< told once when a model is about to be built; may be empty

  /// The RTL this program was built with; models in $XDG_CACHE_HOME/lacuna or ~/.cache/lacuna.
  static ModelSources standard();
};

/// Whether a model can write waves; one that can is slower.
enum class Waves { No, Yes };

/// The shared object of a model, built now if it is not in the cache. Its name is a hash of every source, the
/// parameters, the compilers' versions and flags. Safe when processes ask at once: one builds, the others wait.
/// UserError with the compiler's lines if the RTL does not compile, or if a tool or a source is missing.
std::filesystem::path built_model(const ModelSources& sources, const std::vector<ModelParameter>& parameters,
                                  Waves waves = Waves::No);

}  // namespace lacuna
