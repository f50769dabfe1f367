// Generated tensors: exact densities, structure where it was asked for, and the statistics that matter to a machine.
#include "workload/generate.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>

#include "base/hash.h"
#include "workload/reference.h"

using namespace lacuna;

namespace {

Layer conv(std::uint32_t C, std::uint32_t H, std::uint32_t M, std::uint32_t R, std::uint32_t groups = 1) {
  Layer layer;
  layer.name = "conv";
  ConvShape& s = layer.shape;
  s.C = C, s.H = s.W = H, s.M = M, s.R = s.S = R, s.groups = groups;
  s.pad_top = s.pad_bottom = s.pad_left = s.pad_right = R / 2;
  layer.relu = true;
  return layer;
}

Layer drawn(const GeneratedLayer& parameters, Layer layer) {
  generate(parameters, layer);
  return layer;
}

std::size_t nonzeros(const Tensor& tensor) {
  std::size_t count = 0;
  for (const std::int64_t x : tensor.to_int64()) count += x != 0;
  return count;
}

/// Fraction of sums above zero, before ReLU and requantisation.
double share_above_zero(Layer layer) {
  layer.requantise.clear();
  layer.relu = false;
  std::size_t above = 0;
  const auto sums = reference_output(layer, layer.operand_bits() == 8 ? 32 : 48, 0).to_int64();
  for (const std::int64_t sum : sums) above += sum > 0;
  return static_cast<double>(above) / static_cast<double>(sums.size());
}

}  // namespace

TEST_CASE("densities are exact to the element") {
  for (const double density : {0.0, 0.001, 0.08, 0.35, 0.999, 1.0})
    for (const unsigned bits : {8u, 16u}) {
      GeneratedLayer p{.weights = density, .input = density, .output = {}, .bits = bits, .seed = 3};
      const Layer layer = drawn(p, conv(24, 13, 50, 3));
      CAPTURE(density, bits);
      CHECK(nonzeros(layer.weights) == static_cast<std::size_t>(std::llround(density * 24 * 9 * 50)));
      CHECK(nonzeros(layer.input) == static_cast<std::size_t>(std::llround(density * 24 * 13 * 13)));
      CHECK(layer.weights.type() == (bits == 8 ? DType::Int8 : DType::Int16));
      CHECK(layer.input.type() == (bits == 8 ? DType::UInt8 : DType::UInt16));
      CHECK(layer.generated);
    }
}

TEST_CASE("pruned weights have a zero mean and both signs and a heavy tail and no small values") {
  const auto weights = drawn({.weights = 0.3, .input = 0.5, .output = {}}, conv(64, 8, 64, 3)).weights.to_int64();
  double sum = 0, squares = 0, fourths = 0, count = 0;
  std::int64_t smallest = 127, largest = 0;
  for (const std::int64_t w : weights) {
    if (w == 0) continue;
    const auto x = static_cast<double>(w);
    sum += x, squares += x * x, fourths += x * x * x * x, ++count;
    smallest = std::min(smallest, std::abs(w)), largest = std::max(largest, std::abs(w));
  }
  CHECK(std::abs(sum / count) < 4 * std::sqrt(squares / count / count));
  CHECK(largest == 127);
  CHECK(smallest >=
        8);  // magnitude pruning to 30 % cuts a Laplace distribution at 1.2 scales of 16 steps, filters differ
  CHECK(fourths / count / (squares / count * squares / count) > 1.8);  // two values +-x would have 1
}

TEST_CASE("filters and channels differ in density as those of a trained network do") {
  const Layer layer = drawn({.weights = 0.2, .input = 0.3, .output = {}}, conv(64, 28, 64, 3));
  const auto spread = [](const std::vector<std::int64_t>& values, std::size_t parts) {
    const std::size_t size = values.size() / parts;
    double sum = 0, squares = 0;
    for (std::size_t part = 0; part < parts; ++part) {
      double density = 0;
      for (std::size_t i = 0; i < size; ++i) density += values[part * size + i] != 0;
      density /= static_cast<double>(size);
      sum += density, squares += density * density;
    }
    const double mean = sum / static_cast<double>(parts);
    return std::sqrt(squares / static_cast<double>(parts) - mean * mean) / mean;
  };
  // Independent positions would give sqrt((1 - d) / (d n)): 0.083 of the density for 576 weights, 0.055 for 784 pixels.
  CHECK(spread(layer.weights.to_int64(), 64) > 0.15);
  CHECK(spread(layer.weights.to_int64(), 64) < 0.6);
  CHECK(spread(layer.input.to_int64(), 64) > 0.3);
}

TEST_CASE("neighbouring activations are zero together more often than by chance") {
  const Layer layer = drawn({.weights = 1, .input = 0.3, .output = {}}, conv(32, 32, 8, 3));
  const auto input = layer.input.to_int64();
  double both = 0, pairs = 0;
  for (std::size_t row = 0; row < 32u * 32; ++row)
    for (std::size_t x = 0; x + 1 < 32; ++x, ++pairs) both += input[row * 32 + x] != 0 && input[row * 32 + x + 1] != 0;
  CHECK(both / pairs > 1.5 * 0.3 * 0.3);
}

TEST_CASE("pattern N:M keeps exactly N of every M along the reduction with channels innermost") {
  for (const Pattern pattern : {Pattern{2, 4}, Pattern{1, 2}, Pattern{3, 4}, Pattern{4, 8}, Pattern{2, 5},
                                Pattern{1, 16}, Pattern{63, 64}, Pattern{1, 64}})
    for (const std::uint32_t channels : {8u, 6u, 3u}) {  // of K = 72, 54, 27 the last block is short for most M
      const Layer layer = drawn({.input = 1, .output = {}, .pattern = pattern}, conv(channels, 5, 10, 3));
      const auto weights = layer.weights.to_int64();
      const std::size_t K = channels * 9;
      CAPTURE(pattern.text(), K);
      CHECK(kept_share(pattern, layer.shape) ==
            static_cast<double>(nonzeros(layer.weights)) / static_cast<double>(weights.size()));
      for (std::size_t m = 0; m < 10; ++m)
        for (std::size_t first = 0; first < K; first += pattern.block) {
          std::size_t kept = 0;
          const std::size_t last = std::min(first + pattern.block, K);
          for (std::size_t k = first; k < last; ++k)  // k = (r * S + s) * C + c
            kept += weights[(m * channels + k % channels) * 9 + k / channels] != 0;
          CHECK(kept == std::min<std::size_t>(pattern.kept, last - first));
        }
    }
}

TEST_CASE("a pattern draws the weights of the dense layer and keeps the largest of each block") {
  const Layer dense = drawn({.input = 1, .output = {}}, conv(8, 5, 10, 3));
  for (const Pattern pattern : {Pattern{2, 4}, Pattern{3, 8}}) {
    const Layer layer = drawn({.input = 1, .output = {}, .pattern = pattern}, conv(8, 5, 10, 3));
    const auto all = dense.weights.to_int64(), kept = layer.weights.to_int64();
    // The dense layer is drawn in the order of the tensor, the pattern in that of the reduction.
    for (std::size_t m = 0; m < 10; ++m)
      for (std::size_t first = 0; first < 72; first += pattern.block) {
        std::int64_t smallest_kept = 127, largest_lost = 0;
        for (std::size_t k = first; k < first + pattern.block; ++k) {
          const std::int64_t drawn_here = std::abs(all[m * 72 + k]), left = kept[m * 72 + k % 8 * 9 + k / 8];
          if (left != 0) {
            CHECK(std::abs(left) == drawn_here);
            smallest_kept = std::min(smallest_kept, drawn_here);
          } else {
            largest_lost = std::max(largest_lost, drawn_here);
          }
        }
        CHECK(smallest_kept >= largest_lost);
      }
  }
}

TEST_CASE("words that are no pattern are told from patterns") {
  CHECK(read_pattern("2:4") == Pattern{2, 4});
  CHECK(read_pattern("63:64") == Pattern{63, 64});
  CHECK(Pattern{4, 8}.text() == "4:8");
  CHECK(Pattern{4, 8}.density() == 0.5);
  for (const char* word :
       {"",     ":",    "2",    "2:",   ":4",    "0:4",   "4:4",  "5:4", "1:65",          "-1:4",         "+1:4",
        " 1:4", "1:4 ", "01:4", "1:04", "1:4:8", "1.0:4", "1:4x", "1/4", "99999999999:4", "1:99999999999"})
    CHECK(read_pattern(word) == std::nullopt);
}

TEST_CASE("the share of sums above zero is near the wanted output density") {
  for (const double wanted : {0.18, 0.4, 0.7}) {
    CAPTURE(wanted);
    GeneratedLayer p{.weights = 0.3, .input = 0.4, .output = wanted};
    CHECK(share_above_zero(drawn(p, conv(64, 20, 96, 3))) == Approx(wanted).margin(0.04));
    CHECK(share_above_zero(drawn(p, conv(64, 20, 96, 3, 2))) == Approx(wanted).margin(0.04));
    Layer fc = conv(800, 1, 500, 1);
    fc.op = Op::Fc;
    CHECK(share_above_zero(drawn(p, fc)) == Approx(wanted).margin(0.002));  // every sum was looked at
    p.bits = 16;
    CHECK(share_above_zero(drawn(p, conv(64, 20, 96, 3))) == Approx(wanted).margin(0.04));
  }
  CHECK(share_above_zero(drawn({.weights = 0.3, .input = 0.4, .output = {}}, conv(64, 20, 96, 3))) ==
        Approx(0.5).margin(0.04));
}

TEST_CASE("outputs use the range of their type and few are clamped") {
  Layer layer = drawn({.weights = 0.3, .input = 0.4, .output = 0.4}, conv(64, 20, 96, 3));
  const auto check = [](const Tensor& output, std::int64_t highest) {
    std::size_t clamped = 0, upper = 0;
    for (const std::int64_t y : output.to_int64()) clamped += y == highest, upper += y > highest / 2;
    CHECK(static_cast<double>(clamped) < 0.02 * static_cast<double>(output.size()));
    CHECK(static_cast<double>(upper) > 0.005 * static_cast<double>(output.size()));
  };
  check(reference_output(layer, 32, 0), 255);
  layer.relu = false;
  check(reference_output(drawn({.weights = 0.3, .input = 0.4, .output = {}}, layer), 32, 0), 127);
  for (const Requantise& r : layer.requantise) {
    CHECK(r.multiplier >= 1);
    CHECK(r.multiplier <= 65535);
    CHECK(r.shift <= 47);
  }
}

TEST_CASE("the seed decides every byte") {
  const auto draw = [](std::uint64_t seed) {
    return drawn({.weights = 0.3, .input = 0.4, .output = 0.4, .seed = seed}, conv(16, 9, 20, 3));
  };
  const Layer a = draw(1), again = draw(1), b = draw(2);
  CHECK(a.weights == again.weights);
  CHECK(a.input == again.input);
  CHECK(a.bias == again.bias);
  CHECK_FALSE(a.weights == b.weights);
  CHECK_FALSE(a.input == b.input);
}

TEST_CASE("the generator draws the same bytes on every machine") {
  // No expected value but a fingerprint: whoever changes it raises kGeneratorVersion.
  Hasher hasher;
  for (const std::optional<Pattern> pattern : {std::optional<Pattern>(), std::optional<Pattern>({2, 4})})
    for (const unsigned bits : {8u, 16u}) {
      const Layer layer =
          drawn({.weights = 0.3, .input = 0.4, .output = 0.3, .pattern = pattern, .bits = bits, .seed = 9},
                conv(16, 9, 20, 3));
      hasher.add(layer.weights.bytes());
      hasher.add(layer.input.bytes());
      for (const std::int64_t bias : layer.bias) hasher.add(static_cast<std::uint64_t>(bias));
      for (const Requantise& r : layer.requantise) hasher.add(std::uint64_t{r.multiplier} << 8 | r.shift);
    }
  CHECK(kGeneratorVersion == 1);
  CHECK(hasher.hex() == "612fd56eca5973ec0bfe25ab875c9921");
}

TEST_CASE("layers of one value and of zero density can be drawn") {
  for (const double density : {0.0, 1.0}) {
    const Layer layer = drawn({.weights = density, .input = density, .output = density}, conv(1, 1, 1, 1));
    CHECK(nonzeros(layer.weights) == static_cast<std::size_t>(density));
    CHECK(reference_output(layer, 32, 0).size() == 1);
  }
}
