// recording.json: the graph around the layers of a recorded network, with their scales, as scripts/lacuna writes it.
#pragma once

#include <string>
#include <vector>

#include "import/onnx_integers.h"

namespace lacuna::imports {

/// `names` are those of the layers; `integers` has as many, or none if the network was not run on real inputs. The text
/// of
///   layers      name, from, weights_from, feeds, relu, batch_norms_folded, weight_scale, input_scale, output_scale
///   operations  name, op, from: what lies between layers, views and what became part of a layer left out
/// where `from` is a layer, an operation, or an input of the network.
std::string recording_text(const OnnxGraph& graph, const std::string& network, const std::vector<std::string>& names,
                           const std::vector<FoldedProduct>& products, const std::vector<LayerIntegers>& integers);

}  // namespace lacuna::imports
