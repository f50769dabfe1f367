// What becomes of a product's output: batch norms and biases folded into it, who reads it, and whether it ends in ReLU.
//
// A ReLU belongs to a product if every path from its output ends in one, through views, max pooling and rounding only
// (which commute with it). A product whose output also goes elsewhere, or into an addition first, has none: stopping
// its sums early would change what the other reader sees.
#pragma once

#include "import/onnx_products.h"

namespace lacuna::imports {

/// Integers that the model makes of an output: one step of them, the lowest and highest without their zero point.
struct OutputIntegers {
  double step = 1;
  std::int64_t low = 0, high = 0;
  auto operator<=>(const OutputIntegers&) const = default;
};

struct FoldedProduct {
  OnnxProduct product;
  std::string tail;  ///< the value that holds scale[m] * product + shift[m]
  std::vector<double> scale, shift;
  std::vector<const onnx::Node*> folded;  ///< nodes that became part of it
  std::size_t norms = 0;                  ///< batch norms among them
  bool relu = false;
  std::vector<std::string> feeds;        ///< words of the readers: relu, max_pool+relu, add, product, output, nothing
  std::optional<OutputIntegers> output;  ///< where all readers agree
};

/// Folds what can be; sets all members.
FoldedProduct fold(const OnnxGraph& graph, OnnxProduct product);

/// Of the products, by their tails, the one whose output `value` is, unchanged but for what passes_relu() and the
/// product's own ReLU; null if there is none.
const FoldedProduct* source_of(const OnnxGraph& graph, const std::map<std::string, const FoldedProduct*>& tails,
                               std::string value);

}  // namespace lacuna::imports
