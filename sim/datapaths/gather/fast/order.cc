#include "datapaths/gather/fast/order.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <numeric>
#include <utility>

namespace lacuna::gather::fast {

namespace {

/// Positive weights by falling magnitude, then negative ones by falling magnitude, then zeros; equal ones as they are.
/// Weights have so many bits.
void order_by_sign(std::vector<Weight>& entries, unsigned bits) {
  const std::int32_t half = 1 << (bits - 1);
  const auto rank = [half](const Weight& entry) {
    const std::int32_t value = entry.value;
    return static_cast<std::uint32_t>(value > 0 ? half - 1 - value : value < 0 ? 2 * half - 1 + value : 2 * half - 1);
  };
  std::vector<Weight> before(entries.size());
  for (unsigned shift = 0; shift < bits; shift += 8) {
    std::array<std::uint32_t, 257> begins{};  // of each digit of the rank
    for (const Weight& entry : entries) ++begins[(rank(entry) >> shift & 255) + 1];
    std::partial_sum(begins.begin(), begins.end(), begins.begin());
    before.swap(entries);
    for (const Weight& entry : before) entries[begins[rank(entry) >> shift & 255]++] = entry;
  }
}

/// Takes the representatives out of `entries` and returns them.
std::vector<Weight> take_representatives(std::vector<Weight>& entries, std::uint32_t count, std::uint32_t nonzeros) {
  std::ranges::stable_sort(entries,
                           [](const Weight& a, const Weight& b) { return std::abs(a.value) > std::abs(b.value); });
  std::vector<Weight> taken, left;
  for (std::uint32_t part = 0; part < count; ++part) {
    const auto place = [&](std::uint64_t of) { return static_cast<std::ptrdiff_t>(of * nonzeros / count); };
    const auto begin = entries.begin() + place(part), end = entries.begin() + place(part + std::uint64_t{1});
    taken.push_back(*begin);
    left.insert(left.end(), begin + 1, end);
  }
  left.insert(left.end(), entries.begin() + nonzeros, entries.end());
  entries = std::move(left);
  return taken;
}

}  // namespace

void put_in_order(Filter& filter, WeightOrder order, std::uint32_t representatives, std::int64_t threshold,
                  unsigned bits) {
  if (order == WeightOrder::Natural) return;
  std::vector<Weight>& entries = filter.entries;
  const auto count = [](const std::vector<Weight>& of, auto is) {
    return static_cast<std::uint32_t>(std::ranges::count_if(of, is, &Weight::value));
  };
  filter.nonzeros = count(entries, [](std::int32_t value) { return value != 0; });
  std::vector<Weight> first;
  if (representatives != 0 && representatives < filter.nonzeros) {
    first = take_representatives(entries, representatives, filter.nonzeros);
    filter.representatives = representatives;
    filter.threshold = threshold;
  }
  order_by_sign(entries, bits);
  const std::uint32_t positives = count(entries, [](std::int32_t value) { return value > 0; });
  entries.insert(entries.begin(), first.begin(), first.end());
  filter.settled = filter.representatives + positives;
}

}  // namespace lacuna::gather::fast
