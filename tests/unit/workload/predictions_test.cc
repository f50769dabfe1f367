// Predictions of a workload: how they are read, and which outputs the reference sets to zero.
#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>

#include "../temporary_folder.h"
#include "base/error.h"
#include "base/random.h"
#include "tensor/npy.h"
#include "workload/reference.h"
#include "workload/workload.h"

using namespace lacuna;

namespace {

/// A pointwise layer of `filters` filters, random weights and inputs, small and often zero or equal.
Layer pointwise(Random& random, std::uint32_t filters, std::uint32_t channels) {
  Layer layer;
  layer.name = "pointwise";
  ConvShape& s = layer.shape;
  s.M = filters, s.C = channels, s.H = 3, s.W = 4;
  layer.weights = Tensor(DType::Int8, {s.M, s.C, 1, 1});
  layer.input = Tensor(DType::UInt8, {1, s.C, s.H, s.W});
  for (auto& w : layer.weights.as<std::int8_t>()) w = static_cast<std::int8_t>(static_cast<int>(random.below(9)) - 4);
  for (auto& x : layer.input.as<std::uint8_t>()) x = static_cast<std::uint8_t>(random.below(4));
  layer.bias.assign(s.M, 0);
  layer.relu = true;
  return layer;
}

/// Weights of filter m by the definition: the largest of each of n parts of the sorted nonzero weights.
std::vector<std::size_t> representatives(const Layer& layer, std::size_t m, std::size_t n) {
  const auto w = layer.weights.to_int64();
  const std::size_t channels = layer.shape.C;
  std::vector<std::size_t> sorted;
  for (std::int64_t size = 4; size > 0; --size)
    for (std::size_t c = 0; c < channels; ++c)
      if (std::abs(w[m * channels + c]) == size) sorted.push_back(c);
  if (n == 0 || n >= sorted.size()) return {};
  std::vector<std::size_t> result;
  for (std::size_t i = 0; i < sorted.size(); ++i)  // the parts are [floor(j z / n), floor((j + 1) z / n))
    if (result.size() < n && i == result.size() * sorted.size() / n) result.push_back(sorted[i]);
  return result;
}

}  // namespace

TEST_CASE("the reference sets to zero what predictions say, and counts what they did") {
  Random random(5);
  std::uint64_t wrong = 0, missed = 0, right = 0;
  for (int round = 0; round < 60; ++round) {
    Layer layer = pointwise(random, 5, 12);
    layer.prediction.emplace();
    for (std::uint32_t m = 0; m < 5; ++m) {
      layer.bias[m] = static_cast<std::int64_t>(random.below(9)) - 4;
      layer.prediction->representatives.push_back(static_cast<std::uint32_t>(random.below(13)));
      layer.prediction->thresholds.push_back(static_cast<std::int64_t>(random.below(13)) - 6);
    }
    const auto plain = reference(layer, 32, 0).output.to_int64();
    const Reference followed = reference(layer, 32, 0, Predictions::Followed);
    const auto w = layer.weights.to_int64(), x = layer.input.to_int64();
    PredictedOutputs expected;
    std::vector<std::int64_t> output = plain;
    for (std::size_t m = 0; m < 5; ++m) {
      const auto first = representatives(layer, m, layer.prediction->representatives[m]);
      for (std::size_t at = 0; at < 12; ++at) {
        std::int64_t sum = layer.bias[m];
        for (const std::size_t c : first) sum += w[m * 12 + c] * x[c * 12 + at];
        std::int64_t& value = output[m * 12 + at];
        expected.value += static_cast<std::uint64_t>(value);
        if (!first.empty() && sum <= layer.prediction->thresholds[m]) {
          ++expected.predicted;
          expected.wrong += value > 0 ? 1 : 0;
          expected.lost_value += static_cast<std::uint64_t>(value);
          value = 0;
        } else if (!first.empty() && value == 0) {
          ++expected.missed;
        }
      }
    }
    CHECK(followed.output.to_int64() == output);
    CHECK(followed.predicted.predicted == expected.predicted);
    CHECK(followed.predicted.wrong == expected.wrong);
    CHECK(followed.predicted.missed == expected.missed);
    CHECK(followed.predicted.value == expected.value);
    CHECK(followed.predicted.lost_value == expected.lost_value);
    wrong += expected.wrong, missed += expected.missed, right += expected.predicted - expected.wrong;
  }
  CHECK(std::min({wrong, missed, right}) > 100);  // every kind occurs
}

TEST_CASE("a workload gives predictions as two tensors, and says where they predict nothing") {
  const TemporaryFolder folder;
  Random random(7);
  const Layer layer = pointwise(random, 2, 12);
  const auto write = [&](const std::string& name, const std::string& bytes) {
    std::ofstream(folder.path() / name, std::ios::binary) << bytes;
  };
  write("w.npy", write_npy(layer.weights));
  write("x.npy", write_npy(layer.input));
  const auto prediction = [&](std::uint16_t a, std::uint16_t b, std::int64_t threshold) {
    Tensor counts(DType::UInt16, {2}), sums(DType::Int64, {2});
    counts.as<std::uint16_t>()[0] = a, counts.as<std::uint16_t>()[1] = b;
    sums.as<std::int64_t>()[0] = threshold, sums.as<std::int64_t>()[1] = -3;
    write("n.npy", write_npy(counts));
    write("t.npy", write_npy(sums));
  };
  const auto open = [&](const std::string& predict) {
    write("workload.yaml",
          "network: n\nlayers:\n  - {name: a, op: conv, weights: w.npy, input: x.npy, relu: true" + predict + "}\n");
    return Workload::open(folder.path());
  };
  const auto refused = [&](const std::string& predict) {
    try {
      open(predict);
    } catch (const UserError& error) {
      const std::string text = error.what();
      return text.substr(text.find(": ") + 2);
    }
    return std::string("accepted");
  };
  const std::string both = ", predict: {representatives: n.npy, thresholds: t.npy}";
  prediction(3, 12, 40);
  const Workload workload = open(both);
  const Layer read = workload.load(0);
  REQUIRE(read.prediction);
  CHECK(read.prediction->representatives == std::vector<std::uint32_t>{3, 12});
  CHECK(read.prediction->thresholds == std::vector<std::int64_t>{40, -3});
  CHECK(read.notes.size() == 1);
  CHECK(read.notes.at(0) ==
        "warning: predict: 1 of 2 filters have no more nonzero weights than representatives; they predict nothing");

  // What is predicted decides numbers, so it is in the hash.
  const std::string before = workload.hash();
  CHECK(open("").hash() != before);
  prediction(3, 12, 41);
  CHECK(open(both).hash() != before);

  CHECK(refused(", predict: {thresholds: t.npy}").find("missing key 'representatives' in 'a.predict'") == 0);
  CHECK(refused(", predict: {representatives: x.npy, thresholds: t.npy}") ==
        "a.predict.representatives [1, 12, 3, 4] must have shape [2], one value a filter");
  prediction(3, 1, std::int64_t{1} << 31);
  CHECK(refused(both) == "a.predict.thresholds: element [0] is 2147483648; allowed -2147483648..2147483647");
}
