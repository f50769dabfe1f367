#include "import/import.h"

#include "import/maestro.h"
#include "import/scale_sim.h"
#include "import/timeloop.h"

namespace lacuna::imports {

ImportedFile read_file(ImportKind kind, const std::filesystem::path& path, const ReadOptions& options) {
  switch (kind) {
    case ImportKind::ScaleSim:
      return read_scale_sim(path);
    case ImportKind::Timeloop:
      return read_timeloop(path);
    case ImportKind::Maestro:
      return read_maestro(path);
    case ImportKind::Mask:
      return read_mask(path, options.mask);
    case ImportKind::Onnx:
      return read_onnx(path, options.onnx);
  }
  throw Bug("unknown ImportKind");
}

}  // namespace lacuna::imports
