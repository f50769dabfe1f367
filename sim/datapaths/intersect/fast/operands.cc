#include "datapaths/intersect/fast/operands.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "datapaths/intersect/skip_rules.h"

namespace lacuna::intersect::fast {

namespace {

/// What is kept of one operand of a layer for tiles to come; beyond that it is built again.
constexpr std::size_t kCacheBytes = std::size_t{96} << 20;

std::uint32_t ceil_div(std::uint64_t a, std::uint64_t b) { return static_cast<std::uint32_t>((a + b - 1) / b); }

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
  // Of each, whole cache lines.
  const std::size_t bytes_words = (entries + std::size_t{1} + 7) / 8 * 8;
  memory_.resize(size * (wide ? 2 : 1) + size / 2 * 3 + pad / 2 + bytes_words);
  std::uint64_t* next = memory_.data();
  low = {next, size};
  next += size;
  if (wide) high = {next, size}, next += size;
  const auto numbers = [&](std::size_t count) {
    auto* const first = reinterpret_cast<std::int32_t*>(next);
    next += count / 2;
    return std::span<std::int32_t>(first, count);
  };
  words = numbers(size);
  bytes = numbers(size);
  words_before = numbers(size + pad);
  bytes_before = {next, entries + std::size_t{1}};
  if (streams == pad) return;
  for (std::uint32_t entry = 0; entry < entries; ++entry)
    for (std::uint32_t stream = streams; stream < pad; ++stream) set(entry, stream, {});
}

void Streams::measure(const Kernels& kernels, const std::vector<std::uint32_t>& headers, const FeederConfig& feeder,
                      std::uint32_t operand) {
  kernels.measure({.streams = streams,
                   .pad = pad,
                   .entries = entries,
                   .low = low.data(),
                   .high = high.empty() ? nullptr : high.data(),
                   .headers = headers.data(),
                   .operand = feeder.encoding == Encoding::Dense ? 0 : operand,
                   .bus = feeder.bus_bytes,
                   .bytes = bytes.data(),
                   .words = words.data(),
                   .words_before = words_before.data(),
                   .bytes_before = bytes_before.data()});
}

Operands::Operands(Lowering& lowering, const Kernels& kernels)
    : lowering_(lowering),
      machine_(lowering.machine()),
      config_(config(machine_)),
      layer_(lowering.layer()),
      kernels_(kernels),
      rows_(layer_, lowering.filter_order(), config_.chunk, kernels) {
  const ConvShape& shape = layer_.shape;
  const ArrayConfig& array = machine_.array;
  group_filters_ = shape.M / shape.groups;
  group_channels_ = shape.C / shape.groups;
  k_ = shape.R * shape.S * group_channels_;
  chunks_ = ceil_div(k_, config_.chunk);
  window_count_ = std::uint64_t{shape.N} * shape.P() * shape.Q();
  tile_count_ = lowering.tiles();
  const bool one_window = config_.mapping == Mapping::Filters;
  filters_per_tile_ = one_window ? array.rows * array.columns : array.rows;
  windows_per_tile_ = one_window ? 1 : array.columns;
  filter_tiles_ = ceil_div(group_filters_, filters_per_tile_);
  window_tiles_ = ceil_div(window_count_, windows_per_tile_);
  wide_masks_ = config_.chunk > 64;

  // The outer operand of the order stays while the inner one sweeps, and is not needed again.
  const bool filters_outer = lowering.plan().filters_outer();
  const auto keep = [&](auto& cache, std::uint32_t tiles, std::uint32_t streams, std::uint32_t passes) {
    const std::size_t entry = std::size_t{padded(streams)} * (20 + (wide_masks_ ? 8 : 0)) + 64;
    const std::size_t count = std::size_t{shape.groups} * tiles;
    if (count * (entry * chunks_ * passes + 512) <= kCacheBytes) cache.parts.resize(count);
  };
  if (!filters_outer)
    keep(filter_cache_, filter_tiles_, std::min(filters_per_tile_, group_filters_),
         lowering.early_termination() ? 4 : 2);
  if (filters_outer) keep(window_cache_, window_tiles_, windows_per_tile_, 1);
}

std::uint32_t Operands::chunk_length(std::uint32_t chunk) const {
  return std::min(config_.chunk, k_ - chunk * config_.chunk);
}

std::uint32_t Operands::header(const FeederConfig& feeder, std::uint32_t length) const {
  // README.md, section Work.
  return feeder.encoding == Encoding::Dense ? length * operand_bytes(machine_) : ceil_div(length, 8);
}

std::shared_ptr<const Windows> Operands::build_windows(std::uint32_t group, std::uint32_t index) {
  std::shared_ptr<Windows> result = used_windows_.fresh();
  std::shared_ptr<WindowTile> outline = used_outlines_.fresh();
  const std::uint64_t begin = std::uint64_t{index} * windows_per_tile_;
  const auto count = static_cast<std::uint32_t>(std::min<std::uint64_t>(window_count_ - begin, windows_per_tile_));
  outline->group = group;
  outline->chunks = chunks_;
  outline->windows.resize(count);
  std::iota(outline->windows.begin(), outline->windows.end(), begin);
  result->resize(count, chunks_, wide_masks_);
  if (rows_.whole_words()) {
    std::vector<const std::uint64_t*> first(count);
    rows_.for_windows(group, begin, count,
                      [&](std::uint32_t i, std::size_t element) { first[i] = rows_.image_bits() + element / 64; });
    std::uint64_t* to = result->low.data();
    for (const std::uint32_t offset : rows_.word_offsets()) {
      for (std::uint32_t i = 0; i < count; ++i) to[i] = first[i][offset];
      to += result->pad;
    }
  } else {
    std::vector<std::uint64_t> bits(rows_.bit_words());
    rows_.for_windows(group, begin, count, [&](std::uint32_t i, std::size_t element) {
      rows_.window_bits(element, bits.data());
      for (std::uint32_t c = 0; c < chunks_; ++c)
        result->set(c, i, bits_at(bits.data(), std::size_t{c} * config_.chunk, chunk_length(c)));
    });
  }
  std::vector<std::uint32_t> headers(chunks_);
  for (std::uint32_t c = 0; c < chunks_; ++c) headers[c] = header(config_.activations, chunk_length(c));
  result->measure(kernels_, headers, config_.activations, operand_bytes(machine_));
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
  with_elements(rows_.input_size(), [&](auto, auto element) {
    std::vector<decltype(element)> row(rows_.stride());
    std::vector<std::uint64_t> bits(rows_.bit_words());
    const auto masks = [&](std::vector<Mask>& to) {
      kernels_.nonzero(row.data(), sizeof element, static_cast<std::uint32_t>(bits.size()), bits.data());
      to.resize(chunks_);
      for (std::uint32_t c = 0; c < chunks_; ++c)
        to[c] = bits_at(bits.data(), std::size_t{c} * config_.chunk, chunk_length(c));
    };
    for (std::uint32_t i = 0; i < count; ++i) {
      rows_.filter(group, begin + i, row.data());
      masks(nonzero[i]);
      if (!two_passes) continue;
      for (auto& weight : row) weight = std::max(weight, decltype(element){0});
      masks(positive[i]);
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
  return with_skip_rule(config_.skip, [&](auto rule) -> std::shared_ptr<const Filters> {
    using Rule = decltype(rule);
    const Mask every = Mask::first(128);
    const auto slots = [&](const Part& p) { return Rule::slots(p.owned, p.mask, every); };
    std::vector<Step>& steps = outline->steps;
    std::vector<bool> walked(chunks_);
    const auto add_pass = [&](Pass pass) {
      for (std::uint32_t c = 0; c < chunks_; ++c) {
        bool needed = pass == Pass::All || (pass == Pass::Negative && !walked[c]);
        for (std::uint32_t i = 0; i < count && !needed; ++i) needed = !slots(part(i, c, pass)).none();
        if (!needed) continue;
        walked[c] = true;
        steps.push_back({.pass = pass, .chunk = c, .check_each = pass == Pass::Negative});
      }
    };
    if (two_passes) {
      add_pass(Pass::Positive);
      if (!steps.empty()) steps.back().check_end = true;
      add_pass(Pass::Negative);
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
    std::vector<std::uint32_t> headers(entries);
    for (std::uint32_t s = 0; s < entries; ++s) {
      const std::uint32_t length = chunk_length(steps[s].chunk);
      headers[s] = header(config_.weights, length);
      if (s == 0) headers[s] += accumulator_bits(machine_) / 8;
      if (two_passes && !Rule::kSkipsZeroWeights) headers[s] += ceil_div(length, 8);
      for (std::uint32_t i = 0; i < count; ++i) {
        const Part p = part(i, steps[s].chunk, steps[s].pass);
        result->set(s, i, p.mask);
        outline->left_out -= p.owned.count();
        result->owned[i] += p.owned.count();
        if (!result->own_slots) continue;
        const std::size_t at = std::size_t{s} * result->pad + i;
        result->slots_low[at] = slots(p).low;
        if (wide_masks_) result->slots_high[at] = slots(p).high;
      }
    }
    result->measure(kernels_, headers, config_.weights, operand_bytes(machine_));
    if (config_.mapping == Mapping::Filters) {
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
    if (!built) {
      window_cache_.latest = {UINT64_MAX, nullptr};
      built = build_windows(group, index);
    }
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
  const auto half_weights = static_cast<std::int32_t>(config_.weights.buffer_bytes / 2 / config_.weights.bus_bytes);
  const auto half_activations =
      static_cast<std::int32_t>(config_.activations.buffer_bytes / 2 / config_.activations.bus_bytes);
  const auto steps = static_cast<std::uint32_t>(tile.filters->steps.size());
  const std::int32_t* const activations = step_words(tile, windows);
  tile.block_of.assign(steps, 0);
  if (kernels_.largest_difference(filters.feeder_words(),
                                  filters.feeder_words() + std::size_t{steps} * filters.feeder_pad(),
                                  filters.feeder_pad()) <= half_weights &&
      kernels_.largest_difference(activations, activations + std::size_t{steps} * windows.pad, windows.pad) <=
          half_activations) {
    tile.blocks.push_back({.begin = 0, .end = steps});
    return;
  }
  for (std::uint32_t begin = 0; begin < steps;) {
    const std::uint32_t end =
        std::min(kernels_.longest_stretch(filters.feeder_words(), steps, filters.feeder_pad(), begin, half_weights),
                 kernels_.longest_stretch(activations, steps, windows.pad, begin, half_activations));
    if (end == begin) {
      lowering_.tile(TileIndex(first_tile_ + tile.index));
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
  const Extent weights = weights_stay ? Extent{} : lowering_.plan().weights(at.group, at.filter_tile, at.window_tile);
  const Extent inputs = activations_stay ? Extent{} : lowering_.plan().inputs(at.group, at.filter_tile, at.window_tile);
  const std::uint64_t burst = machine_.dram.burst_bytes;
  const bool unicast = tile.mapping == Mapping::Filters;
  const std::int32_t* const activation_words = step_words(tile, *windows);

  for (std::size_t i = 0; i < tile.blocks.size(); ++i) {
    Block& block = tile.blocks[i];
    const auto share = [&](const Extent& all) {
      const std::uint64_t before = all.bytes * i / tile.blocks.size();
      const std::uint64_t part = all.bytes * (i + 1) / tile.blocks.size() - before;
      return Extent{all.address + before, (part + burst - 1) / burst * burst};
    };
    const auto most_words = [&](const std::int32_t* before, std::uint32_t pad) {
      return static_cast<std::uint32_t>(kernels_.largest_difference(before + std::size_t{block.begin} * pad,
                                                                    before + std::size_t{block.end} * pad, pad));
    };
    block.weights = share(weights);
    block.inputs = share(inputs);
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

Geometry Operands::smallest() const {
  Geometry least = geometry(TileIndex(0));
  const auto take = [&](const Geometry& tile) {
    least.columns = std::min(least.columns, tile.columns);
    least.rows = std::min(least.rows, tile.rows);
    least.last_rows = std::min(least.last_rows, tile.last_rows);
  };
  if (tile_count_ == lowering_.tiles()) {
    // Only the last filter tile and the last window tile of a group may be smaller than the others.
    for (const std::uint32_t filters : {0u, filter_tiles_ - 1})
      for (const std::uint32_t windows : {0u, window_tiles_ - 1}) take(lowering_.geometry({0, filters, windows}));
  } else {
    for (TileIndex tile; tile < tile_count_; ++tile) take(geometry(tile));
  }
  return least;
}

std::optional<TileIndex> Operands::last_tile(Row row, Column column) const {
  if (tile_count_ == lowering_.tiles()) return lowering_.last_tile(row, column);
  for (std::uint64_t after = tile_count_; after > 0; --after)
    if (const TileIndex index(after - 1); geometry(index).mapped(row, column)) return index;
  return std::nullopt;
}

CompactTile Operands::tile(TileIndex index) {
  LACUNA_CHECK(index < tile_count_, "tile {} of {}", index, tile_count_);
  const auto cut = [&](TileIndex at) {
    CompactTile compact;
    compact.position = lowering_.position(at);
    compact.filters = filters(compact.position.group, compact.position.filter_tile);
    compact.windows = windows(compact.position.group, compact.position.window_tile);
    std::shared_ptr<Tile> tile = used_tiles_.fresh();
    tile->blocks.clear();
    tile->index = index;
    tile->mapping = config_.mapping;
    tile->array_rows = machine_.array.rows;
    tile->filters = compact.filters->outline;
    tile->windows = compact.windows->outline;
    static_cast<Geometry&>(*tile) = lowering_.geometry(compact.position);
    cut_blocks(*tile, *compact.filters, *compact.windows);
    return std::pair(std::move(compact), std::move(tile));
  };
  const TileIndex at(first_tile_ + index);
  if (at > 0 && latest_index_ != at - 1) {
    auto [compact, tile] = cut(TileIndex(at - 1));
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

}  // namespace lacuna::intersect::fast
