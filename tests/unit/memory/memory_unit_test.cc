// The memory side alone: when transfers begin, how long they take, what they move.
#include "memory/memory_unit.h"

#include <catch2/catch.hpp>
#include <vector>

using namespace lacuna;

namespace {

/// What began when, of a source of four fetches: each 16 bytes from DRAM, the first one 32.
struct Port {
  struct Begun {
    std::uint64_t number, cycle, cycles;
  };
  std::vector<Begun> fetches, writes;
  std::uint64_t written_dram_bytes = 0;

  [[nodiscard]] std::optional<Transfer> transfer(std::uint64_t fetch) const {
    if (fetch >= 4) return std::nullopt;
    return Transfer{fetch == 0 ? 32u : 16u, 22, 1};
  }
  void fetch_begins(std::uint64_t fetch, std::uint64_t now, std::uint64_t cycles, const Transfer&) {
    fetches.push_back({fetch, now, cycles});
  }
  void write_begins(std::uint64_t output, std::uint64_t now, std::uint64_t cycles, std::uint64_t,
                    std::uint64_t dram_bytes) {
    writes.push_back({output, now, cycles});
    written_dram_bytes = dram_bytes;
  }
};

/// DRAM of 4 bytes a cycle in bursts of 16, after 10 cycles.
Machine slow_dram() {
  Machine machine;
  machine.dram = {4, 10, 16};
  return machine;
}

constexpr std::uint64_t kOutputs = 4;

}  // namespace

TEST_CASE("a transfer takes as long as its slowest part") {
  Machine m;
  m.dram.bytes_per_cycle = 4;
  m.global_buffer.banks = 2;
  m.global_buffer.bytes_per_cycle = 8;
  CHECK(transfer_cycles(m, {0, 0, 0}) == 1);
  CHECK(transfer_cycles(m, {41, 0, 0}) == 11);
  CHECK(transfer_cycles(m, {41, 177, 0}) == 12);
  CHECK(transfer_cycles(m, {41, 177, 13}) == 13);
}

TEST_CASE("bytes are rounded up to whole bursts") {
  const Machine m = slow_dram();
  CHECK(whole_bursts(m, 0) == 0);
  CHECK(whole_bursts(m, 1) == 16);
  CHECK(whole_bursts(m, 16) == 16);
  CHECK(whole_bursts(m, 17) == 32);
}

TEST_CASE("two fetches are ahead and the third waits for a release") {
  const Machine machine = slow_dram();
  MemoryUnit memory(machine, kOutputs, {});
  Port port;
  // Two bursts of 16 are 8 cycles after a latency of 10, one burst 4.
  for (std::uint64_t now = 0; now < 100; ++now) memory.cycle(now, {}, port);
  REQUIRE(port.fetches.size() == 2);
  CHECK(port.fetches[0].cycle == 0);
  CHECK(port.fetches[0].cycles == 18);
  CHECK(port.fetches[1].cycle == 18);
  CHECK(port.fetches[1].cycles == 14);
  CHECK(memory.state().loaded == 2);
  CHECK(memory.state().unreleased(0) == 2);

  // The array is past fetch 0 from cycle 100 on.
  memory.cycle(100, {1, {}}, port);
  REQUIRE(port.fetches.size() == 3);
  CHECK(port.fetches[2].cycle == 100);
}

TEST_CASE("a fetch is loaded when its transfer is over and not before") {
  const Machine machine = slow_dram();
  MemoryUnit memory(machine, kOutputs, {});
  Port port;
  for (std::uint64_t now = 0; now < 17; ++now) memory.cycle(now, {}, port);
  CHECK(memory.state().loaded == 0);
  CHECK(memory.state().begun == 1);
  CHECK(memory.busy());
  memory.cycle(17, {}, port);
  CHECK(memory.state().loaded == 1);
  CHECK(!memory.busy());
}

TEST_CASE("an output that is ready is written before the next fetch begins") {
  const Machine machine = slow_dram();
  MemoryUnit memory(machine, kOutputs, {});
  Port port;
  memory.cycle(0, {}, port);
  for (std::uint64_t now = 1; now < 60; ++now) memory.cycle(now, {1, 5}, port);
  REQUIRE(port.writes.size() >= 2);
  // Five bytes are one burst of 16, four cycles; no latency for a write. It begins when the first fetch is over.
  CHECK(port.writes[0].cycle == 18);
  CHECK(port.writes[0].cycles == 4);
  CHECK(port.written_dram_bytes == 16);
  CHECK(port.writes[1].cycle == 22);
}

TEST_CASE("fetches that the array no longer wants are passed over") {
  const Machine machine = slow_dram();
  MemoryUnit memory(machine, kOutputs, {});
  Port port;
  memory.cycle(0, {}, port);
  for (std::uint64_t now = 1; now < 40; ++now) memory.cycle(now, {3, {}}, port);
  REQUIRE(port.fetches.size() == 2);
  CHECK(port.fetches[1].number == 3);
  CHECK(port.fetches[1].cycle == 18);
}

TEST_CASE("memory is finished when the last output is written and fetches nothing more") {
  const Machine machine = slow_dram();
  MemoryUnit memory(machine, 2, {});
  Port port;
  std::uint64_t now = 0;
  for (; !memory.state().finished; ++now) memory.cycle(now, {4, 5}, port);
  CHECK(now == 8);  // two writes of four cycles
  CHECK(memory.state().written == 2);
  CHECK(port.fetches.empty());
}
