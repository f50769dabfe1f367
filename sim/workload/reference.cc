// The plain convolution: every window is written out in full, zeros and padding included, and multiplied with every
// filter. Nothing here knows of chunks, masks, tiles or skipping.
//
// Fast enough to be held against every run because the inner loop is a dot product of 16-bit values that a compiler
// turns into the processor's multiply-add of pairs.
#include "workload/reference.h"

#include <algorithm>
#include <limits>
#include <numeric>

namespace lacuna {
namespace {

// The dot products are the only loops that matter; -O2 of GCC 12 leaves them scalar.
#if defined(__GNUC__) && !defined(__clang__)
#define LACUNA_VECTORISE __attribute__((optimize("O3"), noinline))
#else
#define LACUNA_VECTORISE __attribute__((noinline))
#endif

constexpr std::size_t kBlock = 4;  ///< windows multiplied with a filter at once

/// One filter times kBlock windows. Exact: a product of 8-bit operands is at most 128 x 255 in magnitude, and 2^15 of
/// them stay below 2^31, so each part of 2^15 positions is summed in 32 bits and the parts in 64.
void dot(const std::int16_t* filter, const std::int16_t* const* windows, std::size_t count, std::int64_t* sums);

LACUNA_VECTORISE void dot_part(const std::int16_t* w, const std::int16_t* x0, const std::int16_t* x1,
                               const std::int16_t* x2, const std::int16_t* x3, std::size_t count, std::int64_t* sums) {
  std::int32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0;
  for (std::size_t i = 0; i < count; ++i) {
    s0 += w[i] * x0[i];
    s1 += w[i] * x1[i];
    s2 += w[i] * x2[i];
    s3 += w[i] * x3[i];
  }
  sums[0] += s0;
  sums[1] += s1;
  sums[2] += s2;
  sums[3] += s3;
}

void dot(const std::int16_t* filter, const std::int16_t* const* windows, std::size_t count, std::int64_t* sums) {
  constexpr std::size_t kPart = std::size_t{1} << 15;
  for (std::size_t at = 0; at < count; at += kPart)
    dot_part(filter + at, windows[0] + at, windows[1] + at, windows[2] + at, windows[3] + at,
             std::min(kPart, count - at), sums);
}

/// The same for 16-bit operands (an unsigned one needs 17): every product in 64 bits. A sum of fewer than 2^31 products
/// of less than 2^32 does not overflow.
LACUNA_VECTORISE void dot(const std::int32_t* filter, const std::int32_t* const* windows, std::size_t count,
                          std::int64_t* sums) {
  std::int64_t s0 = 0, s1 = 0, s2 = 0, s3 = 0;
  const std::int32_t *x0 = windows[0], *x1 = windows[1], *x2 = windows[2], *x3 = windows[3];
  for (std::size_t i = 0; i < count; ++i) {
    const std::int64_t w = filter[i];
    s0 += w * x0[i];
    s1 += w * x1[i];
    s2 += w * x2[i];
    s3 += w * x3[i];
  }
  sums[0] += s0;
  sums[1] += s1;
  sums[2] += s2;
  sums[3] += s3;
}

std::int64_t wrap(std::int64_t value, unsigned bits) {
  const std::uint64_t sign = std::uint64_t{1} << (bits - 1);
  const std::uint64_t low = static_cast<std::uint64_t>(value) & ((sign << 1) - 1);
  return static_cast<std::int64_t>((low ^ sign) - sign);
}

/// From a sum to what is stored, before conversion to the output's element type.
class Finish {
 public:
  Finish(const Layer& layer, unsigned accumulator_bits, std::int64_t threshold)
      : layer_(layer), bits_(accumulator_bits), threshold_(threshold) {}

  [[nodiscard]] bool wraps(std::int64_t sum, std::size_t m) const {
    return accumulated(sum, m) != sum + layer_.bias[m];
  }

  template <typename Out>
  [[nodiscard]] Out value(std::int64_t sum, std::size_t m) const {
    std::int64_t y = accumulated(sum, m);
    if (!layer_.requantise.empty()) {
      const auto [multiplier, shift] = layer_.requantise[m];
      const std::int64_t half = shift > 0 ? std::int64_t{1} << (shift - 1) : 0;
      y = (y * std::int64_t{multiplier} + half) >> shift;  // below 2^63: |y| <= 2^47 and multiplier < 2^16
    }
    if (layer_.relu && y < 0) y = 0;
    y = std::clamp<std::int64_t>(y, std::numeric_limits<Out>::min(), std::numeric_limits<Out>::max());
    if (y < threshold_ && -y < threshold_) y = 0;
    return static_cast<Out>(y);
  }

 private:
  [[nodiscard]] std::int64_t accumulated(std::int64_t sum, std::size_t m) const {
    return wrap(sum + layer_.bias[m], bits_);
  }

  const Layer& layer_;
  unsigned bits_;
  std::int64_t threshold_;
};

void count_prediction(PredictedOutputs& counted, bool predicts, bool zero, std::int64_t value) {
  counted.value += static_cast<std::uint64_t>(value);  // after ReLU
  if (zero) {
    ++counted.predicted;
    counted.wrong += value > 0 ? 1 : 0;
    counted.lost_value += static_cast<std::uint64_t>(value);
  } else if (predicts && value == 0) {
    ++counted.missed;
  }
}

/// Leaves of filter `m`, [channels, R, S], only its representatives. False, and nothing done, if it predicts nothing.
template <typename Wide>
bool keep_representatives(const Layer& layer, std::size_t m, std::vector<Wide>& filter) {
  const std::size_t n = layer.prediction->representatives[m];
  const std::size_t plane = layer.shape.R * layer.shape.S, channels = filter.size() / plane;
  std::vector<std::size_t> nonzero;  // by kernel row, kernel column, channel
  for (std::size_t at = 0; at < plane; ++at)
    for (std::size_t c = 0; c < channels; ++c)
      if (filter[c * plane + at] != 0) nonzero.push_back(c * plane + at);
  const std::size_t z = nonzero.size();
  if (n == 0 || n >= z) return false;
  std::stable_sort(nonzero.begin(), nonzero.end(), [&](std::size_t a, std::size_t b) {
    return std::abs(std::int32_t{filter[a]}) > std::abs(std::int32_t{filter[b]});
  });
  std::vector<Wide> kept(filter.size());
  for (std::size_t i = 0; i < n; ++i) kept[nonzero[i * z / n]] = filter[nonzero[i * z / n]];
  filter = std::move(kept);
  return true;
}

/// `Wide` holds either operand and decides which dot product is used.
template <typename Wide, typename Weight, typename Input, typename Out>
void convolve(const Layer& layer, const Finish& finish, Predictions predictions, Reference& result) {
  const ConvShape& s = layer.shape;
  const auto weights = layer.weights.as<Weight>();
  const auto input = layer.input.as<Input>();
  const auto out = result.output.as<Out>();
  const std::size_t P = s.P(), Q = s.Q(), positions = P * Q, all_windows = s.N * positions;
  const std::size_t channels = s.C / s.groups, filters = s.M / s.groups;
  const std::size_t K = channels * s.R * s.S;

  // Windows are written out for as many at once as the second-level cache holds.
  const std::size_t held = std::clamp<std::size_t>(256 * 1024 / (K * sizeof(Wide)) / kBlock, 1, 64) * kBlock;
  std::vector<Wide> windows(held * K), filter(K);
  std::vector<std::int64_t> sums(held), first_sums(held);
  const auto multiply = [&](std::size_t count, std::vector<std::int64_t>& of) {
    std::fill(of.begin(), of.end(), 0);
    for (std::size_t i = 0; i < count; i += kBlock) {
      const Wide* block[kBlock];  // the last block may look at windows of an earlier round; nobody reads their sums
      for (std::size_t j = 0; j < kBlock; ++j) block[j] = windows.data() + (i + j) * K;
      dot(filter.data(), block, K, of.data() + i);
    }
  };

  for (std::size_t group = 0; group < s.groups; ++group)
    for (std::size_t first = 0; first < all_windows; first += held) {
      const std::size_t count = std::min(held, all_windows - first);
      for (std::size_t i = 0; i < count; ++i) {
        const std::size_t n = (first + i) / positions, p = (first + i) % positions / Q, q = (first + i) % Q;
        Wide* to = windows.data() + i * K;
        for (std::size_t c = 0; c < channels; ++c) {
          const Input* plane = input.data() + (n * s.C + group * channels + c) * s.H * s.W;
          for (std::size_t r = 0; r < s.R; ++r) {
            const std::int64_t y = static_cast<std::int64_t>(p * s.stride_h + r * s.dilation_h) - s.pad_top;
            for (std::size_t t = 0; t < s.S; ++t, ++to) {
              const std::int64_t x = static_cast<std::int64_t>(q * s.stride_w + t * s.dilation_w) - s.pad_left;
              *to = y >= 0 && y < s.H && x >= 0 && x < s.W ? static_cast<Wide>(plane[y * s.W + x]) : Wide{0};
            }
          }
        }
      }
      for (std::size_t m = group * filters; m < (group + 1) * filters; ++m) {
        std::copy_n(weights.data() + m * K, K, filter.data());
        multiply(count, sums);
        const bool predicts = predictions == Predictions::Followed && keep_representatives(layer, m, filter);
        if (predicts) multiply(count, first_sums);
        for (std::size_t i = 0; i < count; ++i) {
          const std::size_t n = (first + i) / positions, position = (first + i) % positions;
          const Out value = finish.value<Out>(sums[i], m);
          const bool zero = predicts && first_sums[i] + layer.bias[m] <= layer.prediction->thresholds[m];
          out[(n * s.M + m) * positions + position] = zero ? Out{0} : value;
          result.wrapped += finish.wraps(sums[i], m) ? 1 : 0;
          if (predictions == Predictions::Followed) count_prediction(result.predicted, predicts, zero, value);
        }
      }
    }
}

/// Calls `use` with a value of the C++ type of an operand tensor.
template <typename Use>
void with_operand(DType type, const Use& use) {
  switch (type) {
    case DType::Int8:
      return use(std::int8_t{});
    case DType::UInt8:
      return use(std::uint8_t{});
    case DType::Int16:
      return use(std::int16_t{});
    case DType::UInt16:
      return use(std::uint16_t{});
    default:
      throw Bug(fmt::format("operands of {}", name_of(type)));
  }
}

template <typename Use>
void with_output(DType type, const Use& use) {
  switch (type) {
    case DType::Int32:
      return use(std::int32_t{});
    case DType::Int64:
      return use(std::int64_t{});
    default:
      with_operand(type, use);
  }
}

}  // namespace

Reference reference(const Layer& layer, unsigned accumulator_bits, std::int64_t threshold, Predictions predictions) {
  LACUNA_CHECK(accumulator_bits == 32 || accumulator_bits == 48, "accumulator of {} bits", accumulator_bits);
  LACUNA_CHECK(layer.bias.size() == layer.shape.M, "{} biases for {} filters", layer.bias.size(), layer.shape.M);
  LACUNA_CHECK(predictions == Predictions::Ignored || (layer.prediction && layer.relu), "nothing can be predicted");
  const ConvShape& s = layer.shape;
  Reference result;
  result.output = Tensor(layer.output_type(), {s.N, s.M, s.P(), s.Q()});
  const Finish finish(layer, accumulator_bits, threshold);
  with_operand(layer.weights.type(), [&]<typename Weight>(Weight) {
    with_operand(layer.input.type(), [&]<typename Input>(Input) {
      with_output(result.output.type(), [&]<typename Out>(Out) {
        if constexpr (sizeof(Weight) == 1 && sizeof(Input) == 1)
          convolve<std::int16_t, Weight, Input, Out>(layer, finish, predictions, result);
        else
          convolve<std::int32_t, Weight, Input, Out>(layer, finish, predictions, result);
      });
    });
  });
  return result;
}

}  // namespace lacuna
