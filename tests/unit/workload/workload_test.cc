// workload.yaml: what a good one becomes, and the whole text of every complaint about a bad one.
#include "workload/workload.h"

#include <zip.h>

#include <catch2/catch.hpp>
#include <limits>
#include <map>

#include "../temporary_folder.h"
#include "tensor/npy.h"

using namespace lacuna;

namespace {

template <typename T>
Tensor counting(const Shape& shape, int first = 1) {
  Tensor tensor(dtype_of<T>(), shape);
  for (std::size_t i = 0; i < tensor.size(); ++i) tensor.as<T>()[i] = static_cast<T>(first + static_cast<int>(i));
  return tensor;
}

/// A folder with the tensors that the tests below name:
///   w.npy  int8 [4, 2, 3, 3]    x.npy  uint8 [1, 2, 5, 6]   b.npy  int32 [4]   q.npy int32 [4, 2]
///   fw.npy int8 [3, 4]          fx.npy uint8 [2, 4]         dw.npy int8 [4, 1, 3, 3]
///   floats.npy float32 [4, 2, 3, 3]   signed.npy float64 [1, 2, 5, 6]   longs.npy int64 [4]
class Folder : public TemporaryFolder {
 public:
  Folder() {
    save("w", counting<std::int8_t>({4, 2, 3, 3}, -30));
    save("x", counting<std::uint8_t>({1, 2, 5, 6}));
    save("b", counting<std::int32_t>({4}, -2));
    save("q", counting<std::int32_t>({4, 2}));
    save("fw", counting<std::int8_t>({3, 4}));
    save("fx", counting<std::uint8_t>({2, 4}));
    save("dw", counting<std::int8_t>({4, 1, 3, 3}));
    save("floats", counting<float>({4, 2, 3, 3}, -30));
    save("signed", counting<double>({1, 2, 5, 6}, -10));
    save("longs", counting<std::int64_t>({4}));
  }
  void save(const std::string& name, const Tensor& tensor) const { (void)write(name + ".npy", write_npy(tensor)); }

  /// A workload of one layer: the lines of `layer`, each on its own line from line 3 on, indented by 4.
  [[nodiscard]] Workload open(const std::string& layer) const {
    write("workload.yaml", "network: n\nlayers:\n  - " + layer + "\n");
    return Workload::open(path());
  }
  [[nodiscard]] std::string error(const std::string& layer) const {
    return error_text(*this, [&] { (void)open(layer); });
  }
  [[nodiscard]] std::string file_error(const std::string& yaml) const {
    write("workload.yaml", yaml);
    return error_text(*this, [&] { (void)Workload::open(path()); });
  }
};

const std::string kConv = "{name: a, op: conv, weights: w.npy, input: x.npy";

}  // namespace

TEST_CASE("a convolution with every key becomes its canonical form") {
  const Folder folder;
  const Workload workload = folder.open(
      kConv + ", bias: b.npy, requantise: q.npy, stride: [1, 2], pad: [0, 1, 2, 3], dilation: [2, 1], relu: true}");
  CHECK(workload.name() == "n");
  CHECK(workload.source().empty());
  CHECK(workload.layer_names() == std::vector<std::string>{"a"});
  CHECK(workload.hash().size() == 32);

  const Layer layer = workload.load(0);
  ConvShape shape;
  shape.N = 1, shape.C = 2, shape.H = 5, shape.W = 6, shape.M = 4, shape.R = 3, shape.S = 3;
  shape.stride_h = 1, shape.stride_w = 2, shape.dilation_h = 2, shape.dilation_w = 1;
  shape.pad_top = 0, shape.pad_bottom = 1, shape.pad_left = 2, shape.pad_right = 3;
  CHECK(layer.shape == shape);
  CHECK(shape.P() == 2);  // (5 + 1 - 5) / 1 + 1
  CHECK(shape.Q() == 5);  // (6 + 5 - 3) / 2 + 1
  CHECK(layer.bias == std::vector<std::int64_t>{-2, -1, 0, 1});
  CHECK(layer.requantise[3].multiplier == 7);
  CHECK(layer.requantise[3].shift == 8);
  CHECK(layer.relu);
  CHECK_FALSE(layer.generated);
  CHECK(layer.notes.empty());
  CHECK(layer.weights == counting<std::int8_t>({4, 2, 3, 3}, -30));
}

TEST_CASE("fully connected layers take images of one or three dimensions") {
  const Folder folder;
  const Layer flat = folder.open("{name: a, op: fc, weights: fw.npy, input: fx.npy}").load(0);
  CHECK(flat.weights.shape() == Shape{3, 4, 1, 1});
  CHECK(flat.input.shape() == Shape{2, 4, 1, 1});
  CHECK(flat.bias == std::vector<std::int64_t>{0, 0, 0});
  CHECK(flat.output_shape() == Shape{2, 3});
  CHECK_FALSE(flat.relu);
  folder.save("fx", counting<std::uint8_t>({2, 1, 2, 2}));
  CHECK(folder.open("{name: a, op: fc, weights: fw.npy, input: fx.npy}").load(0).input == flat.input);
}

TEST_CASE("a matrix product takes its columns as images") {
  const Folder folder;
  folder.save("mx", counting<std::int8_t>({4, 2}));
  const Layer layer = folder.open("{name: a, op: matmul, weights: fw.npy, input: mx.npy}").load(0);
  CHECK(layer.shape.N == 2);
  CHECK(layer.shape.C == 4);
  CHECK(layer.input.shape() == Shape{2, 4, 1, 1});
  CHECK(layer.input.to_int64() == std::vector<std::int64_t>{1, 3, 5, 7, 2, 4, 6, 8});
  CHECK(layer.output_shape() == Shape{3, 2});
}

TEST_CASE("a depthwise layer has as many groups as channels") {
  const Folder folder;
  const Layer layer = folder.open("{name: a, op: depthwise, weights: dw.npy, input: x.npy}").load(0);
  CHECK(layer.shape.groups == 2);
  CHECK(layer.shape.M == 4);
}

TEST_CASE("float tensors are quantised with a note") {
  const Folder folder;
  folder.save("fb", counting<float>({4}, -1));
  const Layer layer = folder.open("{name: a, op: conv, weights: floats.npy, input: signed.npy, bias: fb.npy}").load(0);
  // Weights -30 .. 41, 18 a filter: largest magnitudes 30, 12, 23, 41; a one is lost nowhere.
  CHECK(layer.weights.type() == DType::Int8);
  for (const auto& [at, value] : std::map<int, int>{{0, -127}, {18, -127}, {53, 127}, {71, 127}, {30, 0}})
    CHECK(layer.weights.as<std::int8_t>()[static_cast<std::size_t>(at)] == value);
  CHECK(layer.input.type() == DType::Int8);  // values -10 .. 49
  for (std::size_t m = 0; m < 4; ++m) {
    const double largest = std::vector<double>{30, 12, 23, 41}[m];
    CHECK(layer.bias[m] == std::llround((static_cast<double>(m) - 1) / (largest / 127 * (49.0 / 127))));
  }
  CHECK(layer.notes == std::vector<std::string>{
                           "weights quantised on loading: float32 to int8, a scale a filter, one step is "
                           "0.0944882 to 0.322835; no value became zero",
                           "input quantised on loading: float64 to int8, one step is 0.385827; no value became zero",
                           "bias quantised on loading: float32 to int32, in steps of weights times input"});
  folder.save("signed", counting<double>({1, 2, 5, 6}, 0));
  CHECK(folder.open("{name: a, op: conv, weights: floats.npy, input: signed.npy}").load(0).input.type() ==
        DType::UInt8);
}

TEST_CASE("zeros that quantisation makes are counted and a percentile keeps an outlier from making them") {
  const Folder folder;
  Tensor input = counting<double>({1, 2, 5, 6}, 1);
  input.as<double>()[59] = 1e6;
  folder.save("outlier", input);
  const std::string text = "{name: a, op: conv, weights: floats.npy, input: outlier.npy";
  CHECK(
      folder.open(text + "}").load(0).notes[1] ==
      "warning: input quantised on loading: float64 to uint8, one step is 3921.57; 59 values that were not zero became "
      "zero, 98 % of all");
  const Layer kept = folder.open(text + ", input_percentile: 98}").load(0);
  CHECK(kept.input.as<std::uint8_t>()[59] == 255);
  CHECK(kept.input.as<std::uint8_t>()[0] == 4);  // 1 of 59, of 255 steps
  CHECK(kept.notes[1] ==
        "input quantised on loading: float64 to uint8, one step is 0.231373, magnitudes above the 98th percentile "
        "saturate; no value became zero");
  CHECK(folder.error(text + ", input_percentile: 0}") ==
        "workload.yaml:3:84: a.input_percentile is 0; allowed above 0 up to 100");
  CHECK(folder.error("{name: a, op: conv, weights: floats.npy, input: x.npy, input_percentile: 99}") ==
        "workload.yaml:3:78: a.input_percentile applies to float inputs; a.input holds uint8");
}

TEST_CASE("tensors may sit in one archive") {
  const Folder folder;
  const std::string weights = write_npy(counting<std::int8_t>({3, 4})),
                    input = write_npy(counting<std::uint8_t>({2, 4}));
  zip_t* zip = zip_open((folder.path() / "t.npz").c_str(), ZIP_CREATE, nullptr);
  zip_file_add(zip, "fc.weights.npy", zip_source_buffer(zip, weights.data(), weights.size(), 0), 0);
  zip_file_add(zip, "fc.input.npy", zip_source_buffer(zip, input.data(), input.size(), 0), 0);
  REQUIRE(zip_close(zip) == 0);
  const Workload archived = folder.open("{name: a, op: fc, weights: 't.npz:fc.weights', input: 't.npz:fc.input.npy'}");
  CHECK(archived.load(0).weights == counting<std::int8_t>({3, 4, 1, 1}));
  CHECK(archived.hash() == folder.open("{name: a, op: fc, weights: fw.npy, input: fx.npy}").hash());
  CHECK(folder.error("{name: a, op: fc, weights: t.npz, input: fx.npy}") ==
        "workload.yaml:3:32: t.npz: an archive needs a member, t.npz:NAME (fc.weights, fc.input)");
  CHECK(folder.error("{name: a, op: fc, weights: 't.npz:fc.weigths', input: fx.npy}") ==
        "workload.yaml:3:32: t.npz: unknown member 'fc.weigths'; did you mean 'fc.weights'? (fc.weights, fc.input)");
}

TEST_CASE("generated layers know their shape without being drawn") {
  const Folder folder;
  const auto shape = [&](const std::string& layer) { return folder.open(layer).load(0).shape; };
  const ConvShape conv = shape(
      "{name: a, op: conv, shape: {N: 2, M: 6, C: 4, H: 7, W: 9, R: 3, S: 2}, groups: 2, density: {weights: 1, input: "
      "1}}");
  CHECK(conv.N == 2);
  CHECK(conv.groups == 2);
  CHECK(conv.dense_pairs() == 2u * 5 * 8 * 6 * 2 * 3 * 2);
  const ConvShape depthwise =
      shape("{name: a, op: depthwise, shape: {C: 4, H: 7, W: 9, R: 3, S: 3}, density: {weights: 1, input: 1}}");
  CHECK(depthwise.M == 4);
  CHECK(depthwise.groups == 4);
  const ConvShape fc = shape("{name: a, op: fc, shape: {M: 5, C: 4}, density: {weights: 1, input: 1}}");
  CHECK(fc.dense_pairs() == 20);
  const Layer matmul =
      folder.open("{name: a, op: matmul, shape: {M: 5, K: 4, N: 3}, density: {weights: 1, input: 1}}").load(0);
  CHECK(matmul.shape.dense_pairs() == 60);
  CHECK(matmul.output_shape() == Shape{5, 3});
  CHECK(matmul.generated);
  CHECK(matmul.notes == std::vector<std::string>{"generated tensors: weights 100 % dense, input 100 % dense, seed 1"});
}

TEST_CASE("the hash covers everything that decides the numbers and nothing else") {
  const Folder folder;
  const std::string base = folder.open(kConv + "}").hash();
  CHECK(folder.open(kConv + "}").hash() == base);
  CHECK(folder.open("{name: other, op: conv, input: x.npy, weights: w.npy, stride: 1, relu: false}").hash() == base);
  for (const std::string change : {", relu: true", ", stride: 2", ", pad: 1", ", bias: b.npy", ", requantise: q.npy"})
    CHECK(folder.open(kConv + change + "}").hash() != base);
  Tensor changed = counting<std::int8_t>({4, 2, 3, 3}, -30);
  changed.as<std::int8_t>()[71] ^= 1;
  folder.save("w", changed);
  CHECK(folder.open(kConv + "}").hash() != base);

  const auto generated = [&](const std::string& rest) {
    return folder.open("{name: a, op: fc, shape: {M: 8, C: 8}, density: {weights: 0.5, input: 0.5}" + rest + "}")
        .hash();
  };
  CHECK(generated("") == generated(", seed: 1"));
  for (const std::string change : {", seed: 2", ", pattern: '2:4'", ", operand: int16", ", relu: true"})
    CHECK(generated(change) != generated(""));
  CHECK(generated(", pattern: 4:8") != generated(", pattern: 2:4"));
  CHECK(generated(", pattern: unstructured") == generated(""));
  CHECK(generated(", notes: [one, two]") == generated(""));
}

TEST_CASE("a density beside a pattern is the pattern's, to three digits") {
  const Folder folder;
  const auto hash = [&](const std::string& weights) {
    return folder.open("{name: a, op: fc, shape: {M: 8, C: 9}, pattern: 1:3, density: {" + weights + "input: 0.5}}")
        .hash();
  };
  CHECK(hash("weights: 0.333, ") == hash(""));
  CHECK(hash("weights: 0.3333333333333333, ") == hash(""));
}

TEST_CASE("a layer says its notes first") {
  const Folder folder;
  const std::string notes = ", notes: [one, 'two: \"2\"']}";
  CHECK(folder.open(kConv + notes).load(0).notes == std::vector<std::string>{"one", "two: \"2\""});
  const auto drawn = folder.open("{name: a, op: fc, shape: {M: 8, C: 8}, density: {weights: 1, input: 1}" + notes);
  CHECK(drawn.load(0).notes ==
        std::vector<std::string>{"one", "two: \"2\"",
                                 "generated tensors: weights 100 % dense, input 100 % dense, seed 1"});
  CHECK(folder.error(kConv + ", notes: one}") == "workload.yaml:3:62: a.notes is no list of texts");
  CHECK(folder.error(kConv + ", notes: [one, '']}") ==
        "workload.yaml:3:68: a.notes has a text that is empty or has line breaks");
  CHECK(folder.error(kConv + ", notes: [\"one\\ntwo\"]}") ==
        "workload.yaml:3:63: a.notes has a text that is empty or has line breaks");
}

TEST_CASE("a document that is no workload is refused") {
  const Folder folder;
  CHECK(error_text(folder, [&] { (void)Workload::open(folder.path() / "none.yaml"); }) ==
        "none.yaml: cannot read: No such file or directory");
  CHECK(folder.file_error("[]") ==
        "workload.yaml:1:1: the document is a list; need a map with keys (network, source, layers)");
  CHECK(folder.file_error("network: n\nlayer: []\n") ==
        "workload.yaml:2:1: unknown key 'layer'; did you mean 'layers'? (network, source, layers)");
  CHECK(folder.file_error("network: n\n") == "workload.yaml:1:1: missing key 'layers'");
  CHECK(folder.file_error("layers: []\n") == "workload.yaml:1:1: missing key 'network'");
  CHECK(folder.file_error("network: n\nlayers: []\n") ==
        "workload.yaml:2:9: layers must be a list of one layer or more");
  CHECK(folder.file_error("network: n\nlayers: 3\n") ==
        "workload.yaml:2:9: layers must be a list of one layer or more");
  CHECK(folder.file_error("network: n\nlayers: [3]\n") ==
        "workload.yaml:2:10: layers[0] is not a map; need name, op and tensors or a shape");
}

TEST_CASE("layer names are unique and safe as file names") {
  const Folder folder;
  CHECK(folder.error("{op: conv}") == "workload.yaml:3:5: missing key 'name' in 'layers[0]'");
  for (const std::string name : {"../a", ".a", "-a", "a b", "a/b", "", "é"})
    CHECK(folder.error("{name: '" + name + "', op: conv}") ==
          "workload.yaml:3:12: layers[0].name is '" + name +
              "'; need 1 to 100 letters, digits, '.', '_' and '-', not beginning with '.' or '-'");
  CHECK(folder.file_error("network: n\nlayers:\n  - " + kConv + "}\n  - " + kConv + "}\n") ==
        "workload.yaml:4:12: layer name 'a' is given twice; first in line 3");
  CHECK(folder.error("{name: total, op: conv}") ==
        "workload.yaml:3:12: layer name 'total' is what reports call the sum of the layers");
}

TEST_CASE("unknown and missing and misplaced keys of a layer are refused") {
  const Folder folder;
  const std::string keys =
      "(name, op, weights, input, bias, requantise, shape, density, pattern, operand, seed, stride, pad, dilation, "
      "groups, relu, input_percentile, predict, notes)";
  CHECK(folder.error("{name: a, op: conv, strid: 1}") ==
        "workload.yaml:3:25: unknown key 'strid' in 'a'; did you mean 'stride'? " + keys);
  CHECK(folder.error("{nme: a, op: conv}") ==
        "workload.yaml:3:6: unknown key 'nme' in 'layers[0]'; did you mean 'name'? " + keys);
  CHECK(folder.error("{name: a}") == "workload.yaml:3:5: missing key 'op' in 'a'");
  CHECK(folder.error("{name: a, op: cnov}") ==
        "workload.yaml:3:19: unknown a.op 'cnov'; did you mean 'conv'? (conv, depthwise, fc, matmul)");
  CHECK(folder.error("{name: a, op: conv}") ==
        "workload.yaml:3:5: a has no tensors; give 'weights' and 'input', or 'shape' and 'density' to generate them");
  CHECK(folder.error("{name: a, op: conv, weights: w.npy}") == "workload.yaml:3:5: missing key 'input' in 'a'");
  CHECK(folder.error("{name: a, op: conv, input: x.npy}") == "workload.yaml:3:5: missing key 'weights' in 'a'");
  CHECK(folder.error(kConv + ", shape: {M: 1}}") ==
        "workload.yaml:3:62: a has tensors and a shape to generate them; keep one of them");
  CHECK(folder.error(kConv + ", seed: 1}") == "workload.yaml:3:55: a.seed does not apply to a layer with tensors");
  CHECK(folder.error("{name: a, op: fc, weights: fw.npy, input: fx.npy, pad: 0}") ==
        "workload.yaml:3:55: a.pad does not apply to op fc");
  CHECK(folder.error("{name: a, op: fc, shape: {M: 1, C: 1}, density: {weights: 1, input: 1}, bias: b.npy}") ==
        "workload.yaml:3:77: a.bias does not apply to a generated layer");
  CHECK(folder.error(kConv + ", relu: yes}") == "workload.yaml:3:61: a.relu is 'yes'; need true or false");
}

TEST_CASE("strides and pads and dilations out of range are refused") {
  const Folder folder;
  CHECK(folder.error(kConv + ", stride: 0}") == "workload.yaml:3:63: a.stride is 0; allowed 1..65535");
  CHECK(folder.error(kConv + ", stride: [1, 2, 3]}") ==
        "workload.yaml:3:63: a.stride has 3 values; legal: one number, [height, width]");
  CHECK(folder.error(kConv + ", pad: [1, 2, 3]}") ==
        "workload.yaml:3:60: a.pad has 3 values; legal: one number, [height, width], [top, bottom, left, right]");
  CHECK(folder.error(kConv + ", pad: [1, -2]}") == "workload.yaml:3:64: a.pad is -2; allowed 0..65535");
  CHECK(folder.error(kConv + ", dilation: 1.5}") ==
        "workload.yaml:3:65: a.dilation is '1.5'; need a whole number in decimal digits, 1..65535");
  CHECK(folder.error(kConv + ", groups: 0}") == "workload.yaml:3:63: a.groups is 0; allowed 1..2147483647");
}

TEST_CASE("shapes that disagree are refused with both shapes") {
  const Folder folder;
  CHECK(folder.error(kConv + ", groups: 3}") ==
        "workload.yaml:3:63: a.groups is 3; it must divide the 2 input channels and the 4 filters");
  CHECK(folder.error(kConv + ", groups: 2}") ==
        "workload.yaml:3:48: a.input [1, 2, 5, 6] has 2 channels, a.weights [4, 2, 3, 3] needs 4");
  CHECK(folder.error(kConv + ", dilation: 3}") ==
        "workload.yaml:3:34: a: the kernel covers 7 x 7, the padded input has 5 x 6");
  CHECK(folder.error("{name: a, op: conv, weights: fw.npy, input: x.npy}") ==
        "workload.yaml:3:34: a.weights [3, 4] has 2 dimensions; op conv needs [M, C/groups, R, S]");
  CHECK(folder.error("{name: a, op: conv, weights: w.npy, input: fx.npy}") ==
        "workload.yaml:3:48: a.input [2, 4] has 2 dimensions; op conv needs [N, C, H, W]");
  CHECK(folder.error("{name: a, op: fc, weights: w.npy, input: fx.npy}") ==
        "workload.yaml:3:32: a.weights [4, 2, 3, 3] has 4 dimensions; op fc needs [M, C]");
  CHECK(folder.error("{name: a, op: fc, weights: fw.npy, input: x.npy}") ==
        "workload.yaml:3:47: a.input [1, 2, 5, 6] has 60 values an image, a.weights [3, 4] needs 4");
  CHECK(
      folder.error("{name: a, op: fc, weights: fw.npy, input: b.npy}") ==
      "workload.yaml:3:47: a.input holds int32; legal: int8, uint8, int16, uint16, and float32 and float64, which are "
      "quantised");
  CHECK(folder.error("{name: a, op: matmul, weights: fw.npy, input: fx.npy}") ==
        "workload.yaml:3:51: a.input [2, 4] has 2 rows, a.weights [3, 4] needs 4");
  CHECK(folder.error("{name: a, op: depthwise, weights: w.npy, input: x.npy}") ==
        "workload.yaml:3:39: a.weights [4, 2, 3, 3] has 2 channels a filter; op depthwise needs 1");
  CHECK(folder.error("{name: a, op: depthwise, weights: dw.npy, input: x.npy, groups: 4}") ==
        "workload.yaml:3:69: a.groups is 4; a depthwise layer of 2 channels has 2 groups");
  folder.save("dw3", counting<std::int8_t>({3, 1, 3, 3}));
  CHECK(folder.error("{name: a, op: depthwise, weights: dw3.npy, input: x.npy}") ==
        "workload.yaml:3:39: a has 3 filters for 2 channels; a depthwise layer has the same number for each channel");
  folder.save("empty", Tensor(DType::Int8, {4, 0, 3, 3}));
  CHECK(folder.error("{name: a, op: conv, weights: empty.npy, input: x.npy}") ==
        "workload.yaml:3:34: a.weights [4, 0, 3, 3] is empty");
}

TEST_CASE("what is wrong with a tensor's file is said at its key") {
  const Folder folder;
  CHECK(folder.error("{name: a, op: conv, weights: gone.npy, input: x.npy}") ==
        "workload.yaml:3:34: gone.npy: cannot read: No such file or directory");
  folder.write("text.npy", "hello, world");
  CHECK(folder.error("{name: a, op: conv, weights: w.npy, input: text.npy}") ==
        "workload.yaml:3:48: text.npy: not an .npy file");
  Tensor nan(DType::Float32, {1, 2, 5, 6});
  nan.as<float>()[31] = std::numeric_limits<float>::quiet_NaN();
  folder.save("nan", nan);
  CHECK(folder.error("{name: a, op: conv, weights: w.npy, input: nan.npy}") ==
        "workload.yaml:3:48: nan.npy: element [0, 1, 0, 1] is NaN; elements must be finite");
  CHECK(folder.error("{name: a, op: conv, weights: x.npy, input: x.npy}") ==
        "workload.yaml:3:34: a.weights holds uint8; legal: int8, int16, and float32 and float64, which are quantised");
  CHECK(folder.error("{name: a, op: conv, weights: [w.npy], input: x.npy}") ==
        "workload.yaml:3:34: a.weights is a list; need text");
}

TEST_CASE("biases and requantisation out of range are refused") {
  const Folder folder;
  CHECK(folder.error(kConv + ", bias: q.npy}") ==
        "workload.yaml:3:61: a.bias [4, 2] must have shape [4], one bias a filter");
  Tensor longs = counting<std::int64_t>({4});
  CHECK(folder.error(kConv + ", bias: longs.npy}") == "(no error)");
  longs.as<std::int64_t>()[2] = std::int64_t{1} << 31;
  folder.save("longs", longs);
  CHECK(folder.error(kConv + ", bias: longs.npy}") ==
        "workload.yaml:3:61: a.bias: element [2] is 2147483648; biases have 32 bits");
  folder.save("fb", counting<float>({4}));
  CHECK(folder.error(kConv + ", bias: fb.npy}") ==
        "workload.yaml:3:61: a.bias holds float32; legal with weights or input of whole numbers: int32");

  CHECK(folder.error(kConv + ", requantise: b.npy}") ==
        "workload.yaml:3:67: a.requantise [4] must have shape [4, 2], multiplier and shift of each filter");
  folder.save("fq", counting<float>({4, 2}));
  CHECK(folder.error(kConv + ", requantise: fq.npy}") ==
        "workload.yaml:3:67: a.requantise holds float32; legal: int32");
  Tensor pairs = counting<std::int32_t>({4, 2});
  pairs.as<std::int32_t>()[4] = 65536;
  folder.save("q", pairs);
  CHECK(folder.error(kConv + ", requantise: q.npy}") ==
        "workload.yaml:3:67: a.requantise: multiplier [2, 0] is 65536; allowed 1..65535");
  pairs.as<std::int32_t>()[4] = 65535;
  pairs.as<std::int32_t>()[7] = 48;
  folder.save("q", pairs);
  CHECK(folder.error(kConv + ", requantise: q.npy}") ==
        "workload.yaml:3:67: a.requantise: shift [3, 1] is 48; allowed 0..47");
}

TEST_CASE("generated layers that cannot be are refused") {
  const Folder folder;
  const std::string d = ", density: {weights: 1, input: 1}}";
  CHECK(folder.error("{name: a, op: fc, shape: {M: 1, C: 1}}") == "workload.yaml:3:5: missing key 'density' in 'a'");
  CHECK(folder.error("{name: a, op: fc, shape: {M: 1, C: 1}, density: {input: 1}}") ==
        "workload.yaml:3:53: missing key 'weights' in 'a.density'");
  CHECK(folder.error("{name: a, op: fc, shape: {M: 1, C: 1}, density: {weights: 1.5, input: 1}}") ==
        "workload.yaml:3:63: a.density.weights is 1.5; allowed 0..1");
  CHECK(folder.error("{name: a, op: fc, shape: {M: 1, C: 1}, density: {weights: 1, inputs: 1}}") ==
        "workload.yaml:3:66: unknown key 'inputs' in 'a.density'; did you mean 'input'? (weights, input, output)");
  CHECK(folder.error("{name: a, op: fc, shape: {M: 1, C: 1}, density: {weights: 1, input: 1, output: 0.5}}") ==
        "workload.yaml:3:84: a.density.output needs relu: true");
  CHECK(folder.error("{name: a, op: fc, shape: {M: 1, C: 1}, pattern: '2:4', density: {weights: 0.4, input: 1}}") ==
        "workload.yaml:3:79: a.density.weights is 0.4; pattern 2:4 makes it 0.5");
  CHECK(folder.error("{name: a, op: fc, shape: {M: 1, C: 1}, pattern: 1:3, density: {weights: 0.332, input: 1}}") ==
        "workload.yaml:3:77: a.density.weights is 0.332; pattern 1:3 makes it 0.3333");
  for (const std::string word : {"4:4", "0:4", "1:65", "2;4", "dense"})
    CHECK(folder.error("{name: a, op: fc, shape: {M: 1, C: 1}, pattern: " + word + d) ==
          "workload.yaml:3:53: a.pattern is '" + word +
              "'; need N:M with 1 <= N < M <= 64, for example 2:4, or unstructured");
  CHECK(folder.error("{name: a, op: fc, shape: {M: 1, C: 1}, operand: int9" + d) ==
        "workload.yaml:3:53: unknown a.operand 'int9'; did you mean 'int8'? (int8, int16)");
  CHECK(folder.error("{name: a, op: fc, shape: {M: 1, C: 1}, seed: -1" + d) ==
        "workload.yaml:3:50: a.seed is -1; allowed 0..9223372036854775807");
  CHECK(folder.error("{name: a, op: fc, shape: {M: 1, K: 1}" + d) ==
        "workload.yaml:3:37: unknown key 'K' in 'a.shape' (N, M, C)");
  CHECK(folder.error("{name: a, op: conv, shape: {M: 1, C: 1, H: 0, W: 1, R: 1, S: 1}" + d) ==
        "workload.yaml:3:48: a.shape.H is 0; allowed 1..2147483647");
  CHECK(folder.error("{name: a, op: conv, shape: {M: 4, C: 2, H: 4, W: 4, R: 5, S: 1}" + d) ==
        "workload.yaml:3:32: a: the kernel covers 5 x 1, the padded input has 4 x 4");
  CHECK(folder.error("{name: a, op: conv, shape: {M: 4, C: 2, H: 4, W: 4, R: 2147483647, S: 1}, dilation: 65535" + d) ==
        "workload.yaml:3:32: a: the kernel covers 140735340740611 x 1, the padded input has 4 x 4");
  CHECK(folder.error("{name: a, op: depthwise, shape: {M: 3, C: 2, H: 4, W: 4, R: 1, S: 1}" + d) ==
        "workload.yaml:3:37: a has 3 filters for 2 channels; a depthwise layer has the same number for each channel");
}

TEST_CASE("sizes that overflow are refused before anything is allocated") {
  const Folder folder;
  const std::string d = ", density: {weights: 1, input: 1}}";
  CHECK(folder.error("{name: a, op: fc, shape: {M: 65536, C: 65536}" + d) ==
        "workload.yaml:3:30: a: weights would have more than 2^31 elements");
  CHECK(folder.error("{name: a, op: fc, shape: {M: 1, C: 65536, N: 65536}" + d) ==
        "workload.yaml:3:30: a: input would have more than 2^31 elements");
  CHECK(folder.error("{name: a, op: fc, shape: {M: 65536, C: 1, N: 65536}" + d) ==
        "workload.yaml:3:30: a: output would have more than 2^31 elements");
  CHECK(folder.error("{name: a, op: conv, shape: {M: 1, C: 1, H: 30000, W: 30000, R: 15000, S: 15000}, "
                     "pad: 20000" +
                     d) == "workload.yaml:3:32: a: output would have more than 2^31 elements");
}
