#include "datapaths/intersect/fast_operands.h"

#include <algorithm>
#include <utility>

#include "machine/skip_rules.h"

namespace lacuna::fast {

namespace {

/// What is kept of one operand of a layer for tiles to come; beyond that it is built again.
constexpr std::size_t kCacheBytes = std::size_t{96} << 20;

std::uint32_t ceil_div(std::uint64_t a, std::uint64_t b) { return static_cast<std::uint32_t>((a + b - 1) / b); }

template <typename Visit>
void with_values(const Tensor& tensor, Visit&& visit) {
  switch (tensor.type()) {
    case DType::Int8:
      return visit(tensor.as<std::int8_t>().data());
    case DType::UInt8:
      return visit(tensor.as<std::uint8_t>().data());
    case DType::Int16:
      return visit(tensor.as<std::int16_t>().data());
    case DType::UInt16:
      return visit(tensor.as<std::uint16_t>().data());
    default:
      throw Bug("operands are integers of 8 or 16 bits");
  }
}

/// `length` bits of `words` from bit `first` on.
Mask bits_at(const std::uint64_t* words, std::size_t first, std::uint32_t length) {
  const auto word = [&](std::size_t bit) {
    const unsigned shift = bit % 64;
    const std::uint64_t low = words[bit / 64] >> shift;
    return shift == 0 ? low : low | words[bit / 64 + 1] << (64 - shift);
  };
  return Mask{word(first), length > 64 ? word(first + 64) : 0} & Mask::first(length);
}

}  // namespace

void Streams::resize(std::uint32_t streams_, std::uint32_t entries_, bool wide) {
  streams = streams_;
  pad = padded(streams);
  entries = entries_;
  const std::size_t size = std::size_t{pad} * entries;
  low.assign(size, 0);
  if (wide) high.assign(size, 0);
  words.assign(size, 0);
  bytes.assign(size, 0);
  bytes_before.assign(entries + 1, 0);
}

void Streams::set(std::uint32_t entry, std::uint32_t stream, const Mask& mask, std::uint32_t bytes_,
                  std::uint32_t words_) {
  const std::size_t at = std::size_t{entry} * pad + stream;
  low[at] = mask.low;
  if (high.size() != 0) high[at] = mask.high;
  words[at] = static_cast<std::int32_t>(words_);
  bytes[at] = static_cast<std::int32_t>(bytes_);
}

void Streams::sum_up(const Kernels& kernels) {
  words_before.assign(std::size_t{entries + 1} * pad, 0);
  kernels.sum_words(words.data(), nullptr, entries, pad, words_before.data());
  for (std::uint32_t entry = 0; entry < entries; ++entry) {
    std::uint64_t sum = bytes_before[entry];
    for (std::uint32_t stream = 0; stream < streams; ++stream)
      sum += static_cast<std::uint32_t>(bytes[std::size_t{entry} * pad + stream]);
    bytes_before[entry + 1] = sum;
  }
}

Operands::Operands(Lowering& lowering, const Kernels& kernels)
    : lowering_(lowering), machine_(lowering.machine()), layer_(lowering.layer()), kernels_(kernels) {
  const ConvShape& shape = layer_.shape;
  const ArrayConfig& array = machine_.array;
  group_filters_ = shape.M / shape.groups;
  group_channels_ = shape.C / shape.groups;
  k_ = shape.R * shape.S * group_channels_;
  chunks_ = ceil_div(k_, array.chunk);
  window_count_ = std::uint64_t{shape.N} * shape.P() * shape.Q();
  tile_count_ = lowering.tiles();
  const bool one_window = array.mapping == Mapping::Filters;
  filters_per_tile_ = one_window ? array.rows * array.columns : array.rows;
  windows_per_tile_ = one_window ? 1 : array.columns;
  filter_tiles_ = ceil_div(group_filters_, filters_per_tile_);
  window_tiles_ = ceil_div(window_count_, windows_per_tile_);
  input_size_ = layer_.operand_bits() == 16 ? 4 : kernels.byte_products && layer_.input.type() == DType::UInt8 ? 1 : 2;
  wide_masks_ = array.chunk > 64;
  // An odd number of cache lines apart, so that rows do not meet in the same sets; masks read up to two words past the
  // end.
  row_stride_ = (ceil_div((std::uint64_t{chunks_} * array.chunk + 192) * input_size_, 128) * 128 + 64) / input_size_;

  image_height_ = shape.H + shape.pad_top + shape.pad_bottom;
  image_width_ = shape.W + shape.pad_left + shape.pad_right;
  image_.assign(std::size_t{shape.N} * image_height_ * image_width_ * shape.C * input_size_, std::byte{0});
  with_elements(input_size_, [&](auto element, auto) {
    auto* const image = reinterpret_cast<decltype(element)*>(image_.data());
    with_values(layer_.input, [&](const auto* values) {
      // A line of a cache at a time of each channel.
      constexpr std::size_t kTogether = 64;
      for (std::size_t n = 0; n < shape.N; ++n)
        for (std::size_t h = 0; h < shape.H; ++h)
          for (std::size_t w = 0; w < shape.W; w += kTogether) {
            auto* const to =
                image + ((n * image_height_ + h + shape.pad_top) * image_width_ + shape.pad_left + w) * shape.C;
            const std::size_t count = std::min<std::size_t>(kTogether, shape.W - w);
            for (std::size_t c = 0; c < shape.C; ++c) {
              const auto* const from = values + ((n * shape.C + c) * shape.H + h) * shape.W + w;
              for (std::size_t i = 0; i < count; ++i) to[i * shape.C + c] = static_cast<decltype(element)>(from[i]);
            }
          }
    });
  });

  const auto keep = [&](auto& cache, std::uint32_t tiles, std::uint32_t streams, std::uint32_t passes) {
    const std::size_t entry = std::size_t{padded(streams)} * (20 + (wide_masks_ ? 8 : 0)) + 64;
    const std::size_t count = std::size_t{shape.groups} * tiles;
    if (count * (entry * chunks_ * passes + 512) <= kCacheBytes) cache.parts.resize(count);
  };
  keep(filter_cache_, filter_tiles_, std::min(filters_per_tile_, group_filters_), lowering.early_termination() ? 4 : 2);
  keep(window_cache_, window_tiles_, windows_per_tile_, 1);
}

std::uint32_t Operands::chunk_length(std::uint32_t chunk) const {
  return std::min(machine_.array.chunk, k_ - chunk * machine_.array.chunk);
}

template <typename T>
void Operands::window_row(std::uint32_t group, std::uint64_t window, T* row) const {
  const ConvShape& shape = layer_.shape;
  LACUNA_CHECK(sizeof(T) == input_size_, "inputs take {} bytes", input_size_);
  const T* const image = reinterpret_cast<const T*>(image_.data());
  const std::size_t q = window % shape.Q() * shape.stride_w;
  const std::size_t p = window / shape.Q() % shape.P() * shape.stride_h;
  const std::size_t n = window / shape.Q() / shape.P();
  const bool whole_pixels = shape.groups == 1;
  const T* const end = row + row_stride_;
  for (std::uint32_t r = 0; r < shape.R; ++r) {
    const T* from = image + ((n * image_height_ + p + std::size_t{r} * shape.dilation_h) * image_width_ + q) * shape.C +
                    std::size_t{group} * group_channels_;
    if (whole_pixels && shape.dilation_w == 1) {
      row = std::copy_n(from, std::size_t{shape.S} * shape.C, row);
    } else {
      for (std::uint32_t s = 0; s < shape.S; ++s, from += std::size_t{shape.dilation_w} * shape.C)
        row = std::copy_n(from, group_channels_, row);
    }
  }
  std::fill(row, const_cast<T*>(end), T{0});
}
template void Operands::window_row(std::uint32_t, std::uint64_t, std::uint8_t*) const;
template void Operands::window_row(std::uint32_t, std::uint64_t, std::int16_t*) const;
template void Operands::window_row(std::uint32_t, std::uint64_t, std::int32_t*) const;

template <typename T>
void Operands::filter_row(std::uint32_t group, std::uint32_t place, T* row) const {
  const ConvShape& shape = layer_.shape;
  const std::size_t filter = lowering_.filter_order()[std::size_t{group} * group_filters_ + place];
  const std::uint32_t plane = shape.R * shape.S;
  with_values(layer_.weights, [&](const auto* weights) {
    const auto* from = weights + filter * k_;
    if (plane == 1) {
      for (std::uint32_t c = 0; c < k_; ++c) row[c] = static_cast<T>(from[c]);
      return;
    }
    for (std::uint32_t c = 0; c < group_channels_; ++c)
      for (std::uint32_t at = 0; at < plane; ++at)
        row[std::size_t{at} * group_channels_ + c] = static_cast<T>(from[std::size_t{c} * plane + at]);
  });
  std::fill(row + k_, row + row_stride_, T{0});
}
template void Operands::filter_row(std::uint32_t, std::uint32_t, std::int8_t*) const;
template void Operands::filter_row(std::uint32_t, std::uint32_t, std::int16_t*) const;
template void Operands::filter_row(std::uint32_t, std::uint32_t, std::int32_t*) const;

/// The masks of the chunks of a row of values.
template <typename T>
void Operands::row_masks(const T* row, std::vector<Mask>& masks) const {
  const std::uint32_t chunk = machine_.array.chunk;
  const std::uint32_t words = ceil_div(std::uint64_t{chunks_} * chunk, 64) + 1;
  std::vector<std::uint64_t> bits(words + 2);
  kernels_.nonzero(row, sizeof(T), words, bits.data());
  masks.resize(chunks_);
  for (std::uint32_t c = 0; c < chunks_; ++c) masks[c] = bits_at(bits.data(), std::size_t{c} * chunk, chunk_length(c));
}

namespace {

/// Bytes of a message on the bus: README.md, section Work.
std::uint32_t message_bytes(const FeederConfig& feeder, std::uint32_t operand, std::uint32_t length,
                            std::uint32_t nonzeros) {
  return feeder.encoding == Encoding::Dense ? length * operand : ceil_div(length, 8) + nonzeros * operand;
}
std::uint32_t message_words(const FeederConfig& feeder, std::uint32_t bytes) {
  return std::max(1u, ceil_div(bytes, feeder.bus_bytes));
}

}  // namespace

std::shared_ptr<const Windows> Operands::build_windows(std::uint32_t group, std::uint32_t index) const {
  auto result = std::make_shared<Windows>();
  auto outline = std::make_shared<WindowTile>();
  const std::uint64_t begin = std::uint64_t{index} * windows_per_tile_;
  const auto count = static_cast<std::uint32_t>(std::min<std::uint64_t>(window_count_ - begin, windows_per_tile_));
  outline->group = group;
  outline->chunks = chunks_;
  result->resize(count, chunks_, wide_masks_);
  with_elements(input_size_, [&](auto element, auto) {
    std::vector<decltype(element)> row(row_stride_);
    std::vector<Mask> masks;
    for (std::uint32_t i = 0; i < count; ++i) {
      outline->windows.push_back(begin + i);
      window_row(group, begin + i, row.data());
      row_masks(row.data(), masks);
      for (std::uint32_t c = 0; c < chunks_; ++c) {
        const std::uint32_t bytes =
            message_bytes(machine_.activations, operand_bytes(machine_), chunk_length(c), masks[c].count());
        result->set(c, i, masks[c], bytes, message_words(machine_.activations, bytes));
      }
    }
  });
  result->sum_up(kernels_);
  result->outline = std::move(outline);
  return result;
}

std::shared_ptr<const Filters> Operands::build_filters(std::uint32_t group, std::uint32_t index) const {
  auto result = std::make_shared<Filters>();
  auto outline = std::make_shared<FilterTile>();
  const std::uint32_t begin = index * filters_per_tile_;
  const std::uint32_t count = std::min(group_filters_ - begin, filters_per_tile_);
  outline->group = group;
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::uint32_t filter = lowering_.filter_order()[std::size_t{group} * group_filters_ + begin + i];
    outline->filters.push_back(filter);
    outline->bias.push_back(layer_.bias[filter]);
  }

  // Nonzero weights and positive ones, [stream][chunk].
  const bool two_passes = lowering_.early_termination();
  std::vector<std::vector<Mask>> nonzero(count), positive(count);
  with_elements(input_size_, [&](auto, auto element) {
    std::vector<decltype(element)> row(row_stride_);
    for (std::uint32_t i = 0; i < count; ++i) {
      filter_row(group, begin + i, row.data());
      row_masks(row.data(), nonzero[i]);
      if (!two_passes) continue;
      for (auto& weight : row) weight = std::max(weight, decltype(element){0});
      row_masks(row.data(), positive[i]);
    }
  });

  struct Part {
    Mask mask, owned;
  };
  const auto part = [&](std::uint32_t stream, std::uint32_t chunk, Pass pass) -> Part {
    const Mask all = Mask::first(chunk_length(chunk));
    if (pass == Pass::All) return {nonzero[stream][chunk], all};
    const Mask& above = positive[stream][chunk];
    if (pass == Pass::Positive) return {above, above};
    return {without(nonzero[stream][chunk], above), without(all, above)};
  };
  return with_skip_rule(machine_.array.skip, [&](auto rule) -> std::shared_ptr<const Filters> {
    using Rule = decltype(rule);
    const Mask every = Mask::first(128);
    const auto slots = [&](const Part& p) { return Rule::slots(p.owned, p.mask, every); };
    std::vector<Step>& steps = outline->steps;
    const auto add_pass = [&](Pass pass) {
      for (std::uint32_t c = 0; c < chunks_; ++c) {
        bool needed = pass == Pass::All;
        for (std::uint32_t i = 0; i < count && !needed; ++i) needed = !slots(part(i, c, pass)).none();
        if (needed) steps.push_back({.pass = pass, .chunk = c, .check_each = pass == Pass::Negative});
      }
    };
    if (two_passes) {
      add_pass(Pass::Positive);
      if (!steps.empty()) steps.back().check_end = true;
      add_pass(Pass::Negative);
      if (steps.empty()) steps.push_back({.pass = Pass::Negative, .check_each = true});
    } else {
      add_pass(Pass::All);
    }
    steps.front().first = true;
    steps.back().last = true;

    const auto entries = static_cast<std::uint32_t>(steps.size());
    result->resize(count, entries, wide_masks_);
    result->own_slots = !Rule::kSkipsZeroWeights;
    if (result->own_slots) {
      result->slots_low.assign(result->low.size(), 0);
      if (wide_masks_) result->slots_high.assign(result->low.size(), 0);
    }
    outline->left_out = std::uint64_t{count} * k_;
    result->owned.resize(count);
    for (std::uint32_t s = 0; s < entries; ++s)
      for (std::uint32_t i = 0; i < count; ++i) {
        const std::uint32_t length = chunk_length(steps[s].chunk);
        const Part p = part(i, steps[s].chunk, steps[s].pass);
        std::uint32_t bytes = message_bytes(machine_.weights, operand_bytes(machine_), length, p.mask.count());
        if (s == 0) bytes += accumulator_bits(machine_) / 8;
        if (two_passes && !Rule::kSkipsZeroWeights) bytes += ceil_div(length, 8);
        result->set(s, i, p.mask, bytes, message_words(machine_.weights, bytes));
        outline->left_out -= p.owned.count();
        result->owned[i] += p.owned.count();
        if (!result->own_slots) continue;
        const std::size_t at = std::size_t{s} * result->pad + i;
        result->slots_low[at] = slots(p).low;
        if (wide_masks_) result->slots_high[at] = slots(p).high;
      }
    result->sum_up(kernels_);
    if (machine_.array.mapping == Mapping::Filters) {
      // A row serves its PEs one by one: the streams row, row + rows, ...
      Aligned<std::int32_t> words;
      const std::uint32_t pad = padded(machine_.array.rows);
      words.assign(std::size_t{entries} * pad, 0);
      for (std::uint32_t s = 0; s < entries; ++s)
        for (std::uint32_t i = 0; i < count; ++i)
          words[std::size_t{s} * pad + i % machine_.array.rows] += result->words[std::size_t{s} * result->pad + i];
      result->row_words_before.assign(std::size_t{entries + 1} * pad, 0);
      kernels_.sum_words(words.data(), nullptr, entries, pad, result->row_words_before.data());
      result->row_pad = pad;
    }
    result->outline = std::move(outline);
    return result;
  });
}

std::shared_ptr<const Filters> Operands::filters(std::uint32_t group, std::uint32_t index) {
  const std::size_t at = std::size_t{group} * filter_tiles_ + index;
  if (filter_cache_.latest.first != at) {
    std::shared_ptr<const Filters> built = filter_cache_.parts.empty() ? nullptr : filter_cache_.parts[at];
    if (!built) built = build_filters(group, index);
    if (!filter_cache_.parts.empty()) filter_cache_.parts[at] = built;
    filter_cache_.latest = {at, std::move(built)};
  }
  return filter_cache_.latest.second;
}

std::shared_ptr<const Windows> Operands::windows(std::uint32_t group, std::uint32_t index) {
  const std::size_t at = std::size_t{group} * window_tiles_ + index;
  if (window_cache_.latest.first != at) {
    std::shared_ptr<const Windows> built = window_cache_.parts.empty() ? nullptr : window_cache_.parts[at];
    if (!built) built = build_windows(group, index);
    if (!window_cache_.parts.empty()) window_cache_.parts[at] = built;
    window_cache_.latest = {at, std::move(built)};
  }
  return window_cache_.latest.second;
}

const std::int32_t* Operands::step_words(const Tile& tile, const Windows& windows) {
  // With one pass steps are chunks.
  if (!lowering_.early_termination()) return windows.words_before.data();
  const std::vector<Step>& steps = tile.filters->steps;
  chunk_of_step_.clear();
  for (const Step& step : steps) chunk_of_step_.push_back(step.chunk);
  if (step_words_.size() < (steps.size() + 1) * windows.pad)
    step_words_.assign((2 * std::size_t{chunks_} + 1) * windows.pad, 0);
  kernels_.sum_words(windows.words.data(), chunk_of_step_.data(), static_cast<std::uint32_t>(steps.size()), windows.pad,
                     step_words_.data());
  return step_words_.data();
}

void Operands::cut_blocks(Tile& tile, const Filters& filters, const Windows& windows) {
  const auto half_weights = static_cast<std::int32_t>(machine_.weights.buffer_bytes / 2 / machine_.weights.bus_bytes);
  const auto half_activations =
      static_cast<std::int32_t>(machine_.activations.buffer_bytes / 2 / machine_.activations.bus_bytes);
  const auto steps = static_cast<std::uint32_t>(tile.filters->steps.size());
  const std::int32_t* const activations = step_words(tile, windows);
  tile.block_of.resize(steps);
  for (std::uint32_t begin = 0; begin < steps;) {
    const std::uint32_t end =
        std::min(kernels_.longest_run(filters.feeder_words(), steps, filters.feeder_pad(), begin, half_weights),
                 kernels_.longest_run(activations, steps, windows.pad, begin, half_activations));
    if (end == begin) {
      lowering_.tile(first_tile_ + tile.index);
      throw Bug("the lowering cuts a tile whose chunk does not fit its buffer");
    }
    for (std::uint32_t step = begin; step < end; ++step)
      tile.block_of[step] = static_cast<std::uint32_t>(tile.blocks.size());
    tile.blocks.push_back({.begin = begin, .end = end});
    begin = end;
  }
}

void Operands::add_fetches(Tile& tile, const Lowering::Position& at, const CompactTile& previous,
                           const Filters& filters, const std::shared_ptr<const Windows>& windows) {
  const std::vector<Step>& steps = tile.filters->steps;
  const bool stays = previous.tile && previous.tile->blocks.size() == 1 && tile.blocks.size() == 1;
  const bool weights_stay = stays && previous.filters.get() == &filters;
  const bool activations_stay =
      stays && previous.windows == windows &&
      (weights_stay || std::ranges::equal(previous.tile->steps(), steps, {}, &Step::chunk, &Step::chunk));
  const std::uint64_t weights =
      weights_stay ? 0 : lowering_.plan().weight_bytes(at.group, at.filter_tile, at.window_tile);
  const std::uint64_t inputs =
      activations_stay ? 0 : lowering_.plan().input_bytes(at.group, at.filter_tile, at.window_tile);
  const std::uint64_t burst = machine_.dram.burst_bytes;
  const bool unicast = tile.mapping == Mapping::Filters;
  const std::int32_t* const activation_words = step_words(tile, *windows);

  for (std::size_t i = 0; i < tile.blocks.size(); ++i) {
    Block& block = tile.blocks[i];
    const auto share = [&](std::uint64_t bytes) {
      const std::uint64_t part = bytes * (i + 1) / tile.blocks.size() - bytes * i / tile.blocks.size();
      return (part + burst - 1) / burst * burst;
    };
    const auto most_words = [&](const std::int32_t* before, std::uint32_t pad) {
      return static_cast<std::uint32_t>(kernels_.largest_difference(before + std::size_t{block.begin} * pad,
                                                                    before + std::size_t{block.end} * pad, pad));
    };
    block.dram_bytes = share(weights) + share(inputs);
    if (!weights_stay) {
      block.weight_write_bytes = filters.bytes_before[block.end] - filters.bytes_before[block.begin];
      block.buffer_bytes += block.weight_write_bytes;
      block.words = most_words(filters.feeder_words(), filters.feeder_pad());
    }
    if (!activations_stay) {
      std::uint64_t bytes = 0;
      if (!lowering_.early_termination())
        bytes = windows->bytes_before[block.end] - windows->bytes_before[block.begin];
      else
        for (std::uint32_t step = block.begin; step < block.end; ++step)
          bytes += windows->bytes_before[steps[step].chunk + 1] - windows->bytes_before[steps[step].chunk];
      block.words = std::max(block.words, most_words(activation_words, windows->pad));
      block.activation_write_bytes = unicast ? bytes * tile.columns : bytes;
      block.buffer_bytes += bytes;
    }
  }
}

void Operands::use_tiles(std::uint64_t first, std::uint64_t count) {
  LACUNA_CHECK(count != 0 && first + count <= lowering_.tiles(), "tiles {}..{} of {}", first, first + count,
               lowering_.tiles());
  first_tile_ = first;
  tile_count_ = count;
}

std::optional<std::uint64_t> Operands::last_tile(std::uint32_t row, std::uint32_t column) const {
  if (tile_count_ == lowering_.tiles()) return lowering_.last_tile(row, column);
  for (std::uint64_t index = tile_count_; index-- > 0;)
    if (geometry(index).mapped(row, column)) return index;
  return std::nullopt;
}

CompactTile Operands::tile(std::uint64_t index) {
  LACUNA_CHECK(index < tile_count_, "tile {} of {}", index, tile_count_);
  const auto cut = [&](std::uint64_t at) {
    CompactTile compact;
    compact.position = lowering_.position(at);
    compact.filters = filters(compact.position.group, compact.position.filter_tile);
    compact.windows = windows(compact.position.group, compact.position.window_tile);
    auto tile = std::make_shared<Tile>();
    tile->index = index;
    tile->mapping = machine_.array.mapping;
    tile->array_rows = machine_.array.rows;
    tile->filters = compact.filters->outline;
    tile->windows = compact.windows->outline;
    static_cast<Geometry&>(*tile) = lowering_.geometry(at);
    cut_blocks(*tile, *compact.filters, *compact.windows);
    return std::pair(std::move(compact), std::move(tile));
  };
  const std::uint64_t at = first_tile_ + index;
  if (at > 0 && latest_index_ != at - 1) {
    auto [compact, tile] = cut(at - 1);
    compact.tile = std::move(tile);
    latest_ = std::move(compact);
  }
  auto [compact, tile] = cut(at);
  add_fetches(*tile, compact.position, at > 0 ? latest_ : CompactTile{}, *compact.filters, compact.windows);
  compact.tile = std::move(tile);
  latest_ = compact;
  latest_index_ = at;
  return compact;
}

}  // namespace lacuna::fast
