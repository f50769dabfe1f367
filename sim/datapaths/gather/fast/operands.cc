#include "datapaths/gather/fast/operands.h"

#include <algorithm>
#include <array>
#include <bit>
#include <map>
#include <numeric>
#include <utility>

#include "datapaths/gather/fast/order.h"
#include "datapaths/gather/fast/row_kernels.h"

namespace lacuna::gather::fast {

namespace {

/// Filter tiles are kept for tiles to come if all of them take no more; beyond that they are built again.
constexpr std::size_t kCacheBytes = std::size_t{96} << 20;

std::uint32_t ceil_div(std::uint64_t a, std::uint64_t b) { return static_cast<std::uint32_t>((a + b - 1) / b); }

/// Bytes of `entries` entries.
std::uint32_t entry_bytes(const Machine& machine, std::uint64_t entries) {
  return ceil_div(entries * (8 * operand_bytes(machine) + index_bits(config(machine))), 8);
}

std::vector<std::uint32_t> in_order(std::uint32_t count) {
  std::vector<std::uint32_t> numbers(count);
  std::iota(numbers.begin(), numbers.end(), 0u);
  return numbers;
}

/// Calls visit(k) for every one among bits first..end-1.
template <typename Visit>
void for_ones(const std::uint64_t* bits, std::uint32_t first, std::uint32_t end, Visit visit) {
  for (std::uint32_t at = first / 64 * 64; at < end; at += 64) {
    std::uint64_t ones = bits[at / 64];
    if (at < first) ones &= ~std::uint64_t{0} << (first - at);
    if (end - at < 64) ones &= (std::uint64_t{1} << (end - at)) - 1;
    for (; ones != 0; ones &= ones - 1) visit(at + static_cast<std::uint32_t>(std::countr_zero(ones)));
  }
}

fabric::fast::Message message_of(std::uint32_t bytes, const FeederConfig& feeder) {
  return {bytes, std::max(1u, ceil_div(bytes, feeder.bus_bytes)), 0};
}

}  // namespace

Operands::Operands(const Lowering& lowering, bool keeps_values)
    : lowering_(lowering),
      machine_(lowering.machine()),
      config_(config(machine_)),
      layer_(lowering.layer()),
      streams_(config_.delivery == Delivery::Stream),
      keeps_values_(keeps_values),
      order_(in_order(layer_.shape.M)),
      kernels_(fabric::fast::best_value_kernels()),
      rows_(layer_, order_, 64, kernels_) {
  const ConvShape& shape = layer_.shape;
  group_filters_ = shape.M / shape.groups;
  group_channels_ = shape.C / shape.groups;
  k_ = shape.R * shape.S * group_channels_;
  if (streams_) segments_ = ceil_div(k_, config_.segment);
  windows_ = std::uint64_t{shape.N} * shape.P() * shape.Q();
  const std::uint32_t windows = std::min(lowering.placement().windows, shape.Q());
  tile_positions_ = shape.R * ((windows - 1) * shape.stride_w + (shape.S - 1) * shape.dilation_w + 1) * group_channels_;
  dense_ = config_.skip == Skip::None || (config_.index == IndexCode::Offset && breaks_pattern());

  if (keeps_values_) lay_out_image();
  for (const bool last : {false, true})
    for (std::uint32_t of_column = 0; of_column <= lowering.placement().windows; ++of_column) {
      const std::uint32_t values = streams_ ? of_column * segment_length(last ? segments_ - 1 : 0) : tile_positions_;
      activation_messages_[last ? 1 : 0].push_back(message_of(values * operand_bytes(machine_), config_.activations));
    }
  if (streams_)
    for (const bool first : {false, true})
      for (std::uint32_t entries = 0; entries <= config_.lanes; ++entries)
        group_messages_[first ? 1 : 0].push_back(weights_of(entries, first));
  const std::size_t of_filter = std::size_t{segments_} * 20 + (keeps_values_ ? std::size_t{k_} * sizeof(Weight) : 0) +
                                (streams_ && config_.reach == Reach::Bank ? std::size_t{k_} * 4 : 0) + 256;
  if (shape.M * of_filter <= kCacheBytes)
    filter_tiles_.resize(std::size_t{shape.groups} * ceil_div(group_filters_, machine_.array.rows));
}

void Operands::lay_out_image() {
  const ConvShape& shape = layer_.shape;
  image_height_ = shape.H + shape.pad_top + shape.pad_bottom;
  image_width_ = shape.W + shape.pad_left + shape.pad_right;
  image_.assign(shape.N * image_height_ * image_width_ * shape.C, 0);
  const std::vector<std::int64_t> input = layer_.input.to_int64();
  for (std::size_t n = 0; n < shape.N; ++n)
    for (std::size_t c = 0; c < shape.C; ++c)
      for (std::size_t h = 0; h < shape.H; ++h) {
        const std::int64_t* const from = input.data() + ((n * shape.C + c) * shape.H + h) * shape.W;
        std::int32_t* const to =
            image_.data() + ((n * image_height_ + h + shape.pad_top) * image_width_ + shape.pad_left) * shape.C + c;
        for (std::size_t w = 0; w < shape.W; ++w) to[w * shape.C] = static_cast<std::int32_t>(from[w]);
      }
  for (std::size_t r = 0; r < shape.R; ++r)
    for (std::size_t s = 0; s < shape.S; ++s)
      for (std::size_t c = 0; c < group_channels_; ++c)
        positions_.push_back(
            static_cast<std::uint32_t>((r * shape.dilation_h * image_width_ + s * shape.dilation_w) * shape.C + c));
}

Geometry Operands::smallest() const {
  // Only the last filter tile and the last window tile of a group may be smaller than the others.
  const std::uint64_t tiles_of_group = tiles() / layer_.shape.groups;
  Geometry least = geometry(TileIndex(0));
  for (TileIndex tile; tile < tiles_of_group; ++tile) {
    const Geometry other = geometry(tile);
    least.columns = std::min(least.columns, other.columns);
    least.rows = std::min(least.rows, other.rows);
    least.last_rows = std::min(least.last_rows, other.last_rows);
  }
  return least;
}

template <typename Visit>
void Operands::with_weights(std::uint32_t group, std::uint32_t place, Visit visit) const {
  fabric::fast::with_elements(rows_.input_size(), [&](auto, auto weight) {
    std::vector<decltype(weight)> weights(rows_.stride());
    rows_.filter(group, place, weights.data());
    std::vector<std::uint64_t> bits(ceil_div(k_, 64));
    kernels_.nonzero(weights.data(), sizeof weight, static_cast<std::uint32_t>(bits.size()), bits.data());
    visit(weights.data(), bits.data());
  });
}

bool Operands::breaks_pattern() const {
  bool breaks = false;
  for (std::uint32_t channel = 0; channel < layer_.shape.M && !breaks; ++channel)
    with_weights(channel / group_filters_, channel % group_filters_, [&](const auto* weights, const std::uint64_t*) {
      for (std::uint32_t segment = 0; segment < segments_; ++segment) {
        const std::uint32_t first = segment * config_.segment, end = first + segment_length(segment);
        for (std::uint32_t block = first; block < end; block += config_.block)
          breaks |= std::count_if(weights + block, weights + std::min(end, block + config_.block),
                                  [](auto weight) { return weight != 0; }) > config_.per_block;
      }
    });
  return breaks;
}

/// The entries of a segment.
template <typename T>
void Operands::add_entries(const T* weights, const std::uint64_t* bits, std::uint32_t segment,
                           std::vector<Weight>& entries) const {
  const std::uint32_t first = segment * config_.segment, end = first + segment_length(segment);
  if (dense_) {
    for (std::uint32_t k = first; k < end; ++k) entries.push_back({weights[k], k});
  } else if (config_.index == IndexCode::Absolute) {
    for_ones(bits, first, end, [&](std::uint32_t k) { entries.push_back({weights[k], k}); });
  } else if (config_.index == IndexCode::Step) {
    // With `next` the position after the latest entry: 2^b zeros from there on, or more, take an entry at the last of
    // them.
    const std::uint32_t most = 1u << config_.index_bits;
    std::uint32_t next = first;
    for_ones(bits, first, end, [&](std::uint32_t k) {
      for (; k - next >= most; next += most) entries.push_back({0, next + most - 1});
      entries.push_back({weights[k], k});
      next = k + 1;
    });
  } else {
    for (std::uint32_t block = first; block < end; block += config_.block) {
      const std::uint32_t block_end = std::min(end, block + config_.block);
      const std::uint32_t wanted = std::min(config_.per_block, block_end - block);
      std::uint32_t nonzeros = 0;
      for (std::uint32_t k = block; k < block_end; ++k) nonzeros += weights[k] != 0;
      std::uint32_t filled = wanted - std::min(wanted, nonzeros);
      for (std::uint32_t k = block; k < block_end; ++k) {
        if (weights[k] == 0 && filled == 0) continue;
        if (weights[k] == 0) --filled;
        entries.push_back({weights[k], k});
      }
    }
  }
}

std::uint32_t Operands::cycles_of(const Weight* begin, const Weight* end, std::uint32_t first) const {
  if (config_.reach != Reach::Bank) return 1;
  std::vector<std::uint32_t> hits(config_.banks);
  std::uint32_t most = 1;
  for (; begin != end; ++begin) most = std::max(most, ++hits[(begin->position - first) % config_.banks]);
  return most;
}

fabric::fast::Message Operands::weights_of(std::uint32_t entries, bool first) const {
  std::uint32_t bytes = entry_bytes(machine_, entries);
  if (streams_) bytes = std::max(1u, bytes);
  return message_of(bytes + (first ? header_bytes(machine_) : 0), config_.weights);
}

void Operands::count_steps(Filter& filter) const {
  for (std::uint32_t segment = 0; segment < segments_; ++segment) {
    const std::uint32_t entries = filter.entries_in(segment);
    filter.steps += groups(entries);
    filter.empty += entries == 0 ? 1 : 0;
    if (!streams_ || config_.reach != Reach::Bank) continue;
    filter.segment_steps.push_back(static_cast<std::uint32_t>(filter.cycles.size()));
    const Weight* entry = filter.entries.data() + filter.segment_ends[segment] - entries;
    for (std::uint32_t group = 0; group < groups(entries); ++group) {
      const Weight* const end = entry + entries_of(group, entries);
      filter.cycles.push_back(cycles_of(entry, end, segment * config_.segment));
      filter.all_cycles += filter.cycles.back();
      entry = end;
    }
  }
  if (filter.cycles.empty()) filter.all_cycles = filter.steps;
}

Filter Operands::natural_filter(std::uint32_t group, std::uint32_t place, std::vector<Weight> entries) const {
  Filter filter;
  filter.channel = group * group_filters_ + place;
  filter.bias = layer_.bias[filter.channel];
  filter.entries = std::move(entries);
  filter.entries.clear();
  filter.entries.reserve(k_);
  with_weights(group, place, [&](const auto* weights, const std::uint64_t* bits) {
    for (std::uint32_t segment = 0; segment < segments_; ++segment) {
      add_entries(weights, bits, segment, filter.entries);
      filter.segment_ends.push_back(static_cast<std::uint32_t>(filter.entries.size()));
    }
  });
  count_steps(filter);
  return filter;
}

Filter Operands::filter(std::uint32_t group, std::uint32_t place) const {
  Filter filter = natural_filter(group, place);
  const Prediction* const prediction = lowering_.predicts() ? &*layer_.prediction : nullptr;
  put_in_order(filter, config_.weight_order, prediction ? prediction->representatives[filter.channel] : 0,
               prediction ? prediction->thresholds[filter.channel] : 0, layer_.operand_bits());
  return filter;
}

std::shared_ptr<const FilterTile> Operands::build_filter_tile(std::uint32_t group, std::uint32_t index) const {
  auto tile = std::make_shared<FilterTile>();
  tile->group = group;
  const std::uint32_t begin = index * machine_.array.rows;
  const std::uint32_t rows = std::min(group_filters_ - begin, machine_.array.rows);
  tile->words.resize(std::size_t{segments_ + 1} * rows);
  tile->bytes.resize(segments_ + 1);
  const std::uint32_t stride = whole_vectors(machine_.array.rows);
  if (streams_) {
    for (auto* of_segments : {&tile->groups, &tile->first_words, &tile->last_words})
      of_segments->resize(std::size_t{segments_} * stride);
    tile->most_groups.resize(segments_);
  }
  std::vector<Weight> unused;  // memory of entries that are not kept
  for (std::uint32_t row = 0; row < rows; ++row) {
    Filter& filter = tile->filters.emplace_back(keeps_values_ ? this->filter(group, begin + row)
                                                              : natural_filter(group, begin + row, std::move(unused)));
    if (!keeps_values_) unused = std::exchange(filter.entries, {});
    for (std::uint32_t segment = 0; segment < segments_; ++segment) {
      const std::uint32_t entries = filter.entries_in(segment), count = groups(entries);
      const auto message = [&](std::uint32_t of) {
        return weights_message(entries_of(of, entries), segment == 0 && of == 0);
      };
      // All but the first and the last are alike.
      const fabric::fast::Message first = message(0), last = message(count - 1);
      std::uint64_t bytes = first.bytes;
      std::uint32_t words = first.words;
      if (count > 1) {
        const fabric::fast::Message full = count > 2 ? message(1) : last;
        bytes += std::uint64_t{count - 2} * full.bytes + last.bytes;
        words += (count - 2) * full.words + last.words;
      }
      tile->words[(segment + 1) * rows + row] = tile->words[segment * rows + row] + words;
      tile->bytes[segment + 1] += bytes;
      if (!streams_) continue;
      tile->groups[segment * stride + row] = count;
      tile->last_words[segment * stride + row] = last.words;
      tile->first_words[segment * stride + row] = first.words;
      tile->most_groups[segment] = std::max(tile->most_groups[segment], count);
    }
  }
  std::partial_sum(tile->bytes.begin(), tile->bytes.end(), tile->bytes.begin());
  return tile;
}

std::shared_ptr<const FilterTile> Operands::filter_tile(std::uint32_t group, std::uint32_t index) {
  const std::size_t at = std::size_t{group} * ceil_div(group_filters_, machine_.array.rows) + index;
  if (!latest_.second || latest_.first != at) {
    std::shared_ptr<const FilterTile> tile = filter_tiles_.empty() ? nullptr : filter_tiles_[at];
    if (!tile) tile = build_filter_tile(group, index);
    if (!filter_tiles_.empty()) filter_tiles_[at] = tile;
    latest_ = {at, std::move(tile)};
  }
  return latest_.second;
}

std::vector<ColumnWindows> Operands::columns(std::uint32_t window_tile) const {
  const std::uint32_t width = layer_.shape.Q(), most = lowering_.placement().windows;
  const std::uint64_t per_row = ceil_div(width, most);
  const std::uint64_t units = windows_ / width * per_row;
  const std::uint64_t begin = std::uint64_t{window_tile} * machine_.array.columns;
  std::vector<ColumnWindows> columns;
  std::uint64_t row = begin / per_row, place = begin % per_row;
  for (std::uint64_t unit = begin; unit < std::min(units, begin + machine_.array.columns); ++unit) {
    const auto left = static_cast<std::uint32_t>(place) * most;
    columns.push_back({row * width + left, std::min(most, width - left)});
    if (++place < per_row) continue;
    place = 0;
    ++row;
  }
  return columns;
}

std::vector<std::uint32_t> Operands::column_kinds() const {
  const std::uint32_t width = layer_.shape.Q(), count = machine_.array.columns;
  const std::uint64_t units = windows_ / width * ceil_div(width, lowering_.placement().windows);
  std::vector<std::uint32_t> kinds(count), windows(count);
  for (std::uint32_t window_tile = 0; window_tile * std::uint64_t{count} < units; ++window_tile) {
    std::ranges::fill(windows, 0);
    std::ranges::transform(columns(window_tile), windows.begin(), &ColumnWindows::windows);
    if (std::ranges::count(windows, windows.front()) == count) continue;
    std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint32_t> parts;
    for (std::uint32_t column = 0; column < count; ++column) {
      const auto number = static_cast<std::uint32_t>(parts.size());
      kinds[column] = parts.try_emplace({kinds[column], windows[column]}, number).first->second;
    }
  }
  return kinds;
}

const std::int32_t* Operands::window(std::uint32_t group, std::uint64_t window) const {
  const ConvShape& shape = layer_.shape;
  const std::size_t q = window % shape.Q(), p = window / shape.Q() % shape.P(), n = window / shape.Q() / shape.P();
  return image_.data() + ((n * image_height_ + p * shape.stride_h) * image_width_ + q * shape.stride_w) * shape.C +
         std::size_t{group} * group_channels_;
}

}  // namespace lacuna::gather::fast
