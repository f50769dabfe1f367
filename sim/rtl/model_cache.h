// Compiled models of the RTL, one a machine and top module: built when first asked for, then reused by every run and
// process.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "rtl/model_parameters.h"

namespace lacuna {

/// Where a model comes from and goes to. The family's folder in `rtl` holds
///
///   sources.f        its sources in the order of dependencies, the top module last; paths are relative to `rtl`
///   probe/sources.f  the same of what is for simulation only
///   ports.def        LACUNA_PORT(name) for each port of the top module but its clock, which is clk_i
///   options.vlt      options of Verilator for its modules
struct ModelSources {
  std::filesystem::path rtl;      ///< folder with common/ and the families' folders
  std::string family;             ///< name of the family's folder
  std::filesystem::path wrapper;  ///< folder with wrapper.cc, abi.h and hooks.h
  std::filesystem::path cache;    ///< made if it is missing

  /// The RTL of a family that this program was built with, or that in `edited` if it is not empty; models in
  /// $XDG_CACHE_HOME/lacuna or ~/.cache/lacuna.
  static ModelSources standard(std::string_view family, const std::filesystem::path& edited = {});
};

/// Whether a model can write waves; one that can is slower.
enum class Waves { No, Yes };

/// The shared object of a model, built now if it is not in the cache. Its name is a hash of every source, the
/// parameters, the compilers' versions and flags; a file that is not whole is built anew. Safe when processes ask at
/// once: one builds, the others wait. UserError with the compiler's lines if the RTL does not compile, if a tool or a
/// source is missing, or if others than this user could write to the cache.
std::filesystem::path built_model(const ModelSources& sources, const std::vector<ModelParameter>& parameters,
                                  Waves waves = Waves::No);

}  // namespace lacuna
