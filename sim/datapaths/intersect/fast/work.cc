#include "datapaths/intersect/fast/work.h"

#include <algorithm>
#include <utility>

#include "datapaths/intersect/skip_rules.h"

namespace lacuna::intersect::fast {

namespace {

/// The lowest `count` set positions of `mask`.
Mask lowest(const Mask& mask, std::uint32_t count) {
  Mask rest = mask;
  for (; count != 0 && !rest.none(); --count) rest.clear_lowest();
  return without(mask, rest);
}

template <typename Rule>
class Worker {
  static constexpr bool kAsksActivations = Rule::slots(Mask::first(1), Mask::first(1), Mask{}).none();

 public:
  Worker(const Operands& operands, const Values& values, TileWork& work)
      : operands_(operands),
        tile_(work.tile()),
        filters_(*work.operands.filters),
        windows_(*work.operands.windows),
        work_(work),
        steps_(static_cast<std::uint32_t>(tile_.steps().size())),
        columns_(operands.lowering().machine().array.columns),
        lanes_(config(operands.lowering().machine()).lanes) {
    const ArrayConfig& array = operands.lowering().machine().array;
    const Lowering::Position& position = work.operands.position;
    work.pes.resize(std::size_t{array.rows} * columns_);
    work.done.resize(work.pes.size());
    for (std::uint32_t step = 0; step < steps_; ++step) work.items.push_back({step, step});
    work.cycles.resize(std::size_t{tile_.pes()} * steps_);
    first_negative_ = static_cast<std::uint32_t>(std::ranges::find(tile_.steps(), Pass::Negative, &Step::pass) -
                                                 tile_.steps().begin());
    const bool terminates = operands.lowering().early_termination();
    const std::uint32_t first_filter =
        position.filter_tile * array.rows * (tile_.mapping == Mapping::Filters ? columns_ : 1);
    for (Column column(0); column < tile_.columns; ++column)
      for (Row row(0); row < tile_.rows_of(column); ++row) {
        if (terminates) {
          const std::uint32_t stream = tile_.filter_stream(row, column);
          const Stop& stop =
              values.stops(position.group, first_filter + stream)[tile_.windows->windows[tile_.window_stream(column)]];
          place_stop(std::size_t{row} * columns_ + column, stop, stream, tile_.window_stream(column));
        }
        one_pe(row, column);
      }
    add_messages(operands.lowering().machine().array);
  }

 private:
  /// Translates the place of a stop into a step and group of this tile.
  void place_stop(std::size_t pe, const Stop& stop, std::uint32_t filter, std::uint32_t window) const {
    if (stop.never()) return;
    const std::vector<Step>& steps = tile_.steps();
    const std::uint32_t negative = first_negative_;
    std::uint32_t group = stop.group();
    std::uint32_t step;
    if (!stop.is_after_positive()) {
      step = static_cast<std::uint32_t>(
          std::ranges::lower_bound(steps.begin() + negative, steps.end(), stop.chunk(), {}, &Step::chunk) -
          steps.begin());
    } else if (negative == 0) {
      step = group = 0;  // not above zero from the start: the first group shows it
    } else {
      step = negative - 1;
      group = groups_of(step, filter, window) - 1;
    }
    if (step + 1 == steps.size() && group + 1 == groups_of(step, filter, window)) return;  // the tile's last group
    work_.pes[pe].stop_item = step;
    work_.pes[pe].stop_group = group;
  }

  [[nodiscard]] Mask slots_of(std::uint32_t step, std::uint32_t filter, std::uint32_t window) const {
    const Mask slots = filters_.slots(step, filter);
    return kAsksActivations ? slots & windows_.mask(tile_.steps()[step].chunk, window) : slots;
  }
  [[nodiscard]] std::uint32_t groups_of(std::uint32_t step, std::uint32_t filter, std::uint32_t window) const {
    return std::max(1u, (slots_of(step, filter, window).count() + lanes_ - 1) / lanes_);
  }

  void one_pe(Row row, Column column) {
    const std::size_t index = std::size_t{row} * columns_ + column;
    event::PeSum& pe = work_.done[index];
    fabric::fast::TileWork::Pe& items = work_.pes[index];
    items.items = steps_;
    items.first_cycles = steps_ * mapped_++;
    const std::uint32_t stop_step = items.stop_item;
    const std::uint32_t stop_group = items.stop_group;
    const std::uint32_t filter = tile_.filter_stream(row, column);
    const std::uint32_t window = tile_.window_stream(column);
    pe.skipped = filters_.owned[filter];
    for (std::uint32_t i = 0; i < steps_; ++i) {
      const Step& step = tile_.steps()[i];
      const Mask slots = slots_of(i, filter, window);
      const std::uint32_t count = slots.count();
      const std::uint32_t groups = std::max(1u, (count + lanes_ - 1) / lanes_);
      work_.cycles[items.first_cycles + i] = groups;
      pe.skipped -= count;
      if (i > stop_step) {
        pe.terminated += count;
        continue;
      }
      const bool stops = i == stop_step;
      const Mask done = stops ? lowest(slots, (stop_group + 1) * lanes_) : slots;
      const Mask effectual = filters_.mask(i, filter) & windows_.mask(step.chunk, window);
      const std::uint32_t executed = (done & effectual).count();
      const std::uint32_t zeros = done.count() - executed;
      pe.executed += executed;
      (Rule::kGates ? pe.gated : pe.wasted) += zeros;
      pe.terminated += count - done.count();
      const std::uint32_t walked = stops ? stop_group + 1 : groups;
      if (count == 0) {
        ++pe.cycles[PeClass::Bubble];
      } else if (!Rule::kGates) {
        pe.cycles[PeClass::Busy] += walked;
      } else {
        const std::uint32_t busy = groups_with(done, effectual);
        pe.cycles[PeClass::Busy] += busy;
        pe.cycles[PeClass::Gated] += walked - busy;
      }
    }
    pe.stops = stop_step != kNever ? 1 : 0;
  }

  void add_messages(const ArrayConfig& array) const {
    const auto add = [&](std::size_t side, bool mapped, const Streams& streams, auto entry_of, std::uint32_t stream) {
      fabric::fast::Messages& messages = work_.messages[side];
      for (std::uint32_t step = 0; mapped && step < steps_; ++step) {
        const std::size_t at = entry_of(step) * streams.pad + stream;
        messages.all().push_back({static_cast<std::uint32_t>(streams.bytes[at]),
                                  static_cast<std::uint32_t>(streams.words[at]), tile_.block_of[step]});
      }
      messages.end_stream();
    };
    const auto of_filter = [](std::uint32_t step) { return std::size_t{step}; };
    const auto of_window = [&](std::uint32_t step) { return std::size_t{tile_.steps()[step].chunk}; };
    const std::uint32_t per_row = tile_.mapping == Mapping::Filters ? array.columns : 1;
    for (std::uint32_t i = 0; i < array.rows * per_row; ++i) {
      const Row row(i / per_row);
      const Column column(i % per_row);
      const bool mapped = tile_.mapped(row, column);
      add(fabric::fast::kWeights, mapped, filters_, of_filter, mapped ? tile_.filter_stream(row, column) : 0);
    }
    for (Column column(0); column < array.columns; ++column) {
      const bool mapped = tile_.mapped(Row(0), column);
      add(fabric::fast::kActivations, mapped, windows_, of_window, mapped ? tile_.window_stream(column) : 0);
    }
  }

  /// Groups of `slots` that hold a position of `effectual`.
  [[nodiscard]] std::uint32_t groups_with(Mask slots, const Mask& effectual) const {
    if (lanes_ == 1) return (slots & effectual).count();
    std::uint32_t groups = 0;
    while (!slots.none()) {
      const Mask group = lowest(slots, lanes_);
      groups += (group & effectual).none() ? 0 : 1;
      slots = without(slots, group);
    }
    return groups;
  }

  const Operands& operands_;
  const Tile& tile_;
  const Filters& filters_;
  const Windows& windows_;
  TileWork& work_;
  std::uint32_t steps_, columns_, lanes_;
  std::uint32_t mapped_ = 0;          ///< PEs that were worked out
  std::uint32_t first_negative_ = 0;  ///< step
};

}  // namespace

void fill(TileWork& work, const Operands& operands, const Values& values, CompactTile tile) {
  work.operands = std::move(tile);
  const std::shared_ptr<const Tile>& outline = work.operands.tile;
  work.index = outline->index;
  work.geometry = *outline;
  work.blocks = fabric::fast::blocks_of(outline);
  work.results.assign(outline->columns, 1);
  work.left_out = outline->left_out();
  work.output_bytes = output_bytes(operands, values, work.operands);
  with_skip_rule(config(operands.lowering().machine()).skip,
                 [&](auto rule) { Worker<decltype(rule)>(operands, values, work); });
}

std::uint64_t output_bytes(const Operands& operands, const Values& values, const CompactTile& compact) {
  const Tile& tile = *compact.tile;
  const ArrayConfig& array = operands.lowering().machine().array;
  const Lowering::Position& position = compact.position;
  const std::uint32_t first =
      position.filter_tile * array.rows * (tile.mapping == Mapping::Filters ? array.columns : 1);
  std::uint64_t bytes = 0;
  if (tile.mapping == Mapping::FiltersWindows) {
    if (const std::uint32_t* const of_window = values.column_bytes(position.group, first)) {
      for (const std::uint64_t window : tile.windows->windows) bytes += of_window[window];
      return bytes;
    }
  }
  for (Column column(0); column < tile.columns; ++column)
    bytes += values.column_bytes(position.group, first + tile.filter_stream(Row(0), column),
                                 tile.windows->windows[tile.window_stream(column)]);
  return bytes;
}

}  // namespace lacuna::intersect::fast
