// From an ONNX model to a result, through the program's own functions.
#include <catch2/catch.hpp>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>

#include "../onnx_builder.h"
#include "../temporary_folder.h"
#include "cli/import.h"
#include "cli/run.h"
#include "onnx/execution.h"
#include "tensor/npy.h"

using namespace lacuna;

namespace {

std::vector<float> drawn(std::size_t count, unsigned seed) {
  std::mt19937 draw(seed);
  std::vector<float> values(count);
  for (float& v : values) v = static_cast<float>(static_cast<int>(draw() % 2001) - 1000) / 1000;
  return values;
}

Tensor image(const Shape& shape) {
  Tensor tensor(DType::Float32, shape);
  std::ranges::copy(drawn(tensor.size(), 1), tensor.as<float>().begin());
  for (float& v : tensor.as<float>()) v = std::abs(v);
  return tensor;
}

std::string text_of_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// Imports the model and runs it on the fast engine, each output held against the reference; the outputs' folder.
std::filesystem::path run_model(const TemporaryFolder& folder, const OnnxBuilder& model, const Tensor& x) {
  ImportOptions import;
  import.kind = "onnx";
  import.files = {folder.write("net.onnx", model.bytes()).string()};
  import.inputs = {folder.write("x.npy", write_npy(x)).string()};
  import.output = (folder.path() / "net").string();
  CHECK_THAT(import_files(import), Catch::Contains("dense products"));
  RunOptions options;
  options.config = std::string(LACUNA_SOURCE_DIR) + "/configs/default.yaml";
  options.workload = import.output;
  options.output = (folder.path() / "result").string();
  run(options);
  return *options.output;
}

std::map<std::string, lacuna::onnx::TensorPtr> values_of(const TemporaryFolder& folder, const Tensor& x) {
  return lacuna::onnx::execute(lacuna::onnx::read_model(folder.path() / "net.onnx"), {{"x", x}}).values;
}

}  // namespace

TEST_CASE("an ONNX model runs and gives what it computes itself within the error of its steps") {
  const TemporaryFolder folder;
  OnnxBuilder b;
  b.input("x", {1, 3, 12, 12}).floats("a.weight", {8, 3, 3, 3}, drawn(216, 2)).floats("a.bias", {8}, drawn(8, 3));
  b.floats("b.weight", {8, 1, 3, 3}, drawn(72, 4)).floats("fc.weight", {10, 288}, drawn(2880, 5));
  b.node("Conv", {"x", "a.weight", "a.bias"}, {"a"}).list("pads", {1, 1, 1, 1}).node("Relu", {"a"}, {"ra"});
  b.node("MaxPool", {"ra"}, {"p"}).list("kernel_shape", {2, 2}).list("strides", {2, 2});
  b.node("Conv", {"p", "b.weight"}, {"b"}).whole("group", 8).list("pads", {1, 1, 1, 1}).node("Relu", {"b"}, {"rb"});
  b.node("Flatten", {"rb"}, {"f"}).node("Gemm", {"f", "fc.weight"}, {"y"}).whole("transB", 1).output("y");
  const Tensor x = image({1, 3, 12, 12});
  const auto result = run_model(folder, b, x);
  const auto values = values_of(folder, x);
  const auto json = nlohmann::json::parse(text_of_file(folder.path() / "net/recording.json"));
  for (const auto& [index, layer, value] :
       {std::tuple(0, "a", "ra"), std::tuple(1, "b", "rb"), std::tuple(2, "fc", "y")}) {
    INFO(layer);
    const Tensor output = read_npy(result / (std::string(layer) + ".output.npy"));
    const auto wanted = values.at(value)->as<float>();
    REQUIRE(output.size() == wanted.size());
    const auto& its = json["layers"][static_cast<std::size_t>(index)];
    // Sums of the last layer have a step of input times weights, of which there is one for all filters.
    const double step = its["output_scale"].is_null()
                            ? its["input_scale"].get<double>() * its["weight_scale"][0].get<double>()
                            : its["output_scale"].get<double>();
    double error = 0, size = 0;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      error += std::pow(static_cast<double>(output.to_int64()[i]) * step - static_cast<double>(wanted[i]), 2);
      size += std::pow(static_cast<double>(wanted[i]), 2);
    }
    CHECK(size > 0);
    CHECK(std::sqrt(error / size) < 0.02);
  }
}

TEST_CASE("the outputs of a model of integers are the integers it computes itself") {
  const TemporaryFolder folder;
  OnnxBuilder b;
  using Type = OnnxBuilder::Type;
  std::vector<std::int64_t> weights(8 * 3 * 3 * 3), bias(8);
  std::mt19937 draw(1);
  for (auto& w : weights) w = static_cast<std::int64_t>(draw() % 255) - 127;
  for (auto& v : bias) v = static_cast<std::int64_t>(draw() % 20001) - 10000;
  const float xs = 0.0173f, ws = 0.0091f, ys = 0.171f;
  b.input("x", {1, 3, 9, 7})
      .floats("xs", {}, {xs})
      .floats("ws", {}, {ws})
      .floats("bs", {}, {xs * ws})
      .floats("ys", {}, {ys});
  b.integers("z", {}, {0}, Type::UINT8)
      .integers("w", {8, 3, 3, 3}, weights, Type::INT8)
      .integers("bias", {8}, bias, Type::INT32);
  b.node("QuantizeLinear", {"x", "xs", "z"}, {"xq"}).node("DequantizeLinear", {"xq", "xs", "z"}, {"xd"});
  b.node("DequantizeLinear", {"w", "ws"}, {"wd"}).node("DequantizeLinear", {"bias", "bs"}, {"bd"});
  b.node("Conv", {"xd", "wd", "bd"}, {"c"}).node("Relu", {"c"}, {"r"}).node("QuantizeLinear", {"r", "ys", "z"}, {"yq"});
  b.node("DequantizeLinear", {"yq", "ys", "z"}, {"y"}).output("y");
  Tensor x = image({1, 3, 9, 7});
  const auto result = run_model(folder, b, x);
  const Tensor output = read_npy(result / "c.output.npy");
  CHECK(output.type() == DType::UInt8);
  CHECK(output == *values_of(folder, x).at("yq"));
}
