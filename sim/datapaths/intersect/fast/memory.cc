#include "datapaths/intersect/fast/memory.h"

#include <algorithm>
#include <utility>

#include "datapaths/intersect/fast/events.h"
#include "memory/memory_unit.h"

namespace lacuna::intersect::fast {

MemorySequence::MemorySequence(const Operands& operands, Tally& tally, std::function<void(TileIndex)> demand,
                               EventRecorder* recorder)
    : lowering_(operands.lowering()),
      machine_(lowering_.machine()),
      tally_(tally),
      recorder_(recorder),
      demand_(std::move(demand)),
      count_(operands.tiles()),
      pes_(machine_.array.rows * machine_.array.columns) {}

void MemorySequence::add(std::shared_ptr<const Tile> tile) {
  LACUNA_CHECK(tile->index == first_ + tiles_.size(), "tile {} comes out of order", tile->index);
  TileTimes& times = tiles_.emplace_back();
  times.times.resize(tile->blocks.size());
  times.tile = std::move(tile);
}

MemorySequence::Position MemorySequence::after(const Position& at) const {
  if (at.block + 1 < tiles_[at.tile - first_].times.size()) return {at.tile, at.block + 1};
  return {TileIndex(at.tile + 1), 0};
}

void MemorySequence::pass(TileIndex tile, std::uint32_t block, std::uint32_t lines, Time time) {
  BlockTimes& passed = tiles_[tile - first_].times[block];
  passed.lines_past += lines;
  passed.past = std::max(passed.past, time);

  while (has(next_release_.tile)) {
    const Tile& oldest = *tiles_[next_release_.tile - first_].tile;
    BlockTimes& times = tiles_[next_release_.tile - first_].times[next_release_.block];
    if (times.lines_past != oldest.rows + oldest.columns) return;
    release_ = std::max(release_, times.past);
    times.released = release_;
    if (released_ < fetched_.size() && fetched_[released_].block == next_release_)
      fetched_[released_++].released = release_;
    next_release_ = after(next_release_);
    if (next_release_.tile == oldest.index) continue;
    if (oldest.pes() != pes_ && array_tile_since_ < release_)
      edges_.push_back({array_tile_since_, release_, static_cast<const Geometry&>(oldest)});
    array_tile_since_ = release_;
  }
}

void MemorySequence::results(TileIndex tile, Time time, std::uint64_t bytes) {
  tiles_[tile - first_].last_result = time;
  complete_at_[tile % 4] = time + 3;
  complete_ = std::max(complete_, complete_at_[tile % 4]);
  tiles_[tile - first_].output_bytes = bytes;
}

MemorySequence::Next MemorySequence::next() {
  Next next;
  if (finished()) return next;
  // A result taken in cycle d is in the output buffer from d + 3 on.
  if (has(written_) && tiles_[written_ - first_].last_result != kUnknown)
    next.write = std::max(idle_, tiles_[written_ - first_].last_result + 3);

  const std::uint64_t fetches = forgotten_ + fetched_.size();
  const Time released = fetches < 2 ? 0 : fetched_[fetched_.size() - 2].released;
  if (released == kUnknown) return next;
  next.fetch = std::max(idle_, released);
  // Blocks that every feeder is past by then are passed over.
  while (reach(next_fetch_.tile) && block(next_fetch_.tile, next_fetch_.block).released <= next.fetch)
    next_fetch_ = after(next_fetch_);
  if (next_fetch_.tile == count_) next.fetch = kUnknown;
  return next;
}

bool MemorySequence::reach(TileIndex tile) {
  if (tile == count_) return false;
  while (!has(tile)) demand_(TileIndex(first_ + tiles_.size()));
  return true;
}

void MemorySequence::begin(const Next& next) {
  if (next.write <= next.fetch) {
    LACUNA_CHECK(next.write != kUnknown, "layer '{}': nothing can happen after cycle {}", lowering_.layer().name,
                 idle_);
    const std::uint64_t bytes = tiles_[written_ - first_].output_bytes;
    const std::uint64_t burst = machine_.dram.burst_bytes;
    const std::uint64_t dram_bytes = (bytes + burst - 1) / burst * burst;
    idle_ = next.write + transfer_cycles(machine_, {dram_bytes, bytes, 0});
    const event::Write write{next.write, idle_ - next.write, written_, bytes, dram_bytes};
    tally_.on(write);
    if (recorder_) recorder_->record(write);
    written_at_[written_++ % 4] = idle_;
    drop();
    return;
  }
  TileTimes& tile = tiles_[next_fetch_.tile - first_];
  const Block& block = tile.tile->blocks[next_fetch_.block];
  idle_ = next.fetch + transfer_cycles(machine_, {block.dram_bytes, block.buffer_bytes, block.words}) +
          (block.dram_bytes != 0 ? machine_.dram.latency : 0);
  const event::Fetch fetch{next.fetch, idle_ - next.fetch, tile.tile.get(), next_fetch_.block};
  tally_.on(fetch);
  if (recorder_) recorder_->record(fetch, tile.tile);
  BlockTimes& times = tile.times[next_fetch_.block];
  times.begun = next.fetch;
  times.loaded = idle_;
  fetched_.push_back({next.fetch, next_fetch_, times.released});
  if (times.released != kUnknown) ++released_;  // so are all before it
  next_fetch_ = after(next_fetch_);
  drop();
}

void MemorySequence::forget_before(Time time) {
  // Fetch k rules the cycles up to fetch k+1; whether one could begin then depends on fetch k-1.
  while (fetched_.size() > 4 && released_ > 0 && fetched_[3].begin + 1 < time) {
    fetched_.pop_front();
    ++forgotten_;
    --released_;
  }
}

void MemorySequence::drop() {
  while (!tiles_.empty() && first_ < written_ && first_ < next_release_.tile && first_ < next_fetch_.tile) {
    tiles_.pop_front();
    ++first_;
  }
}

}  // namespace lacuna::intersect::fast
