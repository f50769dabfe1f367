#include "datapaths/intersect/fast/events.h"

#include <utility>

#include "datapaths/intersect/skip_rules.h"

namespace lacuna::intersect::fast {

EventRecorder::EventRecorder(const Operands& operands, const Tensor& output, RecordSink& sink)
    : Recorder(static_cast<std::uint16_t>(Kind::Wait),
               static_cast<std::uint32_t>(pe_count(operands.lowering().machine())), sink),
      operands_(operands),
      machine_(operands.lowering().machine()),
      config_(config(machine_)),
      output_(output.to_int64()),
      columns_(machine_.array.columns),
      pes_(pe_count(machine_)) {}

TileValues EventRecorder::values_of(const CompactTile& compact) const {
  TileValues values{compact.tile, {}, {}};
  const Tile& tile = *compact.tile;
  const Lowering::Position& at = compact.position;
  const std::uint32_t filters_per_tile = machine_.array.rows * (tile.mapping == Mapping::Filters ? columns_ : 1);
  const auto& rows = operands_.rows();
  const auto stream_of = [&](auto element, auto fill) {
    std::vector<decltype(element)> row(rows.stride());
    fill(row.data());
    return TileValues::Stream{{row.begin(), row.begin() + operands_.k()}, {}, {}};
  };
  const auto add_chunk = [&](TileValues::Stream& stream, std::uint32_t chunk, Pass pass) {
    const std::int32_t* const at_chunk = stream.values.data() + std::size_t{chunk} * config_.chunk;
    Mask nonzero, owned;
    for (std::uint32_t p = 0; p < operands_.chunk_length(chunk); ++p) {
      if (pass != Pass::All && (pass == Pass::Positive) != (at_chunk[p] > 0)) continue;
      owned.set(p);
      if (at_chunk[p] != 0) nonzero.set(p);
    }
    stream.nonzero.push_back(nonzero);
    stream.owned.push_back(owned);
  };
  with_elements(rows.input_size(), [&](auto activation, auto weight) {
    for (std::uint32_t i = 0; i < tile.filters->filters.size(); ++i) {
      const auto fill = [&](auto* to) { rows.filter(at.group, at.filter_tile * filters_per_tile + i, to); };
      TileValues::Stream& stream = values.weights.emplace_back(stream_of(weight, fill));
      for (const Step& step : tile.steps()) add_chunk(stream, step.chunk, step.pass);
    }
    const auto& windows = tile.windows->windows;
    rows.for_windows(at.group, windows.front(), static_cast<std::uint32_t>(windows.size()),
                     [&](auto, std::size_t element) {
                       const auto fill = [&](auto* to) { rows.window(element, to); };
                       TileValues::Stream& stream = values.activations.emplace_back(stream_of(activation, fill));
                       for (std::uint32_t chunk = 0; chunk < operands_.chunks(); ++chunk)
                         add_chunk(stream, chunk, Pass::All);
                     });
  });
  return values;
}

EventRecorder::Pair EventRecorder::pair_of(std::uint32_t pe, const TileValues& values, StepIndex step) const {
  const Tile& tile = *values.tile;
  const std::uint32_t chunk = tile.steps()[step].chunk;
  const TileValues::Stream& weights = values.weights[tile.filter_stream(Row(pe / columns_), Column(pe % columns_))];
  const TileValues::Stream& activations = values.activations[tile.window_stream(Column(pe % columns_))];
  Pair pair;
  pair.weights = weights.values.data() + std::size_t{chunk} * config_.chunk;
  pair.activations = activations.values.data() + std::size_t{chunk} * config_.chunk;
  pair.owned = weights.owned[step].count();
  pair.effectual = weights.nonzero[step] & activations.nonzero[chunk];
  with_skip_rule(config_.skip, [&](auto rule) {
    pair.slots = rule.slots(weights.owned[step], weights.nonzero[step], activations.nonzero[chunk]);
  });
  return pair;
}

Mask EventRecorder::next_group(Mask& slots) const {
  const Mask before = slots;
  for (std::uint32_t lane = 0; lane < config_.lanes && !slots.none(); ++lane) slots.clear_lowest();
  return without(before, slots);
}

void EventRecorder::pair(std::uint32_t pe, const TileValues& values, StepIndex step, Time begin, std::uint32_t groups) {
  const Tile& tile = *values.tile;
  const Pair pair = pair_of(pe, values, step);
  keep(kOpened, event::Open{begin, pe, tile.index, step, pair.owned - pair.slots.count()});
  std::int64_t& psum = pes_[pe].psum;
  if (step == 0) psum = tile.filters->bias[tile.filter_stream(Row(pe / columns_), Column(pe % columns_))];
  const unsigned unused = 64 - accumulator_bits(machine_);
  const bool gates = with_skip_rule(config_.skip, [](auto rule) { return decltype(rule)::kGates; });
  Mask left = pair.slots;
  for (std::uint32_t group = 0; group < groups; ++group) {
    const Mask picked = next_group(left);
    for (Mask rest = picked; !rest.none(); rest.clear_lowest())
      psum += std::int64_t{pair.weights[rest.lowest()]} * pair.activations[rest.lowest()];
    psum = static_cast<std::int64_t>(static_cast<std::uint64_t>(psum) << unused) >> unused;
    const std::uint32_t executed = (picked & pair.effectual).count();
    const std::uint32_t zeros = picked.count() - executed;
    const Time cycle = begin + 1 + group;
    keep(kMultiplied, event::Group{cycle, pe, tile.index, step, executed, gates ? 0 : zeros, gates ? zeros : 0, psum});
  }
}

event::Stop EventRecorder::stop_of(std::uint32_t pe, const TileValues& values, StepIndex step, Time stop) const {
  event::Stop event{stop + 2, pe, values.tile->index, step, 0, 0};
  for (StepIndex later(step + 1); later < values.tile->steps().size(); ++later) {
    const Pair pair = pair_of(pe, values, later);
    event.terminated += pair.slots.count();
    event.skipped += pair.owned - pair.slots.count();
  }
  return event;
}

void EventRecorder::stop(std::uint32_t pe, const TileValues& values, StepIndex step, Time stop) {
  keep(kStopped, stop_of(pe, values, step, stop));
}

void EventRecorder::kill(std::uint32_t pe, const TileValues& values, StepIndex step, std::uint32_t group, Time stop) {
  const Pair pair = pair_of(pe, values, step);
  const TileIndex tile = values.tile->index;
  if (group == 0) keep(kOpened, event::Open{stop + 1, pe, tile, step, pair.owned - pair.slots.count()});
  Mask left = pair.slots;
  Mask killed;
  for (std::uint32_t i = 0; i <= group; ++i) killed = next_group(left);
  event::Stop stopped = stop_of(pe, values, step, stop);
  stopped.terminated += left.count();
  keep(kStopped, stopped);
  keep(kMultiplied, event::Kill{stop + 2, pe, tile, step, killed.count()});
}

void EventRecorder::complete(std::uint32_t pe) {
  Pe& at = pes_[pe];
  at.complete[at.completions++ % 2] = at.psum;
}

void EventRecorder::retire(std::uint32_t pe, Time time) {
  Pe& at = pes_[pe];
  keep(kRetired, event::Retire{time, pe, at.complete[at.retired++ % 2]});
}

std::int64_t EventRecorder::output(std::uint32_t pe, const TileValues& values) const {
  const Tile& tile = *values.tile;
  const std::uint32_t filter = tile.filters->filters[tile.filter_stream(Row(pe / columns_), Column(pe % columns_))];
  const std::uint64_t window = tile.windows->windows[tile.window_stream(Column(pe % columns_))];
  const ConvShape& shape = operands_.lowering().layer().shape;
  const std::uint64_t plane = std::uint64_t{shape.P()} * shape.Q();
  return output_[(window / plane * shape.M + filter) * plane + window % plane];
}

}  // namespace lacuna::intersect::fast
