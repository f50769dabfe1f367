#include "datapaths/gather/fast/work.h"

#include <algorithm>
#include <utility>

#include "base/error.h"

namespace lacuna::gather::fast {

using fabric::fast::kActivations;
using fabric::fast::kWeights;
using fabric::fast::Message;

void count_products(const Values& values, Tally& tally) {
  const bool gates = config(tally.machine()).zeros == Zeros::Gated;
  tally.pairs(PairClass::Executed, values.executed());
  tally.pairs(gates ? PairClass::Gated : PairClass::Wasted, 0 - values.executed());
}

Worker::Worker(Operands& operands, const Values& values)
    : operands_(operands),
      values_(values),
      lowering_(operands.lowering()),
      machine_(lowering_.machine()),
      config_(config(machine_)) {}

void Worker::fill(TileWork& work, TileIndex tile, Tally& tally) {
  const Lowering::Position at = lowering_.position(tile);
  work.index = tile;
  work.geometry = lowering_.geometry(at);
  work.filters = operands_.filter_tile(at.group, at.filter_tile);
  work.columns = operands_.columns(at.window_tile);
  for (const ColumnWindows& column : work.columns) {
    work.results.push_back(column.windows);
    work.output_bytes += values_.column_bytes(work.filters->filters.front().channel, work.geometry.rows, column);
  }
  const std::array<Loads, 2> loads = loads_of(work);
  std::vector<Block> blocks = cut_blocks(loads);
  add_messages(work, blocks);
  add_fetches(blocks, at, loads);
  before_ = Before{at, blocks.size()};
  work.blocks = std::make_shared<std::vector<Block>>(std::move(blocks));
  work.pes.resize(pe_count(machine_));
  if (operands_.streams())
    add_stream(work, tally);
  else
    add_resident(work, tally);
}

std::array<Worker::Loads, 2> Worker::loads_of(const TileWork& work) const {
  std::array<Loads, 2> loads;
  const std::array<std::uint32_t, 2> lines{work.geometry.rows, work.geometry.columns};
  for (const std::size_t side : {kWeights, kActivations}) {
    loads[side].words.assign(operands_.segments(), std::vector<std::uint32_t>(lines[side]));
    loads[side].bytes.assign(operands_.segments(), 0);
  }
  const auto add = [&](std::size_t side, std::uint32_t segment, std::uint32_t line, const Message& message) {
    loads[side].words[segment][line] += message.words;
    loads[side].bytes[segment] += message.bytes;
  };
  for (std::uint32_t row = 0; row < lines[kWeights]; ++row) {
    const Filter& filter = work.filters->filters[row];
    for (std::uint32_t segment = 0, step = 0; segment < operands_.segments(); ++segment)
      for (; step < filter.segment_steps[segment]; ++step) add(kWeights, segment, row, filter.steps[step]);
  }
  for (std::uint32_t column = 0; column < lines[kActivations]; ++column)
    for (std::uint32_t segment = 0; segment < operands_.segments(); ++segment)
      add(kActivations, segment, column, operands_.activations(work.columns[column], segment));
  return loads;
}

std::vector<Block> Worker::cut_blocks(const std::array<Loads, 2>& loads) const {
  const std::array<std::uint32_t, 2> half{config_.weights.buffer_bytes / 2 / config_.weights.bus_bytes,
                                          config_.activations.buffer_bytes / 2 / config_.activations.bus_bytes};
  std::vector<Block> blocks;
  std::array<std::vector<std::uint32_t>, 2> taken;  // words of the block, by line
  for (std::uint32_t segment = 0; segment < operands_.segments(); ++segment) {
    bool fits = !blocks.empty();
    for (const std::size_t side : {kWeights, kActivations})
      for (std::size_t line = 0; fits && line < taken[side].size(); ++line)
        fits = taken[side][line] + loads[side].words[segment][line] <= half[side];
    if (!fits) {
      blocks.push_back({.begin = segment, .end = segment});
      for (const std::size_t side : {kWeights, kActivations}) taken[side].assign(loads[side].words[segment].size(), 0);
    }
    ++blocks.back().end;
    for (const std::size_t side : {kWeights, kActivations})
      for (std::size_t line = 0; line < taken[side].size(); ++line)
        if ((taken[side][line] += loads[side].words[segment][line]) > half[side]) {
          lowering_.check_buffers();
          throw Bug("the lowering takes a layer of which a segment does not fit its buffer");
        }
  }
  return blocks;
}

void Worker::add_fetches(std::vector<Block>& blocks, const Lowering::Position& at,
                         const std::array<Loads, 2>& loads) const {
  // Messages of the tile before, both tiles being one block, are still in the buffers.
  const bool one_block = before_ && before_->blocks == 1 && blocks.size() == 1 && before_->at.group == at.group;
  const std::array<bool, 2> stays{one_block && before_->at.filter_tile == at.filter_tile,
                                  one_block && before_->at.window_tile == at.window_tile};
  const MemoryPlan& plan = lowering_.plan();
  const Extent weights = stays[kWeights] ? Extent{} : plan.weights(at.group, at.filter_tile, at.window_tile);
  const Extent inputs = stays[kActivations] ? Extent{} : plan.inputs(at.group, at.filter_tile, at.window_tile);
  const std::uint64_t burst = machine_.dram.burst_bytes, count = blocks.size();
  for (std::uint64_t i = 0; i < count; ++i) {
    Block& block = blocks[i];
    const auto share = [&](const Extent& all) {
      const std::uint64_t before = all.bytes * i / count, part = all.bytes * (i + 1) / count - before;
      return Extent{all.address + before, (part + burst - 1) / burst * burst};
    };
    block.weights = share(weights);
    block.inputs = share(inputs);
    for (const std::size_t side : {kWeights, kActivations}) {
      if (stays[side]) continue;
      std::vector<std::uint32_t> words(loads[side].words.front().size());
      for (std::uint32_t segment = block.begin; segment < block.end; ++segment) {
        (side == kWeights ? block.weight_write_bytes : block.activation_write_bytes) += loads[side].bytes[segment];
        for (std::size_t line = 0; line < words.size(); ++line) words[line] += loads[side].words[segment][line];
      }
      block.words = std::max(block.words, std::ranges::max(words));
    }
    block.buffer_bytes = block.weight_write_bytes + block.activation_write_bytes;
  }
}

void Worker::add_messages(TileWork& work, const std::vector<Block>& blocks) const {
  std::vector<std::uint32_t> block_of;
  for (std::uint32_t block = 0; block < blocks.size(); ++block) block_of.resize(blocks[block].end, block);
  const auto add = [&](std::size_t side, Message message, std::uint32_t segment) {
    message.block = block_of[segment];
    work.messages[side].all().push_back(message);
  };
  for (std::uint32_t row = 0; row < machine_.array.rows; ++row) {
    if (row < work.geometry.rows) {
      const Filter& filter = work.filters->filters[row];
      for (std::uint32_t segment = 0, step = 0; segment < operands_.segments(); ++segment)
        for (; step < filter.segment_steps[segment]; ++step) add(kWeights, filter.steps[step], segment);
    }
    work.messages[kWeights].end_stream();
  }
  for (std::uint32_t column = 0; column < machine_.array.columns; ++column) {
    for (std::uint32_t segment = 0; column < work.geometry.columns && segment < operands_.segments(); ++segment)
      add(kActivations, operands_.activations(work.columns[column], segment), segment);
    work.messages[kActivations].end_stream();
  }
}

void Worker::add_stream(TileWork& work, Tally& tally) const {
  std::vector<std::uint64_t> gated;
  if (config_.zeros == Zeros::Gated) gated = gated_groups(work);
  for (std::uint32_t row = 0; row < work.geometry.rows; ++row) {
    const Filter& filter = work.filters->filters[row];
    const auto first_item = static_cast<std::uint32_t>(work.items.size());
    const auto first_cycles = static_cast<std::uint32_t>(work.cycles.size());
    const auto steps = static_cast<std::uint32_t>(filter.steps.size());
    for (std::uint32_t segment = 0, step = 0; segment < operands_.segments(); ++segment)
      for (; step < filter.segment_steps[segment]; ++step) work.items.push_back({step, segment});
    work.cycles.insert(work.cycles.end(), filter.cycles.begin(), filter.cycles.end());
    std::uint64_t cycles = 0, empty = 0;
    for (std::uint32_t step = 0; step < steps; ++step) {
      cycles += filter.cycles[step];
      empty += filter.step_entries[step] == (step == 0 ? 0 : filter.step_entries[step - 1]) ? 1 : 0;
    }
    for (std::uint32_t column = 0; column < work.geometry.columns; ++column) {
      const std::uint32_t windows = work.columns[column].windows;
      event::PeSum sum{};
      sum.pe = row * machine_.array.columns + column;
      sum.entries = filter.entries.size();
      sum.skipped = (operands_.k() - sum.entries) * windows;
      (config_.zeros == Zeros::Gated ? sum.gated : sum.wasted) = sum.entries * windows;
      sum.cycles[PeClass::Gated] = gated.empty() ? 0 : gated[row * work.geometry.columns + column];
      sum.cycles[PeClass::Busy] = steps - empty - sum.cycles[PeClass::Gated];
      sum.cycles[PeClass::Bubble] = cycles - (steps - empty);
      tally.on(sum);
      work.pes[sum.pe] = {.items = steps, .first_item = first_item, .first_cycles = first_cycles};
    }
  }
}

std::vector<std::uint64_t> Worker::gated_groups(const TileWork& work) const {
  std::vector<std::uint64_t> gated(std::size_t{work.geometry.rows} * work.geometry.columns);
  std::vector<std::uint8_t> nonzero;  // [position] in some window of the column
  for (std::uint32_t column = 0; column < work.geometry.columns; ++column) {
    nonzero.assign(operands_.k(), 0);
    for (std::uint32_t v = 0; v < work.columns[column].windows; ++v) {
      const std::int32_t* const window = operands_.window(work.filters->group, work.columns[column].first + v);
      for (std::uint32_t k = 0; k < operands_.k(); ++k) nonzero[k] |= window[operands_.positions()[k]] != 0 ? 1 : 0;
    }
    for (std::uint32_t row = 0; row < work.geometry.rows; ++row) {
      const Filter& filter = work.filters->filters[row];
      std::uint32_t entry = 0;
      for (const std::uint32_t end : filter.step_entries) {
        bool executes = entry == end;  // an empty group is a bubble
        for (; entry < end; ++entry)
          executes |= filter.entries[entry].value != 0 && nonzero[filter.entries[entry].position] != 0;
        gated[row * work.geometry.columns + column] += executes ? 0 : 1;
      }
    }
  }
  return gated;
}

void Worker::add_resident(TileWork& work, Tally& tally) const {
  work.items.push_back({0, 0});
  for (std::uint32_t row = 0; row < work.geometry.rows; ++row)
    for (std::uint32_t column = 0; column < work.geometry.columns; ++column) {
      event::PeSum sum{};
      sum.pe = row * machine_.array.columns + column;
      work.pes[sum.pe] = {.items = 1, .first_cycles = static_cast<std::uint32_t>(work.cycles.size())};
      work.cycles.push_back(walk(work.filters->filters[row], work.filters->group, work.columns[column], sum));
      tally.on(sum);
    }
}

std::uint32_t Worker::walk(const Filter& filter, std::uint32_t group, const ColumnWindows& column,
                           event::PeSum& sum) const {
  const auto entries = static_cast<std::uint32_t>(filter.entries.size());
  const std::uint32_t lanes = config_.windows;
  const bool together = config_.lane_step == LaneStep::Together, gates = config_.zeros == Zeros::Gated;
  const std::uint32_t* const stops = values_.stops(filter.channel);
  const auto last_of = [&](std::uint32_t window) {
    const std::uint32_t stop = stops ? stops[column.first + window] : kNever;
    return std::min(entries, stop);
  };
  sum.skipped = std::uint64_t{operands_.k() - entries} * column.windows;
  std::uint64_t products = 0;
  for (std::uint32_t window = 0; window < column.windows; ++window) {
    products += last_of(window);
    sum.terminated += entries - last_of(window);
    sum.stops += last_of(window) < entries ? 1 : 0;
  }
  (gates ? sum.gated : sum.wasted) = products;

  // What becomes of each cycle: nothing is multiplied, all products are gated, or not.
  constexpr std::uint8_t kBubble = 0, kGated = 1, kBusy = 2;
  std::vector<std::uint8_t> cycles;
  const auto multiply = [&](std::uint32_t window, std::size_t begin) {
    const std::int32_t* const inputs = gates ? operands_.window(group, column.first + window) : nullptr;
    const std::uint32_t last = last_of(window);
    if (cycles.size() < begin + last) cycles.resize(begin + last, kBubble);
    for (std::uint32_t e = 0; e < last; ++e) {
      const Weight& weight = filter.entries[e];
      const bool executes = !gates || (weight.value != 0 && inputs[operands_.positions()[weight.position]] != 0);
      cycles[begin + e] = std::max(cycles[begin + e], executes ? kBusy : kGated);
    }
  };
  // An entry more than those up to a stop is issued, and killed; and one cycle at least.
  const auto taken = [&](std::uint32_t last) { return std::max(1u, std::min(entries, last + 1)); };
  std::vector<std::uint32_t> free(lanes);  // of each lane; together they are the same
  for (std::uint32_t first = 0; first < column.windows; first += lanes) {
    const std::uint32_t count = std::min(lanes, column.windows - first);
    std::uint32_t longest = 0;
    for (std::uint32_t lane = 0; lane < count; ++lane) {
      multiply(first + lane, free[lane]);
      longest = std::max(longest, taken(last_of(first + lane)));
      if (!together) free[lane] += taken(last_of(first + lane));
    }
    if (together)
      for (std::uint32_t& lane : free) lane += longest;
  }
  const std::uint32_t total = std::ranges::max(free);
  cycles.resize(total, kBubble);
  for (const std::uint8_t cycle : cycles)
    ++sum.cycles[cycle == kBubble ? PeClass::Bubble : cycle == kGated ? PeClass::Gated : PeClass::Busy];
  sum.entries = together ? total - sum.cycles[PeClass::Bubble] : products;
  return total;
}

}  // namespace lacuna::gather::fast
