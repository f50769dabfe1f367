// What an ONNX model is run on: the files the caller names, or zeros.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "onnx/call.h"

namespace lacuna::imports {

/// One tensor for each of the model's inputs, of "NAME=FILE" or, for the only input, "FILE". 8-bit images may stand for
/// float32: their values are taken as they are. UserError at the option if a name is not an input or given twice, one
/// is missing, or a shape is not the model's.
std::map<std::string, Tensor> given_inputs(const onnx::Model& model, const std::vector<std::string>& inputs);

/// Zeros of the shapes the model says; a first extent it leaves open is 1, and `notes` says so. UserError at the model
/// where it leaves open another one.
std::map<std::string, Tensor> zero_inputs(const onnx::Model& model, std::vector<std::string>& notes);

}  // namespace lacuna::imports
