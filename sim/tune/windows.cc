#include "tune/windows.h"

#include <algorithm>

namespace lacuna::tune {

void Windows::go_to(std::size_t block) {
  const std::uint32_t P = shape_.P(), Q = shape_.Q();
  const auto number = [](std::size_t value) { return static_cast<std::uint32_t>(value); };  // of at most 2^31 windows
  runs_.clear();
  for (std::size_t at = 0; at < in_block(block);) {
    const std::size_t window = block * kBlock + at;
    const std::size_t count = std::min(Q - window % Q, in_block(block) - at);
    runs_.push_back({number(window / Q / P), number(window / Q % P), number(window % Q), number(count), number(at)});
    at += count;
  }
}

}  // namespace lacuna::tune
