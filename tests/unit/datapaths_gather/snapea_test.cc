// Early termination on a real layer, LeNet-5's second convolution, against a count of its own: prefix sums of every
// window in the order of the weights, from the tensors.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdlib>
#include <tuple>
#include <vector>

#include "datapaths/gather/config.h"
#include "datapaths/gather/systemc/engine.h"
#include "workload/workload.h"

using namespace lacuna;

namespace {

Layer conv2() {
  const Workload workload = Workload::open(std::string(LACUNA_SOURCE_DIR) + "/workloads/lenet5");
  return workload.load(1);
}

Machine snapea(std::uint32_t windows, gather::LaneStep lane_step) {
  Machine machine = gather::default_machine();
  machine.array.rows = machine.array.columns = 4;
  gather::Config& c = gather::config(machine);
  c.delivery = gather::Delivery::Resident;
  c.index = gather::IndexCode::Absolute;
  c.reach = gather::Reach::Bank;
  c.weight_order = gather::WeightOrder::Sign;
  c.lane_step = lane_step;
  c.windows = windows;
  c.segment = 4096;
  c.weights.buffer_bytes = c.activations.buffer_bytes = 32768;
  return machine;
}

/// What a count of the layer says of `windows` lanes.
struct Counted {
  std::uint64_t pairs = 0;    ///< of nonzero weights
  std::uint64_t done = 0;     ///< of these, until each window has stopped
  std::uint64_t entries = 0;  ///< walked by window groups: those of the last lane that stops
  std::uint64_t cycles = 0;   ///< with the entry that is killed; a filter without weights takes a cycle
  std::uint64_t stops = 0;
  std::uint64_t predicted = 0;          ///< windows that stopped at the threshold
  std::uint64_t predicted_entries = 0;  ///< of these, left
};

Counted count(const Layer& layer, std::uint32_t lanes) {
  const ConvShape& s = layer.shape;
  const auto weights = layer.weights.to_int64(), input = layer.input.to_int64();
  struct Weight {
    std::int64_t value;
    std::uint32_t c, r, q;
  };
  Counted counted;
  for (std::uint32_t m = 0; m < s.M; ++m) {
    std::vector<Weight> order;
    for (std::uint32_t r = 0; r < s.R; ++r)
      for (std::uint32_t q = 0; q < s.S; ++q)
        for (std::uint32_t c = 0; c < s.C; ++c)
          if (const auto w = weights[((std::size_t{m} * s.C + c) * s.R + r) * s.S + q]; w != 0)
            order.push_back({w, c, r, q});
    // Positive by falling value; negative by rising value.
    std::stable_sort(order.begin(), order.end(), [](const Weight& a, const Weight& b) {
      if (a.value > 0 && b.value > 0) return a.value > b.value;
      return a.value > 0 ? b.value < 0 : b.value < 0 && a.value < b.value;
    });
    const auto n = static_cast<std::uint32_t>(order.size());
    std::uint32_t first = layer.prediction ? layer.prediction->representatives[m] : 0;  // representatives
    if (first >= n) first = 0;
    if (first != 0) {
      // Positive and negative ones by falling magnitude: every n / first-th of them is taken out, from behind.
      std::stable_sort(order.begin(), order.end(), [&](const Weight& a, const Weight& b) {
        if (std::abs(a.value) != std::abs(b.value)) return std::abs(a.value) > std::abs(b.value);
        return std::tuple(a.r, a.q, a.c) < std::tuple(b.r, b.q, b.c);
      });
      std::vector<Weight> taken, left;
      std::uint32_t next = 0;
      for (std::uint32_t i = 0; i < n; ++i)
        if (i == std::uint64_t{next} * n / first && next < first)
          taken.push_back(order[i]), ++next;
        else
          left.push_back(order[i]);
      std::stable_partition(left.begin(), left.end(), [](const Weight& w) { return w.value > 0; });
      order = taken;
      order.insert(order.end(), left.begin(), left.end());
    }
    std::uint32_t positive = n;  // entries up to the last positive one
    while (positive > 0 && order[positive - 1].value < 0) --positive;
    for (std::uint32_t row = 0; row < s.N * s.P(); ++row)
      for (std::uint32_t begin = 0; begin < s.Q(); begin += lanes) {
        std::uint32_t last = 0, group_cycles = 1;
        for (std::uint32_t x = begin; x < std::min(s.Q(), begin + lanes); ++x) {
          std::int64_t sum = layer.bias[m];
          std::uint32_t done = 0;
          bool stopped = false;
          while (done < n && !stopped) {
            const Weight& w = order[done++];
            const std::uint32_t image = row / s.P(), y = row % s.P() + w.r;
            sum += w.value * input[((std::size_t{image} * s.C + w.c) * s.H + y) * s.W + x + w.q];
            if (first != 0 && done == first && sum <= layer.prediction->thresholds[m]) {
              ++counted.predicted;
              counted.predicted_entries += n - done;
              break;
            }
            stopped = done < n && done >= std::max(first, positive) && sum <= 0;
          }
          const bool ended_early = done < n;
          counted.pairs += n;
          counted.done += done;
          counted.stops += stopped ? 1 : 0;
          last = std::max(last, done);
          group_cycles = std::max(group_cycles, std::min(n, done + (ended_early ? 1 : 0)));
        }
        counted.entries += last;
        counted.cycles += group_cycles;
      }
  }
  return counted;
}

}  // namespace

TEST_CASE("stops of SnaPEA on a real layer are those of an independent count") {
  Layer layer = conv2();
  const auto engine = gather::make_systemc_engine();
  const auto check = [&](gather::WeightOrder order, std::uint32_t lanes) {
    Machine machine = snapea(lanes, gather::LaneStep::Together);
    gather::config(machine).weight_order = order;
    const Counted counted = count(layer, lanes);
    const LayerOutcome outcome = engine->run(machine, layer, nullptr);
    CAPTURE(lanes);
    CHECK(outcome.pairs[PairClass::Executed] + outcome.pairs[PairClass::Wasted] == counted.done);
    CHECK(outcome.pairs[PairClass::Terminated] == counted.pairs - counted.done - counted.predicted_entries);
    CHECK(outcome.pairs[PairClass::Predicted] == counted.predicted_entries);
    CHECK(outcome.outputs_terminated == counted.stops);
    CHECK(outcome.outputs_predicted == counted.predicted);
    CHECK(outcome.pe_cycles[PeClass::Busy] == counted.entries);
    CHECK(outcome.pe_cycles[PeClass::Busy] + outcome.pe_cycles[PeClass::Bubble] == counted.cycles);
    return counted;
  };
  for (const std::uint32_t lanes : {1u, 2u, 4u, 8u}) check(gather::WeightOrder::Sign, lanes);

  layer.prediction.emplace();
  for (std::uint32_t m = 0; m < layer.shape.M; ++m) {
    layer.prediction->representatives.push_back(m % 5 == 0 ? 0 : 2 + m % 9);
    layer.prediction->thresholds.push_back((std::int64_t{m} % 3 - 1) * 500);
  }
  for (const std::uint32_t lanes : {1u, 4u}) CHECK(check(gather::WeightOrder::Predictive, lanes).predicted > 1000);
}

TEST_CASE("a predicted sum is zero, whatever the rest of its products would have added") {
  // Weights 3, -2, 1 of three channels, a representative (3), a threshold of 5. Window 0: 3 x 1 = 3 is at or below it;
  // in window 1, 3 x 2 = 6 is not, and the sum ends at 6 - 2 + 9 = 13. Window 0 would have come to 3 - 2 + 9 = 10.
  Layer layer;
  layer.name = "predicted";
  layer.shape.C = 3;
  layer.shape.W = 2;
  layer.weights = Tensor(DType::Int8, {1, 3, 1, 1});
  layer.weights.as<std::int8_t>()[0] = -2;
  layer.weights.as<std::int8_t>()[1] = 3;
  layer.weights.as<std::int8_t>()[2] = 1;
  layer.input = Tensor(DType::UInt8, {1, 3, 1, 2});
  const std::uint8_t inputs[] = {1, 1, 1, 2, 9, 9};
  std::ranges::copy(inputs, layer.input.as<std::uint8_t>().begin());
  layer.bias = {0};
  layer.relu = true;
  layer.prediction = Prediction{{1}, {5}};
  Machine machine = snapea(2, gather::LaneStep::Apart);
  gather::config(machine).weight_order = gather::WeightOrder::Predictive;
  const LayerOutcome outcome = gather::make_systemc_engine()->run(machine, layer, nullptr);
  CHECK(outcome.output.to_int64() == std::vector<std::int64_t>{0, 13});
  CHECK(outcome.pairs[PairClass::Predicted] == 2);
  CHECK(outcome.pairs[PairClass::Executed] == 4);
  CHECK(outcome.outputs_predicted == 1);

  // Without a prediction, and with inputs that may be negative, every product is done.
  layer.prediction.reset();
  CHECK(gather::make_systemc_engine()->run(machine, layer, nullptr).output.to_int64() ==
        std::vector<std::int64_t>{10, 13});
  layer.prediction = Prediction{{1}, {5}};
  layer.input = Tensor(DType::Int8, {1, 3, 1, 2});
  const std::int8_t negative[] = {1, 1, 1, 2, 9, -9};
  std::ranges::copy(negative, layer.input.as<std::int8_t>().begin());
  const LayerOutcome refused = gather::make_systemc_engine()->run(machine, layer, nullptr);
  CHECK(refused.output.to_int64() == std::vector<std::int64_t>{10, 0});
  CHECK(refused.pairs[PairClass::Executed] == 6);
  CHECK(refused.notes.at(0) == "early termination is off: an input is negative (-9)");
}

TEST_CASE("stops leave of LeNet-5's second convolution what was computed for it beforehand") {
  // Multiplications by slots of the lanes: 1.29 with lanes apart, 1.10 with four that wait for each other, 1.04 with
  // eight.
  const Layer layer = conv2();
  const auto gain = [&](std::uint32_t lanes) {
    const Counted counted = count(layer, lanes);
    return static_cast<double>(counted.pairs) / static_cast<double>(counted.entries * lanes);
  };
  CHECK(std::abs(gain(1) - 1.29) < 0.005);
  CHECK(std::abs(gain(4) - 1.10) < 0.005);
  CHECK(std::abs(gain(8) - 1.04) < 0.005);
}

TEST_CASE("lanes apart do the pairs of one lane in fewer cycles than lanes that wait") {
  const Layer layer = conv2();
  const auto engine = gather::make_systemc_engine();
  const Counted alone = count(layer, 1);
  const LayerOutcome apart = engine->run(snapea(4, gather::LaneStep::Apart), layer, nullptr);
  const LayerOutcome together = engine->run(snapea(4, gather::LaneStep::Together), layer, nullptr);
  CHECK(apart.pairs == together.pairs);
  CHECK(apart.pairs[PairClass::Executed] + apart.pairs[PairClass::Wasted] == alone.done);
  CHECK(apart.pe_cycles[PeClass::Busy] < together.pe_cycles[PeClass::Busy]);
  CHECK(apart.output == together.output);
}
