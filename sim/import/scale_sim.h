// SCALE-Sim's topologies (convolutions) and GEMM files: a line of comma-separated numbers a layer.
#pragma once

#include "import/layer_list.h"

namespace lacuna::imports {

/// Reads one file; which of the two it is shows in its heading or in how many numbers its lines have. UserError with
/// line and column at whatever cannot be read the way SCALE-Sim reads it.
///
///   convolution  name, H, W, R, S, C, M, stride: ceil((H - R + stride) / stride) outputs high, so what is missing at
///                bottom and right is padded; N:M, batch and a second stride in further columns
///   GEMM         name, M, N, K: [M x K] inputs times [K x N] filters, so M and N change places here
///   depthwise    DP in the name: C channels of `M` filters each, as SCALE-Sim expands it. One filter for C channels,
///                and one for one: depthwise if the filter is larger than 1 x 1 and smaller than the input, or the name
///                says so
ImportedFile read_scale_sim(const std::filesystem::path& path);

}  // namespace lacuna::imports
