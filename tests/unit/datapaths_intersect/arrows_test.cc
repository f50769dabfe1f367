// Every arrow of the diagrams of the page, one assertion each: not a cycle earlier, not a cycle later. Totals of whole
// runs are in timing_test.cc; there two errors could cancel.
#include <catch2/catch.hpp>

#include "watched.h"

using namespace lacuna;
using namespace lacuna::test;
using namespace lacuna::intersect;

namespace {

/// A message of `words` words on the row bus: dense chunks of 8 ones, and the bias of the first, on `bytes` a cycle.
Machine narrow_rows(std::uint32_t bytes) {
  Machine machine = quick_machine(1, 1);
  config(machine).weights.bus_bytes = bytes;
  config(machine).weights.encoding = Encoding::Dense;
  return machine;
}

Machine stopping(std::uint32_t rows, std::uint32_t columns) {
  Machine machine = quick_machine(rows, columns);
  config(machine).early_termination = EarlyTermination::Exact;
  return machine;
}

}  // namespace

// Memory: a transfer begun in cycle c of d cycles takes effect in cycle c + d.

TEST_CASE("memory begins the first fetch in cycle 0") {
  CHECK(Watched(quick_machine(1, 1), ones(1, 4, 1)).at(0, Kind::Fetch));
}

TEST_CASE("a fetch of d cycles lets the feeders send from cycle d on") {
  for (const std::uint32_t latency : {0u, 1u, 5u}) {
    Machine machine = quick_machine(1, 1);
    machine.dram.latency = latency;
    const Watched watched(machine, ones(1, 4, 1));
    const std::uint64_t d = watched.nth(Kind::Fetch, 0).cycles;
    REQUIRE(d == 1 + latency);
    CHECK(watched.at(d, Kind::SendWeights));
    CHECK(watched.at(d, Kind::SendActivations));
  }
}

TEST_CASE("the next fetch begins in the cycle in which the transfer before takes effect") {
  const Watched watched(quick_machine(1, 1), ones(1, 4, 3));
  CHECK(watched.at(watched.nth(Kind::Fetch, 0).cycles, Kind::Fetch, 1));
}

TEST_CASE("a third block is fetched when every feeder is past the first and that shows") {
  // Feeders send the first tile's only message in cycle 1 and are past its block from cycle 2 on.
  const Watched watched(quick_machine(1, 1), ones(1, 4, 4));
  REQUIRE(watched.nth(Kind::SendWeights, 0).cycle == 1);
  CHECK(watched.at(2, Kind::Fetch, 2));
}

// Feeder: an entry sent in cycles s .. s + W - 1 is in the FIFO from cycle s + W on; the bus is free in s + W.

TEST_CASE("a message of W words is at the head of the FIFO W cycles after it began") {
  for (const std::uint32_t bytes : {12u, 6u, 4u, 3u, 2u, 1u}) {  // 8 values and 4 bytes of bias
    const Watched watched(narrow_rows(bytes), ones(1, 8, 1));
    const Record message = watched.nth(Kind::SendWeights, 0);
    REQUIRE(message.cycles == 12 / bytes);
    const std::uint64_t began = message.cycle + 1 - message.cycles;
    REQUIRE(began == watched.nth(Kind::Fetch, 0).cycles);
    CHECK(watched.at(began + message.cycles, Kind::Open));
  }
}

TEST_CASE("a bus is free for the next message W cycles after it began the last") {
  for (const std::uint32_t bytes : {12u, 4u, 2u}) {
    const Watched watched(narrow_rows(bytes), ones(1, 16, 1));
    const Record first = watched.nth(Kind::SendWeights, 0), second = watched.nth(Kind::SendWeights, 1);
    CHECK(second.cycle + 1 - second.cycles == first.cycle + 1);
  }
}

TEST_CASE("a feeder sends when the FIFO had room at the start of the cycle") {
  // FIFOs of one chunk; a pair of 8 slots is popped in the cycle of its last group, so there is room in the next.
  Machine machine = quick_machine(1, 1);
  config(machine).weights.fifo_depth = 1;
  const Watched watched(machine, ones(1, 16, 1));
  const std::uint64_t opened = watched.nth(Kind::Open, 0).cycle;
  CHECK(watched.at(opened + 8, Kind::SendWeights, 1));
}

// PE: a group issued in cycle m is in the MAC stage in m + 1.

TEST_CASE("the first group of a pair is multiplied one cycle after the pair opens") {
  const Watched watched(quick_machine(1, 1), ones(1, 3, 1));
  const std::uint64_t m = watched.nth(Kind::Open, 0).cycle;
  for (std::uint64_t group = 0; group < 3; ++group) CHECK(watched.at(m + 1 + group, Kind::Group, group));
}

TEST_CASE("the next pair opens one cycle after the last group of a pair is issued") {
  const Watched watched(quick_machine(1, 1), ones(1, 16, 1));
  CHECK(watched.at(watched.nth(Kind::Open, 0).cycle + 8, Kind::Open, 1));
}

TEST_CASE("the first group of the next tile is issued one cycle after the last of this") {
  const Watched watched(quick_machine(1, 1), ones(1, 3, 2));
  CHECK(watched.at(watched.nth(Kind::Open, 0).cycle + 3, Kind::Open, 1));
}

// Retire and drain: the last group issued in m, complete at the start of m + 2, valid from m + 3 on.

TEST_CASE("a sum retires two cycles after its last group was issued") {
  const Watched watched(quick_machine(1, 1), ones(1, 3, 1));
  const std::uint64_t m = watched.nth(Kind::Open, 0).cycle + 2;
  CHECK(watched.at(m + 2, Kind::Retire));
}

TEST_CASE("the drain bus takes a result one cycle after it retires") {
  const Watched watched(quick_machine(1, 1), ones(1, 3, 1));
  CHECK(watched.at(watched.nth(Kind::Retire, 0).cycle + 1, Kind::Drain));
}

TEST_CASE("a drain bus takes the next row one cycle later") {
  const Watched watched(quick_machine(2, 1), ones(2, 3, 1));
  REQUIRE(watched.nth(Kind::Retire, 0, 0).cycle == watched.nth(Kind::Retire, 0, 1).cycle);
  CHECK(watched.at(watched.nth(Kind::Drain, 0, 0).cycle + 1, Kind::Drain, 0, 1));
}

TEST_CASE("a sum that waits retires in the cycle after the result before it was taken") {
  // Eight rows and tiles of one slot: sums wait for their result registers.
  const Watched watched(quick_machine(8, 1), ones(8, 1, 12));
  for (std::size_t tile = 4; tile < 12; ++tile)
    CHECK(watched.at(watched.nth(Kind::Drain, tile - 1, 3).cycle + 1, Kind::Retire, tile, 3));
}

TEST_CASE("a PE with two finished sums issues when the older one has left its result register") {
  // Tile t's only group is issued in the cycle after the result of tile t - 2 was taken: the register then is empty.
  const Watched watched(quick_machine(8, 1), ones(8, 1, 12));
  for (std::size_t tile = 5; tile < 12; ++tile)
    CHECK(watched.at(watched.nth(Kind::Drain, tile - 2, 3).cycle + 1, Kind::Open, tile, 3));
}

// Post and write: a result taken in cycle d is in the output buffer from d + 3 on.

TEST_CASE("a tile is written from the third cycle after its last result was taken") {
  const Watched watched(quick_machine(2, 1), ones(2, 3, 1));
  CHECK(watched.at(watched.nth(Kind::Drain, 0, 1).cycle + 3, Kind::Write));
}

TEST_CASE("the layer ends in the cycle in which the last write takes effect") {
  for (const std::uint32_t port : {1u, 2u, 256u}) {
    Machine machine = quick_machine(2, 1);
    machine.global_buffer = {1 << 20, 1, port};
    const Watched watched(machine, ones(2, 3, 1));
    const Record write = watched.nth(Kind::Write, 0);
    CHECK(watched.outcome.cycles == write.cycle + write.cycles);
  }
}

// Stop: group with `check` issued in g, MAC in g + 1, stopped from g + 2 on; the group of g + 1 is killed in g + 2.

TEST_CASE("a sum at or below zero stops its PE in the cycle after the MAC stage") {
  const Watched watched(stopping(1, 1), fc(1, 4, 1, {1, -1, -1, -1}, {1, 1, 1, 1}, true));
  // Pairs: the positive one, then the negative one, whose first group makes the sum 0.
  const std::uint64_t g = watched.nth(Kind::Open, 1).cycle;
  REQUIRE(watched.nth(Kind::Group, 1).cycle == g + 1);
  REQUIRE(watched.nth(Kind::Group, 1).values[3] == 0);
  CHECK(watched.at(g + 2, Kind::Stop));
  CHECK(watched.at(g + 2, Kind::Kill));
  CHECK(watched.at(g + 2, Kind::Retire));
}

TEST_CASE("a sum above zero goes on") {
  const Watched watched(stopping(1, 1), fc(1, 4, 1, {3, -1, -1, -1}, {1, 1, 1, 1}, true));
  const std::uint64_t g = watched.nth(Kind::Open, 1).cycle;
  CHECK(watched.of(Kind::Stop).empty());  // 2, 1, and the last group ends the tile
  CHECK(watched.at(g + 3, Kind::Group, 3));
}

TEST_CASE("a line ends the tile in the cycle in which all its PEs show that they are stopped") {
  // Negative chunks of 9 words each: the first stops the sum, and the feeder is in the message behind it when the stop
  // shows; the end token takes the bus when that message is over. Two windows, so that the layer goes on.
  Machine machine = stopping(1, 1);
  config(machine).weights.bus_bytes = 1;
  std::vector<int> weights(65, -1);
  weights[0] = 1;
  const Watched watched(machine, fc(1, 65, 2, weights, std::vector<int>(2 * 65, 1), true));
  const std::uint64_t stopped = watched.nth(Kind::Stop, 0).cycle;
  std::uint64_t free = stopped;
  for (const Record& message : watched.of(Kind::SendWeights))
    if (message.cycle >= stopped && message.cycle + 1 - message.cycles < stopped) free = message.cycle + 1;
  REQUIRE(free > stopped);
  CHECK(watched.at(free, Kind::EndWeights));
}

// The class of cycle c + 1 is what the match stage did in cycle c; cycle 0 is fill_drain.

TEST_CASE("cycle 0 is fill_drain and the cycle after the last group of the layer is counted by its reason") {
  const Watched watched(quick_machine(1, 1), ones(1, 4, 1));
  CHECK(watched.nth(Kind::Wait, 0).cycle == 0);
  CHECK(watched.nth(Kind::Wait, 0).spent == PeClass::FillDrain);
  // Busy in the MAC stage's cycles; after it the PE has no further tile.
  const std::uint64_t m = watched.nth(Kind::Open, 0).cycle;
  for (std::uint64_t i = 0; i < 4; ++i) CHECK(watched.nth(Kind::Group, i).cycle == m + 1 + i);
  CHECK(watched.outcome.pe_cycles[PeClass::Busy] == 4);
}

TEST_CASE("a stopped PE that discards its own last tile is fill_drain once every feeder is past") {
  // Both feeders end the only tile when the stop shows; from then on what the PE discards is nobody's work.
  Machine machine = stopping(1, 1);
  std::vector<int> weights(65, -1);
  weights[0] = 1;
  const Watched watched(machine, fc(1, 65, 1, weights, std::vector<int>(65, 1), true));
  const std::uint64_t past =
      std::max({watched.of(Kind::SendWeights).back().cycle, watched.of(Kind::SendActivations).back().cycle,
                watched.of(Kind::EndWeights).empty() ? 0 : watched.of(Kind::EndWeights).back().cycle,
                watched.of(Kind::EndActivations).empty() ? 0 : watched.of(Kind::EndActivations).back().cycle}) +
      1;
  const std::uint64_t stopped = watched.nth(Kind::Stop, 0).cycle;
  std::size_t seen = 0;
  for (const Record& wait : watched.of(Kind::Wait)) {
    // The class of a cycle is what the match stage saw in the cycle before.
    if (wait.cycle <= stopped) continue;
    CHECK(wait.spent == (wait.cycle - 1 >= past ? PeClass::FillDrain : PeClass::Imbalance));
    ++seen;
  }
  CHECK(seen > 0);
}
