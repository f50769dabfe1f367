// Which operators can be run, and with what.
#pragma once

#include <string_view>
#include <vector>

#include "onnx/call.h"

namespace lacuna::onnx {

/// Whether `op` can be run.
bool is_supported(std::string_view op);

/// All of them, in alphabetical order.
std::vector<std::string_view> supported_operators();

/// Runs a node whose operator is supported; its outputs in order, those behind the last that is made left out.
/// UserError for attributes and numbers of inputs the operator does not have, and as the operators say. An attribute
/// nobody knows may change what the node means, so it is refused.
std::vector<Tensor> run_operator(const Call& call);

}  // namespace lacuna::onnx
