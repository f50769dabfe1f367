#include "datapaths/intersect/lowering.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "datapaths/intersect/skip_rules.h"
#include "machine/memory_plan.h"

namespace lacuna::intersect {

namespace {

constexpr std::uint32_t ceil_div(std::uint64_t a, std::uint64_t b) {
  return static_cast<std::uint32_t>((a + b - 1) / b);
}

/// The masks of one stream's chunks: which of `values`, padded to whole chunks, `is_set` holds for.
template <typename IsSet>
Mask mask_of(const std::int32_t* values, std::uint32_t count, IsSet is_set) {
  Mask mask;
  for (std::uint32_t i = 0; i < std::min(count, 64u); ++i) mask.low |= std::uint64_t{is_set(values[i])} << i;
  for (std::uint32_t i = 64; i < count; ++i) mask.high |= std::uint64_t{is_set(values[i])} << (i - 64);
  return mask;
}

}  // namespace

Lowering::Lowering(const Machine& machine, const Layer& layer)
    : machine_(machine), config_(config(machine)), layer_(layer), values_(machine, layer) {
  const ConvShape& shape = layer.shape;
  const ArrayConfig& array = machine.array;
  if (config_.early_termination == EarlyTermination::Exact) {
    const auto refusal = fabric::early_termination_refusal(layer, accumulator_bits(machine));
    early_termination_ = !refusal;
    if (refusal) notes_.push_back(fmt::format("early termination is off: {}", *refusal));
  }

  k_ = values_.positions();
  chunks_ = ceil_div(k_, config_.chunk);
  const std::uint32_t group_filters = shape.M / shape.groups;
  const std::uint64_t windows = std::uint64_t{shape.N} * shape.P() * shape.Q();
  const bool share_window = config_.mapping == Mapping::Filters;
  filters_per_tile_ = share_window ? array.rows * array.columns : array.rows;
  windows_per_tile_ = share_window ? 1 : array.columns;
  filter_tiles_ = ceil_div(group_filters, filters_per_tile_);
  window_tiles_ = ceil_div(windows, windows_per_tile_);

  filter_order_.resize(shape.M);
  std::iota(filter_order_.begin(), filter_order_.end(), 0u);
  if (config_.filter_order == FilterOrder::Density) {
    const std::vector<std::uint32_t> nonzeros = values_.nonzeros();
    for (std::uint32_t g = 0; g < shape.groups; ++g) {
      const auto begin = filter_order_.begin() + std::ptrdiff_t{g} * group_filters;
      std::stable_sort(begin, begin + group_filters, [&](auto a, auto b) { return nonzeros[a] > nonzeros[b]; });
    }
  }

  std::vector<std::uint64_t> begin;  // the first window of each tile
  for (std::uint32_t tile = 0; tile < window_tiles_; ++tile) begin.push_back(std::uint64_t{tile} * windows_per_tile_);
  begin.push_back(windows);
  plan_ = std::make_unique<MemoryPlan>(config_.order, machine.global_buffer.bytes,
                                       values_.stored(filter_order_, filters_per_tile_, begin));
  order_ = {shape.groups, filter_tiles_, window_tiles_, plan_->filters_outer()};
  if (config_.order == Order::Auto)
    notes_.push_back(fmt::format("order: auto took {}", plan_->filters_outer() ? "filters_outer" : "windows_outer"));
}

Lowering::~Lowering() = default;

std::uint32_t Lowering::chunk_length(std::uint32_t chunk) const {
  return std::min(config_.chunk, k_ - chunk * config_.chunk);
}

std::uint32_t Lowering::message_bytes(const FeederConfig& feeder, std::uint32_t length, std::uint32_t nonzeros) const {
  const std::uint32_t operand = operand_bytes(machine_);
  return feeder.encoding == Encoding::Dense ? length * operand : ceil_div(length, 8) + nonzeros * operand;
}

std::shared_ptr<const FilterTile> Lowering::filter_tile(std::uint32_t group, std::uint32_t index) const {
  auto tile = std::make_shared<FilterTile>();
  const std::uint32_t chunk = config_.chunk;
  const std::uint32_t group_filters = layer_.shape.M / layer_.shape.groups;
  const std::uint32_t begin = index * filters_per_tile_;
  const std::uint32_t end = std::min(group_filters, begin + filters_per_tile_);
  const std::size_t stride = std::size_t{chunks_} * chunk;
  tile->group = group;
  tile->values.resize(stride * (end - begin));
  for (std::uint32_t i = begin; i < end; ++i) {
    const std::uint32_t filter = filter_order_[std::size_t{group} * group_filters + i];
    tile->filters.push_back(filter);
    tile->bias.push_back(layer_.bias[filter]);
    values_.filter(filter, tile->values.data() + stride * (i - begin));
  }

  const std::size_t streams = tile->filters.size();
  const auto values = [&](std::size_t stream, std::uint32_t c) {
    return tile->values.data() + stream * stride + c * chunk;
  };
  const bool skips_zero_weights =
      with_skip_rule(config_.skip, [](auto rule) { return decltype(rule)::kSkipsZeroWeights; });
  const auto mask = [&](std::size_t stream, std::uint32_t c, Pass pass) {
    const auto taken = [&](std::int32_t w) {
      return pass == Pass::All ? w != 0 : pass == Pass::Positive ? w > 0 : w < 0;
    };
    return mask_of(values(stream, c), chunk_length(c), taken);
  };
  const auto owned = [&](std::size_t stream, std::uint32_t c, Pass pass) {
    const Mask all = Mask::first(chunk_length(c));
    if (pass == Pass::All) return all;
    const Mask positive = mask(stream, c, Pass::Positive);
    return pass == Pass::Positive ? positive : without(all, positive);
  };
  std::vector<bool> walked(chunks_);
  const auto add_pass = [&](Pass pass) {
    for (std::uint32_t c = 0; c < chunks_; ++c) {
      // Every chunk is walked once at least, by the last pass if no other does.
      bool needed = pass == Pass::All || (pass == Pass::Negative && !walked[c]);
      for (std::size_t stream = 0; stream < streams && !needed; ++stream)
        needed = !(skips_zero_weights ? mask(stream, c, pass) : owned(stream, c, pass)).none();
      if (!needed) continue;
      walked[c] = true;
      tile->steps.push_back({.pass = pass, .chunk = c, .check_each = pass == Pass::Negative});
    }
  };
  if (early_termination_) {
    add_pass(Pass::Positive);
    if (!tile->steps.empty()) tile->steps.back().check_end = true;
    add_pass(Pass::Negative);
  } else {
    add_pass(Pass::All);
  }
  tile->steps.front().first = true;
  tile->steps.back().last = true;

  tile->left_out = streams * k_;
  for (std::size_t stream = 0; stream < streams; ++stream)
    for (const Step& step : tile->steps) {
      const std::uint32_t length = chunk_length(step.chunk);
      Message message{.mask = mask(stream, step.chunk, step.pass),
                      .owned = owned(stream, step.chunk, step.pass),
                      .values = values(stream, step.chunk)};
      message.bytes = message_bytes(config_.weights, length, message.mask.count());
      if (step.first) message.bytes += accumulator_bits(machine_) / 8;
      if (early_termination_ && !skips_zero_weights) message.bytes += ceil_div(length, 8);
      message.words = std::max(1u, ceil_div(message.bytes, config_.weights.bus_bytes));
      tile->left_out -= message.owned.count();
      tile->messages.push_back(message);
    }
  return tile;
}

std::shared_ptr<const WindowTile> Lowering::window_tile(std::uint32_t group, std::uint32_t index) const {
  auto tile = std::make_shared<WindowTile>();
  const std::uint32_t chunk = config_.chunk;
  const std::uint64_t windows = std::uint64_t{layer_.shape.N} * layer_.shape.P() * layer_.shape.Q();
  const std::uint64_t begin = std::uint64_t{index} * windows_per_tile_;
  const std::uint64_t end = std::min<std::uint64_t>(windows, begin + windows_per_tile_);
  const std::size_t stride = std::size_t{chunks_} * chunk;
  tile->group = group;
  tile->chunks = chunks_;
  tile->values.resize(stride * (end - begin));
  for (std::uint64_t window = begin; window < end; ++window) {
    std::int32_t* values = tile->values.data() + stride * (window - begin);
    tile->windows.push_back(window);
    values_.window(group, window, values);
    for (std::uint32_t c = 0; c < chunks_; ++c) {
      Message message{.mask = mask_of(values + c * chunk, chunk_length(c), [](std::int32_t a) { return a != 0; }),
                      .owned = {},
                      .values = values + c * chunk};
      message.bytes = message_bytes(config_.activations, chunk_length(c), message.mask.count());
      message.words = std::max(1u, ceil_div(message.bytes, config_.activations.bus_bytes));
      tile->messages.push_back(message);
    }
  }
  return tile;
}

Geometry Lowering::geometry(const Position& at) const {
  const std::uint32_t group_filters = layer_.shape.M / layer_.shape.groups;
  const std::uint64_t windows = std::uint64_t{layer_.shape.N} * layer_.shape.P() * layer_.shape.Q();
  const std::uint32_t filters = std::min(filters_per_tile_, group_filters - at.filter_tile * filters_per_tile_);
  if (config_.mapping == Mapping::FiltersWindows) {
    const std::uint64_t left = windows - std::uint64_t{at.window_tile} * windows_per_tile_;
    return {static_cast<std::uint32_t>(std::min<std::uint64_t>(windows_per_tile_, left)), filters, filters};
  }
  const std::uint32_t columns = ceil_div(filters, machine_.array.rows);
  return {columns, std::min(filters, machine_.array.rows), filters - (columns - 1) * machine_.array.rows};
}

std::optional<TileIndex> Lowering::last_tile(Row row, Column column) const {
  return order_.last_tile(row, column, [this](const Position& at) { return geometry(at); });
}

std::shared_ptr<Tile> Lowering::cut(TileIndex index) {
  const Position at = position(index);
  if (!latest_filters_.second || latest_filters_.first != std::pair(at.group, at.filter_tile))
    latest_filters_ = {{at.group, at.filter_tile}, filter_tile(at.group, at.filter_tile)};
  if (!latest_windows_.second || latest_windows_.first != std::pair(at.group, at.window_tile)) {
    values_.channels_innermost();
    latest_windows_ = {{at.group, at.window_tile}, window_tile(at.group, at.window_tile)};
  }

  auto tile = std::make_shared<Tile>();
  tile->index = index;
  tile->mapping = config_.mapping;
  tile->array_rows = machine_.array.rows;
  tile->filters = latest_filters_.second;
  tile->windows = latest_windows_.second;
  static_cast<Geometry&>(*tile) = geometry(index);
  cut_blocks(*tile);
  return tile;
}

void Lowering::cut_blocks(Tile& tile) const {
  const std::uint32_t half_weights = config_.weights.buffer_bytes / 2 / config_.weights.bus_bytes;
  const std::uint32_t half_activations = config_.activations.buffer_bytes / 2 / config_.activations.bus_bytes;
  std::vector<std::uint32_t> row_words(tile.rows);
  std::vector<std::uint32_t> column_words(tile.columns);
  const bool unicast = tile.mapping == Mapping::Filters;

  // Words a feeder takes for one step.
  const auto row_step = [&](Row row, StepIndex step) {
    std::uint32_t words = 0;
    for (Column column(0); column < (unicast ? tile.columns_of(row) : 1); ++column)
      words += tile.weight_message(row, column, step).words;
    return words;
  };
  const auto too_small = [&](std::string_view name, const FeederConfig& feeder, std::uint32_t words) {
    fail({fmt::format("{}.buffer_bytes", name)},
         "{} bytes do not hold one chunk twice in layer '{}'; at least {} are needed with {}.bus_bytes = {}",
         feeder.buffer_bytes, layer_.name, 2 * words * feeder.bus_bytes, name, feeder.bus_bytes);
  };

  tile.blocks.emplace_back();
  const auto steps = static_cast<std::uint32_t>(tile.steps().size());
  for (StepIndex step(0); step < steps; ++step) {
    bool fits = true;
    for (Row row(0); row < tile.rows; ++row) {
      const std::uint32_t words = row_step(row, step);
      if (words > half_weights) too_small("intersect.weights", config_.weights, words);
      fits &= row_words[row] + words <= half_weights;
    }
    for (Column column(0); column < tile.columns; ++column) {
      const std::uint32_t words = tile.activation_message(column, step).words;
      if (words > half_activations) too_small("intersect.activations", config_.activations, words);
      fits &= column_words[column] + words <= half_activations;
    }
    if (!fits) {
      tile.blocks.push_back({.begin = step});
      std::ranges::fill(row_words, 0);
      std::ranges::fill(column_words, 0);
    }
    for (Row row(0); row < tile.rows; ++row) row_words[row] += row_step(row, step);
    for (Column column(0); column < tile.columns; ++column)
      column_words[column] += tile.activation_message(column, step).words;
    tile.blocks.back().end = step + 1;
    tile.block_of.push_back(static_cast<std::uint32_t>(tile.blocks.size() - 1));
  }
}

void Lowering::add_fetches(Tile& tile, const Tile* previous) const {
  const Position at = position(tile.index);
  const bool stays = previous && previous->blocks.size() == 1 && tile.blocks.size() == 1;
  const bool weights_stay = stays && previous->filters == tile.filters;
  const auto same_walk = [](const Step& a, const Step& b) { return a.chunk == b.chunk; };
  const bool activations_stay =
      stays && previous->windows == tile.windows && std::ranges::equal(previous->steps(), tile.steps(), same_walk);
  const Extent weights = weights_stay ? Extent{} : plan_->weights(at.group, at.filter_tile, at.window_tile);
  const Extent inputs = activations_stay ? Extent{} : plan_->inputs(at.group, at.filter_tile, at.window_tile);
  const bool unicast = tile.mapping == Mapping::Filters;

  for (std::size_t i = 0; i < tile.blocks.size(); ++i) {
    Block& block = tile.blocks[i];
    const auto share = [&](const Extent& all) {
      return fabric::part_of(all, i, tile.blocks.size(), machine_.dram.burst_bytes);
    };
    block.weights = share(weights);
    block.inputs = share(inputs);
    if (!weights_stay) {
      for (Row row(0); row < tile.rows; ++row) {
        std::uint32_t words = 0;
        for (Column column(0); column < (unicast ? tile.columns_of(row) : 1); ++column)
          for (StepIndex step(block.begin); step < block.end; ++step) {
            block.weight_write_bytes += tile.weight_message(row, column, step).bytes;
            words += tile.weight_message(row, column, step).words;
          }
        block.words = std::max(block.words, words);
      }
      block.buffer_bytes += block.weight_write_bytes;
    }
    if (!activations_stay) {
      for (Column column(0); column < tile.columns; ++column) {
        std::uint32_t words = 0;
        std::uint64_t bytes = 0;
        for (StepIndex step(block.begin); step < block.end; ++step) {
          bytes += tile.activation_message(column, step).bytes;
          words += tile.activation_message(column, step).words;
        }
        block.words = std::max(block.words, words);
        block.activation_write_bytes += bytes;
        if (!unicast || column == 0) block.buffer_bytes += bytes;
      }
    }
  }
}

std::shared_ptr<const Tile> Lowering::tile(TileIndex index) {
  LACUNA_CHECK(index < tiles(), "tile {} of {}", +index, tiles());
  if (index > 0 && (!latest_ || latest_->index + 1 != index)) latest_ = cut(TileIndex(index - 1));
  auto tile = cut(index);
  add_fetches(*tile, index > 0 ? latest_.get() : nullptr);
  latest_ = tile;
  return tile;
}

}  // namespace lacuna::intersect
