// The memory side alone: when transfers begin, how long they take, what they move.
#include "memory/memory_unit.h"

#include <catch2/catch.hpp>
#include <vector>

using namespace lacuna;

namespace {

struct Recorder {
  std::vector<event::Fetch> fetches;
  std::vector<event::Write> writes;
  void on(const event::Fetch& e) { fetches.push_back(e); }
  void on(const event::Write& e) { writes.push_back(e); }
};

/// Four windows of 8 ones and one filter of ones on one PE: four tiles of one block each.
struct Fixture {
  Machine machine;
  Layer layer;
  Fixture() {
    machine.array.rows = machine.array.columns = 1;
    machine.array.chunk = 8;
    machine.array.order = Order::FiltersOuter;
    machine.dram = {4, 10, 16};
    layer.name = "four";
    layer.shape.C = 8;
    layer.shape.N = 4;
    layer.weights = Tensor(DType::Int8, {1, 8, 1, 1});
    layer.input = Tensor(DType::UInt8, {4, 8, 1, 1});
    for (auto& w : layer.weights.as<std::int8_t>()) w = 1;
    for (auto& a : layer.input.as<std::uint8_t>()) a = 1;
    layer.bias = {0};
  }
};

}  // namespace

TEST_CASE("a transfer takes as long as its slowest part") {
  Machine m;
  m.dram.bytes_per_cycle = 4;
  m.global_buffer.banks = 2;
  m.global_buffer.bytes_per_cycle = 8;
  CHECK(transfer_cycles(m, 0, 0, 0) == 1);
  CHECK(transfer_cycles(m, 41, 0, 0) == 11);
  CHECK(transfer_cycles(m, 41, 177, 0) == 12);
  CHECK(transfer_cycles(m, 41, 177, 13) == 13);
}

TEST_CASE("two blocks are fetched ahead and the third waits for a release") {
  Fixture f;
  Lowering lowering(f.machine, f.layer);
  REQUIRE(lowering.tiles() == 4);
  TileStore tiles(lowering);
  MemoryUnit memory(lowering, tiles);
  Recorder events;
  // Weights and one input row are 1 + 8 bytes each: two bursts of 16, 8 cycles after a latency of 10. Later tiles fetch
  // one input row: 4 cycles after the latency.
  for (std::uint64_t now = 0; now < 100; ++now) memory.cycle(now, {}, events);
  REQUIRE(events.fetches.size() == 2);
  CHECK(events.fetches[0].cycle == 0);
  CHECK(events.fetches[0].cycles == 18);
  CHECK(events.fetches[1].cycle == 18);
  CHECK(events.fetches[1].cycles == 14);
  CHECK(memory.state().loaded == BlockPosition{2, 0});
  CHECK(memory.state().unreleased({0, 0}) == 2);

  // Every feeder is past tile 0 from cycle 100 on.
  memory.cycle(100, {{1, 0}, {}}, events);
  REQUIRE(events.fetches.size() == 3);
  CHECK(events.fetches[2].cycle == 100);
}

TEST_CASE("a tile that is ready is written before the next block is fetched") {
  Fixture f;
  Lowering lowering(f.machine, f.layer);
  TileStore tiles(lowering);
  MemoryUnit memory(lowering, tiles);
  Recorder events;
  memory.cycle(0, {}, events);
  for (std::uint64_t now = 1; now < 60; ++now) memory.cycle(now, {{1, 0}, 5}, events);
  REQUIRE(!events.writes.empty());
  // Five bytes are one burst of 16, four cycles; no latency for a write. It begins when the first fetch is over.
  CHECK(events.writes[0].cycle == 18);
  CHECK(events.writes[0].cycles == 4);
  CHECK(events.writes[0].dram_bytes == 16);
  CHECK(events.writes[1].cycle == 22);
}

TEST_CASE("an operand that stays in its feeder is not fetched again") {
  Fixture f;
  Lowering lowering(f.machine, f.layer);
  // One weight message of 1 + 8 + 4 bytes and one activation message of 1 + 8.
  const auto first = lowering.tile(0);
  CHECK(first->blocks[0].weight_write_bytes == 13);
  CHECK(first->blocks[0].activation_write_bytes == 9);
  CHECK(first->blocks[0].buffer_bytes == 22);
  CHECK(first->blocks[0].dram_bytes == 32);
  const auto second = lowering.tile(1);
  CHECK(second->blocks[0].weight_write_bytes == 0);
  CHECK(second->blocks[0].activation_write_bytes == 9);
  CHECK(second->blocks[0].dram_bytes == 16);
}
