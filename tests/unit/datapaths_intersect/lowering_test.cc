// Tiles, passes, messages and blocks against what the page says of them.
#include "datapaths/intersect/lowering.h"

#include <catch2/catch.hpp>
#include <set>

#include "check/random_case.h"

using namespace lacuna;
using namespace lacuna::intersect;

namespace {

Layer fc(std::uint32_t m, std::uint32_t k, const std::vector<int>& weights) {
  Layer layer;
  layer.name = "fc";
  layer.op = Op::Fc;
  layer.shape.M = m;
  layer.shape.C = k;
  layer.weights = Tensor(DType::Int8, {m, k, 1, 1});
  layer.input = Tensor(DType::UInt8, {1, k, 1, 1});
  for (std::size_t i = 0; i < weights.size(); ++i)
    layer.weights.as<std::int8_t>()[i] = static_cast<std::int8_t>(weights[i]);
  layer.bias.assign(m, 0);
  layer.relu = true;
  return layer;
}

Machine small_machine() {
  Machine machine = default_machine();
  machine.array.rows = machine.array.columns = 2;
  config(machine).chunk = 8;
  return machine;
}

}  // namespace

TEST_CASE("a pass leaves out chunks without work unless no other pass walks them") {
  Machine machine = small_machine();
  config(machine).early_termination = EarlyTermination::Exact;
  // Chunk 0 positive and zero, chunk 1 negative only, chunk 2 zero.
  std::vector<int> weights(24, 0);
  weights[1] = 5;
  weights[9] = -3;
  const Layer layer = fc(1, 24, weights);
  Lowering lowering(machine, layer);
  const auto tile = lowering.tile(TileIndex(0));
  REQUIRE(tile->steps().size() == 3);
  CHECK(tile->steps()[0].pass == Pass::Positive);
  CHECK(tile->steps()[0].chunk == 0);
  CHECK(tile->steps()[0].first);
  CHECK(tile->steps()[0].check_end);
  CHECK(!tile->steps()[0].check_each);
  CHECK(tile->steps()[1].pass == Pass::Negative);
  CHECK(tile->steps()[1].chunk == 1);
  CHECK(tile->steps()[1].check_each);
  CHECK(!tile->steps()[1].last);
  // No filter could spend a slot in chunk 2: the last pass walks it.
  CHECK(tile->steps()[2].pass == Pass::Negative);
  CHECK(tile->steps()[2].chunk == 2);
  CHECK(tile->steps()[2].check_each);
  CHECK(tile->steps()[2].last);
  CHECK(tile->weight_message(Row(0), Column(0), StepIndex(0)).owned == Mask{2, 0});
  CHECK(tile->weight_message(Row(0), Column(0), StepIndex(1)).owned == Mask{0xff, 0});
  CHECK(tile->weight_message(Row(0), Column(0), StepIndex(2)).owned == Mask{0xff, 0});
  // Chunk 0's seven zeros are in no pass.
  CHECK(tile->filters->left_out == 7);
}

TEST_CASE("zero weights that cost slots belong to the negative pass") {
  Machine machine = small_machine();
  config(machine).early_termination = EarlyTermination::Exact;
  config(machine).skip = SkipRule::Gate;
  std::vector<int> weights(16, 0);
  weights[1] = 5;
  const Layer layer = fc(1, 16, weights);
  Lowering lowering(machine, layer);
  const auto tile = lowering.tile(TileIndex(0));
  REQUIRE(tile->steps().size() == 3);
  CHECK(tile->weight_message(Row(0), Column(0), StepIndex(0)).owned == Mask{2, 0});
  CHECK(tile->weight_message(Row(0), Column(0), StepIndex(1)).owned == Mask{0xfd, 0});
  CHECK(tile->weight_message(Row(0), Column(0), StepIndex(2)).owned == Mask{0xff, 0});
  CHECK(tile->filters->left_out == 0);
  // Mask, one value, bias and owned mask; then mask and owned mask.
  CHECK(tile->weight_message(Row(0), Column(0), StepIndex(0)).bytes == 1 + 1 + 4 + 1);
  CHECK(tile->weight_message(Row(0), Column(0), StepIndex(1)).bytes == 1 + 1);
}

TEST_CASE("a filter of zeros is walked in every chunk once") {
  Machine machine = small_machine();
  config(machine).early_termination = EarlyTermination::Exact;
  const Layer layer = fc(1, 20, std::vector<int>(20, 0));
  Lowering lowering(machine, layer);
  // Three chunks of 8, 8 and 4 positions.
  const auto tile = lowering.tile(TileIndex(0));
  REQUIRE(tile->steps().size() == 3);
  for (std::uint32_t chunk = 0; chunk < 3; ++chunk) {
    CHECK(tile->steps()[chunk].pass == Pass::Negative);
    CHECK(tile->steps()[chunk].chunk == chunk);
    CHECK(tile->steps()[chunk].first == (chunk == 0));
    CHECK(tile->steps()[chunk].last == (chunk == 2));
  }
  CHECK(tile->filters->left_out == 0);
}

TEST_CASE("the last chunk of the reduction is shorter") {
  Machine machine = small_machine();
  config(machine).weights.encoding = Encoding::Dense;
  const Layer layer = fc(1, 19, std::vector<int>(19, 1));
  Lowering lowering(machine, layer);
  const auto tile = lowering.tile(TileIndex(0));
  REQUIRE(tile->steps().size() == 3);
  CHECK(tile->weight_message(Row(0), Column(0), StepIndex(0)).bytes == 8 + 4);
  CHECK(tile->weight_message(Row(0), Column(0), StepIndex(2)).bytes == 3);
  CHECK(tile->weight_message(Row(0), Column(0), StepIndex(2)).owned == Mask{7, 0});
}

TEST_CASE("a tile is cut in blocks that fit half of every buffer") {
  Machine machine = small_machine();
  config(machine).weights.bus_bytes = config(machine).activations.bus_bytes = 4;
  config(machine).weights.buffer_bytes = 32;  // halves of 4 words
  const Layer layer = fc(2, 32, std::vector<int>(64, 1));
  Lowering lowering(machine, layer);
  // Weight messages: 1 + 8 + 4 bytes = 4 words, then 1 + 8 bytes = 3 words: one a block.
  const auto tile = lowering.tile(TileIndex(0));
  REQUIRE(tile->blocks.size() == 4);
  for (std::uint32_t i = 0; i < 4; ++i) {
    CHECK(tile->blocks[i].begin == i);
    CHECK(tile->blocks[i].end == i + 1);
    CHECK(tile->block_of[i] == i);
  }
  config(machine).weights.buffer_bytes = 31;
  Lowering too_small(machine, layer);
  CHECK_THROWS_WITH(
      too_small.tile(TileIndex(0)),
      "intersect.weights.buffer_bytes: 31 bytes do not hold one chunk twice in layer 'fc'; at least 32 are needed with "
      "intersect.weights.bus_bytes = 4");
}

TEST_CASE("a layer with wider operands than the machine is refused") {
  Layer layer = fc(1, 8, std::vector<int>(8, 1));
  layer.weights = Tensor(DType::Int16, {1, 8, 1, 1});
  CHECK_THROWS_WITH(Lowering(small_machine(), layer),
                    "array.operand: layer 'fc' has 16-bit operands; array.operand is int8");
}

TEST_CASE("every output is mapped on exactly one PE of one tile") {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    const RandomCase c = random_case(seed);
    INFO("seed " << seed << ": " << c.describe());
    Lowering lowering(c.machine, c.layer);
    std::set<std::pair<std::uint32_t, std::uint64_t>> outputs;
    std::vector<std::optional<std::uint64_t>> latest(c.machine.array.rows * c.machine.array.columns);
    std::uint64_t count = 0;
    for (std::uint64_t index = 0; index < lowering.tiles(); ++index) {
      const auto tile = lowering.tile(TileIndex(index));
      for (Row row; row < c.machine.array.rows; ++row)
        for (Column column; column < c.machine.array.columns; ++column) {
          if (!tile->mapped(row, column)) continue;
          latest[row * c.machine.array.columns + column] = index;
          outputs.emplace(tile->filters->filters.at(tile->filter_stream(row, column)),
                          tile->windows->windows.at(tile->window_stream(column)));
          ++count;
        }
      REQUIRE(tile->blocks.front().begin == 0);
      REQUIRE(tile->blocks.back().end == tile->steps().size());
    }
    const ConvShape& s = c.layer.shape;
    REQUIRE(count == std::uint64_t{s.N} * s.M * s.P() * s.Q());
    REQUIRE(outputs.size() == count);
    for (std::uint32_t pe = 0; pe < latest.size(); ++pe)
      REQUIRE(lowering.last_tile(Row(pe / c.machine.array.columns), Column(pe % c.machine.array.columns)) ==
              latest[pe]);
  }
}

TEST_CASE("a tile asked for alone equals the tile asked for in order") {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    const RandomCase c = random_case(seed);
    INFO("seed " << seed << ": " << c.describe());
    Lowering ordered(c.machine, c.layer);
    Lowering random(c.machine, c.layer);
    std::vector<std::uint64_t> bytes;
    for (std::uint64_t index = 0; index < ordered.tiles(); ++index)
      bytes.push_back(ordered.tile(TileIndex(index))->blocks[0].buffer_bytes);
    for (std::uint64_t index = ordered.tiles(); index-- > 0;)
      REQUIRE(random.tile(TileIndex(index))->blocks[0].buffer_bytes == bytes[index]);
  }
}
