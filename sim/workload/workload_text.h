// Layers as text of workload.yaml, for whoever writes one: importers, pruning.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "workload/generate.h"
#include "workload/layer.h"

namespace lacuna {

/// Text for a comment: one line of printable UTF-8; other bytes, and characters of `escaped`, get a backslash.
std::string printable(std::string_view text, std::string_view escaped = "");
/// The same between double quotes, as a text of YAML.
std::string in_quotes(std::string_view text);

/// Stride, pad, dilation and groups, a line each; those that are their default are left out.
std::string geometry_text(Op op, const ConvShape& shape);

using Files = std::map<std::string, std::string>;  ///< contents by name

/// A layer whose tensors are drawn; name, op, shape, relu, predictions and notes are those of `layer`.
std::string generated_layer_text(const Layer& layer, const GeneratedLayer& drawn, Files& files);

/// A layer with its tensors, which go to `files` as NAME.weights.npy and so on, and its notes. Read again it is the
/// same layer, but for `generated`.
std::string given_layer_text(const Layer& layer, Files& files);

}  // namespace lacuna
