// ONNX models: their products with constant or made weights become layers.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "import/onnx_integers.h"

namespace lacuna::imports {

struct OnnxOptions {
  /// "x.npy", or "NAME=x.npy" where the model has several inputs; .npy, or .pb as ONNX's test data. Empty: no run on
  /// real inputs, layers have shapes and densities.
  std::vector<std::string> inputs;
  bool weights_given = false;  ///< the caller has a density of weights, so the model's own is not taken
};

/// A model as it was run, and what became of its products. Members refer to each other.
class OnnxNetwork {
 public:
  /// Runs `model` on `inputs`, as onnx_inputs.h gives them. `real`: they are no zeros, and products get integers.
  OnnxNetwork(onnx::Model model, const std::map<std::string, Tensor>& inputs, bool real);
  OnnxNetwork(const OnnxNetwork&) = delete;
  OnnxNetwork& operator=(const OnnxNetwork&) = delete;

  [[nodiscard]] const onnx::Model& model() const { return model_; }
  [[nodiscard]] const onnx::Execution& run() const { return run_; }
  [[nodiscard]] const std::vector<FoldedProduct>& products() const { return products_; }
  /// As many as products, or none.
  [[nodiscard]] const std::vector<LayerIntegers>& integers() const { return integers_; }

  /// A layer for each product, in their order. `weights_given` as in OnnxOptions.
  [[nodiscard]] ImportedFile file(bool weights_given) const;

 private:
  onnx::Model model_;
  onnx::Execution run_;
  OnnxGraph graph_;
  std::vector<FoldedProduct> products_;
  std::vector<LayerIntegers> integers_;
};

/// Reads a model, runs it in float, on its inputs or on zeros, and quantises every product (onnx_integers.h). Batch
/// norms are folded, ReLU is a layer's own as onnx_fold.h says. Dense products are counted from the sizes of the
/// model's tensors.
///
/// UserError at the file, node or option: for what onnx/model.h and the operators refuse, a product that depends on an
/// operator that is not supported, a model without a product, inputs that do not fit the model.
ImportedFile read_onnx(const std::filesystem::path& path, const OnnxOptions& options);

}  // namespace lacuna::imports
