// What a gather machine does not run, and what it says then.
#include <catch2/catch.hpp>

#include "base/error.h"
#include "datapaths/gather/config.h"
#include "datapaths/gather/family.h"

using namespace lacuna;

namespace {

Layer conv(std::uint32_t c, std::uint32_t w) {
  Layer layer;
  layer.name = "conv";
  layer.op = Op::Conv;
  layer.shape.C = c;
  layer.shape.M = 2;
  layer.shape.R = layer.shape.S = 3;
  layer.shape.H = 3;
  layer.shape.W = w;
  layer.weights = Tensor(DType::Int8, {2, c, 3, 3});
  for (auto& weight : layer.weights.as<std::int8_t>()) weight = 1;
  layer.input = Tensor(DType::UInt8, {1, c, 3, w});
  layer.bias.assign(2, 0);
  return layer;
}

std::string refusal(const Machine& machine, const Layer& layer) {
  try {
    gather::family().check_runs(machine, layer);
  } catch (const UserError& error) {
    return error.what();
  }
  return "";
}

Machine resident() {
  Machine machine = gather::default_machine();
  gather::Config& c = gather::config(machine);
  c.delivery = gather::Delivery::Resident;
  c.index = gather::IndexCode::Absolute;
  c.reach = gather::Reach::Bank;
  c.windows = 4;
  c.segment = 1024;
  return machine;
}

}  // namespace

TEST_CASE("parameters that do not go together are refused by name") {
  const Layer layer = conv(8, 8);
  const auto refused = [&](Machine machine, auto change) {
    change(gather::config(machine));
    return refusal(machine, layer);
  };
  CHECK(refused(resident(), [](gather::Config&) {}).empty());
  CHECK(refused(resident(), [](gather::Config& c) { c.lanes = 2; }) ==
        "gather.lanes: 2 goes with gather.delivery: stream only");
  CHECK(refused(resident(), [](gather::Config& c) { c.index = gather::IndexCode::Step; }) ==
        "gather.index: step goes with gather.delivery: stream only");
  CHECK(refused(resident(), [](gather::Config& c) { c.reach = gather::Reach::Crossbar; }) ==
        "gather.reach: crossbar goes with gather.delivery: stream only");
  const Machine stream = gather::default_machine();
  CHECK(refused(stream, [](gather::Config&) {}).empty());
  CHECK(refused(stream, [](gather::Config& c) { c.weight_order = gather::WeightOrder::Sign; }) ==
        "gather.weight_order: sign goes with gather.delivery: resident only");
  CHECK(refused(stream, [](gather::Config& c) { c.lane_step = gather::LaneStep::Apart; }) ==
        "gather.lane_step: apart goes with gather.delivery: resident only");
  CHECK(refused(stream, [](gather::Config& c) { c.reach = gather::Reach::Block; }) ==
        "gather.reach: block goes with gather.index: offset only");
  CHECK(refused(stream, [](gather::Config& c) {
          c.index = gather::IndexCode::Offset;
          c.block = 5;
        }) == "gather.segment: 64 is no multiple of gather.block = 5");
  CHECK(refused(stream, [](gather::Config& c) {
          c.index = gather::IndexCode::Offset;
          c.per_block = 6;
        }) == "gather.per_block: 6 entries in a block of 4 positions");
}

TEST_CASE("a store that does not hold a window group is refused with what is needed") {
  Machine machine = resident();
  machine.array.rows = machine.array.columns = 2;
  // Four windows of a row of six outputs: 3 rows x 6 columns x 24 channels.
  gather::config(machine).segment = 431;
  CHECK(refusal(machine, conv(24, 8)) ==
        "gather.segment: 431 positions do not hold one window group of layer 'conv'; 432 are needed");
  gather::config(machine).segment = 432;
  CHECK(refusal(machine, conv(24, 8)).empty());
}

TEST_CASE("buffers that do not hold what comes at once are refused with what is needed") {
  const Layer layer = conv(8, 8);
  Machine machine = resident();
  // A filter: 4 bytes of bias and 72 entries of 8 + 10 bits; its input tile: 3 x 8 x 8 bytes. Twice each.
  gather::config(machine).weights.buffer_bytes = 16;
  CHECK(
      refusal(machine, layer) ==
      "gather.weights.buffer_bytes: 16 bytes do not hold a filter twice in layer 'conv'; at least 352 are needed with "
      "gather.weights.bus_bytes = 16");
  gather::config(machine).weights.buffer_bytes = 352;
  CHECK(refusal(machine, layer).empty());
  gather::config(machine).activations.buffer_bytes = 383;
  CHECK(refusal(machine, layer) ==
        "gather.activations.buffer_bytes: 383 bytes do not hold an input tile twice in layer 'conv'; at least 384 are "
        "needed with gather.activations.bus_bytes = 16");
  Machine stream = gather::default_machine();
  gather::config(stream).activations.buffer_bytes = 127;
  CHECK(refusal(stream, layer) ==
        "gather.activations.buffer_bytes: 127 bytes do not hold a segment twice in layer 'conv'; at least 128 are "
        "needed with gather.activations.bus_bytes = 16");
}
