#include "datapaths/gather/lowering.h"

#include <algorithm>
#include <numeric>

namespace lacuna::gather {

namespace {

constexpr std::uint32_t ceil_div(std::uint64_t a, std::uint64_t b) {
  return static_cast<std::uint32_t>((a + b - 1) / b);
}

std::uint32_t nonzeros_of(const std::int32_t* values, std::uint32_t count) {
  return static_cast<std::uint32_t>(std::count_if(values, values + count, [](std::int32_t w) { return w != 0; }));
}

/// Words of half an operand buffer.
std::uint32_t half_words(const FeederConfig& feeder) { return feeder.buffer_bytes / 2 / feeder.bus_bytes; }

std::uint32_t words_of(std::uint32_t bytes, const FeederConfig& feeder) {
  return std::max(1u, ceil_div(bytes, feeder.bus_bytes));
}

}  // namespace

void check_combination(const Machine& machine) {
  const Config& c = config(machine);
  const auto needs = [](std::string_view name, std::string_view word, std::string_view other, std::string_view needed) {
    fail({std::string(name)}, "{} goes with {}: {} only", word, other, needed);
  };
  if (c.delivery == Delivery::Resident) {
    if (c.lanes != 1) needs("gather.lanes", fmt::format("{}", c.lanes), "gather.delivery", "stream");
    if (c.index != IndexCode::Absolute) needs("gather.index", name_of(c.index), "gather.delivery", "stream");
    if (c.reach != Reach::Bank) needs("gather.reach", name_of(c.reach), "gather.delivery", "stream");
    return;
  }
  if (c.weight_order != WeightOrder::Natural)
    needs("gather.weight_order", name_of(c.weight_order), "gather.delivery", "resident");
  if (c.lane_step != LaneStep::Together) needs("gather.lane_step", name_of(c.lane_step), "gather.delivery", "resident");
  if (c.reach == Reach::Block && c.index != IndexCode::Offset)
    needs("gather.reach", name_of(c.reach), "gather.index", "offset");
  if (c.index == IndexCode::Offset) {
    if (c.segment % c.block != 0)
      fail({"gather.segment"}, "{} is no multiple of gather.block = {}", c.segment, c.block);
    if (c.per_block > c.block)
      fail({"gather.per_block"}, "{} entries in a block of {} positions", c.per_block, c.block);
  }
}

Placement place(const Machine& machine, const Layer& layer) {
  const Config& c = config(machine);
  const ConvShape& shape = layer.shape;
  Placement p;
  const std::uint32_t groups = ceil_div(shape.Q(), c.windows);
  if (c.delivery == Delivery::Stream) {
    p.windows = std::min(c.windows, shape.Q());
    p.per_row = groups;
    return p;
  }
  const auto tile = [&](std::uint32_t window_groups) {
    p.windows = std::min(window_groups * c.windows, shape.Q());
    p.columns = (p.windows - 1) * shape.stride_w + (shape.S - 1) * shape.dilation_w + 1;
    const std::uint64_t positions = std::uint64_t{shape.R} * p.columns * (shape.C / shape.groups);
    p.positions = static_cast<std::uint32_t>(std::min<std::uint64_t>(positions, UINT32_MAX));
    return positions <= c.segment;
  };
  std::uint32_t together = std::min(c.window_groups, groups);
  while (!tile(together)) {
    if (together == 1)
      fail({"gather.segment"}, "{} positions do not hold one window group of layer '{}'; {} are needed", c.segment,
           layer.name, p.positions);
    --together;
  }
  p.per_row = ceil_div(groups, together);
  return p;
}

Lowering::Lowering(const Machine& machine, const Layer& layer)
    : machine_(machine), config_(config(machine)), layer_(layer), values_(machine, layer) {
  check_combination(machine);
  placement_ = place(machine, layer);
  const ConvShape& shape = layer.shape;
  if (config_.weight_order != WeightOrder::Natural) {
    const auto refusal = fabric::early_termination_refusal(layer, accumulator_bits(machine));
    stops_ = !refusal;
    if (refusal) notes_.push_back(fmt::format("early termination is off: {}", *refusal));
    predicts_ = stops_ && config_.weight_order == WeightOrder::Predictive && layer.prediction;
    if (config_.weight_order == WeightOrder::Predictive && !layer.prediction)
      notes_.push_back("no prediction: the workload gives the layer no representatives and thresholds");
  }

  dense_ = config_.skip == Skip::None;
  if (config_.delivery == Delivery::Stream && config_.index == IndexCode::Offset && !dense_) {
    if (const std::uint32_t most = most_in_block(); most > config_.per_block) {
      dense_ = true;
      notes_.push_back(fmt::format("not {}:{}: a block has {} nonzero weights; every position is an entry",
                                   config_.per_block, config_.block, most));
    }
  }
  if (config_.delivery == Delivery::Stream) segments_ = ceil_div(values_.positions(), config_.segment);
  units_ = std::uint64_t{shape.N} * shape.P() * placement_.per_row;
  filter_tiles_ = ceil_div(shape.M / shape.groups, machine.array.rows);
  window_tiles_ = ceil_div(units_, machine.array.columns);

  std::vector<std::uint32_t> filters(shape.M);
  std::iota(filters.begin(), filters.end(), 0u);
  std::vector<std::uint64_t> begin;  // the first window of each tile
  for (std::uint64_t unit = 0; unit < units_; unit += machine.array.columns)
    begin.push_back(unit / placement_.per_row * shape.Q() + unit % placement_.per_row * placement_.windows);
  begin.push_back(std::uint64_t{shape.N} * shape.P() * shape.Q());
  plan_ = std::make_unique<MemoryPlan>(config_.order, machine.global_buffer.bytes,
                                       values_.stored(filters, machine.array.rows, begin));
  order_ = {shape.groups, filter_tiles_, window_tiles_, plan_->filters_outer()};
  if (config_.order == Order::Auto)
    notes_.push_back(fmt::format("order: auto took {}", plan_->filters_outer() ? "filters_outer" : "windows_outer"));
}

Lowering::~Lowering() = default;

std::uint32_t Lowering::most_in_block() const {
  std::uint32_t most = 0;
  std::vector<std::int32_t> values(values_.positions());
  for (std::uint32_t filter = 0; filter < layer_.shape.M; ++filter) {
    values_.filter(filter, values.data());
    // A segment is a multiple of blocks, so they are those of the reduction.
    for (std::uint32_t begin = 0; begin < values.size(); begin += config_.block)
      most = std::max(most, nonzeros_of(values.data() + begin,
                                        std::min(config_.block, static_cast<std::uint32_t>(values.size()) - begin)));
  }
  return most;
}

std::uint32_t Lowering::segment_length(std::uint32_t segment) const {
  return std::min(config_.segment, values_.positions() - segment * config_.segment);
}

void Lowering::add_segment(const std::int32_t* values, std::uint32_t length, std::vector<Entry>& entries) const {
  if (dense_) {
    for (std::uint32_t at = 0; at < length; ++at)
      entries.push_back({values[at], at,
                         config_.index == IndexCode::Step     ? 0
                         : config_.index == IndexCode::Offset ? at % config_.block
                                                              : at});
    return;
  }
  if (config_.index == IndexCode::Offset) {
    for (std::uint32_t begin = 0; begin < length; begin += config_.block) {
      const std::uint32_t end = std::min(length, begin + config_.block);
      const std::uint32_t nonzeros = nonzeros_of(values + begin, end - begin);
      std::uint32_t fill = std::min(config_.per_block, end - begin) - nonzeros;
      for (std::uint32_t at = begin; at < end; ++at) {
        if (values[at] == 0 && fill == 0) continue;
        if (values[at] == 0) --fill;
        entries.push_back({values[at], at, at - begin});
      }
    }
    return;
  }
  std::uint32_t next = 0;  // behind the entry before
  for (std::uint32_t at = 0; at < length; ++at) {
    if (values[at] == 0) continue;
    if (config_.index == IndexCode::Step) {
      const std::uint32_t reach = 1u << config_.index_bits;
      for (; at - next >= reach; next += reach) entries.push_back({0, next + reach - 1, reach - 1});
    }
    entries.push_back({values[at], at, config_.index == IndexCode::Step ? at - next : at});
    next = at + 1;
  }
}

void Lowering::add_stream(FilterTile::Line& line, const std::int32_t* values) const {
  std::vector<std::uint32_t> ends;
  for (std::uint32_t segment = 0; segment < segments_; ++segment) {
    const std::size_t before = line.entries.size();
    add_segment(values + std::size_t{segment} * config_.segment, segment_length(segment), line.entries);
    line.in_segment.push_back(static_cast<std::uint32_t>(line.entries.size() - before));
  }
  const std::uint32_t bits = 8 * operand_bytes(machine_) + index_bits(config_);
  std::size_t begin = 0;
  for (std::uint32_t segment = 0; segment < segments_; ++segment) {
    const std::uint32_t entries = line.in_segment[segment];
    const std::uint32_t groups = std::max(1u, ceil_div(entries, config_.lanes));
    for (std::uint32_t g = 0; g < groups; ++g) {
      const std::uint32_t count = std::min(config_.lanes, entries - g * config_.lanes);
      Message message;
      message.entries = std::span(line.entries).subspan(begin, count);
      begin += count;
      message.segment = segment;
      message.segment_first = g == 0;
      message.segment_last = g + 1 == groups;
      message.bytes = std::max(1u, ceil_div(std::uint64_t{count} * bits, 8));
      if (line.messages.empty()) message.bytes += header_bytes(machine_);
      message.words = words_of(message.bytes, config_.weights);
      line.messages.push_back(message);
    }
  }
}

void Lowering::add_resident(FilterTile::Line& line, const std::int32_t* values, std::uint32_t filter) const {
  const ConvShape& shape = layer_.shape;
  const std::uint32_t channels = values_.channels();
  for (std::uint32_t k = 0; k < values_.positions(); ++k) {
    if (values[k] == 0 && !dense_) continue;
    const std::uint32_t c = k % channels, q = k / channels % shape.S, r = k / channels / shape.S;
    const std::uint32_t address = (r * placement_.columns + q * shape.dilation_w) * channels + c;
    line.entries.push_back({values[k], address, address});
  }
  line.checks =
      sort_entries(line.entries, config_.weight_order, predicts_ ? layer_.prediction->representatives[filter] : 0);
  if (line.checks.predicted != 0) line.checks.threshold = layer_.prediction->thresholds[filter];
  const std::uint32_t bits = 8 * operand_bytes(machine_) + index_bits(config_);
  Message message;
  message.entries = line.entries;
  message.bytes = header_bytes(machine_) + ceil_div(std::uint64_t{bits} * line.entries.size(), 8);
  message.words = words_of(message.bytes, config_.weights);
  line.in_segment.push_back(static_cast<std::uint32_t>(line.entries.size()));
  line.messages.push_back(message);
}

std::shared_ptr<const FilterTile> Lowering::filter_tile(std::uint32_t group, std::uint32_t index) const {
  auto tile = std::make_shared<FilterTile>();
  const std::uint32_t group_filters = layer_.shape.M / layer_.shape.groups;
  const std::uint32_t begin = index * machine_.array.rows;
  const std::uint32_t end = std::min(group_filters, begin + machine_.array.rows);
  tile->rows.resize(end - begin);
  std::vector<std::int32_t> values(values_.positions());
  for (std::uint32_t i = begin; i < end; ++i) {
    const std::uint32_t filter = group * group_filters + i;
    tile->filters.push_back(filter);
    tile->bias.push_back(layer_.bias[filter]);
    values_.filter(filter, values.data());
    if (config_.delivery == Delivery::Stream)
      add_stream(tile->rows[i - begin], values.data());
    else
      add_resident(tile->rows[i - begin], values.data(), filter);
  }
  return tile;
}

std::shared_ptr<const WindowTile> Lowering::window_tile(std::uint32_t group, std::uint32_t index) const {
  auto tile = std::make_shared<WindowTile>();
  const ConvShape& shape = layer_.shape;
  const std::uint64_t begin = std::uint64_t{index} * machine_.array.columns;
  const std::uint64_t end = std::min<std::uint64_t>(units_, begin + machine_.array.columns);
  tile->columns.resize(end - begin);
  for (std::uint64_t unit = begin; unit < end; ++unit) {
    WindowTile::Line& line = tile->columns[unit - begin];
    const std::uint64_t row = unit / placement_.per_row;  // of outputs: image x P + p
    const auto q = static_cast<std::uint32_t>(unit % placement_.per_row) * placement_.windows;
    line.first = row * shape.Q() + q;
    line.windows = std::min(placement_.windows, shape.Q() - q);
    const auto add = [&](std::size_t at, std::uint32_t length, std::uint32_t segment, std::uint32_t values) {
      Message message;
      message.values = line.values.data() + at;
      message.length = length;
      message.segment = segment;
      message.bytes = values * operand_bytes(machine_);
      message.words = words_of(message.bytes, config_.activations);
      line.messages.push_back(message);
    };
    if (config_.delivery == Delivery::Resident) {
      const std::uint32_t channels = values_.channels();
      line.values.resize(placement_.positions);
      // Columns beyond the row's last window are zeros.
      const std::uint32_t columns = (line.windows - 1) * shape.stride_w + (shape.S - 1) * shape.dilation_w + 1;
      const std::uint64_t image = row / shape.P(), p = row % shape.P();
      for (std::uint32_t r = 0; r < shape.R; ++r)
        for (std::uint32_t x = 0; x < columns; ++x)
          values_.pixel(
              group, image,
              static_cast<std::int64_t>(p * shape.stride_h + std::uint64_t{r} * shape.dilation_h) - shape.pad_top,
              static_cast<std::int64_t>(std::uint64_t{q} * shape.stride_w + x) - shape.pad_left,
              line.values.data() + (std::size_t{r} * placement_.columns + x) * channels);
      add(0, placement_.positions, 0, placement_.positions);
      continue;
    }
    // Window by window within a segment, segment by segment.
    const std::uint32_t k = values_.positions();
    std::vector<std::int32_t> window(k);
    line.values.resize(std::size_t{k} * line.windows);
    for (std::uint32_t w = 0; w < line.windows; ++w) {
      values_.window(group, line.first + w, window.data());
      for (std::uint32_t segment = 0; segment < segments_; ++segment) {
        const std::size_t at = std::size_t{segment} * config_.segment;
        const std::uint32_t length = segment_length(segment);
        std::copy_n(window.data() + at, length, line.values.data() + at * line.windows + std::size_t{w} * length);
      }
    }
    for (std::uint32_t segment = 0; segment < segments_; ++segment)
      add(std::size_t{segment} * config_.segment * line.windows, segment_length(segment), segment,
          segment_length(segment) * line.windows);
  }
  return tile;
}

Geometry Lowering::geometry(const Position& at) const {
  const std::uint32_t group_filters = layer_.shape.M / layer_.shape.groups;
  const std::uint32_t rows = machine_.array.rows;
  const std::uint32_t filters = std::min(rows, group_filters - at.filter_tile * rows);
  const std::uint64_t left = units_ - std::uint64_t{at.window_tile} * machine_.array.columns;
  return {static_cast<std::uint32_t>(std::min<std::uint64_t>(machine_.array.columns, left)), filters, filters};
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
  tile->filters = latest_filters_.second;
  tile->windows = latest_windows_.second;
  static_cast<Geometry&>(*tile) = geometry(index);
  cut_blocks(*tile);
  return tile;
}

void Lowering::check_fits(std::string_view name, const FeederConfig& feeder, std::uint64_t words) const {
  if (words <= half_words(feeder)) return;
  const bool weights = &feeder == &config_.weights, stream = config_.delivery == Delivery::Stream;
  fail({fmt::format("{}.buffer_bytes", name)},
       "{} bytes do not hold {} twice in layer '{}'; at least {} are needed with {}.bus_bytes = {}",
       feeder.buffer_bytes,
       stream    ? "a segment"
       : weights ? "a filter"
                 : "an input tile",
       layer_.name, 2 * words * feeder.bus_bytes, name, feeder.bus_bytes);
}

void Lowering::check_buffers() const {
  const std::uint32_t values =
      config_.delivery == Delivery::Stream ? segment_length(0) * placement_.windows : placement_.positions;
  check_fits("gather.activations", config_.activations,
             words_of(values * operand_bytes(machine_), config_.activations));
  for (std::uint32_t group = 0; group < layer_.shape.groups; ++group)
    for (std::uint32_t index = 0; index < filter_tiles_; ++index) {
      const std::shared_ptr<const FilterTile> tile = filter_tile(group, index);
      for (const FilterTile::Line& line : tile->rows) {
        std::vector<std::uint64_t> words(segments_);
        for (const Message& message : line.messages) words[message.segment] += message.words;
        for (const std::uint64_t of_segment : words) check_fits("gather.weights", config_.weights, of_segment);
      }
    }
}

void Lowering::cut_blocks(Tile& tile) const {
  // Words of each line for each segment.
  std::vector<std::vector<std::uint64_t>> rows(tile.rows, std::vector<std::uint64_t>(segments_));
  auto columns = std::vector(tile.columns, std::vector<std::uint64_t>(segments_));
  for (std::uint32_t row = 0; row < tile.rows; ++row)
    for (const Message& message : tile.filters->rows[row].messages) rows[row][message.segment] += message.words;
  for (std::uint32_t column = 0; column < tile.columns; ++column)
    for (const Message& message : tile.windows->columns[column].messages)
      columns[column][message.segment] += message.words;

  std::vector<std::uint64_t> row_words(tile.rows), column_words(tile.columns);
  tile.blocks.emplace_back();
  for (std::uint32_t segment = 0; segment < segments_; ++segment) {
    bool fits = true;
    const auto look = [&](const auto& lines, const auto& taken, std::string_view name, const FeederConfig& feeder) {
      for (std::size_t i = 0; i < lines.size(); ++i) {
        check_fits(name, feeder, lines[i][segment]);
        fits &= taken[i] + lines[i][segment] <= half_words(feeder);
      }
    };
    look(rows, row_words, "gather.weights", config_.weights);
    look(columns, column_words, "gather.activations", config_.activations);
    if (!fits) {
      Block block;
      block.begin = segment;
      tile.blocks.push_back(block);
      std::ranges::fill(row_words, 0);
      std::ranges::fill(column_words, 0);
    }
    for (std::size_t i = 0; i < rows.size(); ++i) row_words[i] += rows[i][segment];
    for (std::size_t i = 0; i < columns.size(); ++i) column_words[i] += columns[i][segment];
    tile.blocks.back().end = segment + 1;
    tile.block_of.push_back(static_cast<std::uint32_t>(tile.blocks.size() - 1));
  }
}

void Lowering::add_fetches(Tile& tile, const Tile* previous) const {
  const Position at = position(tile.index);
  const bool stays = previous && previous->blocks.size() == 1 && tile.blocks.size() == 1;
  const bool weights_stay = stays && previous->filters == tile.filters;
  const bool activations_stay = stays && previous->windows == tile.windows;
  const Extent weights = weights_stay ? Extent{} : plan_->weights(at.group, at.filter_tile, at.window_tile);
  const Extent inputs = activations_stay ? Extent{} : plan_->inputs(at.group, at.filter_tile, at.window_tile);

  for (std::size_t i = 0; i < tile.blocks.size(); ++i) {
    Block& block = tile.blocks[i];
    const auto share = [&](const Extent& all) {
      return fabric::part_of(all, i, tile.blocks.size(), machine_.dram.burst_bytes);
    };
    block.weights = share(weights);
    block.inputs = share(inputs);
    const auto take = [&](const auto& lines, std::uint64_t& bytes) {
      for (const auto& line : lines) {
        std::uint32_t words = 0;
        for (const Message& message : line.messages) {
          if (message.segment < block.begin || message.segment >= block.end) continue;
          bytes += message.bytes;
          words += message.words;
        }
        block.words = std::max(block.words, words);
      }
      block.buffer_bytes += bytes;
    };
    if (!weights_stay) take(tile.filters->rows, block.weight_write_bytes);
    if (!activations_stay) take(tile.windows->columns, block.activation_write_bytes);
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

}  // namespace lacuna::gather
