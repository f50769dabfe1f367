#include "datapaths/gather/config.h"

#include <bit>

#include "datapaths/gather/family.h"
#include "machine/family.h"

namespace lacuna::gather {

namespace {

void fields(FieldVisitor& v, FeederConfig& c) {
  v.integer({"buffer_bytes", "bytes", "Operand buffer of one feeder, two halves: current block and next."},
            c.buffer_bytes, 16, 1u << 24);
  v.integer({"bus_bytes", "bytes/cycle", "Width of the broadcast bus and of a word of the buffer."}, c.bus_bytes, 1,
            1024);
}

void fields(FieldVisitor& v, WeightConfig& c) {
  fields(v, static_cast<FeederConfig&>(c));
  v.integer({"fifo_depth", "messages", "Groups (stream) or filters (resident) that a PE holds."}, c.fifo_depth, 1, 64);
}

}  // namespace

void fields(FieldVisitor& v, Config& c) {
  v.choice({"delivery", "",
            "stream: entries of a filter come as they are used; resident: a PE keeps a filter and walks it once per "
            "window group."},
           c.delivery);
  v.choice({"skip", "", "weights: zero weights are no entries; none: every position is one, as in a dense machine.",
            Concerns::Schedule},
           c.skip);
  v.integer({"lanes", "entries", "Entries of a filter that a PE takes in one cycle; resident: 1."}, c.lanes, 1, 32);
  v.integer({"windows", "windows", "Neighbouring windows that a PE works on side by side."}, c.windows, 1, 16);
  v.integer(
      {"segment", "positions",
       "stream: positions of the reduction whose activations come together; resident: of an input tile, at most."},
      c.segment, 4, 32768);
  v.integer({"segments_resident", "segments", "Segments (stream) or input tiles (resident) that a PE holds."},
            c.segments_resident, 1, 16);
  v.choice({"reach", "", "How lanes reach activations: any position a cycle; banks of one port; those of a block."},
           c.reach);
  v.integer({"banks", "banks", "Memories of one port for each window, with reach: bank and delivery: stream."}, c.banks,
            1, 64);
  v.choice(
      {"index", "", "Index of an entry: zeros before it; its place in a block of N:M; its position in the segment."},
      c.index);
  v.integer({"index_bits", "bits", "Of an index with index: step."}, c.index_bits, 1, 16);
  v.integer({"block", "positions", "M of N:M, with index: offset."}, c.block, 2, 64);
  v.integer({"per_block", "entries", "N of N:M, with index: offset."}, c.per_block, 1, 64);
  v.choice({"weight_order", "",
            "Order of a filter's entries; sign: positive weights first, and sums that ReLU will clip stop early; "
            "predictive: before them the representatives, after which sums at or below the workload's threshold stop."},
           c.weight_order);
  v.choice({"lane_step", "", "resident: lanes of a window group wait for each other, or each walks on its own."},
           c.lane_step);
  v.choice({"step", "", "PEs that begin a segment, or a filter, in the same cycle."}, c.step);
  v.integer({"window_groups", "groups", "resident: window groups of an input tile, at most."}, c.window_groups, 1, 64);
  v.choice({"zeros", "", "A product with a zero operand is multiplied, or its multiplier is gated."}, c.zeros);
  v.choice({"order", "", "Which operand stays while the other sweeps; auto takes the order with less DRAM traffic.",
            Concerns::Schedule},
           c.order);
  const auto feeders = [&v](const FieldInfo& info, auto& feeder) {
    v.section(info, std::function<void(FieldVisitor&)>([&feeder](FieldVisitor& inner) { fields(inner, feeder); }));
  };
  feeders({"weights", "", "Weight feeders, one per row."}, c.weights);
  feeders({"activations", "", "Activation feeders, one per column."}, c.activations);
}

std::uint32_t index_bits(const Config& c) {
  switch (c.index) {
    case IndexCode::Step:
      return c.index_bits;
    case IndexCode::Offset:
      return static_cast<std::uint32_t>(std::bit_width(c.block - 1));
    case IndexCode::Absolute:
      return static_cast<std::uint32_t>(std::bit_width(c.segment - 1));
  }
  throw Bug("unknown index code");
}

std::uint32_t header_bytes(const Machine& machine) {
  const std::uint32_t sum = accumulator_bits(machine) / 8;
  return config(machine).weight_order == WeightOrder::Predictive ? 2 * sum + 2 : sum;
}

Machine default_machine() { return Machine(datapath_of(family())); }

}  // namespace lacuna::gather
