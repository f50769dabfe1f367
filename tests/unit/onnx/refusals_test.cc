// What operators refuse, and how they say it.
#include <catch2/catch.hpp>
#include <cmath>
#include <sstream>

#include "../onnx_builder.h"
#include "../temporary_folder.h"
#include "onnx/execution.h"

using namespace lacuna;

namespace {

/// "2,3" as {2, 3}.
OnnxBuilder::Dims list(const std::string& text) {
  OnnxBuilder::Dims values;
  std::istringstream stream(text);
  for (std::string word; std::getline(stream, word, ',');) values.push_back(std::stoll(word));
  return values;
}

/// Adds a value: "f:2,3" float zeros, "f:=nan" one float, "u:2" uint8 zeros, "n:2" int32 zeros, "i:1,2" these int64,
/// "z:2,3" float zeros that are not in the file.
void add_value(OnnxBuilder& b, const std::string& name) {
  const std::string rest = name.substr(2);
  if (name.starts_with("f:=")) {
    b.floats(name, {}, {std::stof(rest.substr(1))});
    return;
  }
  const auto values = list(rest);
  if (name[0] == 'i') {
    b.integers(name, {static_cast<std::int64_t>(values.size())}, values);
    return;
  }
  if (name[0] == 'z') {
    add_value(b, "i:" + rest);
    b.node("ConstantOfShape", {"i:" + rest}, {name});
    return;
  }
  std::int64_t count = 1;
  for (const std::int64_t extent : values) count *= extent;
  const auto size = static_cast<std::size_t>(count);
  if (name[0] == 'f')
    b.floats(name, values, std::vector<float>(size));
  else
    b.integers(name, values, std::vector<std::int64_t>(size),
               name[0] == 'u' ? OnnxBuilder::Type::UINT8 : OnnxBuilder::Type::INT32);
}

/// Adds "axis=1", "alpha=0.5", "pads=[1,2]", "mode=word".
void add_attribute(OnnxBuilder& b, const std::string& text) {
  const std::string name = text.substr(0, text.find('=')), value = text.substr(name.size() + 1);
  if (value[0] == '[')
    b.list(name, list(value.substr(1, value.size() - 2)));
  else if (value.find('.') != std::string::npos)
    b.real(name, std::stof(value));
  else if (value[0] == '-' || (value[0] >= '0' && value[0] <= '9'))
    b.whole(name, std::stoll(value));
  else
    b.word(name, value);
}

struct Refusal {
  std::string op;
  std::vector<std::string> inputs, attributes;
  std::string message;
  int opset = 13;
};

std::string answer(const Refusal& r) {
  OnnxBuilder b(r.opset);
  for (auto it = r.inputs.begin(); it != r.inputs.end(); ++it)
    if (!it->empty() && std::find(r.inputs.begin(), it, *it) == it) add_value(b, *it);
  b.node(r.op, r.inputs, {"y"});
  for (const std::string& attribute : r.attributes) add_attribute(b, attribute);
  const TemporaryFolder folder;
  return error_text(folder,
                    [&] { lacuna::onnx::execute(lacuna::onnx::read_model(folder.write("m.onnx", b.bytes())), {}); });
}

const std::vector<Refusal> kRefusals = {
    {"Add", {"f:1", ""}, {}, "input 2 is left out"},
    {"Add", {"f:1"}, {}, "has 1 inputs; need 2"},
    {"Concat", {}, {"axis=0"}, "has 0 inputs; need 1 or more"},
    {"Conv", {"f:1"}, {}, "has 1 inputs; need 2 to 3"},
    {"Add", {"f:2,3", "f:4"}, {}, "shapes [2, 3] and [4] do not fit each other"},
    {"Add", {"f:2", "i:1,2"}, {}, "the inputs hold float32 and int64; need one element type"},
    {"Add", {"f:2", "f:2"}, {"axis=1"}, "unknown attribute 'axis'; need none"},
    {"Concat", {"f:2"}, {"axes=1"}, "unknown attribute 'axes'; did you mean 'axis'? (axis)"},
    {"Div", {"i:1", "i:0"}, {}, "divides a whole number by zero"},
    {"Relu", {"i:1"}, {}, "input 1 holds int64; legal: float32"},
    {"Clip", {"f:2", "f:3"}, {}, "input 2 has shape [3]; need one element"},
    {"Softmax", {"f:2,2"}, {"axis=x"}, "attribute axis is of another type; need a whole number"},
    {"Softmax", {"f:2,2"}, {"axis=-3"}, "axis is -3; the tensor has 2 dimensions"},
    {"Expand", {"f:1", "i:536870912"}, {}, "the result would have shape [536870912], more than 2^28 elements"},
    {"Reshape", {"f:2", "f:1"}, {}, "input 2 holds float32; legal: whole numbers"},
    {"Reshape", {"f:2", "i:3"}, {}, "a tensor of shape [2] cannot have shape [3]"},
    {"Reshape", {"f:2", "i:-1,-1"}, {}, "the new shape [-1, -1] has no meaning"},
    {"Reshape", {"f:2", "i:2,0"}, {}, "the new shape [2, 0] keeps a dimension that is not there"},
    {"Expand", {"f:2", "i:-2"}, {}, "an extent is -2; need 0 or more"},
    {"Squeeze", {"f:1,1", "i:0,-2"}, {}, "axis -2 is given twice"},
    {"Dropout", {"f:1", "f:=1", "i:1"}, {}, "drops values, as in training; export the model for inference"},
    {"Constant", {}, {"value_int=1", "value_float=1.5"}, "the constant has 2 values; need one"},
    {"Constant", {}, {"value_string=x"}, "the constant is text; legal: numbers"},
    {"ConstantOfShape", {"i:1"}, {"value=1"}, "attribute value is no tensor of one element"},
    {"Flatten", {"f:2"}, {"axis=2"}, "axis is 2; the tensor has 1 dimensions"},
    {"Transpose", {"f:2,3"}, {"perm=[0]"}, "attribute perm [0] is no order of 2 dimensions"},
    {"Concat", {"f:2", "i:1,2"}, {"axis=0"}, "input 2 has int64 of shape [2], the first float32 of shape [2]"},
    {"Gather", {"f:2", "i:2"}, {}, "index 2 of 2 elements"},
    {"Slice", {"f:2", "i:0", "i:1,2"}, {}, "has 1 starts, 2 ends, 1 axes, 1 steps; need as many of each"},
    {"Slice", {"f:2", "i:0", "i:1", "i:0", "i:0"}, {}, "a step is 0; need another whole number"},
    {"Split", {"f:3", "i:2"}, {}, "splits 3 elements into parts [2] for 1 outputs"},
    {"Pad", {"f:2", "i:1"}, {}, "has 1 pads for 1 axes; need two for each"},
    {"Pad", {"f:2", "i:1,1", "i:0"}, {}, "pads with a value of another type or shape"},
    {"Pad", {"f:2", "i:-3,1"}, {}, "pads 2 elements by -3 and 1"},
    {"Pad", {"f:2", "i:2,0"}, {"mode=reflect"}, "reflects 2 elements at 2 and 0; need less than there are"},
    {"Pad", {"f:0", "i:2,0"}, {"mode=edge"}, "has no edge to pad with"},
    {"Pad", {"f:2", "i:2,0"}, {"mode=wrap"}, "attribute mode is 'wrap'; legal: constant, reflect, edge"},
    {"Cast", {"f:2"}, {"to=10"}, "casts to type 10, whose rounding is not supported"},
    {"Cast", {"f:2"}, {"to=8"}, "casts to type 8, which is not supported"},
    {"Cast", {"f:=inf"}, {"to=7"}, "casts inf to a whole number"},
    {"BatchNormalization",
     {"f:1,2", "f:2", "f:2", "f:2", "f:2"},
     {"training_mode=1"},
     "normalises by its own input, as in training; export the model for inference"},
    {"BatchNormalization", {"f:1,2", "f:2", "f:2", "f:2", "f:2"}, {"spatial=0"}, "attribute spatial is 0; legal: 1"},
    {"BatchNormalization", {"f:1,3", "f:2", "f:2", "f:2", "f:2"}, {}, "scales 2 channels of an input of shape [1, 3]"},
    {"BatchNormalization", {"f:1,2", "f:2", "f:2", "f:2", "f:3"}, {}, "input 5 has shape [3]; need [2]"},
    {"LayerNormalization", {"f:2,3", "f:2"}, {}, "scale and bias have 2 and 0 elements; need 3"},
    {"MaxPool", {"f:2,3"}, {"kernel_shape=[1]"}, "input 1 has shape [2, 3]; need 3 dimensions or more"},
    {"MaxPool", {"f:1,1,0"}, {"kernel_shape=[1]"}, "the input of shape [1, 1, 0] is empty"},
    {"GlobalMaxPool", {"f:1,1,0"}, {}, "the input of shape [1, 1, 0] is empty"},
    {"MaxPool", {"z:1,1,8388608"}, {"kernel_shape=[4194304]"}, "the windows have more than 2^42 elements"},
    {"AveragePool", {"f:1,1,1"}, {"kernel_shape=[1]", "pads=[1,1]"}, "a window lies in the padding alone"},
    {"MaxPool", {"f:1,1,4"}, {}, "the kernel has 0 dimensions, the input 1 spatial ones"},
    {"MaxPool", {"f:1,1,4"}, {"kernel_shape=[2]", "strides=[1,1]"}, "attribute strides has 2 values; need 1"},
    {"MaxPool", {"f:1,1,4"}, {"kernel_shape=[2]", "strides=[0]"}, "attribute strides has 0; allowed 1..65535"},
    {"MaxPool", {"f:1,1,4"}, {"kernel_shape=[0]"}, "a kernel of 0 on an input of 4; both are 1..2147483647"},
    {"MaxPool", {"f:1,1,4"}, {"kernel_shape=[5]"}, "the kernel covers 5, the padded input has 4"},
    {"MaxPool",
     {"f:1,1,4"},
     {"kernel_shape=[200000]", "auto_pad=SAME_UPPER"},
     "the kernel of 200000 asks for 100000 elements of padding; allowed 0..65535"},
    {"Conv", {"z:1,1,8388608", "z:1,1,4194304"}, {}, "the node has more than 2^42 multiply-accumulates"},
    {"Conv", {"f:1,1,4", "f:1,1,1,1"}, {}, "the weights have shape [1, 1, 1, 1], the input [1, 1, 4]"},
    {"Conv", {"f:1,2,4", "f:1,1,1"}, {}, "weights of shape [1, 1, 1] do not fit an input of 2 channels in 1 groups"},
    {"Conv",
     {"f:1,1,4", "f:1,1,1"},
     {"kernel_shape=[2]"},
     "attribute kernel_shape is not that of weights of shape [1, 1, 1]"},
    {"Conv", {"f:1,1,4", "f:1,1,1", "f:2"}, {}, "the bias has shape [2]; need [1]"},
    {"Gemm", {"f:1,1,4", "f:1,1"}, {}, "the inputs have shapes [1, 1, 4] and [1, 1]; need two matrices"},
    {"Gemm", {"f:2,3", "f:2,3"}, {}, "matrices of shapes [2, 3] and [2, 3] have no product"},
    {"Gemm", {"f:2,3", "f:3,2", "f:3,1,1"}, {}, "C of shape [3, 1, 1] does not fit a product of shape [2, 2]"},
    {"MatMul", {"f:2,3", "f:2"}, {}, "tensors of shapes [2, 3] and [2] have no product"},
    {"QuantizeLinear", {"f:2", "f:=1", "i:0"}, {}, "the zero point holds int64; legal: integers of 8, 16 or 32 bits"},
    {"QuantizeLinear",
     {"f:2", "f:1,2"},
     {},
     "the scale has shape [1, 2]; need one element, or one for each slice along an axis"},
    {"QuantizeLinear", {"f:2,2", "f:3"}, {}, "has 3 scales for 2 slices along axis 1"},
    {"QuantizeLinear", {"f:2", "f:=0"}, {}, "a scale is 0; need a number above 0"},
    {"QuantizeLinear", {"f:2", "f:=1", "u:2"}, {}, "has 1 scales and 2 zero points; need as many"},
    {"QuantizeLinear", {"f:=nan", "f:=1"}, {}, "quantises a value that is no number"},
    {"DequantizeLinear", {"i:1", "f:=1"}, {}, "input 1 holds int64; legal: integers of 8, 16 or 32 bits"},
    {"DequantizeLinear", {"n:1", "f:=1", "u:1"}, {}, "the zero point holds uint8, the input int32"},
    {"Resize", {"f:0", "", "f:1"}, {}, "the input of shape [0] is empty"},
    {"Resize", {"f:2", ""}, {}, "has neither scales nor sizes"},
    {"Resize", {"f:2", "", "f:1"}, {"antialias=1"}, "attribute antialias is set; legal: 0"},
    {"Resize",
     {"f:2", "f:=0.5"},
     {},
     "takes the nearest of 2 elements by 0.5, and before version 11 ONNX does not say which",
     10},
    {"Resize", {"f:2", "", "f:2"}, {}, "has 2 scales or sizes for 1 axes"},
    {"Resize", {"f:2", "", "", "i:0"}, {}, "resizes 2 elements by 0"},
    {"Resize",
     {"f:3", "", "f:=0.5"},
     {"coordinate_transformation_mode=align_corners"},
     "aligns the corners of 3 elements resized by 0.5, which is no whole size"},
};

}  // namespace

TEST_CASE("what an operator cannot take is refused with file and node") {
  for (const Refusal& r : kRefusals) CHECK(answer(r) == fmt::format("m.onnx: {} 'y': {}", r.op, r.message));
}

TEST_CASE("attributes that hold graphs are refused by name") {
  OnnxBuilder b;
  b.floats("x", {1}, {0}).node("Relu", {"x"}, {"y"}).attribute("body", ::onnx::AttributeProto::GRAPH);
  const TemporaryFolder folder;
  CHECK(error_text(folder, [&] {
          lacuna::onnx::execute(lacuna::onnx::read_model(folder.write("m.onnx", b.bytes())), {});
        }) == "m.onnx: Relu 'y': attribute 'body' holds neither numbers nor a tensor");
}

TEST_CASE("values that take more memory than is allowed are refused") {
  OnnxBuilder b;
  b.floats("x", {2}, {0, 0}).node("Relu", {"x"}, {"y"}).node("Relu", {"y"}, {"z"});
  const TemporaryFolder folder;
  const lacuna::onnx::Model model = lacuna::onnx::read_model(folder.write("m.onnx", b.bytes()));
  CHECK_NOTHROW(lacuna::onnx::execute(model, {}, 16));
  CHECK(error_text(folder, [&] { lacuna::onnx::execute(model, {}, 15); }) ==
        "m.onnx: Relu 'z': the values up to here take more than 15 bytes; give fewer images");
}
