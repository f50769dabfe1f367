// One layer of a network with its real tensors, in the one canonical form every engine and the reference reads.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/enum_names.h"
#include "tensor/tensor.h"

namespace lacuna {

enum class Op { Conv, Depthwise, Fc, Matmul };

template <>
struct EnumNames<Op> {
  static constexpr std::array<std::string_view, 4> names = {"conv", "depthwise", "fc", "matmul"};
};

/// Every layer kind as one grouped convolution. Units: elements; M and C count all groups.
///
///   conv       as it is
///   depthwise  groups = C, M = C x multiplier
///   fc         N images of C features: H = W = R = S = 1
///   matmul     [M x K] times [K x N]: column n is image n, C = K, H = W = R = S = 1
struct ConvShape {
  std::uint32_t N = 1, C = 1, H = 1, W = 1;  ///< input: images, channels, height, width
  std::uint32_t M = 1, R = 1, S = 1;         ///< filters, filter height, filter width
  std::uint32_t stride_h = 1, stride_w = 1;
  std::uint32_t dilation_h = 1, dilation_w = 1;
  std::uint32_t pad_top = 0, pad_bottom = 0, pad_left = 0, pad_right = 0;
  std::uint32_t groups = 1;

  /// Output height and width.
  [[nodiscard]] std::uint32_t P() const { return (H + pad_top + pad_bottom - dilation_h * (R - 1) - 1) / stride_h + 1; }
  [[nodiscard]] std::uint32_t Q() const { return (W + pad_left + pad_right - dilation_w * (S - 1) - 1) / stride_w + 1; }
  /// Dense pairs (multiply-accumulates) of the layer, padding included.
  [[nodiscard]] std::uint64_t dense_pairs() const { return std::uint64_t{N} * P() * Q() * M * (C / groups) * R * S; }
  bool operator==(const ConvShape&) const = default;
};

/// Fixed-point rescaling of one output channel: y = (acc * multiplier + (shift ? 1 << (shift - 1) : 0)) >> shift
/// (arithmetic), then clamped to the output type. The exact integer scheme is Lacuna's own.
struct Requantise {
  std::uint32_t multiplier = 1;  ///< 1..65535
  std::uint32_t shift = 0;       ///< 0..47
};

/// Which outputs of a layer a predictive machine gives up early (SnaPEA, ISCA 2018): of each filter how many of its
/// weights are taken first, and at or below which sum, bias included, the output is taken to be zero.
struct Prediction {
  std::vector<std::uint32_t> representatives;  ///< [M]; 0: the filter predicts nothing; else below its nonzero weights
  std::vector<std::int64_t> thresholds;  ///< [M]; of an accumulator, 32 bits for 8-bit operands and 48 for 16-bit ones
};

struct Layer {
  std::string name;
  Op op = Op::Conv;
  ConvShape shape;
  Tensor weights;                      ///< int8 or int16, [M, C/groups, R, S]
  Tensor input;                        ///< int8, uint8, int16 or uint16, [N, C, H, W]
  std::vector<std::int64_t> bias;      ///< [M]; zeros where the layer has none; fits 32 bits
  std::vector<Requantise> requantise;  ///< [M], or empty: the output is the raw accumulator
  bool relu = false;
  std::optional<Prediction> prediction;
  bool generated = false;          ///< tensors were drawn from densities and a seed
  std::vector<std::string> notes;  ///< what a report must say: generated, quantised on loading, ...

  /// Width of the operands in bits, 8 or 16: the wider of weights and input.
  [[nodiscard]] unsigned operand_bits() const {
    return size_of(weights.type()) == 1 && size_of(input.type()) == 1 ? 8 : 16;
  }
  /// Element type of the output [N, M, P, Q]: with requantisation unsigned after ReLU and signed without, of
  /// operand_bits(); without requantisation the accumulator: int32 for 8-bit operands, int64 for 16-bit ones.
  [[nodiscard]] DType output_type() const;
  /// Shape in which the user sees the output: [N, M, P, Q]; fc [N, M]; matmul [M, N].
  [[nodiscard]] Shape output_shape() const;
  /// A canonical output [N, M, P, Q] as the user sees it, of output_shape(): a matmul's is transposed to [M, N].
  [[nodiscard]] Tensor user_output(const Tensor& output) const;
};

}  // namespace lacuna
