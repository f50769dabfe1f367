// Every kind of file that `lacuna import` reads, by its word.
#pragma once

#include <array>
#include <string_view>

#include "base/enum_names.h"
#include "import/layer_list.h"
#include "import/mask.h"

namespace lacuna {

enum class ImportKind { ScaleSim, Timeloop, Maestro, Mask };

template <>
struct EnumNames<ImportKind> {
  static constexpr std::array<std::string_view, 4> names = {"scale-sim", "timeloop", "maestro", "mask"};
};

namespace imports {

/// Reads `path` as a file of that kind. UserError as its reader says.
ImportedFile read_file(ImportKind kind, const std::filesystem::path& path, const MaskOptions& mask);

}  // namespace imports
}  // namespace lacuna
