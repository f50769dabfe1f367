// ONNX models: their products with constant or made weights become layers.
#pragma once

#include <optional>

#include "import/layer_list.h"

namespace lacuna::imports {

struct OnnxOptions {
  /// "x.npy", or "NAME=x.npy" where the model has several inputs; .npy, or .pb as ONNX's test data. Empty: no run on
  /// real inputs, layers have shapes and densities.
  std::vector<std::string> inputs;
  bool weights_given = false;  ///< the caller has a density of weights, so the model's own is not taken
};

/// Reads a model, runs it in float, on its inputs or on zeros, and quantises every product (onnx_integers.h). Batch
/// norms are folded, ReLU is a layer's own as onnx_fold.h says. Dense products are counted from the sizes of the
/// model's tensors.
///
/// UserError at the file, node or option: for what onnx/model.h and the operators refuse, a product that depends on an
/// operator that is not supported, a model without a product, inputs that do not fit the model.
ImportedFile read_onnx(const std::filesystem::path& path, const OnnxOptions& options);

}  // namespace lacuna::imports
