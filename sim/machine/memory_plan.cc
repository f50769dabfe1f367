#include "machine/memory_plan.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace lacuna {

namespace {

/// The largest sum of `per_group` neighbouring entries: the most one group stores.
std::uint64_t largest_group(const std::vector<std::uint64_t>& bytes, std::uint32_t per_group) {
  std::uint64_t largest = 0;
  for (auto first = bytes.begin(); first != bytes.end(); first += per_group)
    largest = std::max(largest, std::accumulate(first, first + per_group, std::uint64_t{0}));
  return largest;
}

}  // namespace

MemoryPlan::MemoryPlan(Order order, std::uint64_t capacity, StoredOperands stored) : stored_(std::move(stored)) {
  std::uint64_t address = 0;
  for (const std::uint64_t bytes : stored_.filter_tile) {
    filter_begins_.push_back(address);
    address += bytes;
  }
  for (const std::uint64_t bytes : stored_.window_new) window_ends_.push_back(address += bytes);
  if (order != Order::Auto) {
    choose(order == Order::FiltersOuter, capacity);
    return;
  }
  choose(false, capacity);
  const std::uint64_t windows_outer = total_bytes();
  choose(true, capacity);
  if (windows_outer < total_bytes()) choose(false, capacity);
}

void MemoryPlan::choose(bool filters_outer, std::uint64_t capacity) {
  filters_outer_ = filters_outer;
  const std::uint64_t tile_weights = *std::ranges::max_element(stored_.filter_tile);
  const std::uint64_t tile_inputs = *std::ranges::max_element(stored_.window_all);
  const std::uint64_t all_weights = largest_group(stored_.filter_tile, stored_.filter_tiles);
  const std::uint64_t all_inputs = largest_group(stored_.window_new, stored_.window_tiles);
  const bool tile_fits = tile_weights + tile_inputs <= capacity;
  if (filters_outer) {
    weights_ = tile_fits ? Reread::OncePerLayer : Reread::EveryTile;
    inputs_ = tile_weights + all_inputs <= capacity ? Reread::OncePerLayer
              : tile_fits                           ? Reread::OncePerSweep
                                                    : Reread::EveryTile;
  } else {
    weights_ = all_weights + tile_inputs <= capacity ? Reread::OncePerLayer
               : tile_fits                           ? Reread::OncePerSweep
                                                     : Reread::EveryTile;
    inputs_ = tile_fits ? Reread::OncePerLayer : Reread::EveryTile;
  }
  const std::uint64_t weights = weights_ == Reread::OncePerLayer && !filters_outer ? all_weights : tile_weights;
  const std::uint64_t inputs = inputs_ == Reread::OncePerLayer && filters_outer ? all_inputs : tile_inputs;
  room_ = tile_fits ? capacity - weights - inputs : capacity;
}

Extent MemoryPlan::weights(std::uint32_t group, std::uint32_t filter_tile, std::uint32_t window_tile) const {
  const std::size_t at = std::size_t{group} * stored_.filter_tiles + filter_tile;
  const Extent all{filter_begins_[at], stored_.filter_tile[at]};
  switch (weights_) {
    case Reread::OncePerLayer:
      return window_tile == 0 ? all : Extent{};
    case Reread::OncePerSweep:
    case Reread::EveryTile:
      return all;  // a sweep over the filters visits each filter tile once
  }
  throw Bug("unknown reread");
}

Extent MemoryPlan::inputs(std::uint32_t group, std::uint32_t filter_tile, std::uint32_t window_tile) const {
  const std::size_t at = std::size_t{group} * stored_.window_tiles + window_tile;
  // The latest rows before the end.
  const auto latest = [&](std::uint64_t bytes) {
    return bytes == 0 ? Extent{} : Extent{window_ends_[at] - bytes, bytes};
  };
  switch (inputs_) {
    case Reread::OncePerLayer:
      return filter_tile == 0 ? latest(stored_.window_new[at]) : Extent{};
    case Reread::OncePerSweep:
      return latest(stored_.window_new[at]);
    case Reread::EveryTile:
      return latest(stored_.window_all[at]);
  }
  throw Bug("unknown reread");
}

std::uint64_t MemoryPlan::total_bytes() const {
  std::uint64_t total = 0;
  for (std::uint32_t group = 0; group < stored_.groups; ++group)
    for (std::uint32_t f = 0; f < stored_.filter_tiles; ++f)
      for (std::uint32_t w = 0; w < stored_.window_tiles; ++w)
        total += weights(group, f, w).bytes + inputs(group, f, w).bytes;
  return total;
}

}  // namespace lacuna
