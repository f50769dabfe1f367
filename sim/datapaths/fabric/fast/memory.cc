#include "datapaths/fabric/fast/memory.h"

#include <algorithm>
#include <utility>

#include "base/error.h"

namespace lacuna::fabric::fast {

namespace {
std::uint64_t ceil_div(std::uint64_t a, std::uint64_t b) { return (a + b - 1) / b; }
}  // namespace

DramTimes::DramTimes(const Machine& machine)
    : dram_(machine.dram),
      array_clock_(machine.clock_mhz),
      dram_clock_(dram_.clock_mhz != 0 ? dram_.clock_mhz : machine.clock_mhz),
      banks_(dram_.banks) {}

Interval DramTimes::book(Time from, std::initializer_list<Extent> extents, bool write) {
  const std::uint64_t commands = ceil_div(from * dram_clock_, array_clock_);
  std::uint64_t& next = write ? next_write_ : next_read_;
  std::uint64_t first = 0, since = 0, bytes = 0;  // of the transfer; of its bytes without a gap
  bool any = false;
  for (const Extent& extent : extents) {
    const std::uint64_t end = extent.address + extent.bytes;
    for (std::uint64_t at = extent.address, to; at < end; at = to) {
      const std::uint64_t row = at / dram_.row_bytes;
      to = std::min(end, (row + 1) * dram_.row_bytes);
      Bank& bank = banks_[row % dram_.banks];
      std::uint64_t there = commands + dram_.t_cas;
      if (bank.row != row) {
        const std::uint64_t close = bank.row == UINT64_MAX ? 0 : dram_.t_rp;
        there = std::max(commands, bank.ready) + close + dram_.t_rcd + dram_.t_cas;
        bank.row = row;
      }
      if (bytes == 0 || there > next) {
        since = std::max(there, next);
        bytes = 0;
      }
      bytes += to - at;
      next = since + ceil_div(bytes, dram_.bytes_per_cycle);
      bank.ready = next;
      if (!any) first = since;
      any = true;
    }
  }
  if (!any) return {from, from};
  (write ? next_read_ : next_write_) = next + dram_.turnaround;
  return {first * array_clock_ / dram_clock_, ceil_div(next * array_clock_, dram_clock_)};
}

MemorySequence::MemorySequence(const Machine& machine, std::uint64_t tiles, std::uint64_t output_address,
                               std::uint64_t room, MemoryPort& port)
    : machine_(machine),
      port_(port),
      count_(tiles),
      pes_(machine_.array.rows * machine_.array.columns),
      dram_(machine_),
      output_address_(output_address),
      room_bytes_(room),
      places_(machine_.dram.outstanding) {}

void MemorySequence::add(const Geometry& geometry, Blocks blocks, std::uint64_t left_out) {
  TileTimes& times = tiles_.emplace_back();
  times.geometry = geometry;
  times.times.resize(blocks->size());
  times.blocks = std::move(blocks);
  times.left_out = left_out;
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
    const TileIndex oldest_tile = next_release_.tile;
    const Geometry& oldest = tiles_[oldest_tile - first_].geometry;
    BlockTimes& times = tiles_[next_release_.tile - first_].times[next_release_.block];
    if (times.lines_past != oldest.rows + oldest.columns) break;
    release_ = std::max(release_, times.past);
    times.released = release_;
    if (released_ < fetched_.size() && fetched_[released_].block == next_release_)
      fetched_[released_++].released = release_;
    next_release_ = after(next_release_);
    if (next_release_.tile == oldest_tile) continue;
    if (oldest.pes() != pes_ && array_tile_since_ < release_) edges_.push_back({array_tile_since_, release_, oldest});
    array_tile_since_ = release_;
  }
  take_halves();
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
    next.write = std::max(ready(), tiles_[written_ - first_].last_result + 3);

  // One more block may be requested than transfers may be under way, counted from the oldest that is not released.
  const std::size_t ahead = places_.size() + 1;
  const Time released = forgotten_ + fetched_.size() < ahead ? 0 : fetched_[fetched_.size() - ahead].released;
  if (released == kUnknown) return next;
  Time from = std::max(ready(), released);
  while (reach(next_fetch_.tile)) {
    from = std::max(from, passed_over_);
    const Time room_from = room((*tiles_[next_fetch_.tile - first_].blocks)[next_fetch_.block].dram_bytes());
    const Time time = room_from == kUnknown ? kUnknown : std::max(from, room_from);
    // A block that every feeder is past by then is passed over.
    const Time past = block(next_fetch_.tile, next_fetch_.block).released;
    if (past == kUnknown || past > time) {
      next.fetch = time;
      break;
    }
    passed_over_ = std::max(passed_over_, past);
    next_fetch_ = after(next_fetch_);
  }
  return next;
}

Time MemorySequence::room(std::uint64_t bytes) const {
  for (auto f = fetched_.rbegin(); f != fetched_.rend(); ++f) {
    bytes += f->dram_bytes;
    if (bytes > room_bytes_) return f->loaded;
  }
  return 0;
}

std::uint64_t MemorySequence::buffer_cycles(std::uint64_t bytes, std::uint64_t words) const {
  const GlobalBufferConfig& buffer = machine_.global_buffer;
  return std::max({std::uint64_t{1}, ceil_div(bytes, std::uint64_t{buffer.banks} * buffer.bytes_per_cycle), words});
}

bool MemorySequence::reach(TileIndex tile) {
  if (tile == count_) return false;
  while (!has(tile)) port_.demand(TileIndex(first_ + tiles_.size()));
  return true;
}

void MemorySequence::begin(const Next& next) {
  LACUNA_CHECK(std::min(next.write, next.fetch) != kUnknown, "nothing can happen after cycle {}", ready());
  if (next.write <= next.fetch)
    begin_write(next.write);
  else
    begin_fetch(next.fetch);
  drop();
}

Time MemorySequence::request(Time time, Time end) {
  const std::size_t count = places_.size();
  end = std::max(end, places_[(requests_ + count - 1) % count]);  // none is over before an earlier one
  places_[requests_++ % count] = end;
  next_request_ = time + 1;
  return end - time;
}

void MemorySequence::begin_write(Time time) {
  const std::uint64_t bytes = tiles_[written_ - first_].output_bytes;
  const std::uint64_t dram_bytes = ceil_div(bytes, machine_.dram.burst_bytes) * machine_.dram.burst_bytes;
  write_port_free_ = std::max(write_port_free_, time) + buffer_cycles(bytes, 0);
  latest_write_ =
      std::max({latest_write_, dram_.book(time, {{output_address_, dram_bytes}}, true).end, write_port_free_});
  output_address_ += dram_bytes;
  request(time, latest_write_);
  port_.write_begins(time, latest_write_ - time, written_, bytes, dram_bytes);
  written_at_[written_++ % 4] = latest_write_;
}

void MemorySequence::begin_fetch(Time time) {
  TileTimes& tile = tiles_[next_fetch_.tile - first_];
  const Block& block = (*tile.blocks)[next_fetch_.block];
  const Time commands = time + (block.dram_bytes() != 0 ? machine_.dram.latency : 0);
  const Interval dram = dram_.book(commands, {block.weights, block.inputs}, false);
  const std::uint64_t cycles = buffer_cycles(block.buffer_bytes, block.words);
  port_.fetch_begins(time, request(time, std::max(dram.end, dram.begin + cycles)),
                     {next_fetch_.tile, next_fetch_.block, block, next_fetch_.block == 0 ? tile.left_out : 0});
  fetched_.push_back({.block = next_fetch_,
                      .requested = time,
                      .dram = dram,
                      .buffer_cycles = cycles,
                      .dram_bytes = block.dram_bytes(),
                      .released = tile.times[next_fetch_.block].released});
  if (fetched_.back().released != kUnknown) ++released_;  // so are all before it
  next_fetch_ = after(next_fetch_);
  take_halves();
}

void MemorySequence::take_halves() {
  for (; taken_ < fetched_.size(); ++taken_) {
    Fetch& fetch = fetched_[taken_];
    const Fetch* const before = taken_ > 0 ? &fetched_[taken_ - 1] : nullptr;
    const Time free = taken_ < 2 ? 0 : fetched_[taken_ - 2].released;
    if (free == kUnknown) return;
    fetch.taken = std::max({fetch.requested, free, before ? before->taken + 1 : 0});
    const Time load = std::max({fetch.taken, fetch.dram.begin, before ? before->loaded : 0});
    fetch.loaded = std::max(fetch.dram.end, load + fetch.buffer_cycles);
    BlockTimes& times = tiles_[fetch.block.tile - first_].times[fetch.block.block];
    times.taken = fetch.taken;
    times.loaded = fetch.loaded;
  }
}

void MemorySequence::forget_before(Time time) {
  // Fetch k rules the cycles from when it takes a half until fetch k+1 does; whether one is free then depends on fetch
  // k-1. The next requests depend on the latest fetches and on what is not loaded by then.
  while (fetched_.size() > std::max<std::size_t>(4, places_.size() + 1) && released_ > 0 && taken_ > 3 &&
         fetched_[3].taken + 1 < time && fetched_[0].loaded <= ready()) {
    fetched_.pop_front();
    ++forgotten_;
    --released_;
    --taken_;
  }
}

void MemorySequence::drop() {
  TileIndex needed = std::min({written_, next_release_.tile, next_fetch_.tile});
  if (taken_ < fetched_.size()) needed = std::min(needed, fetched_[taken_].block.tile);
  while (!tiles_.empty() && first_ < needed) {
    tiles_.pop_front();
    ++first_;
  }
}

}  // namespace lacuna::fabric::fast
