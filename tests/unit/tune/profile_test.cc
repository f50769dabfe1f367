// Orders, profiles and predicted outputs against brute force, output by output.
#include "tune/profile.h"

#include <catch2/catch.hpp>
#include <set>

#include "brute.h"
#include "tune/order.h"

using namespace lacuna;
using tune::Candidate;
using tune::FilterProfile;
using tune::Outcome;

namespace {

constexpr unsigned kLayers = 60;

struct Expected {
  Outcome outcome;
  std::uint64_t positive = 0, outputs = 0;
  double mass = 0;
};

double step_of(const Layer& layer) { return layer.requantise.empty() ? 1 : 3.0 / 16; }

Expected expected(const Layer& layer, std::uint32_t m, std::uint32_t n, std::int64_t threshold) {
  Expected e;
  for (const BruteOutput& output : brute_filter(layer, m, n)) {
    const bool predicted = n > 0 && output.partial <= threshold, positive = output.total > 0;
    e.outcome.products += predicted ? n : output.products;
    e.outcome.predicted += predicted ? 1 : 0;
    e.outcome.wrong += predicted && positive ? 1 : 0;
    e.outcome.missed += n > 0 && !predicted && !positive ? 1 : 0;
    e.outputs += 1;
    e.positive += positive ? 1 : 0;
    if (positive) e.mass += static_cast<double>(output.total) * step_of(layer);
    if (predicted && positive) e.outcome.lost += static_cast<double>(output.total) * step_of(layer);
  }
  return e;
}

void check_same(const Outcome& outcome, const Outcome& wanted) {
  CHECK(outcome.products == wanted.products);
  CHECK(outcome.predicted == wanted.predicted);
  CHECK(outcome.wrong == wanted.wrong);
  CHECK(outcome.missed == wanted.missed);
  CHECK(outcome.lost == Approx(wanted.lost).margin(1e-9));
}

/// The candidates of a filter as the page defines them: (representatives, threshold).
std::set<std::pair<std::uint32_t, std::int64_t>> wanted_candidates(const Layer& layer, std::uint32_t m) {
  std::set<std::pair<std::uint32_t, std::int64_t>> wanted;
  const std::size_t z = brute_order(layer, m, 0).size();
  for (const std::size_t n : {z / 16, z / 8, z / 4, z / 2}) {
    if (n == 0) continue;
    std::vector<std::int64_t> positive, all;
    for (const BruteOutput& output : brute_filter(layer, m, static_cast<std::uint32_t>(n))) {
      all.push_back(output.partial);
      if (output.total > 0) positive.push_back(output.partial);
    }
    std::sort(positive.begin(), positive.end());
    if (positive.empty()) wanted.emplace(n, *std::max_element(all.begin(), all.end()));
    if (!positive.empty())
      for (const std::size_t hundredths : {0, 1, 2, 5, 10, 20, 30, 50, 70, 90})
        wanted.emplace(n, positive[positive.size() * hundredths / 100] - 1);
  }
  return wanted;
}

}  // namespace

TEST_CASE("representatives are the first of each group of weights by magnitude") {
  // By magnitude, equal ones in the order of the reduction: -9, 7, -7, 5, 3, -2, 1. Three groups: [0, 2), [2, 4), [4,
  // 7).
  Layer layer;
  layer.shape.C = 8;
  layer.weights = Tensor(DType::Int8, {1, 8, 1, 1});
  const std::vector<std::int64_t> weights = {3, 7, 0, -7, 1, -9, 5, -2};
  for (std::size_t i = 0; i < 8; ++i) layer.weights.set(i, weights[i]);
  const auto pairs = tune::by_magnitude(layer, 0);
  const tune::FilterOrder three = tune::order_of(pairs, 3);
  CHECK(three.pairs == std::vector<tune::Pair>{{5, -9}, {3, -7}, {0, 3}, {1, 7}, {6, 5}, {4, 1}, {7, -2}});
  CHECK(three.settled == 6);
  const tune::FilterOrder none = tune::order_of(pairs, 0);
  CHECK(none.pairs == std::vector<tune::Pair>{{1, 7}, {6, 5}, {0, 3}, {4, 1}, {5, -9}, {3, -7}, {7, -2}});
  CHECK(none.settled == 4);
  CHECK_THROWS_AS(tune::order_of(pairs, 7), Bug);
}

TEST_CASE("channels are innermost in the order of the reduction and rows outermost") {
  Layer layer;
  layer.shape.C = 2, layer.shape.R = 2, layer.shape.S = 2;
  layer.weights = Tensor(DType::Int8, {1, 2, 2, 2});
  for (std::size_t i = 0; i < 8; ++i) layer.weights.set(i, 1);
  layer.weights.set(1, 9);  // channel 0, row 0, column 1
  layer.weights.set(6, 8);  // channel 1, row 1, column 0
  const auto pairs = tune::by_magnitude(layer, 0);
  CHECK(pairs[0] == tune::Pair{2, 9});
  CHECK(pairs[1] == tune::Pair{5, 8});
  CHECK(pairs[2] == tune::Pair{0, 1});
  CHECK(pairs[7] == tune::Pair{7, 1});
}

TEST_CASE("a profile counts what brute force counts") {
  std::size_t candidates = 0, wrong = 0, deep = 0;
  for (unsigned seed = 1; seed <= kLayers; ++seed) {
    INFO("seed " << seed);
    const Layer layer = random_layer(seed);
    const auto filters = tune::profile(layer, 2);
    REQUIRE(filters.size() == layer.shape.M);
    for (std::uint32_t m = 0; m < layer.shape.M; ++m) {
      INFO("filter " << m);
      const Expected exact = expected(layer, m, 0, 0);
      CHECK(filters[m].exact.products == exact.outcome.products);
      CHECK(filters[m].exact.positive == exact.positive);
      CHECK(filters[m].exact.mass == Approx(exact.mass));
      CHECK(filters[m].exact.outputs == exact.outputs);
      CHECK(filters[m].exact.pairs == filters[m].exact.outputs * brute_order(layer, m, 0).size());
      std::set<std::pair<std::uint32_t, std::int64_t>> found;
      for (const Candidate& candidate : filters[m].candidates) {
        found.emplace(candidate.representatives, candidate.threshold);
        check_same(candidate.outcome, expected(layer, m, candidate.representatives, candidate.threshold).outcome);
        wrong += candidate.outcome.wrong;
        deep += candidate.representatives > 1 ? 1 : 0;
      }
      CHECK(found == wanted_candidates(layer, m));
      CHECK(found.size() == filters[m].candidates.size());
      candidates += found.size();
    }
  }
  CHECK(candidates > 500);
  CHECK(wrong > 100);
  CHECK(deep > 200);
}

TEST_CASE("a prediction is measured and its outputs are marked as brute force does") {
  std::size_t marked = 0;
  for (unsigned seed = 1001; seed <= 1000 + kLayers; ++seed) {
    INFO("seed " << seed);
    Layer layer = random_layer(seed);
    Prediction prediction;
    for (const FilterProfile& filter : tune::profile(layer, 1)) {
      const bool some = !filter.candidates.empty() && filter.exact.outputs % 3 > 0;
      prediction.representatives.push_back(some ? filter.candidates.back().representatives : 0);
      prediction.thresholds.push_back(some ? filter.candidates.back().threshold : 1 << 30);
    }
    const auto measured = tune::measure(layer, prediction, 2);
    const auto zero = tune::predicted_outputs(layer, prediction, layer.shape.N, tune::unsigned_values(layer.input));
    const std::size_t plane = layer.shape.P() * layer.shape.Q();
    REQUIRE(zero.size() == layer.shape.N * layer.shape.M * plane);
    for (std::uint32_t m = 0; m < layer.shape.M; ++m) {
      const std::uint32_t n = prediction.representatives[m];
      check_same(measured[m].outcome, expected(layer, m, n, prediction.thresholds[m]).outcome);
      const auto outputs = brute_filter(layer, m, n);
      for (std::size_t i = 0; i < outputs.size(); ++i) {
        const bool wanted = n > 0 && outputs[i].partial <= prediction.thresholds[m];
        REQUIRE((zero[(i / plane * layer.shape.M + m) * plane + i % plane] != 0) == wanted);
        marked += wanted ? 1 : 0;
      }
    }
  }
  CHECK(marked > 1000);
}

TEST_CASE("a layer without ReLU or with negative inputs or with sums too large does not predict") {
  Layer layer = random_layer(4);
  CHECK(tune::prediction_refusal(layer) == std::nullopt);
  layer.relu = false;
  CHECK(tune::prediction_refusal(layer) == "no ReLU follows");
  layer = Layer();
  layer.relu = true;
  layer.shape.C = 70000;  // times 127 times 255 is above 2^31
  layer.bias = {0};
  layer.weights = Tensor(DType::Int8, {1, 70000, 1, 1});
  for (std::size_t i = 0; i < 70000; ++i) layer.weights.set(i, 127);
  layer.input = Tensor(DType::UInt8, {1, 70000, 1, 1});
  CHECK(tune::prediction_refusal(layer) == "sums of filter 0 may leave 32 bits");
  layer.input = Tensor(DType::Int8, {1, 70000, 1, 1});
  layer.input.set(3, -2);
  CHECK(tune::prediction_refusal(layer) == "an input is negative (-2)");
}
