// Where the windows of a convolution or a pooling lie: strides, dilations and padding along each spatial axis.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "onnx/call.h"

namespace lacuna::onnx {

/// One spatial axis, in elements. Window o covers inputs o * stride - begin + k * dilation, k = 0 .. kernel - 1.
struct WindowAxis {
  std::int64_t input = 1, kernel = 1, stride = 1, dilation = 1;
  std::int64_t begin = 0, end = 0;  ///< padding
  std::int64_t output = 1;

  /// Where element k of window o lies, or -1 in the padding.
  [[nodiscard]] std::int64_t at(std::int64_t o, std::int64_t k) const {
    const std::int64_t place = o * stride - begin + k * dilation;
    return place >= 0 && place < input ? place : -1;
  }
};

/// The axes of `input`, of shape [N, C, ...], for windows of `kernel`; auto_pad, pads, strides, dilations and ceil_mode
/// are the node's. UserError for values no window has, and for windows larger than what they lie in.
std::vector<WindowAxis> windows_of(const Call& call, const Shape& input, std::span<const std::int64_t> kernel);

/// Windows, or elements of one.
std::size_t outputs_of(std::span<const WindowAxis> axes);
std::size_t taps_of(std::span<const WindowAxis> axes);

/// Where in the plane of one channel element `tap` of windows `from` to `from + count` lies; -1 in the padding.
void places_of(std::span<const WindowAxis> axes, std::size_t tap, std::size_t from, std::span<std::int64_t> places);

}  // namespace lacuna::onnx
