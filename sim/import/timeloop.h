// Timeloop's problems, versions 0.2 to 0.4: one convolution or matrix product a file.
#pragma once

#include "import/layer_list.h"

namespace lacuna::imports {

/// Reads the `problem` of a file; architectures, mappers and mappings beside it are left alone. What each dimension is
/// follows from the tensors it indexes, whatever it is called:
///
///   weights, inputs, outputs   groups                  inputs, outputs    images, columns of a matrix product
///   weights, inputs            channels                weights, outputs   filters
///   a sum of one of the weights and one of the outputs, in the inputs     height or width of filter and output
///
/// Dense products are the product of all extents. The input is as large as the projection needs, so its padding is part
/// of it. Densities are those of weights, inputs and outputs; an output density below 1 means a layer with ReLU.
ImportedFile read_timeloop(const std::filesystem::path& path);

}  // namespace lacuna::imports
