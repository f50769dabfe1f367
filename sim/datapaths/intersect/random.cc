#include "datapaths/intersect/random.h"

#include "datapaths/intersect/config.h"

namespace lacuna::intersect {

void draw_array(Draw& draw, Machine& m, ArraySize size) {
  ArrayConfig& a = m.array;
  Config& c = config(m);
  a.rows = draw.between(1, draw.chance(0.3) ? 2 : 8);
  a.columns = draw.between(1, draw.chance(0.3) ? 2 : 8);
  if (size == ArraySize::Any) {
    if (draw.chance(0.06)) a.columns = draw.between(9, 40);
    if (draw.chance(0.03)) a.rows = draw.between(9, 40);
  }
  c.chunk = draw.one_of({8u, 16u, 24u, 32u, 64u, 72u, 128u});
  c.lanes = draw.one_of({1u, 1u, 1u, 2u, 3u, 4u, 8u});
  a.operand = draw.chance(0.25) ? Operand::Int16 : Operand::Int8;
  // Every rule of the list, and the two-sided one once more: it has the most corners.
  const auto rule = draw.between(0, static_cast<std::uint32_t>(enum_count<SkipRule>()));
  c.skip = rule < enum_count<SkipRule>() ? static_cast<SkipRule>(rule) : SkipRule::Both;
  c.early_termination = draw.chance(0.5) ? EarlyTermination::Exact : EarlyTermination::None;
  c.mapping = draw.chance(0.7) ? Mapping::FiltersWindows : Mapping::Filters;
  for (FeederConfig* feeder : {&c.weights, &c.activations}) {
    feeder->bus_bytes = draw.one_of({1u, 2u, 3u, 4u, 8u, 16u, 64u, 256u});
    feeder->fifo_depth = draw.one_of({1u, 1u, 2u, 3u, 4u, 8u});
    if (size == ArraySize::Any && draw.chance(0.05)) feeder->fifo_depth = draw.between(9, 64);
    feeder->encoding = draw.chance(0.8) ? Encoding::Bitmask : Encoding::Dense;
    // The largest message: every value, two masks and a bias, for every PE of a row; twice.
    const std::uint32_t values = c.chunk * operand_bytes(m) + c.chunk / 4 + 6;
    const std::uint32_t words = (values + feeder->bus_bytes - 1) / feeder->bus_bytes;
    const std::uint32_t one = 2 * words * feeder->bus_bytes * (c.mapping == Mapping::Filters ? a.columns : 1);
    feeder->buffer_bytes = one * draw.one_of({1u, 1u, 2u, 3u, 20u});
  }
}

void draw_schedule(Draw& draw, Machine& m) {
  Config& c = config(m);
  c.order = draw.any<Order>();
  c.filter_order = draw.chance(0.5) ? FilterOrder::Natural : FilterOrder::Density;
}

}  // namespace lacuna::intersect
