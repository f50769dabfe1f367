#include "tune/order.h"

#include <algorithm>
#include <cstdlib>

#include "tensor/element_types.h"
#include "workload/pattern.h"

namespace lacuna::tune {

std::vector<Pair> by_magnitude(const Layer& layer, std::uint32_t m) {
  const auto k = static_cast<std::uint32_t>(layer.weights.size() / layer.shape.M);
  std::vector<Pair> pairs;
  with_operands(layer.weights, [&](auto weights) {
    const auto filter = weights.subspan(std::size_t{m} * k, k);
    for (std::uint32_t position = 0; position < k; ++position)
      if (const auto w = filter[place_of(position, layer.shape)]; w != 0) pairs.push_back({position, w});
  });
  std::ranges::stable_sort(pairs, [](const Pair& a, const Pair& b) { return std::abs(a.weight) > std::abs(b.weight); });
  return pairs;
}

FilterOrder order_of(const std::vector<Pair>& pairs_by_magnitude, std::uint32_t representatives) {
  const std::size_t z = pairs_by_magnitude.size(), n = representatives;
  LACUNA_CHECK(n == 0 || n < z, "{} representatives of {} weights", n, z);
  FilterOrder order;
  order.representatives = representatives;
  std::vector<bool> first(z);
  for (std::size_t i = 0; i < n; ++i) {
    first[i * z / n] = true;
    order.pairs.push_back(pairs_by_magnitude[i * z / n]);
  }
  const auto add_rest = [&](bool positive) {
    for (std::size_t i = 0; i < z; ++i)
      if (!first[i] && (pairs_by_magnitude[i].weight > 0) == positive) order.pairs.push_back(pairs_by_magnitude[i]);
  };
  add_rest(true);
  order.settled = static_cast<std::uint32_t>(std::max<std::size_t>(order.pairs.size(), 1));
  add_rest(false);
  return order;
}

}  // namespace lacuna::tune
