#include "workload/predictions.h"

#include "sparse/storage.h"
#include "tensor/element_types.h"

namespace lacuna {

std::uint32_t idle_predictions(const Layer& layer) {
  if (!layer.prediction) return 0;
  const std::size_t k = layer.weights.size() / layer.shape.M;
  std::uint32_t idle = 0;
  with_operands(layer.weights, [&](auto values) {
    for (std::size_t m = 0; m < layer.shape.M; ++m) {
      const std::uint32_t count = layer.prediction->representatives[m];
      idle += count != 0 && count >= count_nonzeros(values.subspan(m * k, k)) ? 1 : 0;
    }
  });
  return idle;
}

}  // namespace lacuna
