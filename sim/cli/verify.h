// Is the output right? Every run is held against the reference convolution, value for value.
#pragma once

#include <string>

#include "tensor/tensor.h"

namespace lacuna {

/// Bug at the first value in which `output` of an engine and `expected` of the reference differ: our fault, exit 3.
void verify(const std::string& layer, const std::string& engine, const Tensor& output, const Tensor& expected);

}  // namespace lacuna
