// Tensors out of ONNX's messages, whichever of their four places holds the elements.
#pragma once

#include <filesystem>
#include <optional>

#include "onnx/proto.h"
#include "tensor/tensor.h"

namespace lacuna::onnx {

/// What elements of an ONNX type become, nothing for those that cannot be read.
std::optional<DType> type_of(int type);

/// The tensor of a message, its element type widened as model.h says. `folder` is where external data may lie;
/// UserError at `place` for what read_model() refuses.
Tensor tensor_of(const ::onnx::TensorProto& proto, const std::filesystem::path& folder, const Place& place);

}  // namespace lacuna::onnx
