// The operators that multiply and add: Conv, Gemm, MatMul. Products of matrices are Eigen's.
#pragma once

#include "onnx/call.h"
#include "onnx/windows.h"

namespace lacuna::onnx {

Tensor conv(const Call& call);    ///< one or more spatial axes, groups
Tensor gemm(const Call& call);    ///< alpha * A * B + beta * C
Tensor matmul(const Call& call);  ///< of any number of dimensions, as NumPy's

/// The windows of a Conv whose tensors fit each other. UserError if they do not.
std::vector<WindowAxis> conv_windows(const Call& call);

/// What matmul() multiplies: `batch` products of [rows x inner] and [inner x columns]. A vector is a row or a column.
struct MatmulShape {
  std::size_t rows = 1, inner = 1, columns = 1;
  Shape batch;                           ///< dimensions in front of the matrices, broadcast
  std::vector<std::size_t> left, right;  ///< which matrix each product takes of either input
  Shape output;                          ///< as the model sees it
};

/// UserError if the inputs do not fit each other.
MatmulShape matmul_shape(const Call& call);

}  // namespace lacuna::onnx
