#include "check/shrink.h"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

namespace lacuna {

namespace {

/// A box of a tensor of four dimensions: `count` elements from `first` on in each.
struct Box {
  std::array<std::size_t, 4> first{}, count{};
};

Tensor cut(const Tensor& tensor, const Box& box) {
  const Shape& shape = tensor.shape();
  Tensor result(tensor.type(), {box.count[0], box.count[1], box.count[2], box.count[3]});
  const std::size_t size = size_of(tensor.type());
  const auto from = tensor.bytes();
  auto to = result.bytes().begin();
  for (std::size_t a = 0; a < box.count[0]; ++a)
    for (std::size_t b = 0; b < box.count[1]; ++b)
      for (std::size_t c = 0; c < box.count[2]; ++c) {
        const std::size_t at =
            (((box.first[0] + a) * shape[1] + box.first[1] + b) * shape[2] + box.first[2] + c) * shape[3] +
            box.first[3];
        to = std::copy_n(from.begin() + static_cast<std::ptrdiff_t>(at * size), box.count[3] * size, to);
      }
  return result;
}

Box whole(const Tensor& tensor) {
  Box box;
  std::copy_n(tensor.shape().begin(), 4, box.count.begin());
  return box;
}

template <typename T>
std::vector<T> part(const std::vector<T>& all, std::size_t first, std::size_t count) {
  if (all.empty()) return {};
  const auto begin = all.begin() + static_cast<std::ptrdiff_t>(first);
  return {begin, begin + static_cast<std::ptrdiff_t>(count)};
}

/// Elements first .. first + count - 1 of one dimension of the layer.
enum class Dimension { Images, Filters, Channels, Groups, Height, Width, KernelHeight, KernelWidth };

std::uint32_t extent(const ConvShape& s, Dimension dimension) {
  switch (dimension) {
    case Dimension::Images:
      return s.N;
    case Dimension::Filters:
      return s.groups == 1 ? s.M : 1;
    case Dimension::Channels:
      return s.groups == 1 ? s.C : 1;
    case Dimension::Groups:
      return s.groups;
    case Dimension::Height:
      return s.H;
    case Dimension::Width:
      return s.W;
    case Dimension::KernelHeight:
      return s.R;
    case Dimension::KernelWidth:
      return s.S;
  }
  throw Bug("unknown dimension");
}

/// The layer with that part only, or nothing if the kernel no longer fits the input.
std::optional<Layer> restricted(const Layer& layer, Dimension dimension, std::uint32_t first, std::uint32_t count) {
  Layer result = layer;
  ConvShape& s = result.shape;
  Box weights = whole(layer.weights), input = whole(layer.input);
  const auto take = [&](Box& box, std::size_t d, std::uint32_t from, std::uint32_t n) {
    box.first[d] = from;
    box.count[d] = n;
  };
  const auto take_filters = [&](std::uint32_t from, std::uint32_t n) {
    take(weights, 0, from, n);
    result.bias = part(layer.bias, from, n);
    result.requantise = part(layer.requantise, from, n);
    s.M = n;
  };
  switch (dimension) {
    case Dimension::Images:
      take(input, 0, first, count);
      s.N = count;
      break;
    case Dimension::Filters:
      take_filters(first, count);
      break;
    case Dimension::Channels:
      take(weights, 1, first, count);
      take(input, 1, first, count);
      s.C = count;
      break;
    case Dimension::Groups: {
      const std::uint32_t filters = s.M / s.groups, channels = s.C / s.groups;
      take_filters(first * filters, count * filters);
      take(input, 1, first * channels, count * channels);
      s.C = count * channels;
      s.groups = count;
      break;
    }
    case Dimension::Height:
      take(input, 2, first, count);
      s.H = count;
      break;
    case Dimension::Width:
      take(input, 3, first, count);
      s.W = count;
      break;
    case Dimension::KernelHeight:
      take(weights, 2, first, count);
      s.R = count;
      break;
    case Dimension::KernelWidth:
      take(weights, 3, first, count);
      s.S = count;
      break;
  }
  if (s.dilation_h * (s.R - 1) + 1 > s.H + s.pad_top + s.pad_bottom ||
      s.dilation_w * (s.S - 1) + 1 > s.W + s.pad_left + s.pad_right)
    return std::nullopt;
  result.weights = cut(layer.weights, weights);
  result.input = cut(layer.input, input);
  return result;
}

/// Every case that is a step smaller, the boldest first.
std::vector<RandomCase> smaller(const RandomCase& from, bool machine) {
  std::vector<RandomCase> result;
  const auto with_layer = [&](const std::optional<Layer>& layer) {
    if (layer) result.push_back({from.machine, *layer});
  };
  for (const Dimension dimension :
       {Dimension::Images, Dimension::Groups, Dimension::Filters, Dimension::Channels, Dimension::Height,
        Dimension::Width, Dimension::KernelHeight, Dimension::KernelWidth}) {
    const std::uint32_t n = extent(from.layer.shape, dimension);
    if (n < 2) continue;
    const std::uint32_t half = n / 2;
    with_layer(restricted(from.layer, dimension, 0, half));
    with_layer(restricted(from.layer, dimension, half, n - half));
    with_layer(restricted(from.layer, dimension, 0, n - 1));
    with_layer(restricted(from.layer, dimension, 1, n - 1));
  }
  const auto changed = [&](auto change) {
    RandomCase c = from;
    if (change(c)) result.push_back(std::move(c));
  };
  changed([](RandomCase& c) { return !c.layer.requantise.empty() && (c.layer.requantise.clear(), true); });
  changed([](RandomCase& c) {
    const bool some = std::ranges::any_of(c.layer.bias, [](std::int64_t b) { return b != 0; });
    std::ranges::fill(c.layer.bias, 0);
    return some;
  });
  changed([](RandomCase& c) { return std::exchange(c.machine.post.threshold, 0) != 0; });
  if (!machine) return result;
  const auto to = [&](auto member, auto value) {
    changed([&](RandomCase& c) { return std::exchange(member(c.machine), value) != value; });
  };
  to(
      [](Machine & m) -> auto& { return m.array.rows; }, std::max(1u, from.machine.array.rows / 2));
  to(
      [](Machine & m) -> auto& { return m.array.columns; }, std::max(1u, from.machine.array.columns / 2));
  to(
      [](Machine & m) -> auto& { return m.array.lanes; }, 1u);
  to(
      [](Machine & m) -> auto& { return m.array.filter_order; }, FilterOrder::Natural);
  to(
      [](Machine & m) -> auto& { return m.dram.latency; }, 0u);
  to(
      [](Machine & m) -> auto& { return m.dram.burst_bytes; }, 1u);
  to(
      [](Machine & m) -> auto& { return m.storage.weights; }, StorageFormat::Dense);
  to(
      [](Machine & m) -> auto& { return m.storage.activations; }, StorageFormat::Dense);
  return result;
}

}  // namespace

RandomCase shrunk(RandomCase failing, const std::function<bool(const RandomCase&)>& fails, bool machine,
                  unsigned most) {
  for (bool progress = true; progress;) {
    progress = false;
    for (const RandomCase& candidate : smaller(failing, machine)) {
      if (most-- == 0) return failing;
      if (!fails(candidate)) continue;
      failing = candidate;
      progress = true;
      break;
    }
  }
  return failing;
}

}  // namespace lacuna
