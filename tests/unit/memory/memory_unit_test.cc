// The memory side alone: when transfers begin, how long they take, what they move.
#include "memory/memory_unit.h"

#include <catch2/catch.hpp>
#include <vector>

#include "../serial_dram.h"
#include "base/program_files.h"
#include "machine/config_reader.h"

using namespace lacuna;

namespace {

Transfer fetch(std::uint64_t address, std::uint64_t bytes, std::uint64_t words = 1) {
  return {{Extent{address, bytes}, Extent{}}, 22, words};
}

/// What began when, of a source of fetches: four, each 16 bytes from DRAM, the first one 32, unless a test says others.
struct Port {
  struct Begun {
    std::uint64_t number, cycle, cycles;
  };
  std::vector<Transfer> source{fetch(0, 32), fetch(32, 16), fetch(48, 16), fetch(64, 16)};
  std::vector<Begun> fetches, writes;
  std::vector<std::uint64_t> taken, loads;
  std::uint64_t written_dram_bytes = 0;

  [[nodiscard]] std::optional<Transfer> transfer(std::uint64_t fetch) const {
    if (fetch >= source.size()) return std::nullopt;
    return source[fetch];
  }
  void fetch_begins(std::uint64_t fetch, std::uint64_t now, std::uint64_t cycles, const Transfer&) {
    fetches.push_back({fetch, now, cycles});
  }
  void half_taken(std::uint64_t fetch) { taken.push_back(fetch); }
  void load_begins(std::uint64_t fetch) { loads.push_back(fetch); }
  void write_begins(std::uint64_t output, std::uint64_t now, std::uint64_t cycles, std::uint64_t,
                    std::uint64_t dram_bytes) {
    writes.push_back({output, now, cycles});
    written_dram_bytes = dram_bytes;
  }
};

/// DRAM of 4 bytes a cycle in bursts of 16, after 10 cycles, one transfer at a time.
Machine slow_dram() {
  Machine machine;
  machine.dram = test::serial_dram(4, 10, 16);
  return machine;
}

/// Four outputs, behind four fetches.
constexpr LayerInMemory kLayer{4, 80, 1024};

}  // namespace

TEST_CASE("the way from the global buffer takes as long as its slower part") {
  Machine m;
  m.global_buffer.banks = 2;
  m.global_buffer.bytes_per_cycle = 8;
  CHECK(buffer_cycles(m, 0, 0) == 1);
  CHECK(buffer_cycles(m, 177, 0) == 12);
  CHECK(buffer_cycles(m, 177, 13) == 13);
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
  MemoryUnit memory(machine, kLayer, {});
  Port port;
  // Two bursts of 16 are 8 cycles after a latency of 10, one burst 4.
  for (std::uint64_t now = 0; now < 100; ++now) memory.cycle(now, {}, port);
  REQUIRE(port.fetches.size() == 2);
  CHECK(port.fetches[0].cycle == 0);
  CHECK(port.fetches[0].cycles == 18);
  CHECK(port.fetches[1].cycle == 18);
  CHECK(port.fetches[1].cycles == 14);
  CHECK(memory.state().loaded == 2);
  CHECK(memory.state().halves_held(0) == 2);

  // The array is past fetch 0 from cycle 100 on.
  memory.cycle(100, {1, {}}, port);
  REQUIRE(port.fetches.size() == 3);
  CHECK(port.fetches[2].cycle == 100);
}

TEST_CASE("a fetch is loaded when its transfer is over and not before") {
  const Machine machine = slow_dram();
  MemoryUnit memory(machine, kLayer, {});
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
  MemoryUnit memory(machine, kLayer, {});
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
  MemoryUnit memory(machine, kLayer, {});
  Port port;
  memory.cycle(0, {}, port);
  for (std::uint64_t now = 1; now < 40; ++now) memory.cycle(now, {3, {}}, port);
  REQUIRE(port.fetches.size() == 2);
  CHECK(port.fetches[1].number == 3);
  CHECK(port.fetches[1].cycle == 18);
}

TEST_CASE("memory is finished when the last output is written and fetches nothing more") {
  const Machine machine = slow_dram();
  MemoryUnit memory(machine, {2, 0, 1024}, {});
  Port port;
  std::uint64_t now = 0;
  for (; !memory.state().finished; ++now) memory.cycle(now, {4, 5}, port);
  CHECK(now == 8);  // two writes of four cycles
  CHECK(memory.state().written == 2);
  CHECK(port.fetches.empty());
}

namespace {

/// The cycle from which on fetch `k` is with the array that has released nothing, or `released` fetches from cycle 0
/// on.
std::uint64_t loaded_at(MemoryUnit& memory, Port& port, std::uint64_t k, std::uint64_t released = 0) {
  std::uint64_t now = 0;
  while (memory.state().loaded <= k) memory.cycle(now++, {released, {}}, port);
  return now;
}

}  // namespace

TEST_CASE("with two transfers under way latencies overlap and bytes do not") {
  Machine machine = slow_dram();
  machine.dram.outstanding = 2;
  MemoryUnit memory(machine, kLayer, {});
  Port port;
  // Requests in cycles 0 and 1; the bus is taken from 10 to 18, and from 18 to 22.
  CHECK(loaded_at(memory, port, 0) == 18);
  REQUIRE(port.fetches.size() == 2);
  CHECK(port.fetches[1].cycle == 1);
  CHECK(port.fetches[1].cycles == 21);
  CHECK(port.taken == std::vector<std::uint64_t>{0, 1});
  for (std::uint64_t now = 18; now < 22; ++now) {
    CHECK(memory.state().loaded == 1);
    memory.cycle(now, {}, port);
  }
  CHECK(memory.state().loaded == 2);
  // The third was requested when the first was over. It has no half, so it is not loaded.
  REQUIRE(port.fetches.size() == 3);
  CHECK(port.fetches[2].cycle == 18);
  for (std::uint64_t now = 22; now < 60; ++now) memory.cycle(now, {}, port);
  CHECK(port.fetches.size() == 3);
  CHECK(memory.state().loaded == 2);
  CHECK(memory.state().halves_held(0) == 2);
  // When it gets one its bytes are there, and go to the array in a cycle.
  memory.cycle(60, {1, {}}, port);
  CHECK(port.loads.back() == 2);
  CHECK(memory.state().loaded == 3);
  // The fourth may be requested now.
  CHECK(port.fetches.back().number == 3);
  CHECK(port.fetches.back().cycle == 60);
}

TEST_CASE("the bus turns around between a read and a write") {
  Machine machine = slow_dram();
  machine.dram.outstanding = 8;
  machine.dram.turnaround = 5;
  MemoryUnit memory(machine, kLayer, {});
  Port port;
  memory.cycle(0, {}, port);       // a read of 8 cycles from cycle 10 on
  memory.cycle(1, {0, 16}, port);  // a write, from 18 + 5 on for 4 cycles
  memory.cycle(2, {0, 16}, port);  // another, 4 cycles behind it
  memory.cycle(3, {}, port);       // a read, from 31 + 5 on
  REQUIRE(port.writes.size() == 2);
  CHECK(port.writes[0].cycle + port.writes[0].cycles == 27);
  CHECK(port.writes[1].cycle + port.writes[1].cycles == 31);
  REQUIRE(port.fetches.size() == 2);
  CHECK(port.fetches[1].cycle + port.fetches[1].cycles == 40);
  CHECK(memory.state().writing == 2);
  CHECK(memory.state().written == 0);
}

TEST_CASE("the clock of DRAM is a fraction of the array's, exactly") {
  Machine machine = slow_dram();
  machine.clock_mhz = 700;
  machine.dram.clock_mhz = 300;
  machine.dram.latency = 1;
  MemoryUnit memory(machine, kLayer, {});
  Port port;
  // The array's cycle 1 lies in the DRAM's cycle 0: bytes move in the DRAM's cycles 1 to 9, up to the array's 21.
  CHECK(loaded_at(memory, port, 0) == 21);
}

TEST_CASE("what is fetched and not loaded fits the global buffer") {
  Machine machine = slow_dram();
  machine.dram.outstanding = 8;
  for (const std::uint64_t room : {0u, 47u, 48u, 64u}) {
    MemoryUnit memory(machine, {4, 1024, room}, {});
    Port port;
    for (std::uint64_t now = 0; now < 10; ++now) memory.cycle(now, {}, port);
    CHECK(port.fetches.size() == (room < 48 ? 1 : room < 64 ? 2 : 3));
  }
}

TEST_CASE("fetches without bytes from DRAM go on beside those with them") {
  Machine machine = slow_dram();
  machine.dram.outstanding = 8;
  MemoryUnit memory(machine, kLayer, {});
  Port port;
  port.source = {fetch(0, 0, 3), fetch(0, 16), fetch(0, 0, 2)};
  CHECK(loaded_at(memory, port, 0) == 3);
  REQUIRE(port.fetches.size() == 3);
  CHECK(port.fetches[2].cycle == 2);
  // None is over before an earlier one: 1 + 10 + 4.
  CHECK(port.fetches[1].cycles == 14);
  CHECK(port.fetches[2].cycles == 13);
}

TEST_CASE("a row is opened before its bytes move, and closed before another of its bank") {
  Machine machine = slow_dram();
  machine.dram.outstanding = 8;
  machine.dram.banks = 2;
  machine.dram.row_bytes = 64;
  machine.dram.t_rcd = 3;
  machine.dram.t_rp = 5;
  machine.dram.t_cas = 2;
  const auto ends = [&](std::vector<Transfer> source) {
    MemoryUnit memory(machine, {4, 1024, 4096}, {});
    Port port;
    port.source = std::move(source);
    for (std::uint64_t now = 0; now < 10; ++now) memory.cycle(now, {}, port);
    std::vector<std::uint64_t> result;
    for (const auto& f : port.fetches) result.push_back(f.cycle + f.cycles);
    return result;
  };
  // Commands from cycle 10 on, the row open in 13, its bytes from 15 on, 4 a cycle.
  CHECK(ends({fetch(0, 16)}) == std::vector<std::uint64_t>{19});
  // The same row again: its bytes follow.
  CHECK(ends({fetch(0, 16), fetch(16, 16)}) == std::vector<std::uint64_t>{19, 23});
  // The other bank is opened while the first moves bytes.
  CHECK(ends({fetch(0, 16), fetch(64, 16)}) == std::vector<std::uint64_t>{19, 23});
  // Another row of the same bank: closed from 19 on, open in 27, bytes from 29 on.
  CHECK(ends({fetch(0, 16), fetch(128, 16)}) == std::vector<std::uint64_t>{19, 33});
  // One transfer over three rows. The third lies in the first bank, which is closed from 31 on and open again in 39,
  // while the second still moves bytes.
  CHECK(ends({fetch(0, 144)}) == std::vector<std::uint64_t>{51});
  CHECK(ends({fetch(0, 128)}) == std::vector<std::uint64_t>{47});
}

TEST_CASE("every channel but the serial one streams at more than 85 % of its peak") {
  constexpr std::uint64_t kFetches = 2000, kBytes = 1024;
  for (const auto& file : config_files("dram", "DRAM channels")) {
    const std::string name = file.stem().string();
    INFO(name);
    const Machine machine = read_machine(yaml::Node(yaml::load_text("dram: " + name, "test")));
    MemoryUnit memory(machine, {1, kFetches * kBytes, 131072}, {});
    Port port;
    port.source.clear();
    for (std::uint64_t i = 0; i < kFetches; ++i) port.source.push_back(fetch(i * kBytes, kBytes));
    std::uint64_t now = 0;
    for (; memory.state().loaded < kFetches; ++now) memory.cycle(now, {memory.state().loaded, {}}, port);
    const double dram_cycles = static_cast<double>(now) *
                               (machine.dram.clock_mhz == 0 ? machine.clock_mhz : machine.dram.clock_mhz) /
                               machine.clock_mhz;
    const double peak = static_cast<double>(kFetches * kBytes) / dram_cycles / machine.dram.bytes_per_cycle;
    CHECK(peak <= 1);
    if (name == "serial")
      CHECK(peak < 0.6);
    else
      CHECK(peak > 0.85);
  }
}
