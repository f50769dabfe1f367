// The activations that one position of the reduction meets in many windows: what a sum over windows runs along.
#pragma once

#include <cstdint>
#include <vector>

#include "workload/layer.h"

namespace lacuna::tune {

/// Windows are worked on so many at a time; of a known number, so that loops over them become vectors.
constexpr std::size_t kBlock = 256;

class Windows {
 public:
  /// `input` holds [N, C, H, W] of `shape`, none of them negative. Both outlive this.
  Windows(const ConvShape& shape, const std::vector<std::uint16_t>& input) : shape_(shape), input_(input) {}

  /// N x P x Q
  [[nodiscard]] std::size_t count() const { return std::size_t{shape_.N} * shape_.P() * shape_.Q(); }
  [[nodiscard]] std::size_t blocks() const { return (count() + kBlock - 1) / kBlock; }
  /// Windows of a block: kBlock, fewer in the last.
  [[nodiscard]] std::size_t in_block(std::size_t block) const { return std::min(kBlock, count() - block * kBlock); }

  /// What follows is about this block.
  void go_to(std::size_t block);
  /// to[i]: what window i of the block has at `position` of the reduction of `group`; 0 in the padding and behind the
  /// last window.
  template <typename T>
  void read(std::uint32_t group, std::uint32_t position, T* to) const;

 private:
  /// Neighbours in one output row: the first is (image, p, q), number `at` of the block.
  struct Run {
    std::uint32_t image, p, q, count, at;
  };

  const ConvShape& shape_;
  const std::vector<std::uint16_t>& input_;
  std::vector<Run> runs_;
};

template <typename T>
void Windows::read(std::uint32_t group, std::uint32_t position, T* to) const {
  const ConvShape& s = shape_;
  const std::uint32_t channels = s.C / s.groups;
  const std::size_t c = group * channels + position % channels;
  const std::int64_t column = position / channels % s.S, row = position / channels / s.S;
  std::fill(to, to + kBlock, T{0});
  for (const Run& run : runs_) {
    const std::int64_t y = std::int64_t{run.p} * s.stride_h + row * s.dilation_h - s.pad_top;
    if (y < 0 || y >= s.H) continue;
    const std::uint16_t* line = input_.data() + ((run.image * std::size_t{s.C} + c) * s.H + std::size_t(y)) * s.W;
    std::int64_t x = std::int64_t{run.q} * s.stride_w + column * s.dilation_w - s.pad_left;
    for (std::uint32_t i = 0; i < run.count; ++i, x += s.stride_w)
      if (x >= 0 && x < s.W) to[run.at + i] = static_cast<T>(line[x]);
  }
}

}  // namespace lacuna::tune
