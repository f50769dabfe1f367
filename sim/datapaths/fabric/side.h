// The two operands of the fabric: weights come along the rows, activations along the columns. A line is a row or a
// column.
#pragma once

#include <cstdint>

namespace lacuna::fabric {

/// Whose feeders, FIFOs, buses.
enum class Side : std::uint8_t { Weights, Activations };

}  // namespace lacuna::fabric
