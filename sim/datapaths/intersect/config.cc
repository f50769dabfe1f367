#include "datapaths/intersect/config.h"

#include "datapaths/intersect/family.h"
#include "machine/family.h"

namespace lacuna::intersect {

namespace {

void fields(FieldVisitor& v, FeederConfig& c) {
  v.integer({"buffer_bytes", "bytes", "Operand buffer of one feeder, two halves: current block and next."},
            c.buffer_bytes, 16, 1u << 24);
  v.integer({"bus_bytes", "bytes/cycle", "Width of the broadcast bus and of a word of the buffer."}, c.bus_bytes, 1,
            256);
  v.integer({"fifo_depth", "chunks", "Chunk FIFO of one PE for this operand."}, c.fifo_depth, 1, 64);
  v.choice({"encoding", "", "What travels on the bus: every value, or a mask and the nonzero values."}, c.encoding);
}

}  // namespace

void fields(FieldVisitor& v, Config& c) {
  v.integer({"chunk", "positions", "Positions of the reduction that travel and are matched together."}, c.chunk, 8, 128,
            8);
  v.integer({"lanes", "multipliers", "Pairs a PE multiplies in one cycle."}, c.lanes, 1, 8);
  v.choice({"skip", "", "Which pairs of a chunk cost a slot of the match unit."}, c.skip);
  v.choice({"early_termination", "", "Stop a sum that ReLU will clip: positive weights first, then negative ones."},
           c.early_termination);
  v.choice({"mapping", "",
            "filters_windows: filters on rows, windows on columns; filters: a filter on every PE, one window for all."},
           c.mapping);
  v.choice({"order", "", "Which operand stays while the other sweeps; auto takes the order with less DRAM traffic.",
            Concerns::Schedule},
           c.order);
  v.choice(
      {"filter_order", "", "density sorts filters offline by their nonzero weights, so rows of a tile end together.",
       Concerns::Schedule},
      c.filter_order);
  const auto feeders = [&v](const FieldInfo& info, FeederConfig& feeder) {
    v.section(info, std::function<void(FieldVisitor&)>([&feeder](FieldVisitor& inner) { fields(inner, feeder); }));
  };
  feeders({"weights", "", "Weight feeders, one per row."}, c.weights);
  feeders({"activations", "", "Activation feeders, one per column."}, c.activations);
}

std::span<const MovedKey> moved_keys() {
  static constexpr std::array<MovedKey, 9> kMoved = {{
      {"array.chunk", "intersect.chunk"},
      {"array.lanes", "intersect.lanes"},
      {"array.skip", "intersect.skip"},
      {"array.early_termination", "intersect.early_termination"},
      {"array.mapping", "intersect.mapping"},
      {"array.order", "intersect.order"},
      {"array.filter_order", "intersect.filter_order"},
      {"weights", "intersect.weights"},
      {"activations", "intersect.activations"},
  }};
  return kMoved;
}

Machine default_machine() { return Machine(datapath_of(family())); }

}  // namespace lacuna::intersect
