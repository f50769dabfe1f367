// Every kind of file that `lacuna import` reads, by its word.
#pragma once

#include <array>
#include <string_view>

#include "base/enum_names.h"
#include "import/layer_list.h"
#include "import/mask.h"
#include "import/onnx.h"

namespace lacuna {

enum class ImportKind { ScaleSim, Timeloop, Maestro, Mask, Onnx };

template <>
struct EnumNames<ImportKind> {
  static constexpr std::array<std::string_view, 5> names = {"scale-sim", "timeloop", "maestro", "mask", "onnx"};
};

namespace imports {

/// What belongs to files of one kind alone.
struct ReadOptions {
  MaskOptions mask;
  OnnxOptions onnx;
};

/// Reads `path` as a file of that kind. UserError as its reader says.
ImportedFile read_file(ImportKind kind, const std::filesystem::path& path, const ReadOptions& options);

}  // namespace imports
}  // namespace lacuna
