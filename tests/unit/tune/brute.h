// A layer that predicts, output by output and pair by pair as the page says it: what the optimiser's loops over windows
// must give.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <random>
#include <tuple>
#include <vector>

#include "tune/profile.h"

namespace lacuna {

struct BruteOutput {
  std::int64_t partial = 0, total = 0;
  std::uint64_t products = 0;  ///< until the exact stop
};

/// Weights of filter `m` in the order in which they are multiplied, with their (row, column, channel).
struct BruteWeight {
  std::int64_t value = 0;
  std::uint32_t r = 0, s = 0, c = 0;
};

inline std::vector<BruteWeight> brute_order(const Layer& layer, std::uint32_t m, std::uint32_t n) {
  const ConvShape& shape = layer.shape;
  const auto weights = layer.weights.to_int64();
  const std::uint32_t channels = shape.C / shape.groups;
  std::vector<BruteWeight> all;
  for (std::uint32_t c = 0; c < channels; ++c)
    for (std::uint32_t r = 0; r < shape.R; ++r)
      for (std::uint32_t s = 0; s < shape.S; ++s)
        if (const auto w = weights[((m * channels + c) * shape.R + r) * shape.S + s]; w != 0)
          all.push_back({w, r, s, c});
  std::sort(all.begin(), all.end(), [](const BruteWeight& a, const BruteWeight& b) {
    return std::tuple(-std::abs(a.value), a.r, a.s, a.c) < std::tuple(-std::abs(b.value), b.r, b.s, b.c);
  });
  std::vector<BruteWeight> order, positive, negative;
  std::size_t group = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (group < n && i == group * all.size() / n) {
      order.push_back(all[i]);
      ++group;
    } else {
      (all[i].value > 0 ? positive : negative).push_back(all[i]);
    }
  }
  order.insert(order.end(), positive.begin(), positive.end());
  order.insert(order.end(), negative.begin(), negative.end());
  return order;
}

/// Every output of filter `m` with `n` representatives, images, rows and columns in this order.
inline std::vector<BruteOutput> brute_filter(const Layer& layer, std::uint32_t m, std::uint32_t n) {
  const ConvShape& shape = layer.shape;
  const auto input = layer.input.to_int64();
  const auto order = brute_order(layer, m, n);
  const std::uint32_t first = m / (shape.M / shape.groups) * (shape.C / shape.groups);
  std::vector<BruteOutput> outputs;
  for (std::uint32_t image = 0; image < shape.N; ++image)
    for (std::uint32_t p = 0; p < shape.P(); ++p)
      for (std::uint32_t q = 0; q < shape.Q(); ++q) {
        BruteOutput output;
        std::int64_t sum = layer.bias[m];
        if (n == 0) output.partial = sum;
        bool stopped = false;
        for (std::size_t e = 0; e < order.size(); ++e) {
          const BruteWeight& w = order[e];
          const std::int64_t y = std::int64_t{p} * shape.stride_h + w.r * shape.dilation_h - shape.pad_top;
          const std::int64_t x = std::int64_t{q} * shape.stride_w + w.s * shape.dilation_w - shape.pad_left;
          const bool inside = y >= 0 && y < shape.H && x >= 0 && x < shape.W;
          const auto at = ((image * std::int64_t{shape.C} + first + w.c) * shape.H + y) * shape.W + x;
          sum += inside ? w.value * input[static_cast<std::size_t>(at)] : 0;
          if (!stopped) ++output.products;
          if (e + 1 == n) output.partial = sum;
          const bool rises = std::any_of(order.begin() + static_cast<std::ptrdiff_t>(e) + 1, order.end(),
                                         [](const BruteWeight& later) { return later.value > 0; });
          if (e + 1 >= n && !rises && sum <= 0) stopped = true;
        }
        output.total = sum;
        outputs.push_back(output);
      }
  return outputs;
}

/// A random small layer: groups, steps and padding of all kinds, weights of both signs, zeros among all values.
inline Layer random_layer(unsigned seed) {
  std::mt19937 draw(seed);
  const auto from = [&](std::uint32_t low, std::uint32_t high) { return low + draw() % (high - low + 1); };
  Layer layer;
  ConvShape& s = layer.shape;
  s.groups = from(1, 2);
  s.C = s.groups * from(1, 6), s.M = s.groups * from(1, 3);
  s.N = from(1, 3), s.H = from(5, 9), s.W = from(5, 23), s.R = from(1, 3), s.S = from(1, 3);
  s.stride_h = from(1, 2), s.stride_w = from(1, 3), s.dilation_h = from(1, 2), s.dilation_w = from(1, 2);
  s.pad_top = from(0, 2), s.pad_bottom = from(0, 2), s.pad_left = from(0, 2), s.pad_right = from(0, 2);
  const bool wide = from(0, 3) == 0;
  layer.relu = true;
  layer.weights = Tensor(wide ? DType::Int16 : DType::Int8, {s.M, s.C / s.groups, s.R, s.S});
  layer.input = Tensor(wide ? DType::UInt16 : DType::UInt8, {s.N, s.C, s.H, s.W});
  const int most = wide ? 30000 : 9;  // small ones are often equal
  for (std::size_t i = 0; i < layer.weights.size(); ++i)
    if (from(0, 2) > 0) layer.weights.set(i, static_cast<int>(draw() % static_cast<unsigned>(2 * most + 1)) - most);
  for (std::size_t i = 0; i < layer.input.size(); ++i)
    if (from(0, 2) > 0) layer.input.set(i, draw() % (wide ? 65536 : 256));
  for (std::uint32_t m = 0; m < s.M; ++m) {
    layer.bias.push_back(static_cast<std::int64_t>(draw() % 2001) - 1000);
    if (from(0, 1) > 0 || !layer.requantise.empty()) layer.requantise.assign(s.M, {3, 4});
  }
  return layer;
}

}  // namespace lacuna
