// One clocked kernel for circuits of any shape, one after the other in one process.
#include "datapaths/clocked/circuit.h"

#include <catch2/catch.hpp>
#include <stdexcept>

#include "base/error.h"

using namespace lacuna;
using clocked::Circuit;
using clocked::Register;

namespace {

/// Two registers that swap their values each cycle, each side a unit of its own, until cycle `last`. Shared variables
/// instead of registers would lose one of the values.
std::pair<int, int> swapped(std::uint64_t last, std::uint64_t seed) {
  Circuit circuit;
  Register<int> left(circuit), right(circuit);
  left.reset(1);
  right.reset(2);
  circuit.add("left", [&](std::uint64_t) { left.next() = right.read(); });
  circuit.add("right", [&](std::uint64_t now) {
    right.next() = left.read();
    if (now == last) circuit.finish();
  });
  if (seed != 0) circuit.shuffle(seed);
  CHECK(circuit.run() == last + 1);
  return {left.read(), right.read()};
}

/// A chain of `stages` units that each add one to what the stage before it held: what enters in cycle c leaves the last
/// stage in cycle c + stages. The cycle in which `value` + stages is at the end.
std::uint64_t pipeline(std::uint32_t stages, std::uint64_t seed) {
  constexpr std::int64_t kValue = 1000;
  Circuit circuit;
  std::vector<std::unique_ptr<Register<std::int64_t>>> chain;
  for (std::uint32_t i = 0; i <= stages; ++i) chain.push_back(std::make_unique<Register<std::int64_t>>(circuit));
  std::uint64_t left = 0;
  circuit.add("source", [&](std::uint64_t now) { chain[0]->next() = now == 5 ? kValue : 0; });
  for (std::uint32_t i = 0; i < stages; ++i)
    circuit.add("stage " + std::to_string(i), [&, i](std::uint64_t) { chain[i + 1]->next() = chain[i]->read() + 1; });
  circuit.add("end", [&](std::uint64_t now) {
    if (chain[stages]->read() != kValue + stages) return;
    left = now;
    circuit.finish();
  });
  if (seed != 0) circuit.shuffle(seed);
  // The source writes in cycle 5; stage i reads it in 6 + i; the end in 6 + stages.
  CHECK(circuit.run() == 7 + stages);
  return left;
}

}  // namespace

TEST_CASE("circuits of different shape run one after the other in one process") {
  for (int round = 0; round < 3; ++round) {
    CHECK(swapped(4, 0) == std::pair(2, 1));
    CHECK(pipeline(3, 0) == 9);
    CHECK(swapped(5, 0) == std::pair(1, 2));
    CHECK(pipeline(Circuit::kMostUnits - 2, 0) == 6 + Circuit::kMostUnits - 2);
  }
}

TEST_CASE("the order of units changes nothing") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    CHECK(swapped(6, seed) == std::pair(2, 1));
    CHECK(pipeline(7, seed) == 13);
  }
}

TEST_CASE("a register keeps its value until it is written") {
  Circuit circuit;
  Register<int> value(circuit);
  value.reset(7);
  std::vector<int> seen;
  circuit.add("unit", [&](std::uint64_t now) {
    seen.push_back(value.read());
    if (now == 1) value.next() = 8;
    if (now == 3) circuit.finish();
  });
  circuit.run();
  CHECK(seen == std::vector{7, 7, 8, 8});
}

TEST_CASE("all units see the last cycle and none sees a later one") {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    Circuit circuit;
    std::array<std::uint64_t, 3> cycles{};
    for (std::uint64_t i = 0; i < 3; ++i)
      circuit.add("unit " + std::to_string(i), [&, i](std::uint64_t now) {
        REQUIRE(now == cycles[i]++);
        if (i == 1 && now == 9) circuit.finish();
      });
    circuit.shuffle(seed);
    CHECK(circuit.run() == 10);
    CHECK(cycles == std::array<std::uint64_t, 3>{10, 10, 10});
  }
}

TEST_CASE("what a unit throws ends the run and the next circuit is as new") {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    Circuit circuit;
    circuit.add("calm", [](std::uint64_t) {});
    circuit.add("first", [](std::uint64_t now) {
      if (now == 3) throw std::runtime_error("first");
    });
    circuit.add("second", [](std::uint64_t now) {
      if (now == 3) throw std::runtime_error("second");
    });
    circuit.shuffle(seed);
    CHECK_THROWS_WITH(circuit.run(), "first");
    CHECK(pipeline(2, seed) == 8);
  }
}

TEST_CASE("a circuit refuses what it cannot run") {
  Circuit circuit;
  CHECK_THROWS_AS(circuit.run(), Bug);
  circuit.add("unit 0", [](std::uint64_t) {});
  CHECK_THROWS_AS(circuit.add("unit 0", [](std::uint64_t) {}), Bug);
  for (std::size_t i = 1; i < Circuit::kMostUnits; ++i) circuit.add("unit " + std::to_string(i), [](std::uint64_t) {});
  CHECK_THROWS_AS(circuit.add("one more", [](std::uint64_t) {}), Bug);

  Circuit outer;
  Circuit inner;
  inner.add("unit", [&](std::uint64_t) { inner.finish(); });
  outer.add("unit", [&](std::uint64_t) { inner.run(); });
  CHECK_THROWS_AS(outer.run(), Bug);
}
