// Draws a layer. Each tensor is drawn twice, once to find the threshold that leaves the wanted count and once to keep
// it, so that nothing is held but the result.
#include "workload/generate.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "base/random.h"

namespace lacuna {
namespace {

constexpr std::size_t kTableSize = std::size_t{1} << 15;
constexpr std::size_t kSamples = 64;           ///< windows per filter that biases are estimated on
constexpr std::size_t kSamplesPerFilter = 16;  ///< with fewer, filters share one bias
constexpr std::uint32_t kFilterScale = 256;    ///< a filter's scale of 1

/// Independent streams of one seed.
enum Stream : std::uint64_t { kWeights = 1, kChannels, kShared, kOwn, kNoise, kValues, kWindows, kOutputs };

Random stream(std::uint64_t seed, Stream which, std::uint64_t index = 0) {
  Random mixed(seed * 16 + which);
  return Random(mixed.next() ^ (index * 0x9e3779b97f4a7c15u));
}

/// Quantiles of the exponential distribution, scaled so that the last is 65535. Quantile i of n is
/// 1/n + 1/(n-1) + ... + 1/(n-i) (Renyi, 1953): divisions and sums only.
const std::vector<std::uint16_t>& exponential_table() {
  static const std::vector<std::uint16_t> table = [] {
    std::vector<double> quantile(kTableSize);
    double sum = 0;
    for (std::size_t i = 0; i < kTableSize; ++i) quantile[i] = sum += 1.0 / static_cast<double>(kTableSize - i);
    std::vector<std::uint16_t> scaled(kTableSize);
    for (std::size_t i = 0; i < kTableSize; ++i) scaled[i] = static_cast<std::uint16_t>(quantile[i] / sum * 65535.0);
    return scaled;
  }();
  return table;
}

/// An entry of the table as an integer of 1..highest. Values beyond 0.7 of the table, one in two thousand, are clipped:
/// the tail of a trained tensor is clipped by its scale too.
std::int32_t level(std::uint32_t magnitude, std::uint32_t highest) {
  const std::uint64_t scaled = (std::uint64_t{magnitude} * highest * 10 / 7 + 32768) >> 16;
  return static_cast<std::int32_t>(std::clamp<std::uint64_t>(scaled, 1, highest));
}

std::uint64_t count_of(double density, std::uint64_t total) {
  return std::min(total, static_cast<std::uint64_t>(std::llround(density * static_cast<double>(total))));
}

/// Of values with this histogram: all above `threshold` and the first `ties` equal to it are `count` values.
struct Cut {
  std::uint32_t threshold;
  std::uint64_t ties;
};

Cut find_cut(const std::vector<std::uint64_t>& histogram, std::uint64_t count) {
  std::uint64_t above = 0;
  for (std::size_t value = histogram.size(); value-- > 0; above += histogram[value])
    if (above + histogram[value] >= count) return {static_cast<std::uint32_t>(value), count - above};
  throw Bug("fewer values than are to be kept");
}

/// The weights of filter after filter as indices into the table and signs.
class FilterDraw {
 public:
  FilterDraw(std::uint64_t seed, std::uint64_t filter) : random_(stream(seed, kWeights, filter)) {
    // Triangular in 0.6..1.4.
    constexpr std::uint32_t kSpread = 102;
    scale_ =
        static_cast<std::uint32_t>(kFilterScale - kSpread + random_.below(kSpread + 1) + random_.below(kSpread + 1));
  }
  /// Calls `use(index, table entry, negative)` for each of `count` weights.
  template <typename Use>
  void draw(std::size_t count, const Use& use) {
    const std::uint16_t* table = exponential_table().data();
    for (std::size_t i = 0; i < count;) {
      std::uint64_t bits = random_.next();
      for (int part = 0; part < 4 && i < count; ++part, ++i, bits >>= 16)
        use(i, std::uint32_t{table[(bits >> 1) % kTableSize]}, (bits & 1) != 0);
    }
  }
  /// What pruning compares: the magnitude times the filter's scale.
  [[nodiscard]] std::uint32_t magnitude(std::uint32_t entry) const { return (entry * scale_) >> 8; }

 private:
  Random random_;
  std::uint32_t scale_;
};

template <typename T>
void draw_unstructured(const GeneratedLayer& p, std::size_t filters, std::size_t K, std::int32_t highest,
                       std::span<T> weights) {
  std::vector<std::uint64_t> histogram(2 * 65536, 0);
  for (std::size_t m = 0; m < filters; ++m) {
    FilterDraw filter(p.seed, m);
    filter.draw(K, [&](std::size_t, std::uint32_t entry, bool) { ++histogram[filter.magnitude(entry)]; });
  }
  Cut cut = find_cut(histogram, count_of(p.weights, weights.size()));
  for (std::size_t m = 0; m < filters; ++m) {
    FilterDraw filter(p.seed, m);
    T* to = weights.data() + m * K;
    filter.draw(K, [&](std::size_t i, std::uint32_t entry, bool negative) {
      const std::uint32_t magnitude = filter.magnitude(entry);
      if (magnitude < cut.threshold) return;
      if (magnitude == cut.threshold) {
        if (cut.ties == 0) return;
        --cut.ties;
      }
      const std::int32_t value = level(entry, static_cast<std::uint32_t>(highest));
      to[i] = static_cast<T>(negative ? -value : value);
    });
  }
}

template <typename T>
void draw_pattern(const GeneratedLayer& p, const ConvShape& s, std::int32_t highest, std::span<T> weights) {
  const std::size_t K = weights.size() / s.M;
  std::vector<std::uint16_t> entries(K);
  std::vector<char> negative(K);
  for (std::size_t m = 0; m < s.M; ++m) {
    FilterDraw(p.seed, m).draw(K, [&](std::size_t k, std::uint32_t entry, bool minus) {  // k = (r, s, c)
      entries[k] = static_cast<std::uint16_t>(entry);
      negative[k] = minus;
    });
    keep_largest<std::uint16_t>(*p.pattern, entries, [&](std::size_t k) {
      const std::int32_t value = level(entries[k], static_cast<std::uint32_t>(highest));
      weights[m * K + place_of(k, s)] = static_cast<T>(negative[k] ? -value : value);
    });
  }
}

/// Smooth noise of 0..1023 over a plane: random values every `kCell` pixels and straight lines between them.
class Blobs {
 public:
  Blobs(Random random, std::size_t height, std::size_t width)
      : columns_(width / kCell + 2), grid_((height / kCell + 2) * columns_) {
    for (auto& value : grid_) value = static_cast<std::uint32_t>(random.below(1024));
  }
  [[nodiscard]] std::uint32_t at(std::size_t y, std::size_t x) const {
    const std::uint32_t* corner = grid_.data() + y / kCell * columns_ + x / kCell;
    const auto fy = static_cast<std::uint32_t>(y % kCell), fx = static_cast<std::uint32_t>(x % kCell);
    const std::uint32_t upper = corner[0] * (kCell - fx) + corner[1] * fx;
    const std::uint32_t lower = corner[columns_] * (kCell - fx) + corner[columns_ + 1] * fx;
    return (upper * (kCell - fy) + lower * fy) / (kCell * kCell);
  }

 private:
  static constexpr std::uint32_t kCell = 4;
  std::size_t columns_;
  std::vector<std::uint32_t> grid_;
};

template <typename T>
void draw_input(const GeneratedLayer& p, const ConvShape& s, std::uint32_t highest, std::span<T> input) {
  const std::size_t plane = std::size_t{s.H} * s.W;
  std::vector<std::uint32_t> offset(s.C);
  Random channels = stream(p.seed, kChannels);
  for (auto& value : offset) value = static_cast<std::uint32_t>(channels.below(1024) + channels.below(1024));

  // Calls use(index, field) for all inputs; the field is below 8192.
  const auto scan = [&](const auto& use) {
    std::size_t index = 0;
    for (std::size_t n = 0; n < s.N; ++n) {
      const Blobs shared(stream(p.seed, kShared, n), s.H, s.W);
      for (std::size_t c = 0; c < s.C; ++c) {
        Random noise = stream(p.seed, kNoise, n * s.C + c);
        if (plane == 1) {
          use(index++, 2 * offset[c] + static_cast<std::uint32_t>(noise.below(4096)));
          continue;
        }
        const Blobs own(stream(p.seed, kOwn, n * s.C + c), s.H, s.W);
        std::uint64_t bits = 0;
        for (std::size_t y = 0, i = 0; y < s.H; ++y)
          for (std::size_t x = 0; x < s.W; ++x, ++i, bits >>= 10) {
            if (i % 6 == 0) bits = noise.next();
            use(index++, offset[c] + shared.at(y, x) + 2 * own.at(y, x) + static_cast<std::uint32_t>(bits & 1023));
          }
      }
    }
  };

  std::vector<std::uint64_t> histogram(8192, 0);
  scan([&](std::size_t, std::uint32_t field) { ++histogram[field]; });
  Cut cut = find_cut(histogram, count_of(p.input, input.size()));
  Random values = stream(p.seed, kValues);
  scan([&](std::size_t index, std::uint32_t field) {
    if (field < cut.threshold) return;
    if (field == cut.threshold) {
      if (cut.ties == 0) return;
      --cut.ties;
    }
    input[index] = static_cast<T>(level(exponential_table()[values.next() % kTableSize], highest));
  });
}

/// Sums without bias of up to kSamples windows: [M x count].
struct Sampled {
  std::size_t count = 0;
  std::vector<std::int64_t> sums;
};

/// `Sum` holds every sum: 32 bits where operands and K are small.
template <typename Sum, typename Weight, typename Input>
Sampled sample_sums(const GeneratedLayer& p, const ConvShape& s, std::span<const Weight> weights,
                    std::span<const Input> input) {
  const std::uint64_t P = s.P(), Q = s.Q(), windows = s.N * P * Q;
  const std::size_t channels = s.C / s.groups, filters = s.M / s.groups, K = channels * s.R * s.S;
  Sampled sampled;
  constexpr std::size_t kHeld = std::size_t{1} << 24;  // values written out at once
  sampled.count = std::min<std::uint64_t>({kSamples, windows, std::max<std::size_t>(1, kHeld / K)});
  const std::size_t count = sampled.count;
  sampled.sums.resize(s.M * sampled.count);

  // Evenly spread with jitter, so that no period of the tensor is hit.
  Random random = stream(p.seed, kWindows);
  std::vector<std::uint64_t> window(count);
  const std::uint64_t step = windows / count;
  for (std::size_t i = 0; i < count; ++i) window[i] = i * step + random.below(step);

  std::vector<Sum> values(K * count);  // [K x count]: one weight meets all windows in one sweep
  for (std::size_t group = 0; group < s.groups; ++group) {
    for (std::size_t i = 0; i < count; ++i) {
      const std::uint64_t n = window[i] / (P * Q), y0 = window[i] % (P * Q) / Q * s.stride_h,
                          x0 = window[i] % Q * s.stride_w;
      std::size_t k = 0;
      for (std::size_t c = 0; c < channels; ++c)
        for (std::size_t r = 0; r < s.R; ++r)
          for (std::size_t t = 0; t < s.S; ++t, ++k) {
            const std::int64_t y = static_cast<std::int64_t>(y0 + r * s.dilation_h) - s.pad_top;
            const std::int64_t x = static_cast<std::int64_t>(x0 + t * s.dilation_w) - s.pad_left;
            const bool inside = y >= 0 && y < s.H && x >= 0 && x < s.W;
            const std::size_t at = (n * s.C + group * channels + c) * s.H * s.W + static_cast<std::size_t>(y) * s.W +
                                   static_cast<std::size_t>(x);
            values[k * count + i] = inside ? static_cast<Sum>(input[at]) : Sum{0};
          }
    }
    for (std::size_t m = group * filters; m < (group + 1) * filters; ++m) {
      Sum sums[kSamples] = {};
      for (std::size_t k = 0; k < K; ++k) {
        const Sum weight = weights[m * K + k];
        if (weight == 0) continue;
        const Sum* row = values.data() + k * count;
        if (count == kSamples)  // a fixed number of rounds, so that it becomes vector code
          for (std::size_t i = 0; i < kSamples; ++i) sums[i] += weight * row[i];
        else
          for (std::size_t i = 0; i < count; ++i) sums[i] += weight * row[i];
      }
      std::copy_n(sums, count, sampled.sums.begin() + static_cast<std::ptrdiff_t>(m * count));
    }
  }
  return sampled;
}

/// The bias that leaves `above` of the sorted `sums` above zero.
std::int64_t bias_for(std::span<const std::int64_t> sums, std::size_t above) {
  const std::size_t count = sums.size();
  std::int64_t threshold;  // sums above it stay
  if (above == 0)
    threshold = sums[count - 1];
  else if (above >= count)
    threshold = sums[0] - 1;
  else
    threshold = std::midpoint(sums[count - above - 1], sums[count - above]);
  return std::clamp<std::int64_t>(-threshold, INT32_MIN, INT32_MAX);
}

void choose_biases(const GeneratedLayer& p, const Sampled& sampled, Layer& layer) {
  constexpr std::uint64_t kOne = std::uint64_t{1} << 20;  // fixed point
  const auto density = static_cast<std::uint64_t>(std::llround(p.output.value_or(0.5) * static_cast<double>(kOne)));
  std::vector<std::int64_t> sorted;
  if (sampled.count < kSamplesPerFilter) {
    sorted = sampled.sums;
    std::sort(sorted.begin(), sorted.end());
    const std::size_t above = (density * sorted.size() + kOne / 2) / kOne;
    std::fill(layer.bias.begin(), layer.bias.end(), bias_for(sorted, above));
    return;
  }
  // Filters differ: triangular around the density, up to 0.9 of the way to the nearer of 0 and 1.
  const std::uint64_t spread = std::min(density, kOne - density) * 9 / 10;
  Random random = stream(p.seed, kOutputs);
  for (std::size_t m = 0; m < layer.bias.size(); ++m) {
    const auto begin = sampled.sums.begin() + static_cast<std::ptrdiff_t>(m * sampled.count);
    sorted.assign(begin, begin + static_cast<std::ptrdiff_t>(sampled.count));
    std::sort(sorted.begin(), sorted.end());
    const std::uint64_t own = density - spread + random.below(spread + 1) + random.below(spread + 1);
    layer.bias[m] = bias_for(sorted, (own * sampled.count + random.below(kOne)) / kOne);
  }
}

/// multiplier / 2^shift = wanted / largest, with the most bits a multiplier can have.
Requantise rescale(std::int64_t largest, std::int64_t wanted) {
  Requantise best;
  for (std::uint32_t shift = 0; shift <= 47; ++shift) {
    const std::int64_t multiplier = ((wanted << shift) + largest / 2) / largest;
    if (multiplier > 65535) break;
    if (multiplier >= 1) best = {static_cast<std::uint32_t>(multiplier), shift};
  }
  return best;
}

void choose_requantise(const GeneratedLayer& p, const Sampled& sampled, Layer& layer) {
  const std::int64_t wanted = (std::int64_t{1} << (layer.relu ? p.bits : p.bits - 1)) * 4 / 5;
  std::vector<std::int64_t> largest(layer.bias.size(), 0);
  for (std::size_t i = 0; i < sampled.sums.size(); ++i) {
    const std::size_t m = i / sampled.count;
    const std::int64_t sum = sampled.sums[i] + layer.bias[m];
    largest[m] = std::max(largest[m], layer.relu ? sum : std::abs(sum));
  }
  const std::int64_t of_layer = std::max<std::int64_t>(1, *std::max_element(largest.begin(), largest.end()));
  layer.requantise.resize(largest.size());
  for (std::size_t m = 0; m < largest.size(); ++m)
    layer.requantise[m] = rescale(sampled.count < kSamplesPerFilter || largest[m] == 0 ? of_layer : largest[m], wanted);
}

template <typename Weight, typename Input>
void generate_as(const GeneratedLayer& p, Layer& layer) {
  const ConvShape& s = layer.shape;
  const std::size_t K = std::size_t{s.C / s.groups} * s.R * s.S;
  const std::int32_t highest_weight = p.bits == 8 ? 127 : 2047, highest_input = p.bits == 8 ? 255 : 4095;

  layer.weights = Tensor(dtype_of<Weight>(), {s.M, s.C / s.groups, s.R, s.S});
  layer.input = Tensor(dtype_of<Input>(), {s.N, s.C, s.H, s.W});
  const auto weights = layer.weights.as<Weight>();
  const auto input = layer.input.as<Input>();
  if (p.pattern)
    draw_pattern(p, s, highest_weight, weights);
  else
    draw_unstructured(p, s.M, K, highest_weight, weights);
  draw_input(p, s, static_cast<std::uint32_t>(highest_input), input);

  using ConstWeights = std::span<const Weight>;
  using ConstInput = std::span<const Input>;
  const bool narrow = K <= static_cast<std::size_t>(INT32_MAX / (highest_weight * highest_input));
  const Sampled sampled = narrow ? sample_sums<std::int32_t>(p, s, ConstWeights(weights), ConstInput(input))
                                 : sample_sums<std::int64_t>(p, s, ConstWeights(weights), ConstInput(input));
  layer.bias.assign(s.M, 0);
  if (layer.relu) choose_biases(p, sampled, layer);
  choose_requantise(p, sampled, layer);
}

}  // namespace

std::string generated_note(const Layer& layer, const GeneratedLayer& g) {
  return fmt::format(
      "generated tensors: weights {:.4g} % dense{}, input {:.4g} % dense, {}seed {}",
      100 * (g.pattern ? kept_share(*g.pattern, layer.shape) : g.weights),
      g.pattern ? fmt::format(" ({})", g.pattern->text()) : "", 100 * g.input,
      layer.relu ? fmt::format("biases for {:.4g} % of sums above zero, ", 100 * g.output.value_or(0.5)) : "", g.seed);
}

void generate(const GeneratedLayer& p, Layer& layer) {
  LACUNA_CHECK(p.bits == 8 || p.bits == 16, "cannot generate {}-bit operands", p.bits);
  if (p.bits == 8)
    generate_as<std::int8_t, std::uint8_t>(p, layer);
  else
    generate_as<std::int16_t, std::uint16_t>(p, layer);
  layer.generated = true;
}

}  // namespace lacuna
