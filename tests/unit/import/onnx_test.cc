// ONNX models become layers: which, with which integers, and with whose ReLU.
#include "import/onnx.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <nlohmann/json.hpp>
#include <random>

#include "../onnx_builder.h"
#include "../temporary_folder.h"
#include "onnx/execution.h"
#include "tensor/npy.h"

using namespace lacuna;
using imports::ImportedFile;
using imports::ImportedLayer;
using imports::OnnxOptions;
using imports::read_onnx;

namespace {

using Dims = OnnxBuilder::Dims;

std::vector<float> drawn(std::size_t count, unsigned seed, float low = -1, float high = 1) {
  std::mt19937 draw(seed);
  std::vector<float> values(count);
  for (float& v : values) v = low + (high - low) * static_cast<float>(draw() % 1000) / 1000;
  return values;
}

Tensor image(const Shape& shape, unsigned seed, float low = 0, float high = 1) {
  Tensor tensor(DType::Float32, shape);
  std::ranges::copy(drawn(tensor.size(), seed, low, high), tensor.as<float>().begin());
  return tensor;
}

/// The layers of `model` run on `x`.
ImportedFile imported(const OnnxBuilder& model, const Tensor& x) {
  const TemporaryFolder folder;
  folder.write("x.npy", write_npy(x));
  return read_onnx(folder.write("net.onnx", model.bytes()), {{(folder.path() / "x.npy").string()}, false});
}

/// The same without an input.
ImportedFile shapes(const OnnxBuilder& model) {
  const TemporaryFolder folder;
  return read_onnx(folder.write("net.onnx", model.bytes()), {});
}

nlohmann::json recording(const ImportedFile& file) { return nlohmann::json::parse(file.recording); }

std::vector<std::string> relus(const ImportedFile& file) {
  std::vector<std::string> names;
  const nlohmann::json json = recording(file);
  for (const auto& layer : json["layers"])
    if (layer["relu"].get<bool>()) names.push_back(layer["name"]);
  return names;
}

/// x [1, 2, 4, 4], a 1 x 1 convolution c of 3 filters, whose output is `y`.
OnnxBuilder pointwise(int opset = 13) {
  OnnxBuilder b(opset);
  b.input("x", {1, 2, 4, 4}).floats("c.weight", {3, 2, 1, 1}, {1, -2, 3, 4, -5, 6});
  b.node("Conv", {"x", "c.weight"}, {"y"});
  return b;
}

}  // namespace

TEST_CASE("convolutions and products of matrices become layers of their own shape") {
  OnnxBuilder b;
  b.input("x", {2, 4, 9, 8});
  b.floats("conv.weight", {6, 2, 3, 2}, drawn(72, 1)).floats("dw.weight", {12, 1, 3, 3}, drawn(108, 2));
  b.floats("fc.weight", {5, 96}, drawn(480, 3)).floats("m", {5, 7}, drawn(35, 4));
  b.node("Conv", {"x", "conv.weight"}, {"a"}).whole("group", 2).list("pads", {1, 0, 2, 1}).list("strides", {2, 3});
  b.list("dilations", {1, 2}).node("Conv", {"a", "dw.weight"}, {"b"}).whole("group", 6).word("auto_pad", "SAME_LOWER");
  b.list("strides", {2, 1}).node("Flatten", {"b"}, {"f"}).node("Gemm", {"f", "fc.weight"}, {"g"}).whole("transB", 1);
  b.node("MatMul", {"g", "m"}, {"h"}).output("h");
  // conv: (9 + 3 - 3) / 2 + 1 = 5 rows, (8 + 1 - 3) / 3 + 1 = 3 columns; dw: 3 rows, 3 columns, 12 channels
  b.model.mutable_graph()->mutable_initializer(2)->set_dims(1, 108);
  b.model.mutable_graph()->mutable_initializer(2)->clear_float_data();
  for (const float v : drawn(540, 3)) b.model.mutable_graph()->mutable_initializer(2)->add_float_data(v);
  const ImportedFile file = shapes(b);
  REQUIRE(file.layers.size() == 4);
  CHECK(file.network == "net");
  const auto& [conv, dw, fc, m] = std::tie(file.layers[0], file.layers[1], file.layers[2], file.layers[3]);
  CHECK(conv.name == "conv");
  CHECK(conv.op == Op::Conv);
  CHECK(conv.shape == ConvShape{2, 4, 9, 8, 6, 3, 2, 2, 3, 1, 2, 1, 2, 0, 1, 2});
  CHECK(conv.dense_products == std::uint64_t{2 * 5 * 3 * 6} * 2 * 3 * 2);
  CHECK(dw.op == Op::Depthwise);
  // 5 rows at stride 2: (3 - 1) * 2 + 3 - 5 = 2 are missing, one of them above
  CHECK(dw.shape == ConvShape{2, 6, 5, 3, 12, 3, 3, 2, 1, 1, 1, 1, 1, 1, 1, 6});
  CHECK(fc.op == Op::Fc);
  CHECK(fc.shape == ConvShape{2, 108, 1, 1, 5});
  CHECK(m.name == "h");  // its weights have no name that says a module
  CHECK(m.shape == ConvShape{2, 5, 1, 1, 7});
  for (const ImportedLayer& layer : file.layers) {
    CHECK_FALSE(layer.tensors);
    CHECK(layer.weights > 0.9);
  }
}

TEST_CASE("a constant left operand and products of activations are matmuls and groups") {
  OnnxBuilder b;
  b.input("x", {2, 3, 4}).floats("w", {2, 3}, drawn(6, 1)).integers("shape", {2}, {3, 8});
  b.node("Reshape", {"x", "shape"}, {"r"}).node("MatMul", {"w", "r"}, {"a"});
  b.node("Transpose", {"x"}, {"t"}).list("perm", {0, 2, 1}).node("MatMul", {"x", "t"}, {"s"});
  b.output("a").output("s");
  const Tensor x = image({2, 3, 4}, 5);
  const ImportedFile file = imported(b, x);
  REQUIRE(file.layers.size() == 2);
  CHECK(file.layers[0].op == Op::Matmul);
  CHECK(file.layers[0].shape == ConvShape{8, 3, 1, 1, 2});
  CHECK(file.layers[0].tensors->weights.shape() == Shape{2, 3});
  CHECK(file.layers[0].tensors->input->shape() == Shape{3, 8});
  CHECK(file.layers[1].op == Op::Conv);  // two groups of [3 x 4] times [4 x 3]
  CHECK(file.layers[1].shape == ConvShape{1, 8, 1, 3, 6, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 2});
  CHECK(file.layers[1].dense_products == 2 * 3 * 4 * 3);
  CHECK(recording(file)["layers"][1]["weights_from"] == "x");
}

TEST_CASE("a batch norm and constants for each channel are folded into the product they follow") {
  OnnxBuilder b = pointwise();
  b.floats("g", {3}, {2, 1, -1})
      .floats("o", {3}, {0, 1, 2})
      .floats("mean", {3}, {1, 0, 0})
      .floats("var", {3}, {3, 0, 0});
  b.floats("add", {1, 3, 1, 1}, {10, 20, 30});
  b.node("BatchNormalization", {"y", "g", "o", "mean", "var"}, {"n"}).real("epsilon", 1);
  b.node("Add", {"add", "n"}, {"z"}).node("Relu", {"z"}, {"r"}).output("r");
  const Tensor x = image({1, 2, 4, 4}, 6);
  const ImportedFile file = imported(b, x);
  REQUIRE(file.layers.size() == 1);
  const imports::LayerTensors& t = *file.layers[0].tensors;
  // gain 2 / sqrt(3 + 1) = 1, 1 / sqrt(1), -1: weights [1, -2], [3, 4], [5, -6] with a scale for each filter
  const std::vector<std::int8_t> expected = {64, -127, 95, 127, 106, -127};
  CHECK(std::ranges::equal(t.weights.as<std::int8_t>(), expected));
  // offset 0 - 1 * 1 + 10, 1 + 20, 2 + 30 in steps of weights times input
  const auto json = recording(file)["layers"][0];
  const double input = json["input_scale"];
  for (const auto& [m, offset] : {std::pair(0, 9.0), std::pair(1, 21.0), std::pair(2, 32.0)})
    CHECK(t.bias->as<std::int32_t>()[static_cast<std::size_t>(m)] ==
          std::lround(offset / (json["weight_scale"][m].get<double>() * input)));
  CHECK(json["batch_norms_folded"] == 1);
  CHECK(json["feeds"] == std::vector<std::string>{"relu"});
  CHECK(file.layers[0].relu);
  CHECK(recording(file)["operations"].empty());
}

TEST_CASE("a ReLU is a layer's own only if nobody reads the output before it") {
  const auto with = [](const auto& act) {
    OnnxBuilder b = pointwise();
    b.floats("zero", {}, {0}).floats("six", {}, {6}).floats("one", {}, {1});
    act(b);
    return relus(shapes(b));
  };
  using B = OnnxBuilder;
  const std::vector<std::string> yes = {"c"}, no;
  CHECK(with([](B& b) { b.node("Relu", {"y"}, {"r"}).output("r"); }) == yes);
  CHECK(with([](B& b) { b.node("Clip", {"y", "zero", "six"}, {"r"}).output("r"); }) == yes);
  CHECK(with([](B& b) { b.node("Clip", {"y", "one", "six"}, {"r"}).output("r"); }) == no);
  CHECK(with([](B& b) { b.node("LeakyRelu", {"y"}, {"r"}).output("r"); }) == no);
  CHECK(with([](B& b) { b.node("Relu", {"y"}, {"r"}).output("r").output("y"); }) == no);
  CHECK(with([](B& b) { b.node("Relu", {"y"}, {"r"}).node("Sigmoid", {"y"}, {"s"}).output("r").output("s"); }) == no);
  CHECK(with([](B& b) {
          b.node("Add", {"y", "x2"}, {"a"});
          b.input("x2", {1, 3, 4, 4});
          b.node("Relu", {"a"}, {"r"}).output("r");
        }) == no);
  CHECK(with([](B& b) {
          b.node("MaxPool", {"y"}, {"p"}).list("kernel_shape", {2, 2}).node("Flatten", {"p"}, {"f"});
          b.node("Relu", {"f"}, {"r"}).output("r");
        }) == yes);
  CHECK(with([](B& b) {
          b.node("AveragePool", {"y"}, {"p"}).list("kernel_shape", {2, 2}).node("Relu", {"p"}, {"r"}).output("r");
        }) == no);
}

TEST_CASE("the integers stand for the model's values within the bound of their steps") {
  OnnxBuilder b;
  b.input("x", {1, 2, 6, 6}).floats("a.weight", {4, 2, 3, 3}, drawn(72, 1)).floats("a.bias", {4}, drawn(4, 2));
  b.floats("b.weight", {4, 4, 1, 1}, drawn(16, 3));
  b.node("Conv", {"x", "a.weight", "a.bias"}, {"a"}).list("pads", {1, 1, 1, 1}).node("Relu", {"a"}, {"ra"});
  b.node("Conv", {"ra", "b.weight"}, {"b"}).node("Add", {"b", "ra"}, {"s"}).node("Relu", {"s"}, {"r"}).output("r");
  const Tensor x = image({1, 2, 6, 6}, 7, -1, 1);
  const ImportedFile file = imported(b, x);
  REQUIRE(file.layers.size() == 2);
  CHECK(relus(file) == std::vector<std::string>{"a"});
  CHECK(file.layers[0].tensors->input->type() == DType::Int8);
  CHECK(file.layers[1].tensors->input->type() == DType::UInt8);
  const auto json = recording(file);
  // The output of a is the input of b, in the same steps.
  CHECK(json["layers"][0]["output_scale"] == json["layers"][1]["input_scale"]);
  CHECK(json["layers"][1]["from"] == "a");
  CHECK(json["operations"][0]["from"] == std::vector<std::string>{"b", "a"});
  for (std::size_t i = 0; i < 2; ++i) {
    const imports::LayerTensors& t = *file.layers[i].tensors;
    const auto values = i == 0 ? x.as<float>() : std::span<const float>();
    const double step = json["layers"][i]["input_scale"];
    for (std::size_t k = 0; k < values.size(); ++k)
      CHECK(std::abs(static_cast<double>(t.input->to_int64()[k]) * step - static_cast<double>(values[k])) <=
            step / 2 + 1e-6);
  }
}

TEST_CASE("a model with integers of its own keeps them") {
  // x = (q - 128) / 50, weights with a scale for each filter, an int32 bias, an output of uint8 after ReLU
  OnnxBuilder b;
  std::vector<std::int64_t> weights(3 * 2 * 3 * 3), bias = {1000, -2000, 16777217};
  std::mt19937 draw(1);
  for (auto& w : weights) w = static_cast<std::int64_t>(draw() % 255) - 127;
  const std::vector<float> w_scale = {0.011f, 0.0073f, 0.02f};
  const float x_scale = 0.02f, y_scale = 0.37f;
  b.input("x", {1, 2, 5, 5}).floats("xs", {}, {x_scale}).integers("xz", {}, {128}, OnnxBuilder::Type::UINT8);
  b.integers("c.weight_quantized", {3, 2, 3, 3}, weights, OnnxBuilder::Type::INT8).floats("ws", {3}, w_scale);
  b.integers("wz", {3}, {0, 0, 0}, OnnxBuilder::Type::INT8);
  b.integers("bias", {3}, bias, OnnxBuilder::Type::INT32);
  b.floats("bs", {3}, {w_scale[0] * x_scale, w_scale[1] * x_scale, w_scale[2] * x_scale});
  b.floats("ys", {}, {y_scale}).integers("yz", {}, {0}, OnnxBuilder::Type::UINT8);
  b.node("QuantizeLinear", {"x", "xs", "xz"}, {"xq"}).node("DequantizeLinear", {"xq", "xs", "xz"}, {"xd"});
  b.node("DequantizeLinear", {"c.weight_quantized", "ws", "wz"}, {"wd"}).whole("axis", 0);
  b.node("DequantizeLinear", {"bias", "bs"}, {"bd"}).whole("axis", 0);
  b.node("Conv", {"xd", "wd", "bd"}, {"y"}).node("QuantizeLinear", {"y", "ys", "yz"}, {"yq"});
  b.node("DequantizeLinear", {"yq", "ys", "yz"}, {"out"}).output("out");
  const Tensor x = image({1, 2, 5, 5}, 3, -2.5, 2.5);
  const ImportedFile file = imported(b, x);
  REQUIRE(file.layers.size() == 1);
  CHECK(file.layers[0].name == "c");
  const imports::LayerTensors& t = *file.layers[0].tensors;
  CHECK(t.weights.to_int64() == weights);
  CHECK(t.bias->to_int64() == bias);  // 2^24 + 1 is no float
  CHECK(t.input->type() == DType::Int8);
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double steps = std::nearbyint(static_cast<double>(x.as<float>()[i] / x_scale));
    CHECK(t.input->to_int64()[i] == static_cast<std::int64_t>(std::clamp(steps, -128.0, 127.0)));
  }
  // The lowest integer of the output stands for 0, so what is below becomes 0.
  CHECK(file.layers[0].relu);
  const auto requantise = t.requantise->to_int64();
  for (std::size_t m = 0; m < 3; ++m) {
    const double factor = std::ldexp(static_cast<double>(requantise[2 * m]), -static_cast<int>(requantise[2 * m + 1]));
    CHECK(factor == Approx(static_cast<double>(x_scale) * w_scale[m] / y_scale).epsilon(1.0 / 65536));
  }
}

TEST_CASE("integers that take a zero point beyond 8 bits are kept in 16") {
  OnnxBuilder b;
  b.input("x", {1, 2}).floats("s", {}, {0.5f}).integers("z", {}, {100}, OnnxBuilder::Type::UINT8);
  b.integers("w", {3, 2}, {0, 255, 1, 2, 3, 4}, OnnxBuilder::Type::UINT8);
  b.node("QuantizeLinear", {"x", "s", "z"}, {"q"}).node("DequantizeLinear", {"q", "s", "z"}, {"d"});
  b.node("DequantizeLinear", {"w", "s", "z"}, {"wd"}).node("Gemm", {"d", "wd"}, {"y"}).whole("transB", 1).output("y");
  Tensor x(DType::Float32, {1, 2});
  x.as<float>()[0] = -60, x.as<float>()[1] = 77;
  const ImportedFile file = imported(b, x);
  const imports::LayerTensors& t = *file.layers.at(0).tensors;
  CHECK(t.weights.type() == DType::Int16);
  CHECK(t.weights.to_int64() == std::vector<std::int64_t>{-100, 155, -99, -98, -97, -96});
  CHECK(t.input->type() == DType::Int16);
  CHECK(t.input->to_int64() == std::vector<std::int64_t>{-100, 154});  // -120 is below 0 - 100
  CHECK_FALSE(t.requantise);
  const auto has = [](const ImportedFile& imported, std::string_view note) {
    return std::ranges::find(imported.layers.at(0).notes, note) != imported.layers.at(0).notes.end();
  };
  CHECK(has(file, "zero points take it beyond 8 bits: run with --set array.operand=int16"));
  const std::string_view elsewhere = "outputs have the model's steps, but saturate elsewhere";
  CHECK_FALSE(has(file, elsewhere));
  b.model.mutable_graph()->clear_output();
  b.node("QuantizeLinear", {"y", "s", "z"}, {"yq"}).output("yq");
  CHECK(has(imported(b, x), elsewhere));  // -100..155 of the model, 16 bits of the layer
}

TEST_CASE("what no layer depends on need not be supported") {
  OnnxBuilder b = pointwise();
  b.node("NonZero", {"y"}, {"n"}).node("Relu", {"n"}, {"r"}).output("r");
  const ImportedFile file = shapes(b);
  CHECK(file.layers.size() == 1);
  CHECK(file.notes == std::vector<std::string>{"not run, and no layer depends on it: NonZero 'n'"});
  CHECK(relus(file).empty());
  CHECK(recording(file)["layers"][0]["feeds"] == std::vector<std::string>{"non_zero"});
}

TEST_CASE("an open first extent is one image and weights that no product has are listed") {
  OnnxBuilder b;
  b.input("x", {-1, 3}).floats("fc.weight", {2, 3}, drawn(6, 1)).floats("table", {2, 2}, drawn(4, 1));
  b.node("Gemm", {"x", "fc.weight"}, {"y"}).whole("transB", 1).node("Mul", {"y", "table"}, {"z"}).output("z");
  const ImportedFile file = shapes(b);
  CHECK(file.notes == std::vector<std::string>{"input 'x' has shape [?, 3]: one image",
                                               "no product has these weights: table [2, 2]"});
}

TEST_CASE("weights of a model without an input have its density unless the caller says one") {
  OnnxBuilder b;
  b.input("x", {1, 4}).floats("w", {4, 1}, {0, 2, 0, 0}).node("MatMul", {"x", "w"}, {"y"});
  CHECK(shapes(b).layers[0].weights == 0.25);
  const TemporaryFolder folder;
  CHECK_FALSE(read_onnx(folder.write("net.onnx", b.bytes()), {{}, true}).layers[0].weights);
}

TEST_CASE("the same model gives the same bytes") {
  OnnxBuilder b = pointwise();
  b.output("y");
  const Tensor x = image({1, 2, 4, 4}, 9);
  const ImportedFile first = imported(b, x), second = imported(b, x);
  CHECK(first.recording == second.recording);
  CHECK(first.layers[0].tensors->weights == second.layers[0].tensors->weights);
}
