// What a PE does with a filter that it keeps and an input tile. README.md, section PE, resident.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "datapaths/gather/events.h"
#include "datapaths/gather/systemc/heads.h"

namespace lacuna::gather {

class ResidentPe {
 public:
  explicit ResidentPe(const Lowering& lowering)
      : stops_(lowering.stops()),
        gates_(config(lowering.machine()).zeros == Zeros::Gated),
        lanes_(config(lowering.machine()).windows),
        pitch_(lowering.layer().shape.stride_w * (lowering.layer().shape.C / lowering.layer().shape.groups)),
        k_(lowering.positions()),
        wrap_shift_(64 - accumulator_bits(lowering.machine())),
        sums_(lanes_),
        stopped_(lanes_) {
    const bool apart = config(lowering.machine()).lane_step == LaneStep::Apart;
    for (std::uint32_t lane = 0; lane < lanes_; lane += apart ? 1 : lanes_)
      walkers_.push_back({.first_lane = lane, .end_lane = apart ? lane + 1 : lanes_});
  }

  /// Every filter is reported as opened.
  [[nodiscard]] static bool opens(const Heads&) { return true; }
  /// Pairs of the filter that have no entry.
  [[nodiscard]] std::uint64_t skipped(const Heads& heads) const {
    return (k_ - heads.weights->entries.size()) * heads.tile->results_of(heads.column);
  }
  void begin(const Heads& heads) {
    heads_ = heads;
    for (Walker& walker : walkers_) {
      walker.group = walker.entry = 0;
      walker.over = walker.over_at_start = false;
      walker.done = walker.first_lane >= heads.tile->results_of(heads.column);
    }
  }

  /// One cycle of issue, after multiply() of the same cycle.
  Pops issue() {
    const auto entries = static_cast<std::uint32_t>(heads_.weights->entries.size());
    const std::uint32_t windows = heads_.tile->results_of(heads_.column);
    bool last = true;
    for (Walker& walker : walkers_) {
      if (walker.done) continue;
      if (walker.over_at_start) {
        ++walker.group;
        walker.entry = 0;
      }
      walker.issued = true;
      walker.issued_heads = heads_;
      walker.issued_group = walker.group;
      walker.issued_entry = walker.entry;
      const bool last_group = (walker.group + 1) * lanes_ + walker.first_lane >= windows;
      // A stop found in this cycle ends the group: what is issued now will be killed.
      const bool stops_now = walker.over && walker.entry > 0;
      const bool ends = walker.entry + 1 >= entries;
      walker.done = last_group && (ends || stops_now);
      if (ends) {
        ++walker.group;
        walker.entry = 0;
      } else {
        ++walker.entry;
      }
      // The next cycle begins another group, either way.
      walker.over_at_start = stops_now && !ends;
      if (ends) walker.over = false;
      last &= walker.done;
    }
    return {last, last};
  }

  /// The MAC stage in cycle `now`: fills `group`, and adds the stops it finds, which are of the next cycle.
  void multiply(std::uint64_t now, std::uint32_t pe, event::Group& group, std::vector<event::Stop>& stops) {
    for (Walker& walker : walkers_) {
      walker.over = false;
      if (!walker.issued) continue;
      walker.issued = false;
      const Heads& at = walker.issued_heads;
      const std::uint32_t windows = at.tile->results_of(at.column);
      results_.resize(windows);
      const auto entries = at.weights->entries;
      const std::uint32_t begin = walker.issued_group * lanes_;
      bool any = false, all_stopped = true;
      for (std::uint32_t lane = walker.first_lane; lane < walker.end_lane && begin + lane < windows; ++lane) {
        const std::uint32_t window = begin + lane;
        if (walker.issued_entry == 0) {
          stopped_[lane] = false;
          sums_[lane] = at.tile->filters->bias[at.row];
        }
        if (entries.empty()) results_[window] = sums_[lane];
        if (stopped_[lane] || entries.empty()) continue;
        any = true;
        const Entry& entry = entries[walker.issued_entry];
        const std::int32_t a = at.activations->values[entry.at + std::size_t{window} * pitch_];
        const std::int64_t sum = sums_[lane] + std::int64_t{entry.value} * a;
        sums_[lane] = static_cast<std::int64_t>(static_cast<std::uint64_t>(sum) << wrap_shift_) >> wrap_shift_;
        results_[window] = sums_[lane];
        if (a != 0 && entry.value != 0)
          ++group.executed;
        else
          ++(gates_ ? group.gated : group.wasted);
        const auto left = static_cast<std::uint32_t>(entries.size()) - 1 - walker.issued_entry;
        const Checks& checks = at.tile->filters->rows[at.row].checks;
        const std::uint32_t number = walker.issued_entry + 1;
        const bool predicts = stops_ && number == checks.predicted && sums_[lane] <= checks.threshold;
        const bool check = stops_ && number >= checks.terminated_from && entry.value != 0;
        if (left != 0 && predicts) {
          stopped_[lane] = true;
          results_[window] = 0;
          stops.push_back({now + 1, pe, at.tile->index, window, 0, left});
        } else if (left != 0 && check && sums_[lane] <= 0) {
          stopped_[lane] = true;
          stops.push_back({now + 1, pe, at.tile->index, window, left, 0});
        }
        all_stopped &= stopped_[lane];
      }
      if (any) {
        ++group.entries;
        walker.over = all_stopped;
      }
    }
    group.psum = sums_[0];
  }
  /// [result] of the tile, once its last issue was multiplied.
  [[nodiscard]] const std::vector<std::int64_t>& results() const { return results_; }

 private:
  /// Lanes that walk together: all of the PE, or one.
  struct Walker {
    std::uint32_t first_lane = 0, end_lane = 0;
    std::uint32_t group = 0, entry = 0;  ///< to be issued next
    bool done = true;                    ///< with the pair of heads
    bool over = false;                   ///< the MAC stage found in this cycle that all lanes have stopped
    bool over_at_start = false;          ///< it was so in the cycle before: a new group begins
    // In the MAC stage.
    bool issued = false;
    Heads issued_heads{};
    std::uint32_t issued_group = 0, issued_entry = 0;
  };

  bool stops_, gates_;
  std::uint32_t lanes_;
  std::size_t pitch_;  ///< from a window's address to that of the next
  std::uint32_t k_;
  unsigned wrap_shift_;
  Heads heads_;
  std::vector<Walker> walkers_;
  std::vector<std::int64_t> sums_;     ///< [lane]
  std::vector<std::uint8_t> stopped_;  ///< [lane]
  std::vector<std::int64_t> results_;
};

}  // namespace lacuna::gather
