#include "workload/workload_text.h"

#include <algorithm>

#include "base/yaml.h"
#include "tensor/npy.h"

namespace lacuna {

namespace {

/// "stride: 2" or "stride: [2, 1]"; "" if both are 1.
std::string steps(std::string_view key, std::uint32_t h, std::uint32_t w) {
  if (h == 1 && w == 1) return "";
  if (h == w) return fmt::format("    {}: {}\n", key, h);
  return fmt::format("    {}: [{}, {}]\n", key, h, w);
}

std::string shape_text(Op op, const ConvShape& s) {
  const std::string images = s.N == 1 ? "" : fmt::format("N: {}, ", s.N);
  if (op == Op::Matmul) return fmt::format("{{M: {}, K: {}, N: {}}}", s.M, s.C, s.N);
  if (op == Op::Fc) return fmt::format("{{{}M: {}, C: {}}}", images, s.M, s.C);
  return fmt::format("{{{}M: {}, C: {}, H: {}, W: {}, R: {}, S: {}}}", images, s.M, s.C, s.H, s.W, s.R, s.S);
}

/// [rows, columns] to [columns, rows].
Tensor transposed(const Tensor& matrix, std::size_t rows, std::size_t columns) {
  const std::size_t size = size_of(matrix.type());
  Tensor result(matrix.type(), {columns, rows});
  for (std::size_t r = 0; r < rows; ++r)
    for (std::size_t c = 0; c < columns; ++c)
      std::copy_n(matrix.bytes().data() + (r * columns + c) * size, size,
                  result.bytes().data() + (c * rows + r) * size);
  return result;
}

Tensor user_input(const Layer& layer) {
  const ConvShape& s = layer.shape;
  if (layer.op == Op::Matmul) return transposed(layer.input, s.N, s.C);
  return layer.op == Op::Fc ? layer.input.reshaped({s.N, s.C}) : layer.input;
}

Tensor user_weights(const Layer& layer) {
  const bool matrix = layer.op == Op::Fc || layer.op == Op::Matmul;
  return matrix ? layer.weights.reshaped({layer.shape.M, layer.shape.C}) : layer.weights;
}

/// [M], or [M, columns] of as many values a filter.
template <typename T, typename Values>
Tensor tensor_of(const Values& values, std::size_t columns = 1) {
  const std::size_t rows = values.size() / columns;
  Tensor tensor(dtype_of<T>(), columns == 1 ? Shape{rows} : Shape{rows, columns});
  std::ranges::transform(values, tensor.as<T>().begin(), [](auto value) { return static_cast<T>(value); });
  return tensor;
}

Tensor requantise_tensor(const std::vector<Requantise>& requantise) {
  std::vector<std::uint32_t> values;
  for (const Requantise& r : requantise) values.insert(values.end(), {r.multiplier, r.shift});
  return tensor_of<std::int32_t>(values, 2);
}

/// Writes NAME.KEY.npy and returns its name.
std::string file_of(const Layer& layer, std::string_view key, const Tensor& tensor, Files& files) {
  const std::string name = fmt::format("{}.{}.npy", layer.name, key);
  files[name] = write_npy(tensor);
  return name;
}

/// What layers with and without tensors have last: predictions and notes.
std::string ending(const Layer& layer, Files& files) {
  std::string text;
  if (layer.prediction)
    text += fmt::format(
        "    predict: {{representatives: {}, thresholds: {}}}\n",
        file_of(layer, "representatives", tensor_of<std::uint16_t>(layer.prediction->representatives), files),
        file_of(layer, "thresholds", tensor_of<std::int64_t>(layer.prediction->thresholds), files));
  if (!layer.notes.empty()) text += "    notes:\n";
  for (const std::string& note : layer.notes) text += fmt::format("      - {}\n", in_quotes(note));
  return text;
}

}  // namespace

std::string printable(std::string_view text, std::string_view escaped) {
  bool utf8 = true;
  try {
    yaml::check_text(text, "");
  } catch (const UserError&) {  // a file name may be any bytes
    utf8 = false;
  }
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f || (byte >= 0x80 && !utf8))
      out += fmt::format("\\x{:02x}", byte);
    else if (escaped.find(c) != std::string_view::npos)
      out += fmt::format("\\{}", c);
    else
      out += c;
  }
  return out;
}

std::string in_quotes(std::string_view text) { return fmt::format("\"{}\"", printable(text, "\"\\")); }

std::string geometry_text(Op op, const ConvShape& s) {
  std::string text = steps("stride", s.stride_h, s.stride_w);
  if (s.pad_top + s.pad_bottom + s.pad_left + s.pad_right > 0)
    text += fmt::format("    pad: [{}, {}, {}, {}]\n", s.pad_top, s.pad_bottom, s.pad_left, s.pad_right);
  text += steps("dilation", s.dilation_h, s.dilation_w);
  if (op == Op::Conv && s.groups > 1) text += fmt::format("    groups: {}\n", s.groups);
  return text;
}

std::string generated_layer_text(const Layer& layer, const GeneratedLayer& drawn, Files& files) {
  std::string text = fmt::format("  - name: {}\n    op: {}\n    shape: {}\n", layer.name, name_of(layer.op),
                                 shape_text(layer.op, layer.shape));
  text += geometry_text(layer.op, layer.shape);
  const std::string output = drawn.output ? fmt::format(", output: {}", *drawn.output) : "";
  text += fmt::format("    density: {{weights: {}, input: {}{}}}\n", drawn.weights, drawn.input, output);
  if (drawn.pattern) text += fmt::format("    pattern: \"{}\"\n", drawn.pattern->text());
  if (drawn.bits != 8) text += fmt::format("    operand: int{}\n", drawn.bits);
  if (layer.relu) text += "    relu: true\n";
  return text + fmt::format("    seed: {}\n", drawn.seed) + ending(layer, files);
}

std::string given_layer_text(const Layer& layer, Files& files) {
  std::string text = fmt::format("  - name: {}\n    op: {}\n", layer.name, name_of(layer.op));
  const auto write = [&](std::string_view key, const Tensor& tensor) {
    text += fmt::format("    {}: {}\n", key, file_of(layer, key, tensor, files));
  };
  write("weights", user_weights(layer));
  write("input", user_input(layer));
  if (std::ranges::any_of(layer.bias, [](std::int64_t b) { return b != 0; }))
    write("bias", tensor_of<std::int32_t>(layer.bias));
  if (!layer.requantise.empty()) write("requantise", requantise_tensor(layer.requantise));
  text += geometry_text(layer.op, layer.shape);
  if (layer.relu) text += "    relu: true\n";
  return text + ending(layer, files);
}

}  // namespace lacuna
