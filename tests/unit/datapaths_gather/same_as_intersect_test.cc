// With one window, steps without filled entries and buses and FIFOs that never bind, gather takes the cycles of
// intersect with `skip: weights`, the same lanes and a chunk that is the segment: what a PE does is the same then. What
// differs is how long the operand buffers take to load, a word for each group instead of each chunk; where filters stay
// in them it does once, before the first tile.
#include <catch2/catch.hpp>

#include "../serial_dram.h"
#include "check/random_case.h"
#include "datapaths/gather/config.h"
#include "datapaths/gather/lowering.h"
#include "datapaths/gather/systemc/engine.h"
#include "datapaths/intersect/config.h"
#include "datapaths/intersect/systemc/engine.h"

using namespace lacuna;

namespace {

void never_bind(Machine& machine) {
  machine.array.rows = 3;
  machine.array.columns = 4;
  machine.array.operand = Operand::Int16;
  machine.global_buffer = {1u << 24, 256, 4096};
  machine.dram = test::serial_dram(4096, 0, 1);
}

}  // namespace

TEST_CASE("gather that never waits for operands takes the cycles of intersect that skips zero weights") {
  std::size_t compared = 0;
  for (const std::uint32_t lanes : {1u, 2u, 3u, 8u})
    for (const std::uint32_t chunk : {8u, 32u, 64u})
      for (std::uint64_t seed = 1; seed <= 60; ++seed) {
        Machine one = intersect::default_machine(), other = gather::default_machine();
        never_bind(one);
        never_bind(other);
        intersect::Config& i = intersect::config(one);
        i.chunk = chunk;
        i.lanes = lanes;
        i.skip = intersect::SkipRule::Weights;
        i.order = Order::FiltersOuter;
        i.weights = {.buffer_bytes = 1u << 22, .bus_bytes = 256, .fifo_depth = 64};
        i.activations = {.buffer_bytes = 1u << 22, .bus_bytes = 256, .fifo_depth = 16};
        gather::Config& g = gather::config(other);
        g.segment = chunk;
        g.lanes = lanes;
        g.index_bits = 8;
        g.segments_resident = 16;
        g.order = Order::FiltersOuter;
        g.weights.fifo_depth = 64;
        g.weights.buffer_bytes = g.activations.buffer_bytes = 1u << 22;
        g.weights.bus_bytes = g.activations.bus_bytes = 1024;
        const Layer layer = random_case_on(one, seed).layer;
        if (layer.shape.groups != 1 || layer.shape.M > one.array.rows) continue;  // filters do not stay
        ++compared;
        const LayerOutcome a = intersect::make_systemc_engine()->run(one, layer, nullptr);
        const LayerOutcome b = gather::make_systemc_engine()->run(other, layer, nullptr);
        CAPTURE(lanes, chunk, seed);
        CHECK(a.output == b.output);
        CHECK(a.pairs == b.pairs);
        CHECK(a.pe_cycles[PeClass::Busy] == b.pe_cycles[PeClass::Busy]);
        CHECK(a.pe_cycles[PeClass::Bubble] == b.pe_cycles[PeClass::Bubble]);
        const auto first = gather::Lowering(other, layer).tile(TileIndex(0));
        const std::uint32_t chunks = first->steps_of(fabric::Side::Activations, 0);
        CHECK(b.cycles - a.cycles == first->blocks[0].words - chunks);
      }
  CHECK(compared >= 24);
}
