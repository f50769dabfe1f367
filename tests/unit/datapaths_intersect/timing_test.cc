// Cycle counts worked out by hand from the page.
#include <catch2/catch.hpp>

#include "datapaths/intersect/actions.h"
#include "datapaths/intersect/systemc/engine.h"
#include "layers.h"

using namespace lacuna;
using namespace lacuna::test;
using namespace lacuna::intersect;

namespace {

LayerOutcome run(const Machine& machine, const Layer& layer) {
  return intersect::make_systemc_engine(EngineOptions{})->run(machine, layer, nullptr);
}

std::int64_t first_output(const LayerOutcome& outcome) { return outcome.output.to_int64()[0]; }

}  // namespace

// One PE, one chunk with n groups, every transfer one cycle:
//   0 fetch · 1 both feeders send · 2 .. n+1 match · n+2 MAC of the last · n+3 retires · n+4 valid: drained
//   n+5, n+6 post · n+7 in the output buffer: written · n+8 the layer ends
TEST_CASE("one chunk of n groups ends after n + 8 cycles") {
  for (std::uint32_t n = 1; n <= 8; ++n) CHECK(run(quick_machine(1, 1), ones(1, n, 1)).cycles == n + 8);
}

TEST_CASE("lanes divide the groups of a chunk") {
  Machine machine = quick_machine(1, 1);
  config(machine).lanes = 3;
  CHECK(run(machine, ones(1, 8, 1)).cycles == 3 + 8);
  config(machine).lanes = 8;
  CHECK(run(machine, ones(1, 8, 1)).cycles == 1 + 8);
}

TEST_CASE("a chunk without a pair costs one cycle and is a bubble") {
  const LayerOutcome outcome = run(quick_machine(1, 1), fc(1, 4, 1, {0, 1, 0, 1}, {1, 0, 1, 0}));
  CHECK(outcome.cycles == 1 + 8);
  CHECK(outcome.pe_cycles[PeClass::Bubble] == 1);
  CHECK(outcome.pe_cycles[PeClass::Busy] == 0);
  CHECK(outcome.pairs[PairClass::Skipped] == 4);
}

TEST_CASE("chunks follow each other without a gap while operands are there") {
  // Chunks of 8, 8 and 4 slots: three words, so the fetch takes three cycles; then one message a cycle keeps ahead.
  CHECK(run(quick_machine(1, 1), ones(1, 20, 1)).cycles == 20 + 8 + 2);
}

TEST_CASE("tiles follow each other without a gap") {
  // Two windows on one column: two tiles of 8 slots, and the first result leaves meanwhile. The second block's fetch
  // begins in cycle 1 and is loaded in 2, so its messages are in the FIFOs long before cycle 10.
  CHECK(run(quick_machine(1, 1), ones(1, 8, 2)).cycles == 16 + 8);
}

TEST_CASE("a bus of b bytes sends a dense chunk of 8 in 8 over b cycles") {
  // Zero activations: every chunk is one bubble, so the weight bus decides. Each further chunk of weights adds its
  // words.
  for (const std::uint32_t bus : {1u, 2u, 3u, 4u, 8u}) {
    Machine machine = quick_machine(1, 1);
    config(machine).weights.bus_bytes = bus;
    config(machine).weights.encoding = intersect::Encoding::Dense;
    const auto cycles = [&](std::uint32_t chunks) {
      return run(machine, fc(1, 8 * chunks, 1, std::vector<int>(8 * chunks, 1), std::vector<int>(8 * chunks, 0)))
          .cycles;
    };
    // The fetch takes a cycle for each word too; it precedes the first message.
    const std::uint64_t words = (8 + bus - 1) / bus;
    CHECK(cycles(11) - cycles(10) == 2 * words);
  }
}

TEST_CASE("a drain bus takes one result a cycle and blocks PEs that are faster") {
  // 8 rows, tiles of one slot: the bus needs 8 cycles a tile, PEs 1.
  const Machine machine = quick_machine(8, 1);
  const auto cycles = [&](std::uint32_t tiles) { return run(machine, ones(8, 1, tiles)).cycles; };
  CHECK(cycles(30) - cycles(20) == 80);
  CHECK(run(machine, ones(8, 1, 30)).pe_cycles[PeClass::BlockedOutput] > 0);
}

TEST_CASE("memory slower than the array starves it") {
  // Each further window of 64 nonzero bytes is 8 messages of 1 + 8 bytes, 72 bytes at one byte a cycle.
  Machine machine = quick_machine(1, 1);
  machine.global_buffer = {1 << 20, 1, 1};
  const auto outcome = [&](std::uint32_t windows) { return run(machine, ones(1, 64, windows)); };
  // Writing its output (4 bytes) takes the port too.
  CHECK(outcome(12).cycles - outcome(11).cycles == 72 + 4);
  CHECK(outcome(12).pe_cycles[PeClass::StarvedMemory] > 0);
}

TEST_CASE("PEs outside the tile wait for memory as the first PE does") {
  // One filter on two rows: PE (1, 0) never has work.
  Machine machine = quick_machine(2, 1);
  const LayerOutcome before = run(machine, ones(1, 4, 1));
  machine.dram.latency = 37;
  const LayerOutcome after = run(machine, ones(1, 4, 1));
  for (int pe = 0; pe < 2; ++pe)
    CHECK(after.per_pe[pe][PeClass::StarvedMemory] == before.per_pe[pe][PeClass::StarvedMemory] + 37);
  CHECK(after.per_pe[1][PeClass::IdleEdge] == before.per_pe[1][PeClass::IdleEdge]);
}

TEST_CASE("the last write is a wait for memory") {
  // Four bytes of output at p bytes a cycle; the class of a cycle is that of the match stage in the one before.
  Machine machine = quick_machine(1, 1);
  for (const std::uint32_t port : {1u, 2u, 4u}) {
    machine.global_buffer = {1 << 20, 1, port};
    CHECK(run(machine, ones(1, 4, 1)).pe_cycles[PeClass::BlockedMemory] == 4 / port - 1);
  }
}

TEST_CASE("writes slower than the array block it") {
  // Tiles of one slot, 8 results of four bytes: 32 cycles to write at one byte a cycle, two for the fetch of one byte
  // and its mask. Writes go first, so fetches come in runs of 8; then PEs go on until eight tiles wait to be written.
  Machine machine = quick_machine(8, 1);
  machine.global_buffer = {1 << 20, 1, 1};
  const LayerOutcome some = run(machine, ones(8, 1, 17)), more = run(machine, ones(8, 1, 25));
  CHECK(more.cycles - some.cycles == 8 * (32 + 2));
  const auto of = [&](PeClass c) { return more.pe_cycles[c] - some.pe_cycles[c]; };
  CHECK(of(PeClass::Busy) == 8 * 8);
  // The bus takes row r r cycles after row 0: what is left to it of a wait for a write.
  CHECK(of(PeClass::BlockedOutput) <= 8 * (1 + 2 + 3 + 4 + 5 + 6 + 7 + 8));
  CHECK(of(PeClass::BlockedMemory) > 0);
  CHECK(static_cast<double>(of(PeClass::BlockedMemory) + of(PeClass::StarvedMemory)) > 0.85 * 8 * 8 * (32 + 2));
}

TEST_CASE("a reduction longer than half a buffer streams in blocks") {
  // A further chunk of 8 ones is 9 bytes of weights and 9 of activations: 18 cycles of a port of one byte, 8 of the PE.
  Machine machine = quick_machine(1, 1);
  machine.global_buffer = {1 << 20, 1, 1};
  const auto cycles = [&](std::uint32_t chunks) { return run(machine, ones(1, 8 * chunks, 1)).cycles; };
  // In one block nothing begins before everything is there.
  CHECK(cycles(12) - cycles(11) == 18 + 8);
  // In blocks of one chunk the PE works meanwhile: memory alone decides.
  config(machine).weights.buffer_bytes = 2 * config(machine).weights.bus_bytes;
  CHECK(cycles(12) - cycles(11) == 18);
}

TEST_CASE("DRAM latency is paid once for each fetch that needs DRAM") {
  Machine machine = quick_machine(1, 1);
  const std::uint64_t without = run(machine, ones(1, 4, 1)).cycles;
  machine.dram.latency = 37;
  CHECK(run(machine, ones(1, 4, 1)).cycles == without + 37);
}

// w = 1 -1 -1 -1, a = 1 1 1 1, one lane. Positive pass: one group, negative pass: three. Two words to fetch.
//   0, 1 fetch · 2 send + · 3 match +, send - · 4 match -1, MAC +: sum 1 · 5 match -2, MAC -1: sum 0, stops
//   6 stopped, -2 killed, retires · 7 valid: drained · 10 written · 11 ends
TEST_CASE("a sum that falls to zero stops and kills the group behind it") {
  Machine machine = quick_machine(1, 1);
  const Layer layer = fc(1, 4, 1, {1, -1, -1, -1}, {1, 1, 1, 1}, true);
  const LayerOutcome whole = run(machine, layer);
  CHECK(whole.cycles == 4 + 8);
  config(machine).early_termination = intersect::EarlyTermination::Exact;
  const LayerOutcome outcome = run(machine, layer);
  CHECK(outcome.cycles == 11);
  CHECK(outcome.pairs[PairClass::Executed] == 2);
  CHECK(outcome.pairs[PairClass::Terminated] == 2);
  CHECK(outcome.outputs_terminated == 1);
  CHECK(first_output(outcome) == 0);
}

TEST_CASE("the positive pass stops a sum that its bias has already decided") {
  Machine machine = quick_machine(1, 1);
  config(machine).early_termination = intersect::EarlyTermination::Exact;
  Layer layer = fc(1, 8, 1, {1, -1, -1, -1, -1, -1, -1, -1}, {1, 1, 1, 1, 1, 1, 1, 1}, true);
  layer.bias = {-5};
  const LayerOutcome outcome = run(machine, layer);
  // The positive group runs; the first negative one is in the MAC register when the stop shows, and is killed.
  CHECK(outcome.pairs[PairClass::Executed] == 1);
  CHECK(outcome.pairs[PairClass::Terminated] == 7);
}

TEST_CASE("a line whose PEs have all stopped goes on with the next tile") {
  // 64 negative weights a filter after one positive: without an end token each tile would stream 8 negative chunks on a
  // bus of one byte; all PEs stop in the first.
  Machine machine = quick_machine(2, 2);
  config(machine).weights.bus_bytes = 1;
  config(machine).early_termination = intersect::EarlyTermination::Exact;
  std::vector<int> weights;
  for (int filter = 0; filter < 2; ++filter)
    for (int k = 0; k < 65; ++k) weights.push_back(k == 0 ? 1 : -1);
  const Layer layer = fc(2, 65, 20, weights, std::vector<int>(65 * 20, 1), true);
  const LayerOutcome stopped = run(machine, layer);
  config(machine).early_termination = intersect::EarlyTermination::None;
  const LayerOutcome whole = run(machine, layer);
  CHECK(stopped.outputs_terminated == 40);
  CHECK(stopped.actions[intersect::Action::WeightBufferRead] < whole.actions[intersect::Action::WeightBufferRead] / 2);
  CHECK(stopped.cycles < whole.cycles / 2);
}
