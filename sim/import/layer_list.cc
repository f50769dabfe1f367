#include "import/layer_list.h"

#include <initializer_list>

#include "tensor/npy.h"

namespace lacuna::imports {

namespace {

constexpr std::uint32_t kMostStep =
    65535;  ///< strides and dilations, as workload.yaml has them; pads are smaller than strides

void check_count(const Place& place, std::string_view what, std::initializer_list<std::uint32_t> extents) {
  std::uint64_t count = 1;
  for (const std::uint32_t extent : extents)
    if (__builtin_mul_overflow(count, std::uint64_t{extent}, &count) || count > kMaxElements)
      fail(place, "the layer's {} would have more than 2^31 elements", what);
}

}  // namespace

std::uint64_t product(std::uint64_t a, std::uint64_t b, const Place& place) {
  std::uint64_t result = 0;
  if (__builtin_mul_overflow(a, b, &result) || result >> 62 != 0) fail(place, "the layer has more than 2^62 products");
  return result;
}

void check_layer(const ImportedLayer& layer) {
  const ConvShape& s = layer.shape;
  for (const std::uint32_t step : {s.stride_h, s.stride_w, s.dilation_h, s.dilation_w})
    if (step < 1 || step > kMostStep) fail(layer.place, "a stride or dilation is {}; allowed 1..{}", step, kMostStep);
  const std::uint64_t kernel_h = std::uint64_t{s.dilation_h} * (s.R - 1) + 1;
  const std::uint64_t kernel_w = std::uint64_t{s.dilation_w} * (s.S - 1) + 1;
  const std::uint64_t padded_h = std::uint64_t{s.H} + s.pad_top + s.pad_bottom;
  const std::uint64_t padded_w = std::uint64_t{s.W} + s.pad_left + s.pad_right;
  if (kernel_h > padded_h || kernel_w > padded_w)
    fail(layer.place, "the filter covers {} x {}, the input has {} x {}; a filter is no larger than its input",
         kernel_h, kernel_w, padded_h, padded_w);
  check_count(layer.place, "weights", {s.M, s.C / s.groups, s.R, s.S});
  check_count(layer.place, "input", {s.N, s.C, s.H, s.W});
  check_count(layer.place, "output", {s.N, s.M, s.P(), s.Q()});
  LACUNA_CHECK(s.dense_pairs() == layer.dense_products, "{}: layer '{}' has {} dense products, its format counts {}",
               layer.place.text(), layer.name, s.dense_pairs(), layer.dense_products);
}

}  // namespace lacuna::imports
