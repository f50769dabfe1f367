// What a layer's output looks like.
#include "workload/layer.h"

namespace lacuna {

DType Layer::output_type() const {
  const bool narrow = operand_bits() == 8;
  if (requantise.empty()) return narrow ? DType::Int32 : DType::Int64;
  if (relu) return narrow ? DType::UInt8 : DType::UInt16;
  return narrow ? DType::Int8 : DType::Int16;
}

Shape Layer::output_shape() const {
  switch (op) {
    case Op::Conv:
    case Op::Depthwise:
      return {shape.N, shape.M, shape.P(), shape.Q()};
    case Op::Fc:
      return {shape.N, shape.M};
    case Op::Matmul:
      return {shape.M, shape.N};
  }
  throw Bug("operation without an output shape");
}

Tensor Layer::user_output(const Tensor& output) const {
  if (op != Op::Matmul) return output.reshaped(output_shape());
  Tensor result(output.type(), output_shape());
  const std::size_t size = size_of(output.type());
  LACUNA_CHECK(output.size() == result.size(), "output {} is not {}", text_of(output.shape()), text_of(result.shape()));
  for (std::size_t n = 0; n < shape.N; ++n)
    for (std::size_t m = 0; m < shape.M; ++m)
      std::memcpy(result.bytes().data() + (m * shape.N + n) * size, output.bytes().data() + (n * shape.M + m) * size,
                  size);
  return result;
}

}  // namespace lacuna
