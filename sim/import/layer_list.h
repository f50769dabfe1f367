// What every reader of another tool's file gives: a list of layers, each with its place and its dense products as the
// format itself counts them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "workload/generate.h"
#include "workload/layer.h"

namespace lacuna::imports {

/// Tensors that the file gives, as workload.yaml has them: of an fc layer [M, C] and [N, C], of a matmul [M, K] and [K,
/// N].
struct LayerTensors {
  Tensor weights;                    ///< int8 or int16
  std::optional<Tensor> input;       ///< int8, uint8, int16 or uint16; drawn if the file has none
  std::optional<Tensor> bias;        ///< int32 [M]
  std::optional<Tensor> requantise;  ///< int32 [M, 2]
  /// Of a layer that predicts: uint16 and int32 or int64, [M] both.
  std::optional<Tensor> representatives = std::nullopt, thresholds = std::nullopt;
};

struct ImportedLayer {
  std::string name;  ///< as the file has it; "" if it has none
  Place place;       ///< where the file says it
  Op op = Op::Conv;
  ConvShape shape;
  std::optional<double> weights, input, output;  ///< densities, 0..1, where the file gives them
  std::optional<Pattern> pattern;                ///< of the weights
  bool relu = false;
  /// Multiply-accumulates by the formula of the format, from the file's own numbers; never from `shape`.
  std::uint64_t dense_products = 1;
  std::optional<LayerTensors> tensors;  ///< they replace `weights`
  std::vector<std::string> notes;       ///< what was decided where the file leaves room
};

struct ImportedFile {
  std::filesystem::path path;
  std::string format;   ///< "SCALE-Sim topology"
  std::string network;  ///< its name, if the file has one
  std::vector<ImportedLayer> layers;
  std::vector<std::string> notes;  ///< what was left out, with its line
  std::string recording;           ///< of a network: its graph and scales, which become recording.json; "" of a table
};

/// a * b. UserError at `place` if it does not fit 62 bits.
std::uint64_t product(std::uint64_t a, std::uint64_t b, const Place& place);

/// What a workload cannot hold is refused at the layer's own place: tensors of more than 2^31 elements, steps above
/// 65535, kernels larger than the padded input. Bug if `shape` has other dense products than the format counts.
void check_layer(const ImportedLayer& layer);

}  // namespace lacuna::imports
