// Operators that work element by element.
#pragma once

#include <optional>

#include "onnx/call.h"

namespace lacuna::onnx {

// --- of one float32 tensor. Functions of the C library are taken in double, and rounded once, so that the last bit
// does not depend on the library.

Tensor relu(const Call& call);
Tensor leaky_relu(const Call& call);
Tensor elu(const Call& call);
Tensor sigmoid(const Call& call);
Tensor hard_sigmoid(const Call& call);
Tensor hard_swish(const Call& call);
Tensor softplus(const Call& call);
Tensor tanh(const Call& call);
Tensor erf(const Call& call);
Tensor exp(const Call& call);
Tensor sqrt(const Call& call);
Tensor absolute(const Call& call);
Tensor negative(const Call& call);
Tensor reciprocal(const Call& call);

/// Between two bounds, of any element type; the bounds are attributes before version 11.
Tensor clip(const Call& call);
struct ClipBounds {
  std::optional<double> low, high;
};
ClipBounds clip_bounds(const Call& call);

// --- of two tensors that are broadcast, of one element type; whole numbers wrap

Tensor add(const Call& call);
Tensor subtract(const Call& call);
Tensor multiply(const Call& call);
Tensor divide(const Call& call);
Tensor power(const Call& call);  ///< of float32; the exponent may be whole
Tensor prelu(const Call& call);  ///< of float32

Tensor sum(const Call& call);      ///< of one tensor or more
Tensor maximum(const Call& call);  ///< the same
Tensor minimum(const Call& call);  ///< the same

}  // namespace lacuna::onnx
