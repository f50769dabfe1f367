#include "tune/profile.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>

#include "base/parallel.h"
#include "tune/order.h"
#include "tune/windows.h"

namespace lacuna::tune {

namespace {

constexpr std::array<std::uint32_t, 4> kShares = {16, 8, 4, 2};  ///< one representative of so many weights
constexpr std::array<std::size_t, 10> kGivenUp = {0, 1, 2, 5, 10, 20, 30, 50, 70, 90};  ///< of 100 positive outputs
constexpr std::uint32_t kMostRepresentatives = 65535;

/// A filter in one order on all windows.
struct Sums {
  std::vector<std::int64_t> partial;  ///< bias and representatives
  /// Of all pairs; where the last pairs were left out since no sum of a block could rise again, one at or below zero.
  std::vector<std::int64_t> total;
  std::vector<std::uint32_t> done;  ///< pairs until the exact stop
};

std::int64_t largest_of(DType type) { return size_of(type) == 1 ? 255 : 65535; }

/// No sum of the filter, begun or whole, is larger than that.
std::int64_t bound(const std::vector<Pair>& pairs, std::int64_t bias, std::int64_t largest_input) {
  std::int64_t sum = std::abs(bias);
  for (const Pair& pair : pairs) sum += std::abs(std::int64_t{pair.weight}) * largest_input;
  return sum;
}

template <typename T>
void add_products(T* sum, T weight, const T* row) {
  for (std::size_t i = 0; i < kBlock; ++i) sum[i] += weight * row[i];
}

/// Calls each(block, partial, total, done) with the sums of a block.
template <typename T, typename Each>
void run_blocks(Windows& windows, std::uint32_t group, const FilterOrder& order, std::int64_t bias, const Each& each) {
  std::array<T, kBlock> row, sum, partial;
  std::array<T, kBlock> done;
  for (std::size_t block = 0; block < windows.blocks(); ++block) {
    windows.go_to(block);
    sum.fill(static_cast<T>(bias));
    done.fill(static_cast<T>(std::min<std::size_t>(order.settled, order.pairs.size())));
    partial = sum;
    for (std::size_t e = 0; e < order.pairs.size(); ++e) {
      if (e >= order.settled) {
        T open = 0;
        for (std::size_t i = 0; i < kBlock; ++i) {
          const T running = sum[i] > 0;
          done[i] += running, open += running;
        }
        if (open == 0) break;
      }
      windows.read(group, order.pairs[e].position, row.data());
      add_products(sum.data(), static_cast<T>(order.pairs[e].weight), row.data());
      if (e + 1 == order.representatives) partial = sum;
    }
    each(block, partial, sum, done);
  }
}

/// As wide as the sums of the filter need: 32 bits are twice as fast.
template <typename Each>
void run_filter(Windows& windows, std::uint32_t group, const FilterOrder& order, std::int64_t bias,
                std::int64_t largest_input, const Each& each) {
  if (bound(order.pairs, bias, largest_input) <= INT32_MAX)
    run_blocks<std::int32_t>(windows, group, order, bias, each);
  else
    run_blocks<std::int64_t>(windows, group, order, bias, each);
}

/// A layer whose filters are run one after the other, on one thread.
class FilterRunner {
 public:
  FilterRunner(const Layer& layer, const std::vector<std::uint16_t>& input)
      : layer_(layer), windows_(layer.shape, input) {}

  [[nodiscard]] Sums run(std::uint32_t m, const FilterOrder& order) {
    Sums sums;
    const std::size_t count = windows_.count();
    sums.partial.resize(count), sums.total.resize(count), sums.done.resize(count);
    run_filter(windows_, m / (layer_.shape.M / layer_.shape.groups), order, layer_.bias[m],
               largest_of(layer_.input.type()),
               [&](std::size_t block, const auto& partial, const auto& total, const auto& done) {
                 for (std::size_t i = 0, at = block * kBlock; i < windows_.in_block(block); ++i, ++at) {
                   sums.partial[at] = partial[i], sums.total[at] = total[i];
                   sums.done[at] = static_cast<std::uint32_t>(done[i]);
                 }
               });
    return sums;
  }

 private:
  const Layer& layer_;
  Windows windows_;
};

/// The value of one step of the filter's sums.
double scale(const Layer& layer, std::uint32_t m) {
  if (layer.requantise.empty()) return 1;
  return std::ldexp(layer.requantise[m].multiplier, -static_cast<int>(layer.requantise[m].shift));
}

Exact exact_of(const Sums& sums, std::size_t pairs, double step) {
  Exact exact;
  exact.outputs = sums.total.size();
  exact.pairs = exact.outputs * pairs;
  for (std::size_t i = 0; i < sums.total.size(); ++i) {
    exact.products += sums.done[i];
    if (sums.total[i] <= 0) continue;
    ++exact.positive;
    exact.mass += static_cast<double>(sums.total[i]);
  }
  exact.mass *= step;
  return exact;
}

Outcome outcome_of(const Sums& sums, std::uint32_t representatives, std::int64_t threshold, double step) {
  Outcome outcome;
  for (std::size_t i = 0; i < sums.total.size(); ++i) {
    const bool predicted = representatives > 0 && sums.partial[i] <= threshold, positive = sums.total[i] > 0;
    outcome.products += predicted ? representatives : sums.done[i];
    outcome.predicted += predicted;
    outcome.missed += representatives > 0 && !predicted && !positive;
    if (!predicted || !positive) continue;
    ++outcome.wrong;
    outcome.lost += static_cast<double>(sums.total[i]);
  }
  outcome.lost *= step;
  return outcome;
}

/// Distinct thresholds of the candidates with one number of representatives.
std::vector<std::int64_t> thresholds(const Sums& sums) {
  std::vector<std::int64_t> positive;
  for (std::size_t i = 0; i < sums.total.size(); ++i)
    if (sums.total[i] > 0) positive.push_back(sums.partial[i]);
  if (positive.empty()) return {std::ranges::max(sums.partial)};
  std::ranges::sort(positive);
  std::vector<std::int64_t> result;
  for (const std::size_t given_up : kGivenUp) {
    const std::int64_t threshold = positive[positive.size() * given_up / 100] - 1;
    if (result.empty() || result.back() != threshold) result.push_back(threshold);
  }
  return result;
}

FilterProfile profile_filter(FilterRunner& runner, const Layer& layer, std::uint32_t m) {
  const auto pairs = by_magnitude(layer, m);
  FilterProfile result;
  result.exact = exact_of(runner.run(m, order_of(pairs, 0)), pairs.size(), scale(layer, m));
  std::uint32_t before = 0;
  for (const std::uint32_t share : kShares) {
    const auto n = std::min(static_cast<std::uint32_t>(pairs.size() / share), kMostRepresentatives);
    if (n == before) continue;
    before = n;
    const Sums sums = runner.run(m, order_of(pairs, n));
    for (const std::int64_t threshold : thresholds(sums))
      result.candidates.push_back({n, threshold, outcome_of(sums, n, threshold, scale(layer, m))});
  }
  return result;
}

/// work(m, runner) for every filter, on up to `threads` threads.
template <typename Work>
void for_each_filter(const Layer& layer, unsigned threads, const Work& work) {
  const auto input = unsigned_values(layer.input);
  std::vector<FilterRunner> runners(threads, FilterRunner(layer, input));
  parallel_for(layer.shape.M, threads,
               [&](std::size_t m, unsigned worker) { work(static_cast<std::uint32_t>(m), runners[worker]); });
}

}  // namespace

Outcome& Outcome::operator+=(const Outcome& other) {
  products += other.products, predicted += other.predicted, wrong += other.wrong, missed += other.missed;
  lost += other.lost;
  return *this;
}

Exact& Exact::operator+=(const Exact& other) {
  outputs += other.outputs, positive += other.positive, pairs += other.pairs, products += other.products;
  mass += other.mass;
  return *this;
}

std::vector<std::uint16_t> unsigned_values(const Tensor& input) {
  const auto values = input.to_int64();
  std::vector<std::uint16_t> result(values.size());
  std::ranges::transform(values, result.begin(), [](std::int64_t v) { return static_cast<std::uint16_t>(v); });
  return result;
}

std::optional<std::string> prediction_refusal(const Layer& layer) {
  if (!layer.relu) return "no ReLU follows";
  const auto values = layer.input.to_int64();
  if (const std::int64_t least = std::ranges::min(values); least < 0)
    return fmt::format("an input is negative ({})", least);
  const unsigned bits = layer.operand_bits() == 8 ? 32 : 48;
  for (std::uint32_t m = 0; m < layer.shape.M; ++m)
    if (bound(by_magnitude(layer, m), layer.bias[m], largest_of(layer.input.type())) >= std::int64_t{1} << (bits - 1))
      return fmt::format("sums of filter {} may leave {} bits", m, bits);
  return std::nullopt;
}

std::vector<FilterProfile> profile(const Layer& layer, unsigned threads) {
  std::vector<FilterProfile> result(layer.shape.M);
  for_each_filter(layer, threads,
                  [&](std::uint32_t m, FilterRunner& runner) { result[m] = profile_filter(runner, layer, m); });
  return result;
}

std::vector<FilterMeasure> measure(const Layer& layer, const Prediction& prediction, unsigned threads) {
  std::vector<FilterMeasure> result(layer.shape.M);
  for_each_filter(layer, threads, [&](std::uint32_t m, FilterRunner& runner) {
    const auto pairs = by_magnitude(layer, m);
    const std::uint32_t n = prediction.representatives[m];
    const Sums exact = runner.run(m, order_of(pairs, 0));
    result[m].exact = exact_of(exact, pairs.size(), scale(layer, m));
    result[m].outcome =
        outcome_of(n == 0 ? exact : runner.run(m, order_of(pairs, n)), n, prediction.thresholds[m], scale(layer, m));
  });
  return result;
}

std::vector<std::uint8_t> predicted_outputs(const Layer& layer, const Prediction& prediction, std::uint32_t images,
                                            const std::vector<std::uint16_t>& input) {
  ConvShape shape = layer.shape;
  shape.N = images;
  Windows windows(shape, input);
  const std::size_t plane = std::size_t{shape.P()} * shape.Q();
  std::vector<std::uint8_t> result(windows.count() * shape.M);
  for (std::uint32_t m = 0; m < shape.M; ++m) {
    const std::uint32_t n = prediction.representatives[m];
    if (n == 0) continue;
    FilterOrder order = order_of(by_magnitude(layer, m), n);
    order.pairs.resize(n);
    order.settled = n;
    run_filter(windows, m / (shape.M / shape.groups), order, layer.bias[m], largest_of(layer.input.type()),
               [&](std::size_t block, const auto& partial, const auto&, const auto&) {
                 for (std::size_t i = 0, window = block * kBlock; i < windows.in_block(block); ++i, ++window)
                   result[(window / plane * shape.M + m) * plane + window % plane] =
                       partial[i] <= prediction.thresholds[m];
               });
  }
  return result;
}

}  // namespace lacuna::tune
