// ONNX models that are no workload, and inputs that do not fit their model.
#include <catch2/catch.hpp>
#include <cmath>
#include <random>

#include "../onnx_builder.h"
#include "../temporary_folder.h"
#include "import/onnx.h"
#include "tensor/npy.h"

using namespace lacuna;
using Type = OnnxBuilder::Type;

namespace {

/// x [1, 2], y = x * w of three filters.
OnnxBuilder product(std::vector<float> weights = {1, 2, 3, 4, 5, 6}) {
  OnnxBuilder b;
  b.input("x", {1, 2}).floats("w", {2, 3}, weights).node("MatMul", {"x", "w"}, {"y"});
  return b;
}

Tensor values(std::vector<float> numbers) {
  Tensor tensor(DType::Float32, {1, numbers.size()});
  std::ranges::copy(numbers, tensor.as<float>().begin());
  return tensor;
}

/// The answer to a model run on `x`; to its shapes alone if there is none.
std::string answer(const OnnxBuilder& model, const std::optional<Tensor>& x = {}) {
  const TemporaryFolder folder;
  imports::OnnxOptions options;
  if (x) options.inputs = {folder.write("x.npy", write_npy(*x)).string()};
  const auto path = folder.write("m.onnx", model.bytes());
  return error_text(folder, [&] { imports::read_onnx(path, options); });
}

/// The answer to a model of inputs a and b given these words, in a folder with a.npy of shape [1, 2].
std::string answer_to_inputs(std::vector<std::string> words) {
  OnnxBuilder b = product();
  b.input("b", {1, 3}).node("Add", {"y", "b"}, {"z"});
  const TemporaryFolder folder;
  folder.write("a.npy", write_npy(values({1, 2})));
  folder.write("i.npy", write_npy(Tensor(DType::Int64, {1, 3})));
  const auto path = folder.write("m.onnx", b.bytes());
  for (std::string& word : words) {
    const std::size_t equals = word.find('=');
    word.insert(equals == std::string::npos ? 0 : equals + 1, folder.path().string() + "/");
  }
  return error_text(folder, [&] { imports::read_onnx(path, {words, false}); });
}

}  // namespace

TEST_CASE("a model without a layer or with one that cannot be reached is refused") {
  OnnxBuilder none;
  none.input("x", {1}).node("NonZero", {"x"}, {"y"});
  CHECK(answer(none) ==
        "m.onnx: has no Conv, Gemm or MatMul that depends on an input; unsupported operators: NonZero 'y'");
  OnnxBuilder b;
  b.input("x", {1, 2}).floats("w", {2, 3}, {1, 2, 3, 4, 5, 6});
  b.node("Mish", {"x"}, {"m"}).node("MatMul", {"m", "w"}, {"y"});
  b.model.mutable_graph()->mutable_node(0)->set_domain("com.example");
  const std::string text = answer(b);
  CHECK_THAT(text, Catch::StartsWith("m.onnx: MatMul 'y': depends on operators that are not supported: "
                                     "com.example.Mish 'm' (supported: Abs, Add, "));
}

TEST_CASE("products that no layer can say are refused at their node") {
  OnnxBuilder b;
  b.input("x", {1, 1, 2, 2, 2}).floats("w", {1, 1, 1, 1, 1}, {1}).node("Conv", {"x", "w"}, {"y"});
  CHECK(answer(b) == "m.onnx: Conv 'y': has 3 spatial axes; a layer has one or two");
  CHECK(answer(product({1, 2, 3, NAN, 5, 6})) == "m.onnx: MatMul 'y': its weights hold a value that is not finite");
  OnnxBuilder infinite;
  infinite.input("x", {1, 2}).floats("w", {2, 1}, {1, 2}).floats("zero", {1}, {0});
  infinite.node("Div", {"x", "zero"}, {"d"}).node("MatMul", {"d", "w"}, {"y"});
  CHECK(answer(infinite) == "(no error)");  // on zeros, which stand for no input
  CHECK(answer(infinite, values({1, 2})) == "m.onnx: MatMul 'y': its inputs hold a value that is not finite");
  OnnxBuilder empty;
  empty.input("x", {1, 2}).floats("none", {0}, {}).integers("shape", {2}, {2, 0});
  empty.node("Reshape", {"none", "shape"}, {"w"}).whole("allowzero", 1).node("MatMul", {"x", "w"}, {"y"});
  CHECK(answer(empty) == "m.onnx: MatMul 'y': multiplies matrices without elements");
  empty.model.mutable_graph()->mutable_node(1)->set_op_type("Gemm");
  CHECK(answer(empty) == "m.onnx: Gemm 'y': an extent of the layer would be 0; allowed 1..2147483647");
}

TEST_CASE("what follows a product must leave finite numbers") {
  OnnxBuilder b = product();
  b.floats("far", {1}, {INFINITY}).node("Add", {"y", "far"}, {"z"});
  CHECK(answer(b, values({1, 2})) ==
        "m.onnx: MatMul 'y': what follows filter 0 scales it by 1 and adds inf; need finite numbers");
  OnnxBuilder large = product({3e38f, 3e38f, 3e38f, 3e38f, 3e38f, 3e38f});
  large.node("Relu", {"y"}, {"r"});
  CHECK(answer(large, values({1, 1})) == "m.onnx: MatMul 'y': its outputs hold a value that is not finite");
}

TEST_CASE("integers of a model that do not fit a layer are refused") {
  const auto model = [](int type, std::int64_t weight, float bias, float scale) {
    OnnxBuilder b;
    b.input("x", {1, 1}).floats("s", {}, {scale}).integers("w", {1, 1}, {weight}, type).floats("b", {1}, {bias});
    b.node("DequantizeLinear", {"w", "s"}, {"d"}).node("Gemm", {"x", "d", "b"}, {"y"});
    return b;
  };
  CHECK(answer(model(Type::INT32, 40000, 0, 1), values({1})) ==
        "m.onnx: Gemm 'y': its weights are 40000 to 40000 without their zero point; a layer's have 16 bits");
  // One step of weights is 1e-9, of the input 1 / 255.
  CHECK_THAT(answer(model(Type::INT8, 1, 1, 1e-9f), values({1})),
             Catch::Contains("the bias of filter 0 is 2550000") &&
                 Catch::EndsWith(" steps of weights times input; allowed 32 bits"));
  OnnxBuilder b = model(Type::INT8, 1, 0, 1000);
  b.floats("small", {}, {1e-6f}).node("QuantizeLinear", {"y", "small"}, {"q"});
  CHECK_THAT(answer(b, values({1})), Catch::StartsWith("m.onnx: Gemm 'y': a sum is scaled by 39215") &&
                                         Catch::EndsWith("; allowed up to 32767"));
}

TEST_CASE("inputs that do not fit the model are refused") {
  CHECK(answer_to_inputs({"a.npy"}) == "--input a.npy: the model has 2 inputs; need NAME=FILE with NAME one of x, b");
  CHECK(answer_to_inputs({"x=a.npy"}) == "--input: input 'b' of the model is not given; need all of x, b");
  CHECK(answer_to_inputs({"x=a.npy", "x=a.npy"}) == "--input x=a.npy: input 'x' is given twice");
  CHECK(answer_to_inputs({"x=a.npy", "b=a.npy"}) ==
        "--input b=a.npy: has shape [1, 2]; input 'b' of the model has [1, 3]");
  CHECK(answer_to_inputs({"x=a.npy", "b=i.npy"}) == "(no error)");  // whole numbers stand for float ones
  CHECK(answer_to_inputs({"x=none.npy"}) == "none.npy: cannot read: No such file or directory");
  OnnxBuilder b = product();
  b.input("i", {1}, Type::INT64);
  CHECK(answer(b, values({1})) == "--input x.npy: the model has 2 inputs; need NAME=FILE with NAME one of x, i");
  OnnxBuilder whole;
  whole.input("i", {1, 2}, Type::INT64).floats("w", {2, 3}, {1, 2, 3, 4, 5, 6});
  whole.node("Cast", {"i"}, {"x"}).whole("to", 1).node("MatMul", {"x", "w"}, {"y"});
  CHECK(answer(whole) == "(no error)");
  CHECK(answer(whole, values({1, 2})) == "--input x.npy: holds float32; input 'i' of the model holds int64");
}

TEST_CASE("without an input the model must say its shapes") {
  const auto with = [](const auto& act) {
    OnnxBuilder b;
    act(b);
    b.floats("w", {2, 3}, {1, 2, 3, 4, 5, 6}).node("MatMul", {"x", "w"}, {"y"});
    return answer(b);
  };
  using B = OnnxBuilder;
  CHECK(with([](B& b) { b.input("x", {-1, 2}); }) == "(no error)");
  CHECK(with([](B& b) {
          b.input("x", {1, -1});
        }) == "m.onnx: input 'x': has shape [1, ?]; say what is open with --input");
  CHECK(
      with([](B& b) {
        b.input("x", {}).model.mutable_graph()->mutable_input(0)->mutable_type()->mutable_tensor_type()->clear_shape();
      }) == "m.onnx: input 'x': has no shape; say it with --input");
  CHECK(with([](B& b) { b.input("x", {1, 2}, Type::STRING); }) == "m.onnx: input 'x': is no tensor of numbers");
  CHECK(with([](B& b) {
          b.input("x", {1 << 30, 2});
        }) == "m.onnx: input 'x': has shape [1073741824, 2], more than 2^28 elements");
}

TEST_CASE("a damaged model is read or refused and never a bug") {
  OnnxBuilder b;
  b.input("x", {1, 2, 5, 5}).floats("w", {2, 2, 3, 3}, std::vector<float>(36, 0.5f)).floats("s", {}, {0.1f});
  b.integers("z", {}, {0}, Type::UINT8).floats("fc", {18, 3}, std::vector<float>(54, 0.25f));
  b.node("QuantizeLinear", {"x", "s", "z"}, {"q"}).node("DequantizeLinear", {"q", "s", "z"}, {"d"});
  b.node("Conv", {"d", "w"}, {"c"}).list("strides", {1, 1}).node("Relu", {"c"}, {"r"}).node("Flatten", {"r"}, {"f"});
  b.node("Gemm", {"f", "fc"}, {"y"}).real("alpha", 2).output("y");
  const std::string whole = b.bytes();
  const TemporaryFolder folder;
  std::mt19937 draw(1);
  std::size_t read = 0, refused = 0;
  for (int i = 0; i < 500; ++i) {
    std::string bytes = whole;
    for (unsigned edits = 1 + draw() % 3; edits > 0; --edits)
      bytes[draw() % bytes.size()] ^= static_cast<char>(1 << draw() % 8);
    const auto path = folder.write("m.onnx", bytes);
    INFO("round " << i);
    const std::string text = error_text(folder, [&] { imports::read_onnx(path, {}); });
    ++(text == "(no error)" ? read : refused);
    CHECK(text.find('\n') == std::string::npos);
  }
  CHECK(read > 0);
  CHECK(refused > 0);
}
