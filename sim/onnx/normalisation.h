// Operators that scale by what they measure, or by what was measured in training.
#pragma once

#include "onnx/call.h"

namespace lacuna::onnx {

Tensor batch_normalization(const Call& call);  ///< with the statistics of training
Tensor layer_normalization(const Call& call);  ///< the values; its other outputs are not made
Tensor softmax(const Call& call);
Tensor reduce_mean(const Call& call);

/// Gain and offset a channel, y = gain * x + offset, of a BatchNormalization.
struct ChannelScale {
  std::vector<double> gain, offset;
};
ChannelScale batch_norm_scale(const Call& call);

}  // namespace lacuna::onnx
