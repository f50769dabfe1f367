// lacuna tune through the program's own functions, on a network small enough to be run here by plain loops.
#include "cli/tune.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <numeric>
#include <random>

#include "../onnx_builder.h"
#include "../temporary_folder.h"
#include "../tune/brute.h"
#include "cli/run.h"
#include "tensor/npy.h"
#include "workload/workload.h"

using namespace lacuna;

namespace {

constexpr std::size_t kImages = 120, kProfiled = 50, kSide = 10, kFilters = 6, kHidden = 12, kClasses = 4;
constexpr std::size_t kMap = 8, kPooled = 4, kFlat = kFilters * kPooled * kPooled;

using Floats = std::vector<float>;

Floats drawn(std::size_t count, unsigned seed, float low, float high) {
  std::mt19937 draw(seed);
  Floats values(count);
  for (float& v : values) v = low + (high - low) * static_cast<float>(draw() % 1000) / 1000;
  return values;
}

/// A convolution, ReLU, max pooling, two fully connected layers.
struct SmallNetwork {
  Floats a = drawn(kFilters * 25, 1, -1, 1), a_bias = drawn(kFilters, 2, -2, 0);
  Floats b = drawn(kHidden * kFlat, 3, -1, 1), b_bias = drawn(kHidden, 4, -1, 1);
  Floats c = drawn(kClasses * kHidden, 5, -1, 1);
  Floats images = drawn(kImages * kSide * kSide, 6, 0, 1);

  SmallNetwork() {
    // Images differ in where they are bright, so that classes do.
    for (std::size_t i = 0; i < images.size(); ++i) {
      const std::size_t image = i / (kSide * kSide), row = i / kSide % kSide;
      if ((row / 3 + image) % 3 != 0) images[i] *= 0.1f;
    }
  }

  [[nodiscard]] OnnxBuilder model(std::int64_t batch) const {
    OnnxBuilder m;
    m.input("x", {batch, 1, kSide, kSide});
    m.floats("a.weight", {kFilters, 1, 5, 5}, a).floats("a.bias", {kFilters}, a_bias);
    m.floats("b.weight", {kHidden, kFlat}, b).floats("b.bias", {kHidden}, b_bias);
    m.floats("c.weight", {kClasses, kHidden}, c);
    m.node("Conv", {"x", "a.weight", "a.bias"}, {"a"}).list("pads", {1, 1, 1, 1}).node("Relu", {"a"}, {"ra"});
    m.node("MaxPool", {"ra"}, {"p"}).list("kernel_shape", {2, 2}).list("strides", {2, 2});
    m.node("Flatten", {"p"}, {"f"});
    m.node("Gemm", {"f", "b.weight", "b.bias"}, {"b"}).whole("transB", 1).node("Relu", {"b"}, {"rb"});
    m.node("Gemm", {"rb", "c.weight"}, {"y"}).whole("transB", 1).output("y");
    return m;
  }
};

/// Layers as the written workload has them, and the value of a step of each one's input.
struct Tuned {
  Layer a, b;
  Prediction of_a, of_b;
  double a_step = 1, b_step = 1;
};

nlohmann::json json_of(const std::filesystem::path& path) { return nlohmann::json::parse(std::ifstream(path)); }

Prediction prediction_of(const std::filesystem::path& folder, const std::string& layer, std::size_t filters) {
  Prediction p{std::vector<std::uint32_t>(filters), std::vector<std::int64_t>(filters)};
  if (!std::filesystem::exists(folder / (layer + ".thresholds.npy"))) return p;
  const auto n = read_npy(folder / (layer + ".representatives.npy"));
  CHECK(n.type() == DType::UInt16);
  REQUIRE(n.shape() == Shape{filters});
  for (std::size_t m = 0; m < filters; ++m) p.representatives[m] = static_cast<std::uint32_t>(n.to_int64()[m]);
  p.thresholds = read_npy(folder / (layer + ".thresholds.npy")).to_int64();
  return p;
}

Tuned tuned_of(const std::filesystem::path& folder) {
  const Workload workload = Workload::open(folder);
  const auto recording = json_of(folder / "recording.json");
  return {workload.load(0),
          workload.load(1),
          prediction_of(folder, "a", kFilters),
          prediction_of(folder, "b", kHidden),
          recording["layers"][0]["input_scale"],
          recording["layers"][1]["input_scale"]};
}

/// `layer` with one image of `values` as its input.
Layer on(const Layer& layer, const float* values, double step) {
  Layer result = layer;
  result.shape.N = 1;
  result.input = Tensor(DType::UInt8, {1, layer.shape.C, layer.shape.H, layer.shape.W});
  for (std::size_t i = 0; i < result.input.size(); ++i)
    result.input.set(i, std::clamp<std::int64_t>(std::llround(std::floor(double{values[i]} / step + 0.5)), 0, 255));
  return result;
}

/// Counts of one layer over many images.
struct Counts {
  std::uint64_t predicted = 0, wrong = 0, missed = 0, products = 0, exact = 0, positive = 0;
};

/// Zeros the outputs that brute force predicts.
void predict(const Layer& layer, const Prediction& p, Floats& outputs, Counts* counts) {
  const std::size_t plane = outputs.size() / p.representatives.size();
  for (std::uint32_t m = 0; m < p.representatives.size(); ++m) {
    const std::uint32_t n = p.representatives[m];
    const auto sums = brute_filter(layer, m, n), exact = brute_filter(layer, m, 0);
    for (std::size_t i = 0; i < plane; ++i) {
      const bool zero = n > 0 && sums[i].partial <= p.thresholds[m];
      if (zero) outputs[m * plane + i] = 0;
      if (counts == nullptr) continue;
      counts->predicted += zero ? 1 : 0;
      counts->wrong += zero && sums[i].total > 0 ? 1 : 0;
      counts->missed += n > 0 && !zero && sums[i].total <= 0 ? 1 : 0;
      counts->positive += sums[i].total > 0 ? 1 : 0;
      counts->products += zero ? n : sums[i].products;
      counts->exact += exact[i].products;
    }
  }
}

/// The class of an image; with `tuned` as its predictions make it, `counts` of both layers on what the image alone
/// gives.
std::size_t classify(const SmallNetwork& net, std::size_t image, const Tuned* tuned, std::array<Counts, 2>* counts) {
  const float* x = net.images.data() + image * kSide * kSide;
  Floats a(kFilters * kMap * kMap), pooled(kFlat, 0), b(net.b_bias);
  for (std::size_t m = 0; m < kFilters; ++m)
    for (std::size_t p = 0; p < kMap; ++p)
      for (std::size_t q = 0; q < kMap; ++q) {
        float sum = net.a_bias[m];
        for (std::size_t r = 0; r < 5; ++r)
          for (std::size_t s = 0; s < 5; ++s)
            if (p + r >= 1 && p + r <= kSide && q + s >= 1 && q + s <= kSide)
              sum += net.a[m * 25 + r * 5 + s] * x[(p + r - 1) * kSide + q + s - 1];
        a[(m * kMap + p) * kMap + q] = std::max(sum, 0.0f);
      }
  if (tuned != nullptr) predict(on(tuned->a, x, tuned->a_step), tuned->of_a, a, counts ? &(*counts)[0] : nullptr);
  for (std::size_t i = 0; i < a.size(); ++i) {
    float& to = pooled[(i / (kMap * kMap) * kPooled + i / kMap % kMap / 2) * kPooled + i % kMap / 2];
    to = std::max(to, a[i]);
  }
  for (std::size_t m = 0; m < kHidden; ++m) {
    for (std::size_t k = 0; k < kFlat; ++k) b[m] += net.b[m * kFlat + k] * pooled[k];
    b[m] = std::max(b[m], 0.0f);
  }
  if (tuned != nullptr)
    predict(on(tuned->b, pooled.data(), tuned->b_step), tuned->of_b, b, counts ? &(*counts)[1] : nullptr);
  Floats y(kClasses, 0);
  for (std::size_t m = 0; m < kClasses; ++m)
    for (std::size_t k = 0; k < kHidden; ++k) y[m] += net.c[m * kHidden + k] * b[k];
  return static_cast<std::size_t>(std::ranges::max_element(y) - y.begin());
}

std::string npy(const SmallNetwork& net) {
  Tensor tensor(DType::Float32, {kImages, 1, kSide, kSide});
  std::ranges::copy(net.images, tensor.as<float>().begin());
  return write_npy(tensor);
}

/// What the network says, and something else for every eighth image.
std::vector<std::size_t> labels_of(const SmallNetwork& net) {
  std::vector<std::size_t> labels;
  for (std::size_t i = 0; i < kImages; ++i)
    labels.push_back((classify(net, i, nullptr, nullptr) + (i % 8 == 0 ? 1 : 0)) % kClasses);
  return labels;
}

std::string npy(const std::vector<std::size_t>& labels) {
  Tensor tensor(DType::UInt8, {labels.size()});
  for (std::size_t i = 0; i < labels.size(); ++i) tensor.set(i, static_cast<std::int64_t>(labels[i]));
  return write_npy(tensor);
}

TuneOptions options_in(const TemporaryFolder& folder, const SmallNetwork& net, std::int64_t batch = -1) {
  TuneOptions o;
  o.file = folder.write("net.onnx", net.model(batch).bytes()).string();
  o.input = folder.write("x.npy", npy(net)).string();
  o.labels = folder.write("labels.npy", npy(labels_of(net))).string();
  o.output = (folder.path() / "out").string();
  o.profile = kProfiled, o.record = 3;
  o.loss = "5%";
  return o;
}

std::map<std::string, std::string> files_in(const std::filesystem::path& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    std::ifstream file(entry.path(), std::ios::binary);
    files[entry.path().filename().string()] = {std::istreambuf_iterator<char>(file), {}};
  }
  return files;
}

}  // namespace

TEST_CASE("a tuned network classifies and counts as plain loops over its images do") {
  const TemporaryFolder folder;
  const SmallNetwork net;
  const TuneOptions options = options_in(folder, net);
  const std::string text = tune_file(options);
  CHECK_THAT(text,
             Catch::StartsWith("profiled on 50 images; chosen and counted on 70 others, of which 3 are recorded\n"));
  CHECK_THAT(text, Catch::Contains("c does not predict: no ReLU follows\n"));
  CHECK_THAT(text, Catch::Contains("of 70 images; 3 may be lost; "));  // 5 % of 70

  const Tuned tuned = tuned_of(options.output);
  const auto labels = labels_of(net);
  std::uint64_t exact = 0, right = 0;
  Counts a, b;
  for (std::size_t i = kProfiled; i < kImages; ++i) {
    exact += classify(net, i, nullptr, nullptr) == labels[i] ? 1 : 0;
    right += classify(net, i, &tuned, nullptr) == labels[i] ? 1 : 0;
    // A layer's counts are those of the network without predictions in front of it.
    std::array<Counts, 2> counts{};
    Tuned alone = tuned;
    classify(net, i, &alone, &counts);
    const Counts of_a = counts[0];
    std::ranges::fill(alone.of_a.representatives, 0);
    counts = {};
    classify(net, i, &alone, &counts);
    for (auto [to, from] : {std::pair(&a, of_a), std::pair(&b, counts[1])}) {
      to->predicted += from.predicted, to->wrong += from.wrong, to->missed += from.missed;
      to->products += from.products, to->exact += from.exact, to->positive += from.positive;
    }
  }
  const auto json = json_of(std::filesystem::path(options.output) / "tuning.json");
  CHECK(json["accuracy"]["images"] == 70);
  CHECK(json["accuracy"]["right_exact"] == exact);
  CHECK(json["accuracy"]["right_tuned"] == right);
  CHECK(right + 3 >= exact);
  for (const auto& [index, counts] : {std::pair(0, a), std::pair(1, b)}) {
    INFO("layer " << index);
    const auto& layer = json["layers"][static_cast<std::size_t>(index)];
    CHECK(layer["predicted"] == counts.predicted);
    CHECK(layer["wrong"] == counts.wrong);
    CHECK(layer["missed"] == counts.missed);
    CHECK(layer["positive"] == counts.positive);
    CHECK(layer["products"] == counts.products);
    CHECK(layer["products_exact"] == counts.exact);
  }
  CHECK(a.predicted + b.predicted > 1000);
  CHECK(a.wrong + b.wrong > 20);
  CHECK(a.products + b.products < a.exact + b.exact);

  // The workload holds the first images that were not profiled, and says where its numbers come from.
  for (std::size_t i = 0; i < 3; ++i) {
    const auto wanted = on(tuned.a, net.images.data() + (kProfiled + i) * kSide * kSide, tuned.a_step).input.to_int64();
    const auto found = tuned.a.input.to_int64();
    CHECK(std::equal(wanted.begin(), wanted.end(), found.begin() + static_cast<std::ptrdiff_t>(i * wanted.size())));
  }
  CHECK(tuned.a.shape.N == 3);
  CHECK_THAT(Workload::open(options.output).source(),
             Catch::Contains(fmt::format("{} and {} of 70 images", exact, right)));
}

TEST_CASE("the same folder comes of any number of threads and of a model that fixes its batch") {
  const TemporaryFolder folder, other;
  const SmallNetwork net;
  TuneOptions options = options_in(folder, net);
  options.threads = 1;
  const std::string text = tune_file(options);
  const auto files = files_in(options.output);
  CHECK(files.size() > 8);
  options.threads = 3;
  CHECK(tune_file(options) == text);  // over the folder it wrote itself
  CHECK(files_in(options.output) == files);
  TuneOptions fixed = options_in(other, net, 1);
  tune_file(fixed);
  CHECK(files_in(fixed.output) == files);
}

TEST_CASE("a loss of nothing keeps every image right and test images decide nothing") {
  const TemporaryFolder folder;
  const SmallNetwork net;
  TuneOptions options = options_in(folder, net);
  options.loss = "0%";
  tune_file(options);
  const auto files = files_in(options.output);
  const auto before = json_of(std::filesystem::path(options.output) / "tuning.json");
  CHECK(before["accuracy"]["right_tuned"] >= before["accuracy"]["right_exact"]);
  options.test_input = options.input, options.test_labels = options.labels;
  CHECK_THAT(tune_file(options), Catch::Contains("of 120 images, which decided nothing)"));
  const auto after = json_of(std::filesystem::path(options.output) / "tuning.json");
  CHECK(after["test_accuracy"]["images"] == 120);
  CHECK(after["layers"] == before["layers"]);
  const Tuned tuned = tuned_of(options.output);
  const auto labels = labels_of(net);
  std::uint64_t right = 0;
  for (std::size_t i = 0; i < kImages; ++i) right += classify(net, i, &tuned, nullptr) == labels[i] ? 1 : 0;
  CHECK(after["test_accuracy"]["right_tuned"] == right);
}

TEST_CASE("a workload without a network is tuned by what its filters may lose") {
  const TemporaryFolder folder;
  folder.write("workload.yaml", R"(network: made
source: made for a test
layers:
  - {name: conv, op: conv, shape: {N: 2, M: 5, C: 8, H: 9, W: 9, R: 3, S: 3}, density: {weights: 0.6, input: 0.5}, relu: true}
  - {name: mat, op: matmul, shape: {M: 6, K: 40, N: 30}, density: {weights: 0.5, input: 0.5}, relu: true}
  - {name: last, op: fc, shape: {M: 5, C: 8}, density: {weights: 1, input: 0.5}}
)");
  TuneOptions options;
  options.file = folder.path().string();
  options.output = (folder.path() / "out").string();
  options.lost = "2%";
  const std::string text = tune_file(options);
  CHECK_THAT(text, Catch::StartsWith("profiled and counted on the input the workload has\n"));
  CHECK_THAT(text, Catch::Contains("last does not predict: no ReLU follows\n"));
  const Workload made = Workload::open(folder.path()), written = Workload::open(options.output);
  CHECK(written.source() ==
        "made for a test; predictions by lacuna tune, each filter loses at most 2% of its positive outputs' value; "
        "tensors "
        "were generated, and are kept as files");
  for (std::size_t l = 0; l < 3; ++l) {
    const Layer from = made.load(l), to = written.load(l);
    CHECK(to.weights == from.weights);
    CHECK(to.input == from.input);
    CHECK(to.bias == from.bias);
    CHECK(to.relu == from.relu);
  }
  const auto json = json_of(std::filesystem::path(options.output) / "tuning.json");
  std::uint64_t wrong = 0;
  std::uint64_t wrong_rounded[2] = {}, missed_rounded[2] = {};  // positive sums whose output is 0
  for (std::size_t l = 0; l < 2; ++l) {
    const Layer layer = made.load(l);
    const Prediction p = prediction_of(options.output, layer.name, layer.shape.M);
    Counts counts;
    for (std::uint32_t m = 0; m < layer.shape.M; ++m) {
      double mass = 0, lost = 0;
      for (const BruteOutput& sum : brute_filter(layer, m, p.representatives[m])) {
        const bool zero = p.representatives[m] > 0 && sum.partial <= p.thresholds[m];
        counts.products += zero ? p.representatives[m] : sum.products;
        counts.wrong += zero && sum.total > 0 ? 1 : 0;
        if (const auto [multiplier, shift] = layer.requantise[m];
            sum.total > 0 && (sum.total * multiplier + (std::int64_t{1} << shift >> 1)) >> shift == 0) {
          wrong_rounded[l] += zero ? 1 : 0;
          missed_rounded[l] += !zero && p.representatives[m] > 0 ? 1 : 0;
        }
        mass += static_cast<double>(std::max<std::int64_t>(sum.total, 0));
        if (zero) lost += static_cast<double>(std::max<std::int64_t>(sum.total, 0));
      }
      CHECK(lost <= 0.02 * mass);
    }
    CHECK(json["layers"][l]["products"] == counts.products);
    CHECK(json["layers"][l]["wrong"] == counts.wrong);
    CHECK(json["layers"][l]["products"] < json["layers"][l]["products_exact"]);
    wrong += counts.wrong;
  }
  CHECK(wrong > 0);

  // The machine does what was counted.
  RunOptions run_options;
  run_options.config = std::string(LACUNA_SOURCE_DIR) + "/configs/presets/snapea-predictive.yaml";
  run_options.workload = options.output;
  run_options.output = (folder.path() / "result").string();
  run(run_options);
  const auto result = json_of(folder.path() / "result/result.json");
  for (std::size_t l = 0; l < 2; ++l) {
    const auto& layer = result["layers"][l];
    const auto& counted = json["layers"][l];
    CHECK(layer["predictions"]["predicted"] == counted["predicted"]);
    CHECK(layer["predictions"]["wrong"] == counted["wrong"].get<std::uint64_t>() - wrong_rounded[l]);
    CHECK(layer["predictions"]["missed"] == counted["missed"].get<std::uint64_t>() + missed_rounded[l]);
    const auto& pairs = layer["pairs"];
    CHECK(pairs["executed"].get<std::uint64_t>() + pairs["wasted"].get<std::uint64_t>() +
              pairs["gated"].get<std::uint64_t>() ==
          counted["products"].get<std::uint64_t>());
  }
}

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
