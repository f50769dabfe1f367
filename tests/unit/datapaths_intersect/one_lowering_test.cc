// The engine without a clock cuts layers into tiles, steps, messages and blocks in a form of its own. It is the same
// cut as the lowering's: tile by tile, message by message, block by block.
#include <catch2/catch.hpp>
#include <set>

#include "check/random_case.h"
#include "datapaths/intersect/config.h"
#include "datapaths/intersect/fast/kernels/kernels.h"
#include "datapaths/intersect/fast/operands.h"
#include "datapaths/intersect/lowering.h"

using namespace lacuna;
using namespace lacuna::intersect;

namespace {

void require_same_blocks(const Tile& ours, const Tile& theirs) {
  REQUIRE(ours.blocks.size() == theirs.blocks.size());
  for (std::size_t b = 0; b < ours.blocks.size(); ++b) {
    const Block &x = ours.blocks[b], &y = theirs.blocks[b];
    REQUIRE((x.begin == y.begin && x.end == y.end && x.words == y.words));
    REQUIRE((x.weights == y.weights && x.inputs == y.inputs && x.buffer_bytes == y.buffer_bytes));
    REQUIRE(x.weight_write_bytes == y.weight_write_bytes);
    REQUIRE(x.activation_write_bytes == y.activation_write_bytes);
  }
}

void require_same_steps(const Tile& ours, const Tile& theirs) {
  REQUIRE(ours.filters->left_out == theirs.filters->left_out);
  REQUIRE(ours.steps().size() == theirs.steps().size());
  for (StepIndex s; s < ours.steps().size(); ++s) {
    const Step &x = ours.steps()[s], &y = theirs.steps()[s];
    REQUIRE((x.pass == y.pass && x.chunk == y.chunk && x.first == y.first && x.last == y.last));
    REQUIRE((x.check_each == y.check_each && x.check_end == y.check_end));
  }
}

void require_same_message(const fast::Streams& streams, std::size_t entry, std::size_t stream, const Message& message) {
  const Mask mask = streams.mask(static_cast<std::uint32_t>(entry), static_cast<std::uint32_t>(stream));
  REQUIRE((mask.low == message.mask.low && mask.high == message.mask.high));
  const std::size_t at = entry * streams.pad + stream;
  REQUIRE(static_cast<std::uint32_t>(streams.bytes[at]) == message.bytes);
  REQUIRE(static_cast<std::uint32_t>(streams.words[at]) == message.words);
}

}  // namespace

TEST_CASE("the engine without a clock cuts layers as the lowering does") {
  std::uint64_t tiles = 0, messages = 0;
  for (std::uint64_t seed = 600; seed < 900; ++seed) {
    const RandomCase c = random_case(seed);
    INFO("seed " << seed << ": " << c.describe());
    Lowering lowering(c.machine, c.layer), other(c.machine, c.layer);
    fast::Operands operands(other, fast::best_kernels());
    REQUIRE(operands.tiles() == lowering.tiles());
    for (std::uint64_t index = 0; index < lowering.tiles(); ++index, ++tiles) {
      const std::shared_ptr<const Tile> theirs = lowering.tile(TileIndex(index));
      const fast::CompactTile ours = operands.tile(TileIndex(index));
      REQUIRE((ours.tile->rows == theirs->rows && ours.tile->columns == theirs->columns));
      REQUIRE(ours.tile->last_rows == theirs->last_rows);
      REQUIRE(ours.tile->filters->filters == theirs->filters->filters);
      REQUIRE(ours.tile->filters->bias == theirs->filters->bias);
      REQUIRE(ours.tile->windows->windows == theirs->windows->windows);
      require_same_steps(*ours.tile, *theirs);
      require_same_blocks(*ours.tile, *theirs);
      for (std::size_t stream = 0; stream < theirs->filters->filters.size(); ++stream)
        for (std::size_t step = 0; step < theirs->steps().size(); ++step, ++messages)
          require_same_message(*ours.filters, step, stream,
                               theirs->filters->message(FilterStream(stream), StepIndex(step)));
      for (std::size_t stream = 0; stream < theirs->windows->windows.size(); ++stream)
        for (std::size_t chunk = 0; chunk < theirs->windows->chunks; ++chunk, ++messages)
          require_same_message(*ours.windows, chunk, stream,
                               theirs->windows->message(WindowStream(stream), static_cast<std::uint32_t>(chunk)));
    }
  }
  CHECK(tiles > 1000);
  CHECK(messages > 10 * tiles);
}

TEST_CASE("every chunk of every tile is walked with early termination and without") {
  std::uint64_t empty = 0;
  for (std::uint64_t seed = 900; seed < 1200; ++seed) {
    RandomCase c = random_case(seed);
    for (const EarlyTermination termination : {EarlyTermination::None, EarlyTermination::Exact}) {
      config(c.machine).early_termination = termination;
      INFO("seed " << seed << ": " << c.describe());
      Lowering lowering(c.machine, c.layer);
      const auto tile = lowering.tile(TileIndex(0));
      std::set<std::uint32_t> walked;
      for (StepIndex s; s < tile->steps().size(); ++s) {
        walked.insert(tile->steps()[s].chunk);
        bool weights = false;
        for (std::size_t stream = 0; stream < tile->filters->filters.size(); ++stream)
          weights |= !tile->filters->message(FilterStream(stream), s).mask.none();
        empty += lowering.early_termination() && !weights ? 1 : 0;
      }
      CHECK(walked.size() == tile->windows->chunks);
    }
  }
  CHECK(empty > 0);  // chunks in which no filter has a weight were among them
}
