// lacuna tune through the program's own functions, on a network small enough to be run here by plain loops.
#include "cli/tune.h"

#include "cli/run.h"
#include "small_network.h"

using namespace lacuna;

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
