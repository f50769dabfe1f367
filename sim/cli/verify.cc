// Compares whole tensors first: equal ones, the usual case, cost one pass over the bytes.
#include "cli/verify.h"

#include <algorithm>

namespace lacuna {

namespace {

/// "[0, 3, 1, 2]" of the element `offset` of a tensor in C order.
std::string index_text(std::size_t offset, const Shape& shape) {
  Shape index(shape.size());
  for (std::size_t d = shape.size(); d-- > 0;) {
    index[d] = offset % shape[d];
    offset /= shape[d];
  }
  return text_of(index);
}

}  // namespace

void verify(const std::string& layer, const std::string& engine, const Tensor& output, const Tensor& expected) {
  if (output == expected) return;
  if (output.type() != expected.type() || output.shape() != expected.shape())
    throw Bug(fmt::format("layer '{}': engine {} gives {} {}, the reference {} {}", layer, engine,
                          name_of(output.type()), text_of(output.shape()), name_of(expected.type()),
                          text_of(expected.shape())));
  const auto ours = output.to_int64(), theirs = expected.to_int64();
  const auto differ = std::mismatch(ours.begin(), ours.end(), theirs.begin()).first;
  const auto at = static_cast<std::size_t>(differ - ours.begin());
  throw Bug(fmt::format("layer '{}': output {} is {} on engine {}, {} in the reference", layer,
                        index_text(at, expected.shape()), ours[at], engine, theirs[at]));
}

}  // namespace lacuna
