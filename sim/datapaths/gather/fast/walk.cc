#include "datapaths/gather/fast/walk.h"

#include <algorithm>
#include <array>
#include <vector>

namespace lacuna::gather::fast {

namespace {

/// The most lanes of a PE.
constexpr std::uint32_t kMostLanes = 16;

/// A filter and the windows of a column.
struct Walked {
  std::uint32_t entries, windows, lanes;
  const Stop* stops;  ///< [window of the column]; null if none stops

  /// Entries of a window that are multiplied.
  [[nodiscard]] std::uint32_t last(std::uint32_t window) const {
    return stops ? std::min(entries, stops[window].entry) : entries;
  }
  /// Cycles of a window, or of windows the last of which stops then: an entry more is issued, and killed; and one cycle
  /// at least.
  [[nodiscard]] std::uint32_t taken(std::uint32_t last) const { return std::max(1u, std::min(entries, last + 1)); }
};

/// Cycles of a PE, and those in which nothing is multiplied.
struct Cycles {
  std::uint32_t all = 0, bubbles = 0;
};

Cycles alike(const Walked& w) {
  const std::uint32_t groups = (w.windows + w.lanes - 1) / w.lanes;
  return {groups * w.taken(w.entries), w.entries == 0 ? groups : 0};
}

Cycles together(const Walked& w) {
  Cycles cycles;
  for (std::uint32_t first = 0; first < w.windows; first += w.lanes) {
    std::uint32_t longest = 0;
    for (std::uint32_t window = first; window < std::min(w.windows, first + w.lanes); ++window)
      longest = std::max(longest, w.last(window));
    cycles.all += w.taken(longest);
    cycles.bubbles += w.taken(longest) - longest;
  }
  return cycles;
}

/// The window that a lane is at while cycles pass.
struct Lane {
  std::uint32_t window, begin = 0;

  /// Whether it multiplies in `cycle`; cycles in ascending order.
  bool multiplies(const Walked& w, std::uint32_t cycle) {
    while (window < w.windows && begin + w.taken(w.last(window)) <= cycle) {
      begin += w.taken(w.last(window));
      window += w.lanes;
    }
    return window < w.windows && cycle - begin < w.last(window);
  }
};

Cycles apart(const Walked& w) {
  std::array<Lane, kMostLanes> lanes{};
  Cycles cycles;
  std::uint32_t longest = 0;  // the lane that is done last
  for (std::uint32_t lane = 0; lane < w.lanes; ++lane) {
    lanes[lane] = {lane};
    std::uint32_t own = 0;
    for (std::uint32_t window = lane; window < w.windows; window += w.lanes) own += w.taken(w.last(window));
    if (own <= cycles.all) continue;
    cycles.all = own;
    longest = lane;
  }
  // Nothing is multiplied in cycles in which that lane does not, nor any other.
  std::uint32_t end = 0;
  for (std::uint32_t window = longest; window < w.windows; window += w.lanes) {
    end += w.taken(w.last(window));
    if (w.taken(w.last(window)) == w.last(window)) continue;
    bool multiplies = false;
    for (std::uint32_t lane = 0; lane < w.lanes; ++lane) multiplies |= lanes[lane].multiplies(w, end - 1);
    cycles.bubbles += multiplies ? 0 : 1;
  }
  return cycles;
}

/// Cycles in which some lane multiplies and all that do are gated: from the values, entry by entry.
std::uint32_t gated_cycles(const Operands& operands, std::uint32_t group, const Filter& filter,
                           const ColumnWindows& column, const Walked& w, bool together) {
  constexpr std::uint8_t kGated = 1, kBusy = 2;
  std::vector<std::uint8_t> cycles;
  std::array<std::uint32_t, kMostLanes> begin{};  // of each lane's next window
  for (std::uint32_t first = 0; first < w.windows; first += w.lanes) {
    const std::uint32_t count = std::min(w.lanes, w.windows - first);
    std::uint32_t longest = 0;
    for (std::uint32_t lane = 0; lane < count; ++lane) {
      const std::int32_t* const inputs = operands.window(group, column.first + first + lane);
      const std::uint32_t last = w.last(first + lane);
      if (cycles.size() < begin[lane] + last) cycles.resize(begin[lane] + last);
      for (std::uint32_t e = 0; e < last; ++e) {
        const Weight& weight = filter.entries[e];
        const bool executes = weight.value != 0 && inputs[operands.positions()[weight.position]] != 0;
        std::uint8_t& cycle = cycles[begin[lane] + e];
        cycle = std::max(cycle, executes ? kBusy : kGated);
      }
      begin[lane] += w.taken(last);
      longest = std::max(longest, w.taken(last));
    }
    if (together) begin.fill(begin[0] - w.taken(w.last(first)) + longest);
  }
  return static_cast<std::uint32_t>(std::ranges::count(cycles, kGated));
}

}  // namespace

std::uint32_t walk(const Operands& operands, std::uint32_t group, const Filter& filter, const Stop* stops,
                   const ColumnWindows& column, event::PeSum& done) {
  const Config& c = config(operands.lowering().machine());
  const Walked w{filter.segment_ends.back(), column.windows, c.windows, stops ? stops + column.first : nullptr};
  const bool wait = c.lane_step == LaneStep::Together, gates = c.zeros == Zeros::Gated;
  std::uint64_t products = std::uint64_t{w.entries} * w.windows;
  done.skipped += std::uint64_t{operands.k()} * w.windows - products;
  for (std::uint32_t window = 0; stops && window < w.windows; ++window) {
    const std::uint32_t left = w.entries - w.last(window);
    products -= left;
    (w.stops[window].predicted ? done.predicted : done.terminated) += left;
    (w.stops[window].predicted ? done.outputs_predicted : done.outputs_terminated) += left != 0 ? 1 : 0;
  }
  (gates ? done.gated : done.wasted) += products;

  const Cycles cycles = !stops ? alike(w) : wait ? together(w) : apart(w);
  const std::uint32_t gated = gates ? gated_cycles(operands, group, filter, column, w, wait) : 0;
  done.cycles[PeClass::Bubble] += cycles.bubbles;
  done.cycles[PeClass::Gated] += gated;
  done.cycles[PeClass::Busy] += cycles.all - cycles.bubbles - gated;
  done.entries += wait ? cycles.all - cycles.bubbles : products;
  return cycles.all;
}

}  // namespace lacuna::gather::fast
