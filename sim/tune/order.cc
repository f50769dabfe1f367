#include "tune/order.h"

#include <algorithm>
#include <cstdlib>

namespace lacuna::tune {

std::vector<Pair> by_magnitude(const Layer& layer, std::uint32_t m) {
  const ConvShape& s = layer.shape;
  const std::uint32_t channels = s.C / s.groups;
  std::vector<Pair> pairs;
  const auto add = [&](auto weights) {
    for (std::uint32_t r = 0, position = 0; r < s.R; ++r)
      for (std::uint32_t column = 0; column < s.S; ++column)
        for (std::uint32_t c = 0; c < channels; ++c, ++position)
          if (const auto w = weights[((std::size_t{m} * channels + c) * s.R + r) * s.S + column]; w != 0)
            pairs.push_back({position, w});
  };
  if (layer.weights.type() == DType::Int8)
    add(layer.weights.as<std::int8_t>());
  else
    add(layer.weights.as<std::int16_t>());
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
