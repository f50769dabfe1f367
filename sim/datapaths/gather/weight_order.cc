#include "datapaths/gather/weight_order.h"

#include <algorithm>
#include <cstdlib>
#include <iterator>

namespace lacuna::gather {

namespace {

bool larger(const Entry& a, const Entry& b) { return std::abs(a.value) > std::abs(b.value); }

bool by_sign(const Entry& a, const Entry& b) {
  if ((a.value > 0) != (b.value > 0)) return a.value > 0;
  return larger(a, b);
}

/// Moves the representatives to the front; the others stay in the order of the reduction.
void representatives_first(std::vector<Entry>& entries, std::uint32_t representatives, std::size_t nonzeros) {
  std::vector<std::size_t> by_size(entries.size());  // zeros last
  for (std::size_t i = 0; i < by_size.size(); ++i) by_size[i] = i;
  std::ranges::stable_sort(by_size, [&](std::size_t a, std::size_t b) { return larger(entries[a], entries[b]); });
  std::vector<bool> chosen(entries.size());
  std::vector<Entry> sorted;
  for (std::size_t i = 0; i < representatives; ++i) {
    const std::size_t at = by_size[i * nonzeros / representatives];
    chosen[at] = true;
    sorted.push_back(entries[at]);
  }
  for (std::size_t i = 0; i < entries.size(); ++i)
    if (!chosen[i]) sorted.push_back(entries[i]);
  entries = std::move(sorted);
}

}  // namespace

Checks sort_entries(std::vector<Entry>& entries, WeightOrder order, std::uint32_t representatives) {
  if (order == WeightOrder::Natural) return {};
  Checks checks;
  const auto nonzeros =
      static_cast<std::size_t>(std::ranges::count_if(entries, [](const Entry& e) { return e.value != 0; }));
  if (order == WeightOrder::Predictive && representatives < nonzeros) checks.predicted = representatives;
  if (checks.predicted != 0) representatives_first(entries, representatives, nonzeros);
  std::stable_sort(entries.begin() + checks.predicted, entries.end(), by_sign);
  const auto last_positive =
      std::ranges::find_if(entries.rbegin(), entries.rend(), [](const Entry& e) { return e.value > 0; });
  const auto positives = static_cast<std::uint32_t>(entries.rend() - last_positive);  // and what stands among them
  checks.terminated_from = std::max({1u, checks.predicted, positives});
  return checks;
}

}  // namespace lacuna::gather
