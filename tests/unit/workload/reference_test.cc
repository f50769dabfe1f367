// The reference convolution against two others: a naive one below, and NumPy's in random_layers.py.
#include "workload/reference.h"

#include <catch2/catch.hpp>
#include <cstdlib>

#include "../temporary_folder.h"
#include "base/random.h"
#include "tensor/npy.h"
#include "workload/workload.h"

using namespace lacuna;

namespace {

std::int64_t element(const Tensor& tensor, std::size_t index) {
  switch (tensor.type()) {
    case DType::Int8:
      return tensor.as<std::int8_t>()[index];
    case DType::UInt8:
      return tensor.as<std::uint8_t>()[index];
    case DType::Int16:
      return tensor.as<std::int16_t>()[index];
    case DType::UInt16:
      return tensor.as<std::uint16_t>()[index];
    default:
      throw Bug("operand type");
  }
}

/// The sum of one output, seven loops deep in all.
std::int64_t naive_sum(const Layer& layer, std::size_t n, std::size_t m, std::int64_t p, std::int64_t q) {
  const ConvShape& s = layer.shape;
  const std::size_t channels = s.C / s.groups, group = m / (s.M / s.groups);
  std::int64_t sum = layer.bias[m];
  for (std::size_t c = 0; c < channels; ++c)
    for (std::int64_t r = 0; r < s.R; ++r)
      for (std::int64_t t = 0; t < s.S; ++t) {
        const std::int64_t y = p * s.stride_h + r * s.dilation_h - s.pad_top;
        const std::int64_t x = q * s.stride_w + t * s.dilation_w - s.pad_left;
        if (y < 0 || y >= s.H || x < 0 || x >= s.W) continue;
        sum += element(layer.weights,
                       ((m * channels + c) * s.R + static_cast<std::size_t>(r)) * s.S + static_cast<std::size_t>(t)) *
               element(layer.input, ((n * s.C + group * channels + c) * s.H + static_cast<std::size_t>(y)) * s.W +
                                        static_cast<std::size_t>(x));
      }
  return sum;
}

void fill(Tensor& tensor, Random& random) {
  for (auto& byte : tensor.bytes())
    byte = random.below(3) == 0 ? std::byte{0} : static_cast<std::byte>(random.below(256));
}

Layer random_layer(Random& random, DType weights, DType input) {
  const auto pick = [&](std::uint64_t low, std::uint64_t high) {
    return static_cast<std::uint32_t>(low + random.below(high - low + 1));
  };
  Layer layer;
  ConvShape& s = layer.shape;
  s.groups = pick(1, 3), s.N = pick(1, 3), s.C = s.groups * pick(1, 12), s.M = s.groups * pick(1, 6);
  s.R = pick(1, 4), s.S = pick(1, 4);
  s.stride_h = pick(1, 3), s.stride_w = pick(1, 3), s.dilation_h = pick(1, 3), s.dilation_w = pick(1, 3);
  s.pad_top = pick(0, 3), s.pad_bottom = pick(0, 3), s.pad_left = pick(0, 3), s.pad_right = pick(0, 3);
  s.H = s.dilation_h * (s.R - 1) + pick(1, 9), s.W = s.dilation_w * (s.S - 1) + pick(1, 9);
  layer.weights = Tensor(weights, {s.M, s.C / s.groups, s.R, s.S});
  layer.input = Tensor(input, {s.N, s.C, s.H, s.W});
  fill(layer.weights, random);
  fill(layer.input, random);
  for (std::size_t m = 0; m < s.M; ++m) layer.bias.push_back(static_cast<std::int64_t>(random.below(20001)) - 10000);
  return layer;
}

/// One channel, one filter, one value: the output for a sum that is `bias` + 1 x 0.
Layer one_sum(std::int64_t bias, bool wide = false) {
  Layer layer;
  layer.weights = Tensor(wide ? DType::Int16 : DType::Int8, {1, 1, 1, 1});
  layer.input = Tensor(DType::UInt8, {1, 1, 1, 1});
  layer.bias = {bias};
  return layer;
}

}  // namespace

TEST_CASE("the reference equals seven plain loops on random layers") {
  const std::uint64_t seed = 2024;
  Random random(seed);
  for (int round = 0; round < 120; ++round) {
    const bool wide = round % 3 == 2;
    const Layer layer =
        random_layer(random, wide ? DType::Int16 : DType::Int8,
                     wide ? (round % 2 ? DType::UInt16 : DType::Int16) : (round % 2 ? DType::UInt8 : DType::Int8));
    CAPTURE(seed, round, name_of(layer.input.type()));
    const auto output = reference_output(layer, wide ? 48 : 32, 0).to_int64();
    const ConvShape& s = layer.shape;
    std::size_t at = 0;
    bool same = true;
    for (std::size_t n = 0; n < s.N; ++n)
      for (std::size_t m = 0; m < s.M; ++m)
        for (std::uint32_t p = 0; p < s.P(); ++p)
          for (std::uint32_t q = 0; q < s.Q(); ++q) same &= output[at++] == naive_sum(layer, n, m, p, q);
    CHECK(at == output.size());
    CHECK(same);
  }
}

TEST_CASE("the reference equals NumPy on random layers of every kind") {
  const TemporaryFolder folder;
  const std::string command = std::string("/usr/bin/python3 ") + LACUNA_SOURCE_DIR +
                              "/tests/unit/workload/random_layers.py " + folder.path().string() + " 5 90";
  INFO(command << " (needs python3-numpy)");
  REQUIRE(std::system(command.c_str()) == 0);
  const Workload workload = Workload::open(folder.path());
  REQUIRE(workload.layer_names().size() == 90);
  for (std::size_t i = 0; i < 90; ++i) {
    const Layer layer = workload.load(i);
    CAPTURE(layer.name, name_of(layer.op), layer.operand_bits());
    const unsigned bits = layer.operand_bits() == 8 ? 32 : 48;
    for (const std::int64_t threshold : {0, 7}) {
      const Tensor expected =
          read_npy(folder.path() / (layer.name + (threshold == 0 ? ".output.npy" : ".output7.npy")));
      CHECK(layer.user_output(reference_output(layer, bits, threshold)) == expected);
    }
  }
}

TEST_CASE("long sums of the largest operands are exact") {
  // 70000 x 127 x 255 = 2266950000 exceeds 31 bits: it wraps in a 32-bit accumulator, to 2266950000 - 2^32, and in a
  // 48-bit one the int32 output is clamped.
  Layer layer;
  layer.op = Op::Fc;
  layer.shape.C = 70000;
  layer.weights = Tensor(DType::Int8, {1, 70000, 1, 1});
  layer.input = Tensor(DType::UInt8, {1, 70000, 1, 1});
  for (auto& w : layer.weights.as<std::int8_t>()) w = 127;
  for (auto& x : layer.input.as<std::uint8_t>()) x = 255;
  layer.bias = {0};
  CHECK(reference_output(layer, 32, 0).to_int64() == std::vector<std::int64_t>{2266950000 - 4294967296});
  CHECK(reference(layer, 32, 0).wrapped == 1);
  CHECK(reference(layer, 48, 0).wrapped == 0);
  CHECK(reference_output(layer, 48, 0).to_int64() == std::vector<std::int64_t>{2147483647});
  for (auto& w : layer.weights.as<std::int8_t>()) w = -128;  // -2284800000
  CHECK(reference_output(layer, 32, 0).to_int64() == std::vector<std::int64_t>{4294967296 - 2284800000});

  // 70000 x -32768 x 65535 = -150321561600000 wraps in 48 bits: + 2^48 = 131153415110656.
  layer.weights = Tensor(DType::Int16, {1, 70000, 1, 1});
  layer.input = Tensor(DType::UInt16, {1, 70000, 1, 1});
  for (auto& w : layer.weights.as<std::int16_t>()) w = -32768;
  for (auto& x : layer.input.as<std::uint16_t>()) x = 65535;
  CHECK(reference_output(layer, 48, 0).to_int64() ==
        std::vector<std::int64_t>{(std::int64_t{1} << 48) - std::int64_t{70000} * 32768 * 65535});
}

TEST_CASE("requantisation rounds half up and clamps to the output type") {
  const auto output = [](std::int64_t bias, Requantise requantise, bool relu) {
    Layer layer = one_sum(bias);
    layer.requantise = {requantise};
    layer.relu = relu;
    return reference_output(layer, 32, 0).to_int64()[0];
  };
  CHECK(output(5, {1, 1}, false) == 3);    // (5 + 1) >> 1
  CHECK(output(-5, {1, 1}, false) == -2);  // (-5 + 1) >> 1 = -2
  CHECK(output(7, {3, 0}, false) == 21);
  CHECK(output(200, {1, 0}, false) == 127);
  CHECK(output(-200, {1, 0}, false) == -128);
  CHECK(output(200, {1, 0}, true) == 200);
  CHECK(output(300, {1, 0}, true) == 255);
  CHECK(output(-1, {1, 0}, true) == 0);
  CHECK(output(2147483647, {65535, 47}, false) == 1);  // 0.99997 + 0.5
}

TEST_CASE("the threshold sets outputs nearer to zero to zero after all else") {
  const auto output = [](std::int64_t bias, std::int64_t threshold) {
    return reference_output(one_sum(bias), 32, threshold).to_int64()[0];
  };
  CHECK(output(4, 5) == 0);
  CHECK(output(5, 5) == 5);
  CHECK(output(-4, 5) == 0);
  CHECK(output(-5, 5) == -5);
  CHECK(output(1, 0) == 1);
}

TEST_CASE("the output type follows operands and requantisation and ReLU") {
  Layer layer = one_sum(1);
  CHECK(layer.output_type() == DType::Int32);
  layer.relu = true;
  CHECK(layer.output_type() == DType::Int32);
  layer.requantise = {{1, 0}};
  CHECK(layer.output_type() == DType::UInt8);
  layer.relu = false;
  CHECK(layer.output_type() == DType::Int8);
  Layer wide = one_sum(1, true);
  CHECK(wide.operand_bits() == 16);
  CHECK(wide.output_type() == DType::Int64);
  wide.requantise = {{1, 0}};
  CHECK(wide.output_type() == DType::Int16);
  wide.relu = true;
  CHECK(wide.output_type() == DType::UInt16);
}
