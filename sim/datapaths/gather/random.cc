#include "datapaths/gather/random.h"

#include <algorithm>

#include "datapaths/gather/config.h"

namespace lacuna::gather {

namespace {

/// The largest layer that is drawn (check/random_case.cc): a filter of 300 positions; a window group of four windows
/// reads 3 rows x 11 columns x 24 channels.
constexpr std::uint32_t kMostPositions = 300, kMostOfTile = 3 * 11 * 24;

void draw_stream(Draw& draw, Config& c) {
  c.lanes = draw.one_of({1u, 1u, 2u, 3u, 4u, 8u, 16u});
  c.windows = draw.one_of({1u, 1u, 2u, 3u, 4u});
  c.segments_resident = draw.one_of({1u, 2u, 2u, 3u, 4u});
  c.index = draw.any<IndexCode>();
  c.index_bits = draw.one_of({1u, 2u, 3u, 4u, 8u});
  c.block = draw.one_of({2u, 4u, 5u, 8u, 16u});
  c.per_block = draw.between(1, c.block);
  c.segment = c.block * draw.between(std::max(1u, 4 / c.block + (4 % c.block != 0 ? 1 : 0)), 96 / c.block);
  c.reach = draw.one_of({Reach::Crossbar, Reach::Bank, Reach::Block});
  if (c.reach == Reach::Block) c.index = IndexCode::Offset;
  c.banks = draw.one_of({1u, 2u, 3u, 4u, 16u});
}

void draw_resident(Draw& draw, Config& c) {
  c.windows = draw.one_of({1u, 2u, 3u, 4u, 4u});
  c.segment = draw.one_of({kMostOfTile, 800u, 1024u, 2048u});
  c.segments_resident = draw.one_of({1u, 2u, 2u, 3u});
  c.index = IndexCode::Absolute;
  c.reach = Reach::Bank;
  c.weight_order =
      draw.one_of({WeightOrder::Natural, WeightOrder::Sign, WeightOrder::Predictive, WeightOrder::Predictive});
  c.lane_step = draw.any<LaneStep>();
  c.window_groups = draw.one_of({1u, 2u, 3u, 16u});
}

}  // namespace

void draw_array(Draw& draw, Machine& m, ArraySize size) {
  ArrayConfig& a = m.array;
  Config& c = config(m);
  a.rows = draw.between(1, draw.chance(0.4) ? 2 : 6);
  a.columns = draw.between(1, draw.chance(0.4) ? 2 : 6);
  if (size == ArraySize::Any) {
    if (draw.chance(0.06)) a.columns = draw.between(7, 40);
    if (draw.chance(0.03)) a.rows = draw.between(7, 40);
  }
  a.operand = draw.chance(0.25) ? Operand::Int16 : Operand::Int8;
  c.delivery = draw.any<Delivery>();
  c.zeros = draw.any<Zeros>();
  c.step = draw.one_of({Step::None, Step::None, Step::None, Step::Row, Step::Column, Step::Array});
  const bool stream = c.delivery == Delivery::Stream;
  if (stream)
    draw_stream(draw, c);
  else
    draw_resident(draw, c);
  c.weights.fifo_depth = draw.one_of({1u, 1u, 2u, 3u, 4u, 8u});
  if (size == ArraySize::Any && draw.chance(0.05)) c.weights.fifo_depth = draw.between(9, 64);
  for (FeederConfig* feeder : {static_cast<FeederConfig*>(&c.weights), &c.activations})
    feeder->bus_bytes = draw.one_of({1u, 2u, 3u, 4u, 8u, 16u, 64u, 256u});

  const auto words = [](std::uint32_t bytes, std::uint32_t bus) { return (bytes + bus - 1) / bus; };
  const std::uint32_t operand = operand_bytes(m), entry_bits = 8 * operand + index_bits(c);
  const std::uint32_t most = stream ? c.segment : kMostPositions;
  const std::uint32_t groups = stream ? (most + c.lanes - 1) / c.lanes : 1;
  const std::uint32_t group_bytes = (std::min(stream ? c.lanes : most, most) * entry_bits + 7) / 8;
  const std::uint32_t of_row =
      groups * words(group_bytes, c.weights.bus_bytes) + words(header_bytes(m), c.weights.bus_bytes);
  const std::uint32_t of_column =
      words((stream ? c.segment * c.windows : c.segment) * operand, c.activations.bus_bytes);
  c.weights.buffer_bytes = std::max(16u, 2 * of_row * c.weights.bus_bytes * draw.one_of({1u, 1u, 2u, 5u}));
  c.activations.buffer_bytes = std::max(16u, 2 * of_column * c.activations.bus_bytes * draw.one_of({1u, 1u, 2u, 5u}));
}

void draw_schedule(Draw& draw, Machine& m) {
  Config& c = config(m);
  c.skip = draw.chance(0.8) ? Skip::Weights : Skip::None;
  c.order = draw.any<Order>();
}

}  // namespace lacuna::gather
