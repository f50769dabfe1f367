// What lacuna tune refuses, and in which words.
#include "cli/tune.h"
#include "small_network.h"

using namespace lacuna;

TEST_CASE("what lacuna tune cannot work on it refuses in one line and writes nothing") {
  const TemporaryFolder folder;
  const SmallNetwork net;
  const TuneOptions good = options_in(folder, net);
  const auto refused = [&](const auto& change) {
    TuneOptions options = good;
    change(options);
    const std::string text = error_text(folder, [&] { tune_file(options); });
    CHECK_FALSE(std::filesystem::exists(options.output));
    return text;
  };
  const auto write = [&](const std::string& name, const Tensor& tensor) {
    return folder.write(name, write_npy(tensor)).string();
  };
  const std::string needs =
      "lacuna tune: {} is not given; a model needs --input, --labels and --loss, a workload --lost";
  CHECK(refused([](TuneOptions& o) { o.input = ""; }) == fmt::format(fmt::runtime(needs), "--input"));
  CHECK(refused([](TuneOptions& o) { o.labels = ""; }) == fmt::format(fmt::runtime(needs), "--labels"));
  CHECK(refused([](TuneOptions& o) { o.loss = ""; }) == fmt::format(fmt::runtime(needs), "--loss"));
  CHECK(refused([&](TuneOptions& o) {
          o = TuneOptions();
          o.file = folder.path().string(), o.output = good.output;
        }) == fmt::format(fmt::runtime(needs), "--lost"));
  CHECK(refused([&](TuneOptions& o) { o.file = "a.yaml"; }) ==
        "a.yaml: is a workload: of the options for models none applies; how much may be lost says --lost");
  CHECK(refused([](TuneOptions& o) { o.lost = "1%"; }) ==
        "--lost: is for workloads; of a model --loss says how many images may be lost");
  CHECK(refused([](TuneOptions& o) { o.loss = "1"; }) == "--loss 1: need a percentage from 0% to 100%, for example 1%");
  CHECK(refused([](TuneOptions& o) { o.loss = "101%"; }) ==
        "--loss 101%: need a percentage from 0% to 100%, for example 1%");
  CHECK(refused([](TuneOptions& o) { o.test_input = "x.npy"; }) ==
        "--test-input: need both --test-input and --test-labels");
  CHECK(refused([](TuneOptions& o) { o.profile = 120; }) ==
        "--profile: 120 of 120 images are profiled; need one at least, and one at least whose accuracy is measured");
  CHECK(refused([](TuneOptions& o) { o.record = 71; }) ==
        "--record: 71 images are recorded; allowed 1..70, those that are not profiled");
  CHECK(refused([&](TuneOptions& o) { o.labels = write("few.npy", Tensor(DType::Int64, {119})); }) ==
        fmt::format("few.npy: has shape [119]; need [120], a label for each image of x.npy"));
  CHECK(refused([&](TuneOptions& o) { o.labels = write("float.npy", Tensor(DType::Float32, {120})); }) ==
        "float.npy: holds float32; labels are whole numbers");
  Tensor labels(DType::UInt8, {120});
  labels.set(60, 4);
  CHECK(refused([&](TuneOptions& o) { o.labels = write("four.npy", labels); }) ==
        "labels: label 4; the network has classes 0..3");
  CHECK(refused([&](TuneOptions& o) {
          o.input = write("none.npy", Tensor(DType::UInt8, {0, 1, 10, 10}));
        }) == "none.npy: holds no images");
  CHECK(refused([&](TuneOptions& o) {
          o.input = write("small.npy", Tensor(DType::UInt8, {120, 1, 9, 10}));
        }) == "--input small.npy: has shape [120, 1, 9, 10]; input 'x' of the model has [?, 1, 10, 10]");

  const auto with_model = [&](const OnnxBuilder& model) {
    folder.write("other.onnx", model.bytes());
    return refused([&](TuneOptions& o) { o.file = (folder.path() / "other.onnx").string(); });
  };
  OnnxBuilder two = net.model(-1);
  two.input("z", {1});
  CHECK(with_model(two) == "other.onnx: has 2 inputs; lacuna tune runs networks of one");
  OnnxBuilder mute = net.model(-1);
  mute.model.mutable_graph()->clear_output();
  CHECK(with_model(mute) == "other.onnx: has no output");
  OnnxBuilder strange = net.model(-1);
  strange.node("NonZero", {"y"}, {"places"});
  strange.model.mutable_graph()->mutable_output(0)->set_name("places");
  CHECK(with_model(strange) == "other.onnx: its first output 'places' depends on an operator that is not supported");
  OnnxBuilder flat = net.model(-1);
  flat.node("Transpose", {"y"}, {"turned"}).list("perm", {1, 0});
  flat.model.mutable_graph()->mutable_output(0)->set_name("turned");
  CHECK(with_model(flat) ==
        "other.onnx: its first output 'turned' has shape [4, 70] for 70 images; need a row of classes "
        "for each");
  OnnxBuilder bare;
  bare.input("x", {-1, 1, 10, 10}).floats("w", {4, 100}, drawn(400, 7, -1, 1)).output("y");
  bare.node("Flatten", {"x"}, {"f"}).node("Gemm", {"f", "w"}, {"y"}).whole("transB", 1);
  CHECK(with_model(bare) == "other.onnx: none of its 1 layers can predict; 'y' for one: no ReLU follows");
  OnnxBuilder left;
  left.input("x", {-1, 1, 10, 10}).floats("w", {3, 10}, drawn(30, 7, -1, 1)).output("y");
  left.node("MatMul", {"w", "x"}, {"y"});
  CHECK(with_model(left) ==
        "other.onnx: MatMul 'y': its input does not fall into 53 images, so none of them can be "
        "recorded");
}

TEST_CASE("lacuna tune replaces its own folders only") {
  const TemporaryFolder folder;
  const SmallNetwork net;
  const TuneOptions options = options_in(folder, net);
  std::filesystem::create_directory(options.output);
  folder.write("out/mine.txt", "mine");
  CHECK(error_text(folder, [&] { tune_file(options); }) ==
        "out: exists and is no workload of lacuna tune; it is not overwritten");
  CHECK(files_in(options.output).size() == 1);
}
