// The elements of a tensor in their own type, where the type is known only when the program runs.
#pragma once

#include <cstdint>

#include "base/error.h"
#include "tensor/tensor.h"

namespace lacuna {

/// Calls `visit` with the elements of an operand, an integer tensor of 8 or 16 bits, as a span of their own type.
template <typename Visit>
auto with_operands(const Tensor& tensor, Visit&& visit) {
  switch (tensor.type()) {
    case DType::Int8:
      return visit(tensor.as<std::int8_t>());
    case DType::UInt8:
      return visit(tensor.as<std::uint8_t>());
    case DType::Int16:
      return visit(tensor.as<std::int16_t>());
    case DType::UInt16:
      return visit(tensor.as<std::uint16_t>());
    default:
      throw Bug("operands are integers of 8 or 16 bits");
  }
}

/// Calls `visit` with a pointer to the elements of an integer output tensor, of their own type.
template <typename Visit>
auto with_output(Tensor& output, Visit&& visit) {
  switch (output.type()) {
    case DType::Int8:
      return visit(output.as<std::int8_t>().data());
    case DType::UInt8:
      return visit(output.as<std::uint8_t>().data());
    case DType::Int16:
      return visit(output.as<std::int16_t>().data());
    case DType::UInt16:
      return visit(output.as<std::uint16_t>().data());
    case DType::Int32:
      return visit(output.as<std::int32_t>().data());
    case DType::Int64:
      return visit(output.as<std::int64_t>().data());
    default:
      throw Bug("outputs are integers");
  }
}

}  // namespace lacuna
