#include "import/onnx_inputs.h"

#include <algorithm>

#include "tensor/npy.h"

namespace lacuna::imports {

namespace {

/// "[1, 3, ?, ?]"
std::string shape_text(const onnx::Input& input) {
  std::vector<std::string> extents;
  for (const auto& extent : *input.shape) extents.push_back(extent ? fmt::format("{}", *extent) : "?");
  return fmt::format("[{}]", fmt::join(extents, ", "));
}

std::string names_of(const onnx::Model& model) {
  std::vector<std::string> names;
  for (const onnx::Input& input : model.inputs) names.push_back(onnx::shown(input.name));
  return fmt::format("{}", fmt::join(names, ", "));
}

Tensor as_float(const Tensor& tensor) {
  Tensor result(DType::Float32, tensor.shape());
  const auto to = result.as<float>();
  if (tensor.type() == DType::Float64) {
    std::ranges::transform(tensor.as<double>(), to.begin(), [](double v) { return static_cast<float>(v); });
  } else {
    std::ranges::transform(tensor.to_int64(), to.begin(), [](std::int64_t v) { return static_cast<float>(v); });
  }
  return result;
}

Tensor read_input(const onnx::Input& input, const std::string& file, const Place& place) {
  Tensor tensor = file.ends_with(".pb") ? onnx::read_tensor(file) : read_npy(file);
  if (input.type == DType::Float32 && tensor.type() != DType::Float32) tensor = as_float(tensor);
  if (input.type != tensor.type())
    fail(place, "holds {}; input '{}' of the model holds {}", name_of(tensor.type()), onnx::shown(input.name),
         input.type ? name_of(*input.type) : "no tensor of numbers");
  if (!input.shape) return tensor;
  const bool fits = std::ranges::equal(*input.shape, tensor.shape(),
                                       [](const auto& wanted, std::size_t has) { return !wanted || *wanted == has; });
  if (!fits)
    fail(place, "has shape {}; input '{}' of the model has {}", text_of(tensor.shape()), onnx::shown(input.name),
         shape_text(input));
  return tensor;
}

}  // namespace

std::map<std::string, Tensor> given_inputs(const onnx::Model& model, const std::vector<std::string>& inputs) {
  std::map<std::string, Tensor> result;
  for (const std::string& word : inputs) {
    const Place place{fmt::format("--input {}", word)};
    // A file of that name may have a '=' itself.
    const auto named = std::ranges::find_if(
        model.inputs, [&](const onnx::Input& input) { return word.starts_with(input.name + "="); });
    const bool alone = named == model.inputs.end();
    if (alone && model.inputs.size() != 1)
      fail(place, "the model has {} inputs; need NAME=FILE with NAME one of {}", model.inputs.size(), names_of(model));
    const onnx::Input& input = alone ? model.inputs[0] : *named;
    if (result.contains(input.name)) fail(place, "input '{}' is given twice", onnx::shown(input.name));
    result[input.name] = read_input(input, alone ? word : word.substr(input.name.size() + 1), place);
  }
  for (const onnx::Input& input : model.inputs)
    if (!result.contains(input.name))
      fail(Place{"--input"}, "input '{}' of the model is not given; need all of {}", onnx::shown(input.name),
           names_of(model));
  return result;
}

std::map<std::string, Tensor> zero_inputs(const onnx::Model& model, std::vector<std::string>& notes) {
  std::map<std::string, Tensor> result;
  for (const onnx::Input& input : model.inputs) {
    const Place place{fmt::format("{}: input '{}'", model.path.string(), onnx::shown(input.name))};
    if (!input.type) fail(place, "is no tensor of numbers");
    if (!input.shape) fail(place, "has no shape; say it with --input");
    Shape shape;
    for (const auto& extent : *input.shape) {
      if (!extent && !shape.empty()) fail(place, "has shape {}; say what is open with --input", shape_text(input));
      if (!extent)
        notes.push_back(fmt::format("input '{}' has shape {}: one image", onnx::shown(input.name), shape_text(input)));
      shape.push_back(extent.value_or(1));
    }
    std::uint64_t count = 1;
    for (const std::size_t extent : shape)
      if (__builtin_mul_overflow(count, extent, &count) || count > onnx::kMaxMade)
        fail(place, "has shape {}, more than 2^28 elements", text_of(shape));
    result[input.name] = Tensor(*input.type, shape);
  }
  return result;
}

}  // namespace lacuna::imports
