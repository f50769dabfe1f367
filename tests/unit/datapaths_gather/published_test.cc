// What is known beforehand of machines of the literature: speed over the same machine without skipping.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <vector>

#include "../serial_dram.h"
#include "base/random.h"
#include "datapaths/gather/config.h"
#include "datapaths/gather/systemc/engine.h"
#include "machine/config_reader.h"
#include "prune/magnitude.h"
#include "workload/reference.h"

using namespace lacuna;

namespace {

/// A fully connected layer of random masks, every nonzero one; a block of `block` weights keeps `per_block`, or each
/// weight is kept with probability `density`.
Layer fc(std::uint32_t m, std::uint32_t k, std::uint32_t n) {
  Layer layer;
  layer.name = "fc";
  layer.op = Op::Fc;
  layer.shape.M = m;
  layer.shape.C = k;
  layer.shape.N = n;
  layer.weights = Tensor(DType::Int8, {m, k, 1, 1});
  layer.input = Tensor(DType::UInt8, {n, k, 1, 1});
  std::ranges::fill(layer.input.as<std::uint8_t>(), std::uint8_t{1});
  layer.bias.assign(m, 0);
  return layer;
}

Layer random_fc(double density) {
  Layer layer = fc(16, 256 * 64, 40);
  Random random(7);
  for (auto& w : layer.weights.as<std::int8_t>()) w = random.unit() < density ? 1 : 0;
  return layer;
}

/// So that only PEs bound the speed.
void unbind(Machine& machine) {
  gather::Config& c = gather::config(machine);
  c.weights.bus_bytes = c.activations.bus_bytes = 1024;
  c.weights.buffer_bytes = c.activations.buffer_bytes = 1u << 22;
  c.weights.fifo_depth = 64;
  machine.global_buffer = {1u << 24, 256, 4096};
  machine.dram = test::serial_dram(4096, 0, 1);
}

double busy_cycles(Machine machine, const Layer& layer) {
  const auto outcome = gather::make_systemc_engine()->run(machine, layer, nullptr);
  std::uint64_t most = 0;
  for (const auto& pe : outcome.per_pe) most = std::max(most, pe[PeClass::Busy] + pe[PeClass::Bubble]);
  return static_cast<double>(most);
}

Machine dense(Machine machine) {
  gather::config(machine).skip = gather::Skip::None;
  return machine;
}

}  // namespace

TEST_CASE("Cambricon-X gains by density what its groups of 16 leave of a window") {
  Machine machine = read_machine(std::string(LACUNA_SOURCE_DIR) + "/configs/presets/cambricon-x.yaml").machine;
  machine.array.operand = Operand::Int8;
  unbind(machine);
  const auto gain = [&](double density, std::uint32_t segments_resident) {
    gather::config(machine).segments_resident = segments_resident;
    const Layer layer = random_fc(density);
    const auto engine = gather::make_systemc_engine();
    return static_cast<double>(engine->run(dense(machine), layer, nullptr).cycles) /
           static_cast<double>(engine->run(machine, layer, nullptr).cycles);
  };
  const auto near = [](double value, double expected, double share) {
    return std::abs(value - expected) < share * expected;
  };
  // Computed from binomial counts of random masks for PEs that do not wait for each other.
  CHECK(near(gain(0.35, 2), 2.60, 0.02));
  CHECK(near(gain(0.2, 2), 4.23, 0.02));
  CHECK(near(gain(0.1, 2), 7.45, 0.03));
  CHECK(near(gain(0.03, 2), 15.9, 0.04));
  // Where an empty or a full group is rare chance, how far PEs may drift apart decides.
  CHECK(gain(0.05, 2) < 11.9);
  CHECK(gain(0.05, 4) > 11.9);
}

TEST_CASE("PEs that begin segments together take the longest filter of each segment") {
  Machine machine = read_machine(std::string(LACUNA_SOURCE_DIR) + "/configs/presets/cambricon-x.yaml").machine;
  machine.array.operand = Operand::Int8;
  unbind(machine);
  for (const double density : {0.35, 0.1, 0.05, 0.03}) {
    const Layer layer = random_fc(density);
    const auto weights = layer.weights.as<std::int8_t>();
    std::uint64_t cycles = 0;
    for (std::size_t segment = 0; segment < layer.shape.C; segment += 256) {
      std::ptrdiff_t longest = 1;
      for (std::size_t filter = 0; filter < 16; ++filter) {
        const auto begin = weights.begin() + static_cast<std::ptrdiff_t>(filter * layer.shape.C + segment);
        longest = std::max(longest, (256 - std::count(begin, begin + 256, 0) + 15) / 16);
      }
      cycles += static_cast<std::uint64_t>(longest) * layer.shape.N;
    }
    std::uint64_t together = 0;
    for (const gather::Step step : {gather::Step::Column, gather::Step::Array}) {
      gather::config(machine).step = step;
      const LayerOutcome outcome = gather::make_systemc_engine()->run(machine, layer, nullptr);
      CAPTURE(density, outcome.cycles);
      CHECK(outcome.cycles >= cycles);
      CHECK(static_cast<double>(outcome.cycles) < 1.01 * static_cast<double>(cycles) + 500);  // the first filters load
      together = outcome.cycles;
    }
    // A row has one PE: nobody to wait for.
    gather::config(machine).step = gather::Step::Row;
    const LayerOutcome alone = gather::make_systemc_engine()->run(machine, layer, nullptr);
    gather::config(machine).step = gather::Step::None;
    CHECK(alone.per_pe == gather::make_systemc_engine()->run(machine, layer, nullptr).per_pe);
    CHECK((density < 0.05 ? alone.cycles <= together : alone.cycles < together));
  }
}

TEST_CASE("an N:M layer takes N / M of the dense cycles where its groups are full") {
  for (const auto& [per_block, block] : std::vector<std::pair<std::uint32_t, std::uint32_t>>{
           {1, 2}, {2, 4}, {1, 4}, {3, 4}, {4, 8}, {2, 8}, {8, 16}, {1, 16}}) {
    Machine machine = gather::default_machine();
    machine.array.rows = 4;
    machine.array.columns = 2;
    gather::Config& c = gather::config(machine);
    c.lanes = 8;
    c.index = gather::IndexCode::Offset;
    c.reach = gather::Reach::Block;
    c.block = block;
    c.per_block = per_block;
    c.segment = 8 * block;  // a multiple of lanes x M / N
    unbind(machine);
    Layer layer = fc(8, 5 * c.segment, 3);
    for (std::size_t i = 0; i < layer.weights.size(); ++i)
      layer.weights.as<std::int8_t>()[i] = (i + i / block) % block < per_block ? 1 : 0;
    CAPTURE(per_block, block);
    CHECK(busy_cycles(machine, layer) * block == busy_cycles(dense(machine), layer) * per_block);
  }
}

TEST_CASE("dense convolutions that are pruned to N:M take N / M of their cycles on the N:M tensor unit") {
  const Machine preset = read_machine(std::string(LACUNA_SOURCE_DIR) + "/configs/presets/tensor-2-4.yaml").machine;
  for (const Pattern pattern : {Pattern{2, 4}, Pattern{1, 2}, Pattern{1, 4}, Pattern{3, 4}, Pattern{4, 8},
                                Pattern{2, 8}, Pattern{8, 16}, Pattern{1, 16}}) {
    Machine machine = preset;
    gather::Config& c = gather::config(machine);
    c.block = pattern.block;
    c.per_block = pattern.kept;
    c.segment = c.lanes * pattern.block;  // a multiple of lanes x M / N
    unbind(machine);
    // Half a block of channels and 4 x 4 taps: a block is two taps, and the reduction one segment.
    Layer layer;
    layer.name = "conv";
    ConvShape& s = layer.shape;
    s.M = 32, s.C = pattern.block / 2, s.R = s.S = 4, s.H = 5, s.W = 7;
    layer.weights = Tensor(DType::Int8, {s.M, s.C, s.R, s.S});
    layer.input = Tensor(DType::UInt8, {s.N, s.C, s.H, s.W});
    layer.bias.assign(s.M, 0);
    Random random(pattern.block);
    for (auto& w : layer.weights.as<std::int8_t>())
      w = static_cast<std::int8_t>((random.below(2) == 0 ? -1 : 1) * static_cast<int>(1 + random.below(127)));
    for (auto& x : layer.input.as<std::uint8_t>()) x = static_cast<std::uint8_t>(random.below(256));
    CAPTURE(pattern.text());

    const double all = busy_cycles(dense(machine), layer);
    CHECK(busy_cycles(machine, layer) == all);  // not N:M yet
    pruning::to_pattern(layer, pattern);
    CHECK(busy_cycles(machine, layer) * pattern.block == all * pattern.kept);
    const auto engine = gather::make_systemc_engine();
    const LayerOutcome outcome = engine->run(machine, layer, nullptr);
    CHECK(outcome.output == reference_output(layer, 32, 0));
    CHECK(outcome.pairs[PairClass::Skipped] * pattern.block == s.dense_pairs() * (pattern.block - pattern.kept));
  }
}

TEST_CASE("a layer that is not N:M runs dense and says so") {
  Machine machine = gather::default_machine();
  gather::Config& c = gather::config(machine);
  c.index = gather::IndexCode::Offset;
  c.segment = 64;
  const Layer layer = random_fc(0.9);
  const auto engine = gather::make_systemc_engine();
  const LayerOutcome outcome = engine->run(machine, layer, nullptr), all = engine->run(dense(machine), layer, nullptr);
  CHECK(outcome.cycles == all.cycles);
  CHECK(outcome.pairs == all.pairs);
  CHECK(std::ranges::find(outcome.notes, "not 2:4: a block has 4 nonzero weights; every position is an entry") !=
        outcome.notes.end());
}

TEST_CASE("filled entries of a step code are wasted and take slots") {
  // Nonzeros at 0 and 9 of a segment of 16, steps of 2 bits: entries at 0, 4, 8 (filled), 9.
  Machine machine = gather::default_machine();
  gather::Config& c = gather::config(machine);
  c.segment = 16;
  c.index_bits = 2;
  Layer layer = fc(1, 16, 1);
  layer.weights.as<std::int8_t>()[0] = layer.weights.as<std::int8_t>()[9] = 3;
  const LayerOutcome outcome = gather::make_systemc_engine()->run(machine, layer, nullptr);
  CHECK(outcome.pairs[PairClass::Executed] == 2);
  CHECK(outcome.pairs[PairClass::Wasted] == 2);
  CHECK(outcome.pairs[PairClass::Skipped] == 12);
  CHECK(outcome.pe_cycles[PeClass::Busy] == 4);
}

TEST_CASE("entries in one bank cost a cycle each") {
  // Entries at 0, 4, 8 and 5 of four banks: three in bank 0.
  Machine machine = gather::default_machine();
  gather::Config& c = gather::config(machine);
  c.segment = 16;
  c.lanes = 4;
  c.reach = gather::Reach::Bank;
  c.banks = 4;
  Layer layer = fc(1, 16, 1);
  for (const std::size_t at : {0, 4, 5, 8}) layer.weights.as<std::int8_t>()[at] = 1;
  const LayerOutcome outcome = gather::make_systemc_engine()->run(machine, layer, nullptr);
  CHECK(outcome.pe_cycles[PeClass::Busy] == 1);
  CHECK(outcome.pe_cycles[PeClass::Bubble] == 2);
}
