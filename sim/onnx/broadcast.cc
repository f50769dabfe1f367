#include "onnx/broadcast.h"

#include <algorithm>

namespace lacuna::onnx {

Shape broadcast(const Call& call, const Shape& a, const Shape& b) {
  Shape shape(std::max(a.size(), b.size()), 1);
  for (std::size_t d = 0; d < shape.size(); ++d) {  // from the last dimension
    const std::size_t x = d < a.size() ? a[a.size() - 1 - d] : 1, y = d < b.size() ? b[b.size() - 1 - d] : 1;
    if (x != y && x != 1 && y != 1)
      fail(call.place(), "shapes {} and {} do not fit each other", text_of(a), text_of(b));
    shape[shape.size() - 1 - d] = x == 1 ? y : x;
  }
  call.check_size(shape);
  return shape;
}

std::vector<std::size_t> strides_in(const Shape& shape, const Shape& to) {
  LACUNA_CHECK(shape.size() <= to.size(), "shape {} in {}", text_of(shape), text_of(to));
  const auto own = strides_of(shape);
  std::vector<std::size_t> strides(to.size(), 0);
  for (std::size_t d = 0; d < shape.size(); ++d)
    if (shape[d] != 1) strides[to.size() - shape.size() + d] = own[d];
  return strides;
}

}  // namespace lacuna::onnx
