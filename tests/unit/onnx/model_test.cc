// Models as files have them: every way to hold a tensor, and every fault of one.
#include "onnx/model.h"

#include <catch2/catch.hpp>

#include "../onnx_builder.h"
#include "../temporary_folder.h"

using namespace lacuna;
using lacuna::onnx::Model;
using lacuna::onnx::read_model;
using Type = OnnxBuilder::Type;

namespace {

/// A model of one Relu of `x`.
OnnxBuilder relu() {
  OnnxBuilder b;
  b.input("x", {1}).node("Relu", {"x"}, {"y"}).output("y");
  return b;
}

template <typename Act>
std::string answer(const Act& act) {
  OnnxBuilder b = relu();
  act(b);
  const TemporaryFolder folder;
  return error_text(folder, [&] { read_model(folder.write("m.onnx", b.bytes())); });
}

::onnx::TensorProto& external(OnnxBuilder& b, const std::string& location, const std::string& offset = "0",
                              const std::string& length = "8") {
  auto& t = b.tensor("t", {2}, Type::FLOAT);
  t.set_data_location(Type::EXTERNAL);
  for (const auto& [key, value] : {std::pair("location", location), {"offset", offset}, {"length", length}}) {
    auto* entry = t.add_external_data();
    entry->set_key(key);
    entry->set_value(value);
  }
  return t;
}

}  // namespace

TEST_CASE("elements are read from lists and from bytes and widened value for value") {
  OnnxBuilder b = relu();
  b.tensor("half", {2}, Type::FLOAT16).set_raw_data(std::string("\x00\x3c\x00\xc0", 4));
  b.tensor("brain", {1}, Type::BFLOAT16).add_int32_data(0x3fc0);
  b.tensor("double", {2}, Type::DOUBLE).add_double_data(0.1);
  b.model.mutable_graph()->mutable_initializer(2)->add_double_data(1e300);
  b.tensor("bool", {2}, Type::BOOL).set_raw_data(std::string("\x01\x00", 2));
  b.tensor("wide", {1}, Type::UINT32).set_raw_data("\xff\xff\xff\xff");
  b.tensor("int8", {2}, Type::INT8).set_raw_data("\x80\x7f");
  b.tensor("scalar", {}, Type::INT64).add_int64_data(-5);
  const TemporaryFolder folder;
  const Model model = read_model(folder.write("m.onnx", b.bytes()));
  const auto floats = [&](const std::string& name) {
    const auto values = model.constants.at(name)->as<float>();
    return std::vector<float>(values.begin(), values.end());
  };
  CHECK(floats("half") == std::vector<float>{1, -2});
  CHECK(floats("brain") == std::vector<float>{1.5});
  CHECK(floats("double") == std::vector<float>{0.1f, INFINITY});
  CHECK(model.constants.at("bool")->to_int64() == std::vector<std::int64_t>{1, 0});
  CHECK(model.constants.at("wide")->to_int64() == std::vector<std::int64_t>{0xffffffff});
  CHECK(model.constants.at("int8")->to_int64() == std::vector<std::int64_t>{-128, 127});
  CHECK(model.constants.at("scalar")->shape().empty());
}

TEST_CASE("external data are read from the model's own folder alone") {
  const TemporaryFolder folder;
  std::filesystem::create_directory(folder.path() / "m");
  const std::string bytes("\0\0\0\0\0\0\x80\x3f\0\0\0\x40", 12);
  folder.write("m/data.bin", bytes);
  folder.write("secret.bin", bytes);
  std::filesystem::create_symlink("../secret.bin", folder.path() / "m/link.bin");
  const auto read = [&](const std::string& location, const std::string& offset = "4", const std::string& length = "8") {
    OnnxBuilder b = relu();
    external(b, location, offset, length);
    const auto path = folder.write("m/m.onnx", b.bytes());
    return error_text(folder, [&] {
      const auto model = read_model(path);
      const auto values = model.constants.at("t")->as<float>();
      CHECK(values[0] == 1);
      CHECK(values[1] == 2);
    });
  };
  const std::string place = "m/m.onnx: tensor 't': ";
  CHECK(read("data.bin") == "(no error)");
  CHECK(read("../secret.bin") == place + "external data '../secret.bin' lies outside the model's folder");
  CHECK(read("link.bin") == place + "external data 'link.bin' lies outside the model's folder");
  CHECK_THAT(read((folder.path() / "m/data.bin").string()), Catch::Contains("lies outside the model's folder"));
  CHECK(read("none.bin") == place + "external data 'none.bin' cannot be read: No such file or directory");
  CHECK(read(".") == place + "external data '.' is no file");
  CHECK(read("data.bin", "5") ==
        place + "external data 'data.bin' has 7 bytes from 5 on, of which 8 are named; the tensor takes 8");
  CHECK(read("data.bin", "x") == place + "external data: 'x' is no whole number");
}

TEST_CASE("files that are no model are refused") {
  const TemporaryFolder folder;
  const auto read = [&](const std::filesystem::path& path) { return error_text(folder, [&] { read_model(path); }); };
  CHECK(read(folder.path() / "none.onnx") == "none.onnx: cannot read: No such file or directory");
  std::filesystem::create_directory(folder.path() / "d");
  CHECK(read(folder.path() / "d") == "d: is a folder, not an ONNX model");
  CHECK(read(folder.write("m.onnx", "")) == "m.onnx: is no ONNX model, or is cut short");
  const std::string whole = relu().bytes();
  CHECK(read(folder.write("m.onnx", whole.substr(0, whole.size() - 3))) == "m.onnx: is no ONNX model, or is cut short");
  std::filesystem::resize_file(folder.path() / "m.onnx", std::uintmax_t{1} << 31);
  CHECK(read(folder.path() / "m.onnx") == "m.onnx: the file has 2147483648 bytes; an ONNX file has less than 2 GiB");
}

TEST_CASE("graphs that do not hold together are refused") {
  using B = OnnxBuilder;
  CHECK(answer([](B&) {}) == "(no error)");
  CHECK(answer([](B& b) { b.model.clear_graph(); }) == "m.onnx: is an ONNX model without a node");
  CHECK(answer([](B& b) { b.model.clear_opset_import(); }) ==
        "m.onnx: does not say which version of ONNX's operators it uses");
  CHECK(answer([](B& b) { b.model.mutable_graph()->add_sparse_initializer()->mutable_values()->set_name("s"); }) ==
        "m.onnx: tensor 's' is stored sparse, which is not supported");
  CHECK(answer([](B& b) { b.output("z"); }) == "m.onnx: no node makes output 'z'");
  CHECK(answer([](B& b) { b.floats("", {1}, {0}); }) == "m.onnx: tensor '': a value has no name");
  CHECK(answer([](B& b) { b.node("Relu", {"x"}, {"y"}); }) == "m.onnx: Relu 'y': value 'y' is made twice");
  CHECK(answer([](B& b) { b.node("Relu", {"z"}, {"w"}); }) ==
        "m.onnx: Relu 'w': reads 'z', which nothing before it makes");
  CHECK(answer([](B& b) { b.node("Relu", {"x"}, {}); }) == "m.onnx: Relu '': has no output");
}

TEST_CASE("tensors that cannot be read are refused by name") {
  using B = OnnxBuilder;
  const std::string place = "m.onnx: tensor 't': ";
  CHECK(answer([](B& b) { b.tensor("t", {1}, Type::STRING).add_string_data("x"); }) ==
        place +
            "element type STRING cannot be read; legal: FLOAT, DOUBLE, FLOAT16, BFLOAT16, BOOL and integers of 8 to "
            "64 bits");
  CHECK(answer([](B& b) { b.tensor("t", {-1}, Type::FLOAT); }) ==
        place + "the tensor has an extent of -1; need 0 or more");
  CHECK(answer([](B& b) {
          b.tensor("t", {1 << 30, 1 << 30}, Type::FLOAT);
        }) == place + "the tensor has more than 2^31 elements");
  CHECK(answer([](B& b) { b.tensor("t", {1 << 30}, Type::FLOAT).add_float_data(1); }) ==
        place + "the tensor of shape [1073741824] is cut short");
  CHECK(answer([](B& b) { b.tensor("t", {2}, Type::FLOAT).add_float_data(1); }) ==
        place + "the tensor of shape [2] has 1 elements");
  CHECK(answer([](B& b) { b.tensor("t", {2}, Type::FLOAT).set_raw_data("1234"); }) ==
        place + "the tensor of shape [2] has 4 bytes; need 8");
  CHECK(answer([](B& b) { b.tensor("t", {1}, Type::FLOAT).mutable_segment(); }) ==
        place + "the tensor is stored in segments, which are not supported");
  CHECK(answer([](B& b) { b.tensor("t", {1}, Type::UINT64).add_uint64_data(UINT64_MAX); }) ==
        place + "an element is 18446744073709551615; unsigned ones are kept up to 2^63 - 1");
}
