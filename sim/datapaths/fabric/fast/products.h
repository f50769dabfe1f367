// Products of sixteen filters at a time with windows, by the kernels.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "datapaths/fabric/fast/kernels/kernels.h"

namespace lacuna::fabric::fast {

/// Positions that kernels multiply together.
template <typename Weight>
constexpr std::size_t kTogether = sizeof(Weight) == 1   ? 4
                                  : sizeof(Weight) == 2 ? 2
                                                        : 1;

/// Packs rows of 16 filters as the kernels take them.
template <typename Weight>
void pack(const Weight* rows, std::size_t stride, std::size_t k, Weight* packed) {
  constexpr std::size_t n = kTogether<Weight>;
  for (std::size_t at = 0; at < k; at += n)
    for (std::size_t f = 0; f < kLanes; ++f, packed += n)
      std::memcpy(packed, rows + f * stride + at, n * sizeof(Weight));
}

/// Sums of one or two sixteens of filters, whose weights are `distance` apart.
template <typename Weight, typename Input, typename Sum>
void multiply(const ValueKernels& kernels, const Weight* packed, std::size_t distance, std::uint32_t sixteens,
              const Input* rows, std::size_t stride, std::uint32_t windows, std::size_t begin, std::size_t end,
              Sum* sums) {
  const auto length = static_cast<std::uint32_t>((end - begin + kTogether<Weight> - 1) / kTogether<Weight>);
  packed += begin * kLanes;
  rows += begin;
  if constexpr (sizeof(Weight) == 1) {
    kernels.byte_products(packed, distance, sixteens, rows, stride, windows, length, sums);
  } else {
    for (; sixteens != 0; --sixteens, packed += distance, sums += kLanes * kLanes) {
      if constexpr (sizeof(Weight) == 2)
        kernels.products(packed, rows, stride, windows, length, sums);
      else
        kernels.wide_products(packed, rows, stride, windows, length, sums);
    }
  }
}

}  // namespace lacuna::fabric::fast
