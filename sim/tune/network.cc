#include "tune/network.h"

#include <algorithm>
#include <numeric>

#include "base/parallel.h"
#include "import/names.h"
#include "import/onnx_inputs.h"
#include "tensor/npy.h"

namespace lacuna::tune {

namespace {

using imports::FoldedProduct;

constexpr std::size_t kMostInBatch = 100;
constexpr std::size_t kBatchBytes = std::size_t{256} << 20;  ///< of all values of a batch

/// The model, its batch left open.
onnx::Model open_model(const std::filesystem::path& path) {
  onnx::Model model = onnx::read_model(path);
  if (model.inputs.size() != 1)
    fail(Place{path.string()}, "has {} inputs; lacuna tune runs networks of one", model.inputs.size());
  if (auto& shape = model.inputs[0].shape; shape && !shape->empty()) shape->front().reset();
  return model;
}

/// Why the integers of the layer cannot be found in a run again; nothing if its input is a row of values a window.
std::optional<std::string> layout_refusal(const FoldedProduct& f) {
  if (!f.product.constant) return "its weights are activations";
  if (f.product.node->op == "Conv") return std::nullopt;
  const auto transposed = f.product.node->attributes.find("transA");
  const bool columns =
      transposed != f.product.node->attributes.end() && transposed->second != onnx::Attribute(std::int64_t{0});
  if (f.product.op != Op::Fc || columns) return "its input is not a row of values for each window";
  return std::nullopt;
}

/// The layer of a product, with its whole input.
Layer layer_of(const imports::ImportedLayer& imported) {
  const imports::LayerTensors& tensors = *imported.tensors;
  Layer layer;
  layer.op = imported.op;
  layer.shape = imported.shape;
  layer.relu = imported.relu;
  const ConvShape& s = layer.shape;
  layer.weights = tensors.weights.reshaped({s.M, s.C / s.groups, s.R, s.S});
  layer.bias = tensors.bias->to_int64();
  if (tensors.requantise) {
    const auto values = tensors.requantise->to_int64();
    for (std::size_t m = 0; m < s.M; ++m)
      layer.requantise.push_back(
          {static_cast<std::uint32_t>(values[2 * m]), static_cast<std::uint32_t>(values[2 * m + 1])});
  }
  return layer;
}

double value_of(const Tensor& tensor, std::size_t i) {
  if (tensor.type() == DType::Float32) return static_cast<double>(tensor.as<float>()[i]);
  return static_cast<double>(rows_of(tensor.reshaped({tensor.size()}), i, 1).to_int64()[0]);
}

}  // namespace

Tensor rows_of(const Tensor& tensor, std::size_t from, std::size_t count) {
  Shape shape = tensor.shape();
  const std::size_t bytes = tensor.bytes().size() / shape[0];
  shape[0] = count;
  Tensor result(tensor.type(), shape);
  std::ranges::copy(tensor.bytes().subspan(from * bytes, count * bytes), result.bytes().begin());
  return result;
}

void add_prediction(const Prediction& prediction, imports::LayerTensors& tensors) {
  const std::size_t count = prediction.representatives.size();
  const auto fits = [](std::int64_t v) { return v >= INT32_MIN && v <= INT32_MAX; };
  const bool narrow = std::ranges::all_of(prediction.thresholds, fits);
  tensors.representatives = Tensor(DType::UInt16, {count});
  tensors.thresholds = Tensor(narrow ? DType::Int32 : DType::Int64, {count});
  for (std::size_t m = 0; m < count; ++m) {
    tensors.representatives->set(m, prediction.representatives[m]);
    tensors.thresholds->set(m, prediction.thresholds[m]);
  }
}

Labelled Labelled::part(std::size_t from, std::size_t count) const {
  const auto begin = labels.begin() + static_cast<std::ptrdiff_t>(from);
  return {rows_of(images, from, count), {begin, begin + static_cast<std::ptrdiff_t>(count)}};
}

Labelled Network::read_images(const std::filesystem::path& model_path, const std::string& images,
                              const std::string& labels) {
  const onnx::Model model = open_model(model_path);
  Labelled result;
  result.images = imports::given_inputs(model, {images}).at(model.inputs[0].name);
  const Place place{labels};
  if (result.images.shape().empty() || result.images.size() == 0) fail(Place{images}, "holds no images");
  const Tensor tensor = read_npy(labels);
  const std::size_t count = result.images.shape()[0];
  if (tensor.type() == DType::Float32 || tensor.type() == DType::Float64)
    fail(place, "holds {}; labels are whole numbers", name_of(tensor.type()));
  if (tensor.shape() != Shape{count})
    fail(place, "has shape {}; need [{}], a label for each image of {}", text_of(tensor.shape()), count, images);
  result.labels = tensor.to_int64();
  return result;
}

Network::Network(const std::filesystem::path& path, const Tensor& images, std::size_t profiled)
    : images_(images.shape()[0]), profiled_(profiled) {
  onnx::Model model = open_model(path);
  const std::string input = model.inputs[0].name;
  network_ =
      std::make_unique<imports::OnnxNetwork>(std::move(model), std::map<std::string, Tensor>{{input, images}}, true);
  const auto file = network_->file(false);
  imports::DistinctNames names;
  for (std::size_t i = 0; i < file.layers.size(); ++i) {
    const FoldedProduct& f = network_->products()[i];
    Layer layer{layer_of(file.layers[i]), layout_refusal(f)};
    layer.layer.name = names.add(imports::legal_name(file.layers[i].name));
    ConvShape& s = layer.layer.shape;
    if (f.product.op == Op::Matmul || s.N % images_ != 0)
      fail(file.layers[i].place, "its input does not fall into {} images, so none of them can be recorded", images_);
    s.N = static_cast<std::uint32_t>(s.N / images_ * profiled_);
    layer.layer.input = rows_of(*file.layers[i].tensors->input, 0, s.N).reshaped({s.N, s.C, s.H, s.W});
    if (!layer.refusal) layer.refusal = prediction_refusal(layer.layer);
    layers_.push_back(std::move(layer));
  }
}

std::size_t Network::batch() const {
  std::size_t bytes = 0;
  for (const auto& [name, value] : network_->run().values)
    if (!network_->run().constant.contains(name)) bytes += value->bytes().size();
  return std::clamp<std::size_t>(kBatchBytes / (bytes / images_ + 1), 1, kMostInBatch);
}

onnx::Execution Network::run(const Tensor& images) const {
  return onnx::execute(network_->model(), {{network_->model().inputs[0].name, images}});
}

std::vector<std::uint16_t> Network::integers(std::size_t layer, const Tensor& values) const {
  const imports::LayerIntegers& its = network_->integers()[layer];
  imports::check_finite(values, "inputs", network_->products()[layer].product.node->place);
  return unsigned_values(
      imports::steps_of(values.as<float>(), its.input_step, its.tensors.input->type(), values.shape()));
}

std::map<std::string, onnx::Change> Network::changes(const Trial& trial, std::size_t images) const {
  std::map<std::string, onnx::Change> result;
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    if (trial[l] == nullptr) continue;
    const FoldedProduct& f = network_->products()[l];
    result[f.tail] = [this, l, images, &f, &trial](const onnx::Execution& run, Tensor& value) {
      const lacuna::Layer& layer = layers_[l].layer;
      const auto windows = static_cast<std::uint32_t>(layer.shape.N / profiled_ * images);
      const auto zero =
          predicted_outputs(layer, *trial[l], windows, integers(l, *run.values.at(f.product.input_value)));
      const auto values = value.as<float>();
      LACUNA_CHECK(zero.size() == values.size(), "layer '{}' has {} outputs, its tail {}", layer.name, zero.size(),
                   values.size());
      for (std::size_t i = 0; i < zero.size(); ++i)
        if (zero[i] != 0) values[i] = 0;
    };
  }
  return result;
}

std::uint64_t Network::count_right(const onnx::Execution& run, const Labelled& images) const {
  const onnx::Model& model = network_->model();
  const Place place{model.path.string()};
  if (model.outputs.empty()) fail(place, "has no output");
  const auto found = run.values.find(model.outputs[0]);
  if (found == run.values.end())
    fail(place, "its first output '{}' depends on an operator that is not supported", onnx::shown(model.outputs[0]));
  const Tensor& output = *found->second;
  const std::size_t count = images.count();
  if (output.shape().empty() || output.shape()[0] != count || output.size() / count < 2)
    fail(place, "its first output '{}' has shape {} for {} images; need a row of classes for each",
         onnx::shown(model.outputs[0]), text_of(output.shape()), count);
  const std::size_t classes = output.size() / count;
  std::uint64_t right = 0;
  for (std::size_t n = 0; n < count; ++n) {
    if (images.labels[n] < 0 || images.labels[n] >= static_cast<std::int64_t>(classes))
      fail(Place{"labels"}, "label {}; the network has classes 0..{}", images.labels[n], classes - 1);
    std::size_t best = 0;
    for (std::size_t c = 1; c < classes; ++c)
      if (value_of(output, n * classes + c) > value_of(output, n * classes + best)) best = c;
    right += static_cast<std::int64_t>(best) == images.labels[n];
  }
  return right;
}

std::vector<std::uint64_t> Network::right(const Labelled& images, const std::vector<Trial>& trials,
                                          unsigned threads) const {
  const std::size_t size = batch(), batches = (images.count() + size - 1) / size;
  std::vector<std::vector<std::uint64_t>> counts(batches);
  parallel_for(batches, threads, [&](std::size_t b, unsigned) {
    const Labelled part = images.part(b * size, std::min(size, images.count() - b * size));
    const onnx::Execution exact = run(part.images);
    for (const Trial& trial : trials)
      counts[b].push_back(
          count_right(onnx::execute_again(network_->model(), exact, changes(trial, part.count())), part));
  });
  std::vector<std::uint64_t> result(trials.size());
  for (const auto& of_batch : counts) std::ranges::transform(result, of_batch, result.begin(), std::plus<>());
  return result;
}

std::vector<Measured> Network::measure(const Labelled& images, const Trial& trial, unsigned threads) const {
  const std::size_t size = batch(), batches = (images.count() + size - 1) / size;
  std::vector<std::vector<Measured>> counts(batches, std::vector<Measured>(layers_.size()));
  parallel_for(batches, threads, [&](std::size_t b, unsigned) {
    const Labelled part = images.part(b * size, std::min(size, images.count() - b * size));
    const onnx::Execution exact = run(part.images);
    for (std::size_t l = 0; l < layers_.size(); ++l) {
      if (trial[l] == nullptr) continue;
      lacuna::Layer layer = layers_[l].layer;
      layer.shape.N = static_cast<std::uint32_t>(layer.shape.N / profiled_ * part.count());
      const auto values = integers(l, *exact.values.at(network_->products()[l].product.input_value));
      layer.input = Tensor(layer.input.type(), {values.size()});
      for (std::size_t i = 0; i < values.size(); ++i) layer.input.set(i, values[i]);
      for (const FilterMeasure& filter : tune::measure(layer, *trial[l], 1)) {
        counts[b][l].exact += filter.exact;
        counts[b][l].outcome += filter.outcome;
      }
    }
  });
  std::vector<Measured> result(layers_.size());
  for (const auto& of_batch : counts)
    for (std::size_t l = 0; l < layers_.size(); ++l) {
      result[l].exact += of_batch[l].exact;
      result[l].outcome += of_batch[l].outcome;
    }
  return result;
}

imports::ImportedFile Network::file(const Trial& trial) const {
  imports::ImportedFile file = network_->file(false);
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    imports::ImportedLayer& layer = file.layers[l];
    const std::size_t each = layer.shape.N / images_, recorded = images_ - profiled_;
    layer.dense_products = layer.dense_products / images_ * recorded;
    layer.shape.N = static_cast<std::uint32_t>(each * recorded);
    layer.tensors->input = rows_of(*layer.tensors->input, each * profiled_, each * recorded);
    if (trial[l] != nullptr) add_prediction(*trial[l], *layer.tensors);
  }
  return file;
}

}  // namespace lacuna::tune
