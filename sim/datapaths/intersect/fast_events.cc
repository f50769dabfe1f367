#include "datapaths/intersect/fast_events.h"

#include <algorithm>
#include <utility>

#include "machine/skip_rules.h"

namespace lacuna::fast {

namespace {

constexpr std::size_t kFew = 1 << 14;

}  // namespace

EventTeller::EventTeller(const Operands& operands, const Tensor& output, EventSink& sink)
    : operands_(operands),
      machine_(operands.lowering().machine()),
      sink_(sink),
      output_(output.to_int64()),
      columns_(machine_.array.columns),
      pes_(std::size_t{machine_.array.rows} * columns_),
      many_(kFew) {
  for (std::uint32_t pe = 0; pe < pes_.size(); ++pe) add(0, kMultiplied, event::Wait{0, pe, PeClass::FillDrain});
}

TileValues EventTeller::values_of(const CompactTile& compact) const {
  TileValues values{compact.tile, {}, {}};
  const Tile& tile = *compact.tile;
  const Lowering::Position& at = compact.position;
  const std::uint32_t filters_per_tile = machine_.array.rows * (tile.mapping == Mapping::Filters ? columns_ : 1);
  with_elements(operands_.input_size(), [&](auto activation, auto weight) {
    const auto row = [&](auto element, auto fill) {
      std::vector<decltype(element)> elements(operands_.row_stride());
      fill(elements.data());
      return std::vector<std::int32_t>(elements.begin(), elements.begin() + operands_.k());
    };
    for (std::uint32_t i = 0; i < tile.filters->filters.size(); ++i)
      values.weights.push_back(row(
          weight, [&](auto* to) { operands_.filter_row(at.group, at.filter_tile * filters_per_tile + i, to); }));
    for (const std::uint64_t window : tile.windows->windows)
      values.activations.push_back(row(activation, [&](auto* to) { operands_.window_row(at.group, window, to); }));
  });
  return values;
}

EventTeller::Pair EventTeller::pair_of(std::uint32_t pe, const TileValues& values, std::uint32_t step) const {
  const Tile& tile = *values.tile;
  const Step& at = tile.steps()[step];
  const std::uint32_t first = at.chunk * machine_.array.chunk;
  Pair pair;
  pair.weights = values.weights[tile.filter_stream(pe / columns_, pe % columns_)].data() + first;
  pair.activations = values.activations[tile.window_stream(pe % columns_)].data() + first;
  Mask owned, weights, activations;
  for (std::uint32_t p = 0; p < operands_.chunk_length(at.chunk); ++p) {
    if (pair.activations[p] != 0) activations.set(p);
    if (at.pass != Pass::All && (at.pass == Pass::Positive) != (pair.weights[p] > 0)) continue;
    owned.set(p);
    if (pair.weights[p] != 0) weights.set(p);
  }
  pair.owned = owned.count();
  pair.effectual = weights & activations;
  with_skip_rule(machine_.array.skip, [&](auto rule) { pair.slots = rule.slots(owned, weights, activations); });
  return pair;
}

Mask EventTeller::next_group(Mask& slots) const {
  const Mask before = slots;
  for (std::uint32_t lane = 0; lane < machine_.array.lanes && !slots.none(); ++lane) slots.clear_lowest();
  return without(before, slots);
}

void EventTeller::pair(std::uint32_t pe, const TileValues& values, std::uint32_t step, Time begin,
                       std::uint32_t groups) {
  const Tile& tile = *values.tile;
  const Pair pair = pair_of(pe, values, step);
  add(begin, kOpened, event::Open{begin, pe, tile.index, step, pair.owned - pair.slots.count()});
  std::int64_t& psum = pes_[pe].psum;
  if (step == 0) psum = tile.filters->bias[tile.filter_stream(pe / columns_, pe % columns_)];
  const unsigned unused = 64 - accumulator_bits(machine_);
  const bool gates = machine_.array.skip == SkipRule::Gate;
  Mask left = pair.slots;
  for (std::uint32_t group = 0; group < groups; ++group) {
    const Mask picked = next_group(left);
    for (Mask rest = picked; !rest.none(); rest.clear_lowest())
      psum += std::int64_t{pair.weights[rest.lowest()]} * pair.activations[rest.lowest()];
    psum = static_cast<std::int64_t>(static_cast<std::uint64_t>(psum) << unused) >> unused;
    const std::uint32_t executed = (picked & pair.effectual).count();
    const std::uint32_t zeros = picked.count() - executed;
    const Time cycle = begin + 1 + group;
    add(cycle, kMultiplied,
        event::Group{cycle, pe, tile.index, step, executed, gates ? 0 : zeros, gates ? zeros : 0, psum});
  }
}

void EventTeller::stop(std::uint32_t pe, const TileValues& values, std::uint32_t step, Time stop) {
  event::Stop event{stop + 2, pe, values.tile->index, step, 0, 0};
  for (std::uint32_t later = step + 1; later < values.tile->steps().size(); ++later) {
    const Pair pair = pair_of(pe, values, later);
    event.terminated += pair.slots.count();
    event.skipped += pair.owned - pair.slots.count();
  }
  // What is left of the step itself, if a group of it was killed, is added by kill().
  add(stop + 2, kStopped, event);
}

void EventTeller::kill(std::uint32_t pe, const TileValues& values, std::uint32_t step, std::uint32_t group, Time stop) {
  const Pair pair = pair_of(pe, values, step);
  const std::uint64_t tile = values.tile->index;
  if (group == 0) add(stop + 1, kOpened, event::Open{stop + 1, pe, tile, step, pair.owned - pair.slots.count()});
  Mask left = pair.slots;
  Mask killed;
  for (std::uint32_t i = 0; i <= group; ++i) killed = next_group(left);
  this->stop(pe, values, step, stop);
  std::get<event::Stop>(told_.back().event).terminated += left.count();
  add(stop + 2, kMultiplied, event::Kill{stop + 2, pe, tile, step, killed.count()});
}

void EventTeller::complete(std::uint32_t pe) {
  Pe& at = pes_[pe];
  at.complete[at.completions++ % 2] = at.psum;
}

void EventTeller::retire(std::uint32_t pe, Time time) {
  Pe& at = pes_[pe];
  add(time, kRetired, event::Retire{time, pe, at.complete[at.retired++ % 2]});
}

void EventTeller::wait(std::uint32_t pe, Time begin, Time end, PeClass why) {
  for (Time cycle = begin + 1; cycle <= end; ++cycle) add(cycle, kMultiplied, event::Wait{cycle, pe, why});
}

void EventTeller::drain(std::uint32_t pe, const TileValues& values, Time time) {
  const Tile& tile = *values.tile;
  const std::uint32_t filter = tile.filters->filters[tile.filter_stream(pe / columns_, pe % columns_)];
  const std::uint64_t window = tile.windows->windows[tile.window_stream(pe % columns_)];
  const ConvShape& shape = operands_.lowering().layer().shape;
  const std::uint64_t plane = std::uint64_t{shape.P()} * shape.Q();
  add(time, kMultiplied,
      event::Drain{time, pe, tile.index, output_[(window / plane * shape.M + filter) * plane + window % plane]});
}

void EventTeller::tell(const event::Fetch& fetch, std::shared_ptr<const Tile> tile) {
  told_.push_back({fetch.cycle, kMultiplied, fetch, std::move(tile)});
}

void EventTeller::reached(Time time) {
  if (told_.size() < many_) return;
  give(time);
  many_ = 2 * told_.size() + kFew;
}

void EventTeller::give(Time time) {
  const auto order = [](const Told& told) { return std::pair(told.cycle, told.rank); };
  std::ranges::stable_sort(told_, {}, order);
  std::size_t given = 0;
  for (; given < told_.size() && told_[given].cycle < time; ++given)
    std::visit([&](const auto& event) { sink_.on(event); }, told_[given].event);
  told_.erase(told_.begin(), told_.begin() + static_cast<std::ptrdiff_t>(given));
}

void EventTeller::finish(Time cycles) {
  std::erase_if(told_, [&](const Told& told) {
    return told.cycle >= cycles && std::holds_alternative<event::Send>(told.event);
  });
  give(kUnknown);
}

}  // namespace lacuna::fast
