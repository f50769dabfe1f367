#include "datapaths/gather/fast/work.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "datapaths/gather/fast/walk.h"

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
      config_(config(machine_)),
      done_(pe_count(machine_)),
      issued_(done_.size()) {}

Tile Worker::tile(TileIndex index) {
  const Lowering::Position at = lowering_.position(index);
  Tile tile;
  tile.index = index;
  tile.geometry = lowering_.geometry(at);
  tile.filters = operands_.filter_tile(at.group, at.filter_tile);
  tile.columns = operands_.columns(at.window_tile);
  for (const ColumnWindows& column : tile.columns)
    tile.output_bytes += values_.column_bytes(tile.filters->filters.front().channel, tile.geometry.rows, column);
  auto blocks = std::make_shared<std::vector<Block>>(cut_blocks(tile));
  for (std::uint32_t block = 0; block < blocks->size(); ++block) tile.block_of.resize((*blocks)[block].end, block);
  add_fetches(*blocks, at, tile);
  before_ = Before{at, blocks->size()};
  tile.blocks = std::move(blocks);
  if (operands_.streams()) count_stream(tile);
  return tile;
}

std::vector<Block> Worker::cut_blocks(const Tile& tile) const {
  const std::uint32_t half_weights = config_.weights.buffer_bytes / 2 / config_.weights.bus_bytes;
  const std::uint32_t half_activations = config_.activations.buffer_bytes / 2 / config_.activations.bus_bytes;
  const std::uint32_t segments = operands_.segments();
  // The column with the most windows takes the most words.
  const ColumnWindows& widest = *std::ranges::max_element(tile.columns, {}, &ColumnWindows::windows);
  const auto fits = [&](std::uint32_t begin, std::uint32_t end) {
    return weight_words(tile, begin, end) <= half_weights &&
           operands_.activations(widest, begin, end).words <= half_activations;
  };
  std::vector<Block> blocks;
  for (std::uint32_t begin = 0, end; begin < segments; begin = end) {
    end = begin;
    if (fits(begin, segments)) end = segments;
    while (end < segments && fits(begin, end + 1)) ++end;
    if (end == begin) {
      lowering_.check_buffers();
      throw Bug("the lowering takes a layer of which a segment does not fit its buffer");
    }
    blocks.push_back({.begin = begin, .end = end});
  }
  return blocks;
}

std::uint32_t Worker::weight_words(const Tile& tile, std::uint32_t begin, std::uint32_t end) {
  const std::uint32_t rows = tile.geometry.rows;
  const std::uint32_t *const before = tile.filters->words.data() + std::size_t{begin} * rows,
                             *const with = tile.filters->words.data() + std::size_t{end} * rows;
  std::uint32_t most = 0;
  for (std::uint32_t row = 0; row < rows; ++row) most = std::max(most, with[row] - before[row]);
  return most;
}

void Worker::add_fetches(std::vector<Block>& blocks, const Lowering::Position& at, const Tile& tile) const {
  // Messages of the tile before, both tiles being one block, are still in the buffers.
  const bool one_block = before_ && before_->blocks == 1 && blocks.size() == 1 && before_->at.group == at.group;
  const bool weights_stay = one_block && before_->at.filter_tile == at.filter_tile;
  const bool activations_stay = one_block && before_->at.window_tile == at.window_tile;
  const MemoryPlan& plan = lowering_.plan();
  const Extent weights = weights_stay ? Extent{} : plan.weights(at.group, at.filter_tile, at.window_tile);
  const Extent inputs = activations_stay ? Extent{} : plan.inputs(at.group, at.filter_tile, at.window_tile);
  const std::uint64_t burst = machine_.dram.burst_bytes, count = blocks.size();
  for (std::uint64_t i = 0; i < count; ++i) {
    Block& block = blocks[i];
    const auto share = [&](const Extent& all) {
      const std::uint64_t before = all.bytes * i / count, part = all.bytes * (i + 1) / count - before;
      return Extent{all.address + before, (part + burst - 1) / burst * burst};
    };
    block.weights = share(weights);
    block.inputs = share(inputs);
    if (!weights_stay) {
      block.weight_write_bytes = tile.filters->bytes[block.end] - tile.filters->bytes[block.begin];
      block.words = weight_words(tile, block.begin, block.end);
    }
    if (!activations_stay)
      for (const ColumnWindows& column : tile.columns) {
        const Operands::Amount amount = operands_.activations(column, block.begin, block.end);
        block.activation_write_bytes += amount.bytes;
        block.words = std::max(block.words, static_cast<std::uint32_t>(amount.words));
      }
    block.buffer_bytes = block.weight_write_bytes + block.activation_write_bytes;
  }
}

void Worker::count_stream(const Tile& tile) {
  std::vector<std::uint64_t> gated;
  const bool gates = config_.zeros == Zeros::Gated;
  if (gates) gated = gated_groups(tile);
  std::uint64_t windows = 0;
  for (const ColumnWindows& column : tile.columns) windows += column.windows;
  for (std::uint32_t row = 0; row < tile.geometry.rows; ++row) {
    const Filter& filter = tile.filters->filters[row];
    const std::uint64_t entries = filter.segment_ends.back(), issued = filter.steps - filter.empty;
    const std::size_t first = std::size_t{row} * machine_.array.columns;
    Issued& alike = issued_[first + tile.geometry.columns - 1];
    alike.groups += issued;
    alike.bubbles += filter.all_cycles - issued;
    for (std::uint32_t column = 0; column < tile.geometry.columns && gates; ++column) {
      const std::uint64_t gated_here = gated[row * tile.geometry.columns + column];
      done_[first + column].cycles[PeClass::Gated] += gated_here;
      done_[first + column].cycles[PeClass::Busy] -= gated_here;
    }
    event::PeSum& done = done_[first];
    done.entries += entries * tile.geometry.columns;
    done.skipped += (operands_.k() - entries) * windows;
    (gates ? done.gated : done.wasted) += entries * windows;
  }
}

void Worker::report(Tally& tally) {
  const std::uint32_t columns = machine_.array.columns;
  for (std::size_t first = 0; first < done_.size(); first += columns) {
    Issued issued;
    for (std::uint32_t column = columns; column-- > 0;) {
      issued.groups += issued_[first + column].groups;
      issued.bubbles += issued_[first + column].bubbles;
      done_[first + column].cycles[PeClass::Busy] += issued.groups;
      done_[first + column].cycles[PeClass::Bubble] += issued.bubbles;
    }
  }
  for (std::uint32_t pe = 0; pe < done_.size(); ++pe) {
    done_[pe].pe = pe;
    tally.on(done_[pe]);
  }
}

void Worker::fill(TileWork& work, Tile tile) {
  work.index = tile.index;
  work.geometry = tile.geometry;
  work.blocks = tile.blocks;
  work.output_bytes = tile.output_bytes;
  for (const ColumnWindows& column : tile.columns) work.results.push_back(column.windows);
  work.pes.resize(pe_count(machine_));
  work.rows.resize(tile.geometry.rows);
  const auto add = [&](std::size_t side, Message message, std::uint32_t segment) {
    message.block = tile.block_of[segment];
    work.messages[side].all().push_back(message);
  };
  for (std::uint32_t row = 0; row < machine_.array.rows; ++row) {
    for (std::uint32_t segment = 0, end = 0; row < tile.geometry.rows && segment < operands_.segments(); ++segment) {
      TileWork::Row& ends = work.rows[row];
      const std::uint32_t entries = tile.filters->filters[row].entries_in(segment);
      for (std::uint32_t group = 0; group < operands_.groups(entries); ++group) {
        add(kWeights, operands_.weights_message(operands_.entries_of(group, entries), ends.step_ends.empty()), segment);
        ends.step_ends.push_back(end += operands_.entries_of(group, entries));
      }
      ends.segment_ends.push_back(static_cast<std::uint32_t>(ends.step_ends.size()));
    }
    work.messages[kWeights].end_stream();
  }
  for (std::uint32_t column = 0; column < machine_.array.columns; ++column) {
    for (std::uint32_t segment = 0; column < tile.geometry.columns && segment < operands_.segments(); ++segment)
      add(kActivations, operands_.activations(tile.columns[column], segment), segment);
    work.messages[kActivations].end_stream();
  }
  work.tile = std::move(tile);
  if (operands_.streams())
    add_stream(work);
  else
    add_resident(work);
}

void Worker::add_stream(TileWork& work) const {
  for (std::uint32_t row = 0; row < work.geometry.rows; ++row) {
    const Filter& filter = work.tile.filters->filters[row];
    const auto steps = static_cast<std::uint32_t>(filter.steps);
    const TileWork::Pe pe{.items = steps,
                          .first_item = static_cast<std::uint32_t>(work.items.size()),
                          .first_cycles = static_cast<std::uint32_t>(work.cycles.size())};
    for (std::uint32_t segment = 0, step = 0; segment < operands_.segments(); ++segment)
      for (; step < work.rows[row].segment_ends[segment]; ++step) work.items.push_back({step, segment});
    if (filter.cycles.empty())
      work.cycles.resize(work.cycles.size() + steps, 1);
    else
      work.cycles.insert(work.cycles.end(), filter.cycles.begin(), filter.cycles.end());
    for (std::uint32_t column = 0; column < work.geometry.columns; ++column)
      work.pes[row * machine_.array.columns + column] = pe;
  }
}

std::vector<std::uint64_t> Worker::gated_groups(const Tile& tile) const {
  const std::uint32_t columns = tile.geometry.columns;
  std::vector<std::uint64_t> gated(std::size_t{tile.geometry.rows} * columns);
  std::vector<std::uint8_t> nonzero;  // [position] in some window of the column
  for (std::uint32_t column = 0; column < columns; ++column) {
    nonzero.assign(operands_.k(), 0);
    for (std::uint32_t v = 0; v < tile.columns[column].windows; ++v) {
      const std::int32_t* const window = operands_.window(tile.filters->group, tile.columns[column].first + v);
      for (std::uint32_t k = 0; k < operands_.k(); ++k) nonzero[k] |= window[operands_.positions()[k]] != 0 ? 1 : 0;
    }
    for (std::uint32_t row = 0; row < tile.geometry.rows; ++row) {
      const Filter& filter = tile.filters->filters[row];
      std::uint32_t entry = 0;
      for (std::uint32_t segment = 0; segment < operands_.segments(); ++segment)
        while (entry < filter.segment_ends[segment]) {
          const std::uint32_t end = std::min(entry + config_.lanes, filter.segment_ends[segment]);
          bool executes = false;
          for (; entry < end; ++entry)
            executes |= filter.entries[entry].value != 0 && nonzero[filter.entries[entry].position] != 0;
          gated[row * columns + column] += executes ? 0 : 1;
        }
    }
  }
  return gated;
}

void Worker::add_resident(TileWork& work) {
  work.items.push_back({0, 0});
  for (std::uint32_t row = 0; row < work.geometry.rows; ++row) {
    const Filter& filter = work.tile.filters->filters[row];
    const Stop* const stops = values_.stops(filter.channel);
    for (std::uint32_t column = 0; column < work.geometry.columns; ++column) {
      const std::uint32_t pe = row * machine_.array.columns + column;
      work.pes[pe] = {.items = 1, .first_cycles = static_cast<std::uint32_t>(work.cycles.size())};
      work.cycles.push_back(
          walk(operands_, work.tile.filters->group, filter, stops, work.tile.columns[column], done_[pe]));
    }
  }
}

}  // namespace lacuna::gather::fast
