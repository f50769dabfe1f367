// MAESTRO's networks (.m): layers in braces, with or without the dataflow that maps them.
#pragma once

#include "import/layer_list.h"

namespace lacuna::imports {

/// Reads every `Network` of a file. Constants are replaced; dataflows and accelerators are left alone.
///
///   CONV    N, K filters of C x R x S over Y x X without padding; Y' and X' instead are output sizes
///   DSCONV  one filter a channel, K is 1
///   NGCONV  G groups of K filters and C channels each
///   GEMM    [M x K] inputs times [K x N] weights, so M and N change places here; BMM: B of them, one group each
///
/// UserError with line and column for what cannot be read and for layer types that are no such product (TRCONV, POOL,
/// FC, LSTM).
ImportedFile read_maestro(const std::filesystem::path& path);

}  // namespace lacuna::imports
