// From a matrix of weights to a layer: which places are there is the file's, values only where it has some.
#include "import/mask.h"

#include <algorithm>
#include <cmath>

#include "import/text_lines.h"

namespace lacuna::imports {

namespace {

Matrix read_matrix(const std::filesystem::path& path) {
  const std::string ending = lower(path.extension().string());
  if (ending == ".npy") return read_npy_matrix(path);
  if (ending == ".smtx") return read_smtx(path);
  if (ending == ".mtx" || ending == ".mm") return read_matrix_market(path);
  return read_text_mask(path);
}

/// Filters of a matrix whose columns run over {C, R, S} in another order, as [M, C, R, S].
std::vector<double> reordered(const Matrix& matrix, const std::vector<std::pair<char, std::uint32_t>>& order,
                              const ConvShape& s) {
  std::size_t step[3] = {};  // in the file, of c, r and s
  std::size_t below = 1;
  for (std::size_t i = order.size(); i-- > 0; below *= order[i].second)
    step[order[i].first == 'C' ? 0 : order[i].first == 'R' ? 1 : 2] = below;
  std::vector<double> values;
  values.reserve(matrix.values.size());
  for (std::size_t m = 0; m < s.M; ++m)
    for (std::size_t c = 0; c < s.C; ++c)
      for (std::size_t r = 0; r < s.R; ++r)
        for (std::size_t q = 0; q < s.S; ++q)
          values.push_back(matrix.values[m * below + c * step[0] + r * step[1] + q * step[2]]);
  return values;
}

template <typename T>
Tensor as_tensor(const std::vector<double>& values, const Shape& shape) {
  Tensor tensor(dtype_of<T>(), shape);
  std::transform(values.begin(), values.end(), tensor.as<T>().begin(), [](double v) { return static_cast<T>(v); });
  return tensor;
}

/// Values of the file as int8 or int16; others than whole numbers of 16 bits are quantised, and a note says so.
Tensor kept_values(std::vector<double> values, const Shape& shape, std::vector<std::string>& notes) {
  double largest = 0;
  bool whole = true;
  for (const double v : values) {
    largest = std::max(largest, std::abs(v));
    whole = whole && v == std::trunc(v);
  }
  if (whole && largest <= INT8_MAX) return as_tensor<std::int8_t>(values, shape);
  if (whole && largest <= INT16_MAX) return as_tensor<std::int16_t>(values, shape);
  std::size_t raised = 0;
  for (double& v : values) {
    const double before = v;
    v = std::round(v / largest * INT8_MAX);
    if (v != 0 || before == 0) continue;
    v = before < 0 ? -1 : 1;
    ++raised;
  }
  notes.push_back(
      fmt::format("values quantised to int8, one step is {:.6g}; {} nonzeros below half a step made one step",
                  largest / INT8_MAX, raised));
  return as_tensor<std::int8_t>(values, shape);
}

/// A value for each place that is not zero, as the generator draws weights of this layer.
Tensor drawn_values(const std::vector<double>& values, const ImportedLayer& layer, const MaskOptions& options) {
  Layer drawn;
  drawn.op = layer.op;
  drawn.shape = layer.shape;
  GeneratedLayer parameters;
  parameters.input = options.input;
  parameters.seed = options.seed;
  generate(parameters, drawn);
  const auto weights = drawn.weights.as<std::int8_t>();
  LACUNA_CHECK(weights.size() == values.size(), "{} weights for a mask of {}", weights.size(), values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    LACUNA_CHECK(weights[i] != 0, "a weight drawn at density 1 is zero");
    if (values[i] == 0) weights[i] = 0;
  }
  return std::move(drawn.weights);
}

/// Sets op and shape of a layer with these weights; the columns in the order C, R, S.
void set_shape(const Matrix& matrix, const MaskOptions& options, ImportedLayer& layer) {
  const auto to32 = [](std::size_t value) { return static_cast<std::uint32_t>(value); };
  ConvShape& s = layer.shape;
  s.N = options.images;
  s.M = to32(matrix.shape[0]);
  if (matrix.shape.size() == 4) {
    if (!options.order.empty()) fail(layer.place, "--k-order is for matrices; the array has four dimensions");
    s.C = to32(matrix.shape[1]), s.R = to32(matrix.shape[2]), s.S = to32(matrix.shape[3]);
    layer.notes.push_back("K runs over C, R, S as the array does");
  } else if (options.order.empty()) {
    if (options.height != 0)
      fail(layer.place, "--input-size is for convolutions; --k-order says that the matrix is one's");
    layer.op = Op::Fc;
    s.C = to32(matrix.shape[1]);
    layer.notes.push_back("K runs as the columns do");
    return;
  } else {
    std::size_t places = 1;
    std::string words;
    for (const auto& [axis, size] : options.order) {
      (axis == 'C' ? s.C : axis == 'R' ? s.R : s.S) = size;
      places *= size;
      words += fmt::format("{}{}", words.empty() ? "" : ", ", axis);
    }
    if (places != matrix.shape[1])
      fail(layer.place, "the matrix has {} columns, --k-order counts {}", matrix.shape[1], places);
    layer.notes.push_back(fmt::format("the columns run over {}, the last one fastest", words));
  }
  s.H = options.height != 0 ? options.height : s.R;
  s.W = options.width != 0 ? options.width : s.S;
}

}  // namespace

ImportedFile read_mask(const std::filesystem::path& path, const MaskOptions& options) {
  const Matrix matrix = read_matrix(path);
  ImportedFile file;
  file.path = path;
  file.format = matrix.format;
  file.notes = matrix.notes;
  ImportedLayer layer;
  layer.name = path.stem().string();
  layer.place = {path.string()};
  set_shape(matrix, options, layer);
  const ConvShape& s = layer.shape;
  const std::uint64_t windows = s.H < s.R || s.W < s.S ? 0 : std::uint64_t{s.H - s.R + 1} * (s.W - s.S + 1);
  for (const std::uint64_t factor : {std::uint64_t{matrix.values.size()}, std::uint64_t{options.images}, windows})
    layer.dense_products = product(layer.dense_products, factor, layer.place);
  check_layer(layer);

  const std::vector<double> values = options.order.empty() ? matrix.values : reordered(matrix, options.order, s);
  const bool mask = std::all_of(values.begin(), values.end(), [](double v) { return v == 0 || v == 1; });
  layer.notes.push_back(mask ? "a mask has no values: drawn from the seed" : "values are the file's");
  const Tensor weights =
      mask ? drawn_values(values, layer, options) : kept_values(values, {s.M, s.C, s.R, s.S}, layer.notes);
  layer.tensors = {layer.op == Op::Fc ? weights.reshaped({s.M, s.C}) : weights, {}, {}, {}};
  const auto nonzeros =
      static_cast<double>(values.size() - static_cast<std::size_t>(std::count(values.begin(), values.end(), 0.0)));
  layer.weights = nonzeros / static_cast<double>(values.size());
  layer.input = options.input;
  file.layers.push_back(std::move(layer));
  return file;
}

}  // namespace lacuna::imports
