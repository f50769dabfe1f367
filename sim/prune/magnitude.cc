#include "prune/magnitude.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "tensor/element_types.h"

namespace lacuna::pruning {

namespace {

/// Calls `act` with the weights as a span of their own type.
template <typename Act>
void change(Tensor& weights, const Act& act) {
  if (weights.type() == DType::Int8)
    act(weights.as<std::int8_t>());
  else
    act(weights.as<std::int16_t>());
}

/// How many weights of a filter have which magnitude; index: |weight|.
using Histogram = std::vector<std::uint64_t>;

std::vector<Histogram> histograms(const Layer& layer) {
  std::vector<Histogram> all(layer.shape.M);
  const std::size_t K = layer.weights.size() / layer.shape.M;
  with_operands(layer.weights, [&](auto weights) {
    for (std::size_t i = 0; i < weights.size(); ++i) {
      const auto magnitude = static_cast<std::size_t>(std::abs(int{weights[i]}));
      Histogram& counts = all[i / K];
      if (counts.size() <= magnitude) counts.resize(magnitude + 1);
      ++counts[magnitude];
    }
  });
  return all;
}

/// Equal magnitudes and how many weights have them.
struct Level {
  double magnitude;
  std::uint64_t count;
};

/// All weights with a larger magnitude stay, and `kept` of the `equal` ones.
struct Cut {
  double threshold = 0;
  std::uint64_t kept = 0, equal = 0;
};

Cut find_cut(std::vector<Level>& levels, std::uint64_t count) {
  std::ranges::sort(levels, std::greater(), &Level::magnitude);
  std::uint64_t above = 0;
  for (std::size_t i = 0; i < levels.size();) {
    std::uint64_t equal = 0;
    const double magnitude = levels[i].magnitude;
    for (; i < levels.size() && levels[i].magnitude == magnitude; ++i) equal += levels[i].count;
    if (above + equal >= count) return {magnitude, count - above, equal};
    above += equal;
  }
  throw Bug("fewer weights than are to be kept");
}

}  // namespace

std::vector<double> filter_scales(const Layer& layer, const std::vector<double>& steps) {
  if (!steps.empty()) return steps;
  std::vector<double> scales(layer.shape.M, 1);
  if (!layer.requantise.empty())
    std::ranges::transform(layer.requantise, scales.begin(), [](const Requantise& r) {
      return std::ldexp(static_cast<double>(r.multiplier), -static_cast<int>(r.shift));
    });
  return scales;
}

Weighed weigh(const Layer& layer, const std::vector<double>& scales) {
  Weighed sum;
  const auto all = histograms(layer);
  for (std::size_t m = 0; m < all.size(); ++m) {
    std::uint64_t steps = 0;
    for (std::size_t magnitude = 1; magnitude < all[m].size(); ++magnitude) {
      sum.nonzero += all[m][magnitude];
      steps += all[m][magnitude] * magnitude;
    }
    sum.magnitude += static_cast<double>(steps) * scales[m];
  }
  return sum;
}

void to_pattern(Layer& layer, Pattern pattern) {
  const ConvShape& s = layer.shape;
  const std::size_t K = layer.weights.size() / s.M;
  std::vector<int> values(K), magnitudes(K);
  change(layer.weights, [&]<typename T>(std::span<T> weights) {
    for (std::size_t m = 0; m < s.M; ++m) {
      const auto filter = weights.subspan(m * K, K);
      for (std::size_t k = 0; k < K; ++k) {
        values[k] = filter[place_of(k, s)];
        magnitudes[k] = std::abs(values[k]);
      }
      std::ranges::fill(filter, T{0});
      keep_largest<int>(pattern, magnitudes,
                        [&](std::size_t k) { filter[place_of(k, s)] = static_cast<T>(values[k]); });
    }
  });
}

void to_density(std::span<const Scaled> layers, double density) {
  std::vector<double> units(layers.size(), 1);
  std::vector<Level> levels;
  std::uint64_t weights = 0;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const auto& [layer, scales] = layers[i];
    weights += layer->weights.size();
    if (layers.size() > 1) {
      const double sum = weigh(*layer, scales).magnitude;
      if (sum > 0) units[i] = sum / static_cast<double>(layer->weights.size());
    }
    const auto all = histograms(*layer);
    for (std::size_t m = 0; m < all.size(); ++m)
      for (std::size_t magnitude = 0; magnitude < all[m].size(); ++magnitude)
        if (all[m][magnitude] > 0)
          levels.push_back({static_cast<double>(magnitude) * scales[m] / units[i], all[m][magnitude]});
  }
  const auto count = static_cast<std::uint64_t>(std::llround(density * static_cast<double>(weights)));
  const Cut cut = find_cut(levels, count);

  std::uint64_t equal = 0;  // seen so far
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const auto& [layer, scales] = layers[i];
    const std::size_t K = layer->weights.size() / layer->shape.M;
    change(layer->weights, [&](auto values) {
      for (std::size_t at = 0; at < values.size(); ++at) {
        const double magnitude = static_cast<double>(std::abs(int{values[at]})) * scales[at / K] / units[i];
        bool stays = magnitude > cut.threshold;
        if (magnitude == cut.threshold) {  // the share of equal ones that stays so far is always that of all
          stays = (equal + 1) * cut.kept / cut.equal > equal * cut.kept / cut.equal;
          ++equal;
        }
        if (!stays) values[at] = 0;
      }
    });
  }
}

}  // namespace lacuna::pruning
