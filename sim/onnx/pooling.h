// Pooling over windows of any number of spatial axes.
#pragma once

#include "onnx/call.h"

namespace lacuna::onnx {

Tensor max_pool(const Call& call);      ///< the values; its second output, where they were, is not made
Tensor average_pool(const Call& call);  ///< padding counts only with count_include_pad
Tensor global_max_pool(const Call& call);
Tensor global_average_pool(const Call& call);

}  // namespace lacuna::onnx
