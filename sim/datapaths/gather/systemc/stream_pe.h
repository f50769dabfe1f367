// What a PE does with groups of entries that come as they are used. README.md, section PE, stream.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "datapaths/gather/events.h"
#include "datapaths/gather/systemc/heads.h"

namespace lacuna::gather {

class StreamPe {
 public:
  explicit StreamPe(const Lowering& lowering)
      : gates_(config(lowering.machine()).zeros == Zeros::Gated),
        banks_(config(lowering.machine()).reach == Reach::Bank ? config(lowering.machine()).banks : 0),
        wrap_shift_(64 - accumulator_bits(lowering.machine())) {}

  /// The heads begin a segment, for which Open is reported.
  [[nodiscard]] static bool opens(const Heads& heads) { return heads.weights->segment_first; }
  /// Pairs of the segment that have no entry.
  [[nodiscard]] static std::uint64_t skipped(const Heads& heads) {
    const std::uint32_t entries = heads.tile->filters->rows[heads.row].in_segment[heads.weights->segment];
    return std::uint64_t{heads.activations->length - entries} * heads.tile->results_of(heads.column);
  }
  void begin(const Heads& heads) {
    issue_ = heads;
    cycles_ = conflicts(*heads.weights);
  }

  /// One cycle of issue.
  Pops issue() {
    mac_ = issue_;
    works_ = --cycles_ == 0;
    if (!works_) return {};
    return {true, issue_.weights->segment_last};
  }

  /// The MAC stage: fills `group`. Nothing stops.
  void multiply(std::uint64_t /*now*/, std::uint32_t /*pe*/, event::Group& group, std::vector<event::Stop>&) {
    const std::uint32_t windows = mac_.tile->results_of(mac_.column);
    if (works_) {
      if (mac_.first) sums_.assign(windows, mac_.tile->filters->bias[mac_.row]);
      group.entries = static_cast<std::uint32_t>(mac_.weights->entries.size());
      for (std::uint32_t w = 0; w < windows; ++w) {
        const std::int32_t* values = mac_.activations->values + std::size_t{w} * mac_.activations->length;
        std::int64_t sum = sums_[w];
        for (const Entry& entry : mac_.weights->entries) {
          const std::int32_t a = values[entry.at];
          sum += std::int64_t{entry.value} * a;
          if (entry.value != 0 && a != 0)
            ++group.executed;
          else
            ++(gates_ ? group.gated : group.wasted);
        }
        sums_[w] = static_cast<std::int64_t>(static_cast<std::uint64_t>(sum) << wrap_shift_) >> wrap_shift_;
      }
    }
    if (!sums_.empty()) group.psum = sums_[0];
  }
  /// [result] of the tile, once its last issue was multiplied.
  [[nodiscard]] const std::vector<std::int64_t>& results() const { return sums_; }

 private:
  /// The most entries in one bank.
  [[nodiscard]] std::uint32_t conflicts(const Message& weights) const {
    std::uint32_t most = 1;
    if (banks_ == 0) return most;
    std::array<std::uint8_t, 64> in_bank{};
    for (const Entry& entry : weights.entries) most = std::max<std::uint32_t>(most, ++in_bank[entry.at % banks_]);
    return most;
  }

  bool gates_;
  std::uint32_t banks_;  ///< 0: no conflicts
  unsigned wrap_shift_;
  Heads issue_, mac_;         ///< what is issued; what is in the MAC stage
  std::uint32_t cycles_ = 0;  ///< of the issue left
  bool works_ = false;        ///< the MAC stage has the group, else a cycle before
  std::vector<std::int64_t> sums_;
};

}  // namespace lacuna::gather
