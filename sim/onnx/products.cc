// Eigen cuts products by the sizes of caches; they are fixed here, so that sums are added in the same order, and have
// the same last bits, on every machine.
#include "onnx/products.h"

#include <Eigen/Core>
#include <algorithm>

#include "onnx/broadcast.h"

namespace lacuna::onnx {

namespace {

using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using ConstMap = Eigen::Map<const Matrix>;
using RowsMap = Eigen::Map<Matrix, Eigen::Unaligned, Eigen::OuterStride<>>;

/// Floats of the unrolled windows of one block: 16 MiB.
constexpr std::size_t kBlock = std::size_t{1} << 22;

Eigen::Index index(std::size_t value) { return static_cast<Eigen::Index>(value); }

void fix_order_of_sums() {
  static const bool fixed = [] {
    Eigen::setCpuCacheSizes(32 << 10, 256 << 10, 2 << 20);
    return true;
  }();
  static_cast<void>(fixed);
}

/// to [rows x columns], its rows `step` apart, = left [rows x inner] * right [inner x columns].
void multiply(const float* left, const float* right, float* to, std::size_t rows, std::size_t inner,
              std::size_t columns, std::size_t step) {
  fix_order_of_sums();
  RowsMap(to, index(rows), index(columns), Eigen::OuterStride<>(index(step))).noalias() =
      ConstMap(left, index(rows), index(inner)) * ConstMap(right, index(inner), index(columns));
}

void check_products(const Call& call, std::initializer_list<std::size_t> extents) {
  std::uint64_t count = 1;
  for (const std::size_t extent : extents)
    if (__builtin_mul_overflow(count, std::max<std::size_t>(extent, 1), &count) || count > kMaxProducts)
      fail(call.place(), "the node has more than 2^42 multiply-accumulates");
}

Tensor transposed(const Tensor& matrix) {
  const std::size_t rows = matrix.shape()[0], columns = matrix.shape()[1];
  Tensor result(DType::Float32, {columns, rows});
  Eigen::Map<Matrix>(result.as<float>().data(), index(columns), index(rows)) =
      ConstMap(matrix.as<float>().data(), index(rows), index(columns)).transpose();
  return result;
}

}  // namespace

std::vector<WindowAxis> conv_windows(const Call& call) {
  const Tensor &x = call.floats(0, 3), &w = call.floats(1, 3);
  const auto& filters = w.shape();
  if (filters.size() != x.shape().size())
    fail(call.place(), "the weights have shape {}, the input {}", text_of(filters), text_of(x.shape()));
  const std::int64_t group = call.integer("group", 1);
  const auto groups = static_cast<std::size_t>(group);
  if (group < 1 || filters[0] % groups != 0 || x.shape()[1] % groups != 0 || x.shape()[1] / groups != filters[1] ||
      x.size() == 0 || w.size() == 0)
    fail(call.place(), "weights of shape {} do not fit an input of {} channels in {} groups", text_of(filters),
         x.shape()[1], group);
  const std::vector<std::int64_t> kernel(filters.begin() + 2, filters.end());
  if (call.integers("kernel_shape", kernel) != kernel)
    fail(call.place(), "attribute kernel_shape is not that of weights of shape {}", text_of(filters));
  if (call.has(2) && call.floats(2).shape() != Shape{filters[0]})
    fail(call.place(), "the bias has shape {}; need [{}]", text_of(call.input(2).shape()), filters[0]);
  return windows_of(call, x.shape(), kernel);
}

Tensor conv(const Call& call) {
  const auto axes = conv_windows(call);
  const Tensor &x = call.floats(0), &w = call.floats(1);
  const std::size_t images = x.shape()[0], filters = w.shape()[0], channels = w.shape()[1];
  const auto groups = static_cast<std::size_t>(call.integer("group", 1));
  const std::size_t taps = taps_of(axes), inner = channels * taps, each = filters / groups;
  Shape shape = {images, filters};
  for (const WindowAxis& axis : axes) shape.push_back(static_cast<std::size_t>(axis.output));
  Tensor y = call.make(DType::Float32, shape);
  const std::size_t outputs = outputs_of(axes), plane = x.size() / images / x.shape()[1];
  check_products(call, {y.size(), inner});

  const std::size_t block = std::min(outputs, std::max<std::size_t>(1, kBlock / inner));
  std::vector<std::int64_t> places(taps * block);
  std::vector<float> columns(inner * block);
  const auto in = x.as<float>();
  const auto out = y.as<float>();
  for (std::size_t from = 0; from < outputs; from += block) {
    const std::size_t count = std::min(block, outputs - from);
    for (std::size_t tap = 0; tap < taps; ++tap)
      places_of(axes, tap, from, std::span(places).subspan(tap * count, count));
    for (std::size_t part = 0; part < images * groups; ++part) {  // an image's groups follow each other
      for (std::size_t row = 0; row < inner; ++row) {
        const float* channel = in.data() + (part * channels + row / taps) * plane;
        const std::int64_t* place = places.data() + row % taps * count;
        float* to = columns.data() + row * count;
        for (std::size_t i = 0; i < count; ++i) to[i] = place[i] < 0 ? 0 : channel[place[i]];
      }
      multiply(w.as<float>().data() + part % groups * each * inner, columns.data(),
               out.data() + part * each * outputs + from, each, inner, count, outputs);
    }
  }
  if (call.has(2)) {
    const auto bias = call.floats(2).as<float>();
    for (std::size_t i = 0; i < out.size(); ++i) out[i] += bias[i / outputs % filters];
  }
  return y;
}

Tensor gemm(const Call& call) {
  const Tensor &a = call.floats(0), &b = call.floats(1);
  if (a.shape().size() != 2 || b.shape().size() != 2)
    fail(call.place(), "the inputs have shapes {} and {}; need two matrices", text_of(a.shape()), text_of(b.shape()));
  const Tensor left = call.integer("transA", 0) != 0 ? transposed(a) : a;
  const Tensor right = call.integer("transB", 0) != 0 ? transposed(b) : b;
  const std::size_t rows = left.shape()[0], inner = left.shape()[1], columns = right.shape()[1];
  if (right.shape()[0] != inner)
    fail(call.place(), "matrices of shapes {} and {} have no product", text_of(left.shape()), text_of(right.shape()));
  Tensor y = call.make(DType::Float32, {rows, columns});
  check_products(call, {rows, inner, columns});
  multiply(left.as<float>().data(), right.as<float>().data(), y.as<float>().data(), rows, inner, columns, columns);
  const float alpha = call.real("alpha", 1), beta = call.real("beta", 1);
  for (float& value : y.as<float>()) value *= alpha;
  if (!call.has(2)) return y;
  const Tensor& c = call.floats(2);
  if (broadcast(call, y.shape(), c.shape()) != y.shape())
    fail(call.place(), "C of shape {} does not fit a product of shape {}", text_of(c.shape()), text_of(y.shape()));
  const auto out = y.as<float>();
  const auto added = c.as<float>();
  for_each_element(y.shape(), {strides_in(c.shape(), y.shape())},
                   [&](std::size_t to, const auto& from) { out[to] += beta * added[from[0]]; });
  return y;
}

MatmulShape matmul_shape(const Call& call) {
  const Tensor &a = call.floats(0, 1), &b = call.floats(1, 1);
  Shape left = a.shape(), right = b.shape();
  const bool row = left.size() == 1, column = right.size() == 1;
  if (row) left.insert(left.begin(), 1);
  if (column) right.push_back(1);
  MatmulShape s;
  s.rows = left[left.size() - 2], s.inner = left.back(), s.columns = right.back();
  if (right[right.size() - 2] != s.inner)
    fail(call.place(), "tensors of shapes {} and {} have no product", text_of(a.shape()), text_of(b.shape()));
  left.resize(left.size() - 2), right.resize(right.size() - 2);
  s.batch = broadcast(call, left, right);
  for_each_element(s.batch, {strides_in(left, s.batch), strides_in(right, s.batch)},
                   [&](std::size_t, const auto& from) { s.left.push_back(from[0]), s.right.push_back(from[1]); });
  s.output = s.batch;
  if (!row) s.output.push_back(s.rows);
  if (!column) s.output.push_back(s.columns);
  return s;
}

Tensor matmul(const Call& call) {
  const MatmulShape s = matmul_shape(call);
  Tensor y = call.make(DType::Float32, s.output);
  check_products(call, {y.size(), s.inner});
  const float *a = call.floats(0).as<float>().data(), *b = call.floats(1).as<float>().data();
  for (std::size_t i = 0; i < s.left.size(); ++i)
    multiply(a + s.left[i] * s.rows * s.inner, b + s.right[i] * s.inner * s.columns,
             y.as<float>().data() + i * s.rows * s.columns, s.rows, s.inner, s.columns, s.columns);
  return y;
}

}  // namespace lacuna::onnx
