#include "datapaths/intersect/lowering.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "datapaths/intersect/skip_rules.h"
#include "machine/memory_plan.h"
#include "sparse/storage.h"

namespace lacuna::intersect {

namespace {

constexpr std::uint32_t ceil_div(std::uint64_t a, std::uint64_t b) {
  return static_cast<std::uint32_t>((a + b - 1) / b);
}

/// Calls `visit` with the elements of an integer operand tensor, as a span of their own type.
template <typename Visit>
auto with_values(const Tensor& tensor, Visit&& visit) {
  switch (tensor.type()) {
    case DType::Int8:
      return visit(tensor.as<std::int8_t>());
    case DType::UInt8:
      return visit(tensor.as<std::uint8_t>());
    case DType::Int16:
      return visit(tensor.as<std::int16_t>());
    case DType::UInt16:
      return visit(tensor.as<std::uint16_t>());
    default:
      throw Bug("operands are integers of 8 or 16 bits");
  }
}

FormatParams format_params(const Machine& machine, StorageFormat format) {
  return {format, operand_bytes(machine) * 8, machine.storage.run_bits, machine.storage.index_bits,
          machine.storage.pointer_bits};
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

std::optional<std::string> early_termination_refusal(const Layer& layer, unsigned accumulator_bits) {
  if (!layer.relu) return "no ReLU follows";
  std::int64_t largest = 0;
  std::int64_t lowest = 0;
  with_values(layer.input, [&](auto values) {
    for (const auto value : values) {
      largest = std::max<std::int64_t>(largest, value);
      lowest = std::min<std::int64_t>(lowest, value);
    }
  });
  if (lowest < 0) return fmt::format("an input is negative ({})", lowest);
  const std::int64_t limit = std::int64_t{1} << (accumulator_bits - 1);
  const std::size_t k = layer.weights.size() / layer.shape.M;
  return with_values(layer.weights, [&](auto values) -> std::optional<std::string> {
    for (std::size_t m = 0; m < layer.shape.M; ++m) {
      std::int64_t positive = 0;
      std::int64_t negative = 0;
      constexpr std::size_t kTogether = 4096;  // sums of so many fit 32 bits
      for (std::size_t begin = 0; begin < k; begin += kTogether) {
        std::int32_t above = 0, all = 0;
        for (const auto weight : values.subspan(m * k + begin, std::min(kTogether, k - begin))) {
          above += weight > 0 ? weight : 0;
          all += weight;
        }
        positive += above;
        negative += all - above;
      }
      if (layer.bias[m] + positive * largest >= limit || layer.bias[m] + negative * largest < -limit)
        return fmt::format("the sums of filter {} may leave the {}-bit accumulator", m, accumulator_bits);
    }
    return std::nullopt;
  });
}

Lowering::Lowering(const Machine& machine, const Layer& layer)
    : machine_(machine), config_(config(machine)), layer_(layer) {
  const ConvShape& shape = layer.shape;
  const ArrayConfig& array = machine.array;
  if (layer.operand_bits() > 8 * operand_bytes(machine))
    fail({"array.operand"}, "layer '{}' has {}-bit operands; array.operand is {}", layer.name, layer.operand_bits(),
         name_of(array.operand));

  if (config_.early_termination == EarlyTermination::Exact) {
    const auto refusal = early_termination_refusal(layer, accumulator_bits(machine));
    early_termination_ = !refusal;
    if (refusal) notes_.push_back(fmt::format("early termination is off: {}", *refusal));
  }

  k_ = shape.R * shape.S * (shape.C / shape.groups);
  chunks_ = ceil_div(k_, config_.chunk);
  const std::uint32_t group_filters = shape.M / shape.groups;
  const std::uint64_t windows = std::uint64_t{shape.N} * shape.P() * shape.Q();
  const bool share_window = config_.mapping == Mapping::Filters;
  filters_per_tile_ = share_window ? array.rows * array.columns : array.rows;
  windows_per_tile_ = share_window ? 1 : array.columns;
  filter_tiles_ = ceil_div(group_filters, filters_per_tile_);
  window_tiles_ = ceil_div(windows, windows_per_tile_);
  tiles_ = std::uint64_t{shape.groups} * filter_tiles_ * window_tiles_;

  filter_order_.resize(shape.M);
  std::iota(filter_order_.begin(), filter_order_.end(), 0u);
  if (config_.filter_order == FilterOrder::Density) {
    std::vector<std::uint32_t> nonzeros(shape.M);
    with_values(layer.weights, [&](auto values) {
      for (std::uint32_t m = 0; m < shape.M; ++m)
        nonzeros[m] = static_cast<std::uint32_t>(count_nonzeros(values.subspan(std::size_t{m} * k_, k_)));
    });
    for (std::uint32_t g = 0; g < shape.groups; ++g) {
      const auto begin = filter_order_.begin() + std::ptrdiff_t{g} * group_filters;
      std::stable_sort(begin, begin + group_filters, [&](auto a, auto b) { return nonzeros[a] > nonzeros[b]; });
    }
  }

  plan_ = std::make_unique<MemoryPlan>(config_.order, machine.global_buffer.bytes, stored_operands());
  if (config_.order == Order::Auto)
    notes_.push_back(fmt::format("order: auto took {}", plan_->filters_outer() ? "filters_outer" : "windows_outer"));
}

Lowering::~Lowering() = default;

const std::vector<std::int32_t>& Lowering::channels_innermost() {
  if (!input_.empty()) return input_;
  const ConvShape& shape = layer_.shape;
  input_.resize(layer_.input.size());
  with_values(layer_.input, [&](auto values) {
    const std::size_t plane = std::size_t{shape.H} * shape.W;
    constexpr std::size_t kTogether = 64;  // positions: what is written between two channels stays in a fast cache
    for (std::size_t n = 0; n < shape.N; ++n)
      for (std::size_t begin = 0; begin < plane; begin += kTogether)
        for (std::size_t c = 0; c < shape.C; ++c)
          for (std::size_t at = begin; at < std::min(plane, begin + kTogether); ++at)
            input_[(n * plane + at) * shape.C + c] = values[(n * shape.C + c) * plane + at];
  });
  return input_;
}

std::vector<std::uint64_t> Lowering::filter_bytes() const {
  const ConvShape& shape = layer_.shape;
  const FormatParams format = format_params(machine_, machine_.storage.weights);
  std::vector<std::uint64_t> bytes(shape.M);
  if (counts_tell_bytes(format.format)) {
    with_values(layer_.weights, [&](auto values) {
      for (std::uint32_t m = 0; m < shape.M; ++m)
        bytes[m] = encoded_bytes(format, values.subspan(std::size_t{m} * k_, k_));
    });
    return bytes;
  }
  std::vector<std::int32_t> filter(k_);
  for (std::uint32_t m = 0; m < shape.M; ++m) {
    filter_values(m, filter.data());
    bytes[m] = encoded_bytes(format, std::span<const std::int32_t>(filter));
  }
  return bytes;
}

std::vector<std::uint64_t> Lowering::input_row_bytes() {
  const ConvShape& shape = layer_.shape;
  const FormatParams format = format_params(machine_, machine_.storage.activations);
  const std::uint32_t channels = shape.C / shape.groups;
  const std::uint32_t rows = shape.N * shape.H;
  std::vector<std::uint64_t> bytes(std::size_t{shape.groups} * rows);
  if (counts_tell_bytes(format.format)) {
    std::vector<std::uint64_t> nonzeros(bytes.size());
    if (format.format == StorageFormat::Bitmask)
      with_values(layer_.input, [&](auto values) {
        for (std::size_t n = 0; n < shape.N; ++n)
          for (std::size_t c = 0; c < shape.C; ++c)
            for (std::size_t h = 0; h < shape.H; ++h)
              nonzeros[c / channels * rows + n * shape.H + h] +=
                  count_nonzeros(values.subspan(((n * shape.C + c) * shape.H + h) * shape.W, shape.W));
      });
    for (std::size_t i = 0; i < bytes.size(); ++i)
      bytes[i] = encoded_bytes(format, std::uint64_t{shape.W} * channels, nonzeros[i]);
    return bytes;
  }
  const std::vector<std::int32_t>& input = channels_innermost();
  std::vector<std::int32_t> unit(std::size_t{shape.W} * channels);
  for (std::uint32_t g = 0; g < shape.groups; ++g)
    for (Row row(0); row < rows; ++row) {
      const std::int32_t* source = input.data() + std::size_t{row} * shape.W * shape.C + std::size_t{g} * channels;
      for (std::uint32_t w = 0; w < shape.W; ++w)
        std::copy_n(source + std::size_t{w} * shape.C, channels, unit.data() + std::size_t{w} * channels);
      bytes[std::size_t{g} * rows + row] = encoded_bytes(format, std::span<const std::int32_t>(unit));
    }
  return bytes;
}

StoredOperands Lowering::stored_operands() {
  const ConvShape& shape = layer_.shape;
  const std::uint32_t group_filters = shape.M / shape.groups;
  StoredOperands stored;
  stored.groups = shape.groups;
  stored.filter_tiles = filter_tiles_;
  stored.window_tiles = window_tiles_;

  const std::vector<std::uint64_t> filter_sizes = filter_bytes();
  stored.filter_tile.resize(std::size_t{shape.groups} * filter_tiles_);
  for (std::uint32_t i = 0; i < shape.M; ++i) {
    const std::uint32_t group = i / group_filters;
    stored.filter_tile[std::size_t{group} * filter_tiles_ + (i % group_filters) / filters_per_tile_] +=
        filter_sizes[filter_order_[i]];
  }

  // Stored bytes of every input row of every group, then what each window tile reads of them.
  const std::uint32_t rows = shape.N * shape.H;
  const std::vector<std::uint64_t> row_bytes = input_row_bytes();

  stored.window_all.resize(std::size_t{shape.groups} * window_tiles_);
  stored.window_new.resize(stored.window_all.size());
  const std::uint64_t windows = std::uint64_t{shape.N} * shape.P() * shape.Q();
  std::vector<std::uint32_t> seen_by(rows, UINT32_MAX);  // the last window tile that read the row
  for (std::uint32_t tile = 0; tile < window_tiles_; ++tile) {
    const std::uint64_t first = std::uint64_t{tile} * windows_per_tile_ / shape.Q();
    const std::uint64_t last =
        (std::min<std::uint64_t>(windows, (tile + std::uint64_t{1}) * windows_per_tile_) - 1) / shape.Q();
    for (std::uint64_t output_row = first; output_row <= last; ++output_row) {
      const auto n = static_cast<std::uint32_t>(output_row / shape.P());
      const auto p = static_cast<std::uint32_t>(output_row % shape.P());
      for (std::uint32_t r = 0; r < shape.R; ++r) {
        const std::int64_t h = std::int64_t{p} * shape.stride_h + std::int64_t{r} * shape.dilation_h - shape.pad_top;
        if (h < 0 || h >= shape.H) continue;
        const std::uint32_t row = n * shape.H + static_cast<std::uint32_t>(h);
        if (seen_by[row] == tile) continue;
        for (std::uint32_t g = 0; g < shape.groups; ++g) {
          const std::uint64_t bytes = row_bytes[std::size_t{g} * rows + row];
          stored.window_all[std::size_t{g} * window_tiles_ + tile] += bytes;
          if (seen_by[row] == UINT32_MAX) stored.window_new[std::size_t{g} * window_tiles_ + tile] += bytes;
        }
        seen_by[row] = tile;
      }
    }
  }
  return stored;
}

void Lowering::filter_values(std::uint32_t filter, std::int32_t* values) const {
  const ConvShape& shape = layer_.shape;
  const std::uint32_t channels = shape.C / shape.groups;
  const std::uint32_t plane = shape.R * shape.S;
  with_values(layer_.weights, [&](auto weights) {
    const auto source = weights.subspan(std::size_t{filter} * k_, k_);
    if (plane == 1) {
      std::ranges::copy(source, values);
      return;
    }
    for (std::uint32_t c = 0; c < channels; ++c)
      for (std::uint32_t at = 0; at < plane; ++at)
        values[std::size_t{at} * channels + c] = source[std::size_t{c} * plane + at];
  });
}

void Lowering::window_values(std::uint32_t group, std::uint64_t window, std::int32_t* values) const {
  const ConvShape& shape = layer_.shape;
  const std::uint32_t channels = shape.C / shape.groups;
  const std::uint64_t q = window % shape.Q();
  const std::uint64_t p = window / shape.Q() % shape.P();
  const std::uint64_t n = window / shape.Q() / shape.P();
  for (std::uint32_t r = 0; r < shape.R; ++r) {
    const std::int64_t h =
        static_cast<std::int64_t>(p * shape.stride_h + std::uint64_t{r} * shape.dilation_h) - shape.pad_top;
    for (std::uint32_t s = 0; s < shape.S; ++s, values += channels) {
      const std::int64_t w =
          static_cast<std::int64_t>(q * shape.stride_w + std::uint64_t{s} * shape.dilation_w) - shape.pad_left;
      if (h < 0 || h >= shape.H || w < 0 || w >= shape.W) {
        std::fill_n(values, channels, 0);
      } else {
        const std::size_t pixel = (n * shape.H + static_cast<std::size_t>(h)) * shape.W + static_cast<std::size_t>(w);
        std::copy_n(input_.data() + pixel * shape.C + std::size_t{group} * channels, channels, values);
      }
    }
  }
}

std::uint32_t Lowering::chunk_length(std::uint32_t chunk) const {
  return std::min(config_.chunk, k_ - chunk * config_.chunk);
}

std::uint32_t Lowering::output_bytes() const {
  return layer_.requantise.empty() ? accumulator_bits(machine_) / 8 : operand_bytes(machine_);
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
    filter_values(filter, tile->values.data() + stride * (i - begin));
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
    window_values(group, window, values);
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

Lowering::Position Lowering::position(TileIndex index) const {
  const std::uint64_t per_group = std::uint64_t{filter_tiles_} * window_tiles_;
  const std::uint64_t within = index % per_group;
  const std::uint32_t inner = plan_->filters_outer() ? window_tiles_ : filter_tiles_;
  const auto outer_index = static_cast<std::uint32_t>(within / inner);
  const auto inner_index = static_cast<std::uint32_t>(within % inner);
  const auto group = static_cast<std::uint32_t>(index / per_group);
  return plan_->filters_outer() ? Position{group, outer_index, inner_index} : Position{group, inner_index, outer_index};
}

TileIndex Lowering::index_of(const Position& at) const {
  const std::uint64_t group = std::uint64_t{at.group} * filter_tiles_ * window_tiles_;
  return TileIndex(group + (plan_->filters_outer() ? std::uint64_t{at.filter_tile} * window_tiles_ + at.window_tile
                                                   : std::uint64_t{at.window_tile} * filter_tiles_ + at.filter_tile));
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
  // Only the last filter tile and the last window tile of a group may be smaller than the others.
  std::optional<TileIndex> latest;
  for (std::uint32_t f = 1; f <= std::min(2u, filter_tiles_); ++f)
    for (std::uint32_t w = 1; w <= std::min(2u, window_tiles_); ++w) {
      const TileIndex index = index_of({layer_.shape.groups - 1, filter_tiles_ - f, window_tiles_ - w});
      if (geometry(index).mapped(row, column) && (!latest || *latest < index)) latest = index;
    }
  return latest;
}

std::shared_ptr<Tile> Lowering::cut(TileIndex index) {
  const Position at = position(index);
  if (!latest_filters_.second || latest_filters_.first != std::pair(at.group, at.filter_tile))
    latest_filters_ = {{at.group, at.filter_tile}, filter_tile(at.group, at.filter_tile)};
  if (!latest_windows_.second || latest_windows_.first != std::pair(at.group, at.window_tile)) {
    channels_innermost();
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
  const std::uint64_t burst = machine_.dram.burst_bytes;
  const bool unicast = tile.mapping == Mapping::Filters;

  for (std::size_t i = 0; i < tile.blocks.size(); ++i) {
    Block& block = tile.blocks[i];
    const auto share = [&](const Extent& all) {
      const std::uint64_t before = all.bytes * i / tile.blocks.size();
      const std::uint64_t part = all.bytes * (i + 1) / tile.blocks.size() - before;
      return Extent{all.address + before, (part + burst - 1) / burst * burst};
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
  LACUNA_CHECK(index < tiles_, "tile {} of {}", +index, tiles_);
  if (index > 0 && (!latest_ || latest_->index + 1 != index)) latest_ = cut(TileIndex(index - 1));
  auto tile = cut(index);
  add_fetches(*tile, index > 0 ? latest_.get() : nullptr);
  latest_ = tile;
  return tile;
}

}  // namespace lacuna::intersect
