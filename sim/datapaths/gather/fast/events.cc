#include "datapaths/gather/fast/events.h"

#include <algorithm>

#include "base/error.h"

namespace lacuna::gather::fast {

EventRecorder::EventRecorder(const Operands& operands, const Tensor& output, RecordSink& sink)
    : Recorder(static_cast<std::uint16_t>(Kind::Wait),
               static_cast<std::uint32_t>(pe_count(operands.lowering().machine())), sink),
      operands_(operands),
      machine_(operands.lowering().machine()),
      config_(config(machine_)),
      output_(output.to_int64()),
      columns_(machine_.array.columns),
      pes_(pe_count(machine_)) {
  for (Pe& pe : pes_) pe.sums.assign(config_.windows, 0);
}

void EventRecorder::item(const TileWork& work, std::uint32_t pe, std::uint32_t step, Time begin, std::uint32_t cycles) {
  if (operands_.streams())
    stream(work, pe, step, begin, cycles);
  else
    resident(work, pe, begin, cycles);
}

void EventRecorder::multiply(const Weight& weight, std::int32_t input, std::int64_t& sum, Products& products) const {
  const unsigned unused = 64 - accumulator_bits(machine_);
  sum += std::int64_t{weight.value} * input;
  sum = static_cast<std::int64_t>(static_cast<std::uint64_t>(sum) << unused) >> unused;
  ++(weight.value != 0 && input != 0 ? products.executed : products.zeros);
}

void EventRecorder::group(const TileWork& work, std::uint32_t pe, std::uint32_t step, Time cycle,
                          const Products& products) {
  const bool gates = config_.zeros == Zeros::Gated;
  keep(kMultiplied, event::Group{cycle, pe, work.index, StepIndex(step), products.entries, products.executed,
                                 gates ? 0 : products.zeros, gates ? products.zeros : 0, pes_[pe].sums.front()});
}

void EventRecorder::stream(const TileWork& work, std::uint32_t pe, std::uint32_t step, Time begin,
                           std::uint32_t cycles) {
  const Filter& filter = work.tile.filters->filters[pe / columns_];
  const TileWork::Row& ends = work.rows[pe / columns_];
  const ColumnWindows& column = work.tile.columns[pe % columns_];
  const std::uint32_t segment = work.item(work.pes[pe], step).activations;
  if (segment == 0 ? step == 0 : ends.segment_ends[segment - 1] == step) {
    const std::uint32_t without = operands_.segment_length(segment) - filter.entries_in(segment);
    keep(kOpened, event::Open{begin, pe, work.index, StepIndex(step), std::uint64_t{without} * column.windows});
  }
  for (std::uint32_t i = 1; i < cycles; ++i) group(work, pe, step, begin + i, {});
  std::vector<std::int64_t>& sums = pes_[pe].sums;
  if (step == 0) std::ranges::fill(sums, filter.bias);
  Products products;
  const std::uint32_t first = step == 0 ? 0 : ends.step_ends[step - 1];
  for (std::uint32_t e = first; e < ends.step_ends[step]; ++e) {
    ++products.entries;
    const Weight& weight = filter.entries[e];
    for (std::uint32_t v = 0; v < column.windows; ++v)
      multiply(weight,
               operands_.window(work.tile.filters->group, column.first + v)[operands_.positions()[weight.position]],
               sums[v], products);
  }
  group(work, pe, step, begin + cycles, products);
}

void EventRecorder::resident(const TileWork& work, std::uint32_t pe, Time begin, std::uint32_t cycles) {
  const Filter& filter = work.tile.filters->filters[pe / columns_];
  const ColumnWindows& column = work.tile.columns[pe % columns_];
  const auto entries = static_cast<std::uint32_t>(filter.entries.size());
  keep(kOpened,
       event::Open{begin, pe, work.index, StepIndex(0), std::uint64_t{operands_.k() - entries} * column.windows});
  // A lane takes an entry a cycle. It has one in `next` if its window is none of the column's.
  struct Lane {
    std::uint32_t window = 0, next = 0;
    bool stopped = false, predicted = false;
  };
  std::vector<Lane> lanes(config_.windows);
  std::vector<std::int64_t>& sums = pes_[pe].sums;
  for (std::uint32_t v = 0; v < lanes.size(); ++v) {
    lanes[v].window = v;
    sums[v] = filter.bias;
  }
  const bool together = config_.lane_step == LaneStep::Together;
  const bool stops = operands_.lowering().stops();
  std::uint32_t cycle = 0;
  const auto here = [&](const Lane& lane) { return lane.window < column.windows; };
  for (; std::ranges::any_of(lanes, here); ++cycle) {
    // The entries issued in this cycle are multiplied in the next, in which lanes stop; stops are seen in the one
    // after.
    const Time multiplied = begin + cycle + 1;
    Products products;
    std::vector<bool> ends(lanes.size());
    for (std::uint32_t v = 0; v < lanes.size(); ++v) {
      Lane& lane = lanes[v];
      if (!here(lane)) continue;
      if (lane.next == 0) sums[v] = filter.bias;
      if (entries == 0 || lane.stopped) {  // a bubble, or a killed entry, or a lane beside others that run
        ends[v] = true;
        continue;
      }
      const Weight& weight = filter.entries[lane.next++];
      multiply(weight,
               operands_.window(work.tile.filters->group,
                                column.first + lane.window)[operands_.positions()[weight.position]],
               sums[v], products);
      if (!together) ++products.entries;
      ends[v] = lane.next == entries;
      if (!stops || ends[v]) continue;
      const bool predicted = lane.next == filter.representatives && sums[v] <= filter.threshold;
      if (!predicted && (lane.next < filter.settled || weight.value == 0 || sums[v] > 0)) continue;
      lane.stopped = true;
      lane.predicted = predicted;
      const std::uint64_t left = entries - lane.next;
      keep(kStopped,
           event::Stop{multiplied + 1, pe, work.index, lane.window, predicted ? 0 : left, predicted ? left : 0});
    }
    if (together) products.entries = products.executed + products.zeros != 0 ? 1 : 0;
    if (lanes.front().window == 0) pes_[pe].first_sum = lanes.front().predicted ? 0 : sums.front();
    group(work, pe, 0, multiplied, products);
    if (together) {
      bool all = true;
      for (std::uint32_t v = 0; v < lanes.size(); ++v) all &= !here(lanes[v]) || ends[v];
      ends.assign(ends.size(), all);
    }
    for (std::uint32_t v = 0; v < lanes.size(); ++v)
      if (ends[v]) lanes[v] = {.window = lanes[v].window + config_.windows};
  }
  LACUNA_CHECK(cycle == cycles, "PE {} walks a filter in {} cycles, not {}", pe, cycle, cycles);
}

void EventRecorder::complete(std::uint32_t pe) {
  Pe& at = pes_[pe];
  at.complete[at.completions++ % 2] = operands_.streams() ? at.sums.front() : at.first_sum;
}

void EventRecorder::retire(std::uint32_t pe, Time time) {
  Pe& at = pes_[pe];
  keep(kRetired, event::Retire{time, pe, at.complete[at.retired++ % 2]});
}

std::int64_t EventRecorder::output(const TileWork& work, std::uint32_t pe, std::uint32_t result) const {
  const ConvShape& shape = operands_.lowering().layer().shape;
  const std::uint64_t plane = std::uint64_t{shape.P()} * shape.Q();
  const std::uint64_t window = work.tile.columns[pe % columns_].first + result;
  const std::uint32_t channel = work.tile.filters->filters[pe / columns_].channel;
  return output_[(window / plane * shape.M + channel) * plane + window % plane];
}

}  // namespace lacuna::gather::fast
