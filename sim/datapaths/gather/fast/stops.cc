#include "datapaths/gather/fast/stops.h"

#include <algorithm>
#include <bit>

#include "datapaths/gather/fast/vectorise.h"

namespace lacuna::gather::fast {

namespace {

/// Entries after which all sums are looked at. Which of them ended a sum is then found one by one.
constexpr std::uint32_t kBetweenLooks = 16;

/// Adds the products of `count` entries.
template <typename Input, typename Sum>
inline void add_products(const Weight* entries, std::uint32_t count, const Input* inputs, Sum* sums) {
  for (std::uint32_t e = 0; e < count; ++e) {
    const Input* const input = inputs + std::size_t{entries[e].position} * kSideBySide;
    const Sum weight = entries[e].value;
#pragma GCC ivdep
    for (std::uint32_t w = 0; w < kSideBySide; ++w) sums[w] += weight * input[w];
  }
}
LACUNA_VECTORISE void add(const Weight* entries, std::uint32_t count, const std::uint8_t* inputs, std::int32_t* sums) {
  add_products(entries, count, inputs, sums);
}
LACUNA_VECTORISE void add(const Weight* entries, std::uint32_t count, const std::int16_t* inputs, std::int32_t* sums) {
  add_products(entries, count, inputs, sums);
}
LACUNA_VECTORISE void add(const Weight* entries, std::uint32_t count, const std::int32_t* inputs, std::int64_t* sums) {
  add_products(entries, count, inputs, sums);
}

/// Windows whose sum is at most `limit`.
template <typename Sum>
inline std::uint64_t at_most_of(const Sum* sums, Sum limit) {
  std::array<std::uint8_t, kSideBySide> is;
  for (std::uint32_t w = 0; w < kSideBySide; ++w) is[w] = sums[w] <= limit ? 1 : 0;
  std::uint64_t bits = 0;
  for (std::uint32_t w = 0; w < kSideBySide; ++w) bits |= std::uint64_t{is[w]} << w;
  return bits;
}
LACUNA_VECTORISE std::uint64_t at_most(const std::int32_t* sums, std::int64_t limit) {
  return at_most_of(sums, static_cast<std::int32_t>(limit));  // a threshold of 8-bit operands fits 32 bits
}
LACUNA_VECTORISE std::uint64_t at_most(const std::int64_t* sums, std::int64_t limit) { return at_most_of(sums, limit); }

/// Calls visit(window) for each of them.
template <typename Visit>
void for_each_window(std::uint64_t windows, Visit visit) {
  for (; windows != 0; windows &= windows - 1) visit(static_cast<std::uint32_t>(std::countr_zero(windows)));
}

}  // namespace

template <typename Input>
void Across<Input>::fill(const fabric::fast::ValueKernels& kernels, const Input* rows, std::size_t stride,
                         std::uint32_t windows, std::uint32_t k) {
  inputs.assign(std::size_t{k} * kSideBySide, 0);
  if constexpr (sizeof(Input) == 1) {
    kernels.transpose(rows, windows * stride, stride, windows, k, inputs.data(), kSideBySide);
  } else {
    for (std::uint32_t w = 0; w < windows; ++w)
      for (std::uint32_t p = 0; p < k; ++p) inputs[std::size_t{p} * kSideBySide + w] = rows[w * stride + p];
  }
  nonzero.resize(k);
  kernels.nonzero(inputs.data(), sizeof(Input), k, nonzero.data());
}

template <typename Input, typename Sum>
std::uint64_t find_stops(const Filter& filter, const Across<Input>& across, std::uint32_t windows,
                         FilterSums<Sum>& lanes) {
  const auto entries = static_cast<std::uint32_t>(filter.entries.size());
  const Weight* const entry = filter.entries.data();
  std::uint64_t running = windows == kSideBySide ? ~std::uint64_t{0} : (std::uint64_t{1} << windows) - 1;
  lanes.stops.fill({});
  const auto stop = [&](std::uint32_t window, std::uint32_t number) {
    if (number == entries) return;
    lanes.stops[window].entry = number;
    running &= ~(std::uint64_t{1} << window);
  };
  std::uint64_t executed = 0;
  if (filter.representatives != 0) {
    std::array<Sum, kSideBySide> sums;
    sums.fill(static_cast<Sum>(filter.bias));
    add(entry, filter.representatives, across.inputs.data(), sums.data());
    const std::uint64_t predicted = running & at_most(sums.data(), filter.threshold);
    for_each_window(predicted, [&](std::uint32_t window) {
      stop(window, filter.representatives);
      lanes.stops[window].predicted = true;
      lanes.sums[window] = 0;
    });
    for (std::uint32_t e = filter.representatives; e < filter.settled; ++e)
      executed -= static_cast<std::uint64_t>(std::popcount(across.nonzero[entry[e].position] & predicted));
  }
  if (filter.settled != 0)
    for_each_window(running & at_most(lanes.sums.data(), 0),
                    [&](std::uint32_t window) { stop(window, filter.settled); });

  for (std::uint32_t begin = filter.settled, end; begin < filter.nonzeros && running != 0; begin = end) {
    end = std::min(filter.nonzeros, begin + kBetweenLooks);
    add(entry + begin, end - begin, across.inputs.data(), lanes.sums.data());
    for (std::uint32_t e = begin; e < end; ++e)
      executed += static_cast<std::uint64_t>(std::popcount(across.nonzero[entry[e].position] & running));
    for_each_window(running & at_most(lanes.sums.data(), 0), [&](std::uint32_t window) {
      // Back to the first entry that left no more than zero.
      const auto input = [&](std::uint32_t e) -> Sum {
        return across.inputs[std::size_t{entry[e].position} * kSideBySide + window];
      };
      std::uint32_t last = end - 1;
      for (Sum sum = lanes.sums[window]; last > begin; --last) {
        sum -= entry[last].value * input(last);
        if (sum > 0) break;
        executed -= input(last) != 0 ? 1 : 0;
      }
      stop(window, last + 1);
    });
  }
  return executed;
}

template struct Across<std::uint8_t>;
template struct Across<std::int16_t>;
template struct Across<std::int32_t>;
template std::uint64_t find_stops(const Filter&, const Across<std::uint8_t>&, std::uint32_t, FilterSums<std::int32_t>&);
template std::uint64_t find_stops(const Filter&, const Across<std::int16_t>&, std::uint32_t, FilterSums<std::int32_t>&);
template std::uint64_t find_stops(const Filter&, const Across<std::int32_t>&, std::uint32_t, FilterSums<std::int64_t>&);

}  // namespace lacuna::gather::fast
