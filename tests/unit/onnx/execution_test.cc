// A run again with values changed: what depends on them is new, the rest is shared.
#include "onnx/execution.h"

#include <catch2/catch.hpp>

#include "../onnx_builder.h"
#include "../temporary_folder.h"

using namespace lacuna;

TEST_CASE("a changed value reaches all that depends on it and nothing else") {
  // x -> Relu r -> Neg n -> Add s (n + x), x -> Abs a; an operator that is not supported reads n.
  OnnxBuilder b;
  b.input("x", {3}).output("s");
  b.node("Relu", {"x"}, {"r"}).node("Neg", {"r"}, {"n"}).node("Abs", {"x"}, {"a"}).node("Add", {"n", "x"}, {"s"});
  b.node("NonZero", {"n"}, {"places"});
  const TemporaryFolder folder;
  const lacuna::onnx::Model model = lacuna::onnx::read_model(folder.write("net.onnx", b.bytes()));
  Tensor x(DType::Float32, {3});
  std::ranges::copy(std::vector<float>{-1, 2, 3}, x.as<float>().begin());
  const lacuna::onnx::Execution before = lacuna::onnx::execute(model, {{"x", x}});
  const auto values = [](const lacuna::onnx::Execution& run, const std::string& name) {
    const auto span = run.values.at(name)->as<float>();
    return std::vector<float>(span.begin(), span.end());
  };
  std::vector<float> seen;
  const lacuna::onnx::Execution again = lacuna::onnx::execute_again(
      model, before,
      {{"r", [](const lacuna::onnx::Execution&, Tensor& value) { value.as<float>()[2] = 10; }},
       {"n", [&](const lacuna::onnx::Execution& run, Tensor& value) {
          seen = values(run, "r");
          value.as<float>()[1] = 7;
        }}});
  CHECK(seen == std::vector<float>{0, 2, 10});
  CHECK(values(again, "n") == std::vector<float>{0, 7, -10});
  CHECK(values(again, "s") == std::vector<float>{-1, 9, -7});
  CHECK(values(before, "s") == std::vector<float>{-1, 0, 0});
  CHECK(again.values.at("a") == before.values.at("a"));
  CHECK_FALSE(again.values.contains("places"));
  CHECK(lacuna::onnx::execute_again(model, before, {}).values == before.values);
}
