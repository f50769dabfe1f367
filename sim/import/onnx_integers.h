// From the values of a float network to the integers of its layers, by the rules of scripts/lacuna.
//
// Weights: int8, symmetric, a scale for each filter; one for all where the sums are the network's output, and where the
// weights are activations. Inputs: uint8, or int8 where they have negative values or come from a layer without ReLU.
// One scale serves a layer's output and all that read it directly. Where the model itself has integers, they are kept,
// with their zero point subtracted: 16 bits wide if 8 do not hold them.
#pragma once

#include <span>
#include <vector>

#include "import/layer_list.h"
#include "import/onnx_fold.h"

namespace lacuna::imports {

/// Integers of one layer, and the value of one step of each.
struct LayerIntegers {
  LayerTensors tensors;
  std::vector<double> weight_step;  ///< [M], of weights after folding
  double input_step = 1;
  std::optional<double> output_step;              ///< nothing where the sums leave as they are
  bool weights_kept = false, input_kept = false;  ///< they are the model's
  bool saturates_elsewhere = false;               ///< the layer's outputs have another range than the model's
};

/// Nearest whole numbers of `step`, halves up, within the range of `type`.
Tensor steps_of(std::span<const float> values, double step, DType type, const Shape& shape);

/// As many as `products`. UserError at the node of a layer whose integers do not fit the widths a layer has.
std::vector<LayerIntegers> integers_of(const OnnxGraph& graph, const std::vector<FoldedProduct>& products);

}  // namespace lacuna::imports
