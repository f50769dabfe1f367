// Operators that keep values and change their order, number or shape; and those that make or read shapes.
#pragma once

#include "onnx/call.h"

namespace lacuna::onnx {

Tensor identity(const Call& call);  ///< also of Dropout, which does nothing in inference
Tensor constant(const Call& call);
Tensor constant_of_shape(const Call& call);
Tensor shape(const Call& call);

Tensor flatten(const Call& call);
Tensor reshape(const Call& call);
Tensor squeeze(const Call& call);
Tensor unsqueeze(const Call& call);
Tensor transpose(const Call& call);

Tensor concat(const Call& call);
Tensor take(const Call& call);
Tensor slice(const Call& call);
std::vector<Tensor> split(const Call& call);
Tensor expand(const Call& call);
Tensor pad(const Call& call);  ///< by a constant, the edge, or a reflection
Tensor cast(const Call& call);

}  // namespace lacuna::onnx
