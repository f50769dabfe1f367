// Resize, and its predecessor Upsample.
#pragma once

#include "onnx/call.h"

namespace lacuna::onnx {

/// Nearest, linear or cubic, one axis after the other; every coordinate mode but tf_crop_and_resize.
Tensor resize(const Call& call);

}  // namespace lacuna::onnx
