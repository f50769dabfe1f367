// Lines of Rows: when messages are sent, by lines with their PEs and by those ahead of them.
#include <algorithm>
#include <utility>

#include "datapaths/gather/fast/rows.h"

namespace lacuna::gather::fast {

using fabric::fast::kActivations;
using fabric::fast::kUnknown;
using fabric::fast::kWeights;

void Rows::set_up(Lines& lines, std::size_t side, std::vector<std::uint32_t> alike, std::uint32_t depth,
                  std::uint32_t split, std::uint32_t other_split) {
  const auto count = static_cast<std::uint32_t>(alike.size());
  lines.alike = std::move(alike);
  lines.side = side;
  lines.count = count;
  lines.stride = whole_vectors(count);
  lines.depth = depth;
  lines.split = split;
  lines.other_split = other_split;
  for (auto* times : {&lines.bus, &lines.start, &lines.arrival, &lines.memory_begin, &lines.memory_end})
    times->assign(lines.stride, 0);
  for (auto& room : lines.room) room.assign(std::size_t{depth} * lines.stride, 0);
  lines.waits.resize(count);
  lines.ahead.resize(count);
}

void Rows::wait_for_block(Lines& lines, const TileState& state) {
  const fabric::fast::BlockTimes& block = memory_.block(work_tile_, state.tile.block_of[work_segment_]);
  const auto loaded = static_cast<Time>(block.loaded);
  std::fill_n(lines.memory_begin.data(), lines.stride, kLongAgo);
  std::fill_n(lines.memory_end.data(), lines.stride, kLongAgo);
  for (std::uint32_t i = 0; i < mapped(lines, state.geometry); ++i) {
    if (lines.bus[i] >= loaded) continue;
    Time &begin = lines.memory_begin[i], &end = lines.memory_end[i];
    memory_.memory_waits(block, static_cast<fabric::fast::Time>(lines.bus[i]), block.loaded,
                         [&](fabric::fast::Time from, fabric::fast::Time to) {
                           if (end == kLongAgo)
                             begin = static_cast<Time>(from);
                           else if (end != static_cast<Time>(from) && !waits_.edges())
                             throw RowsRefused{"a line waits for memory in parts"};
                           end = static_cast<Time>(to);
                           if (waits_.edges()) lines.waits[i].push_back({from, to});
                         });
    lines.memory |= end != kLongAgo;
    lines.bus[i] = loaded;
  }
}

void Rows::send_groups(const TileState& state) {
  Lines& lines = row_lines_;
  send_first({lines.stride,
              classes_across(lines, state.geometry),
              mapped_.data(),
              state.tile.filters->first_words.data() + std::size_t{work_segment_} * lines.stride,
              {lines.room[0].data(), lines.room[1].data()},
              lines.bus.data(),
              lines.start.data(),
              lines.arrival.data()});
}

void Rows::send_segment(const TileState& state) {
  Lines& lines = column_lines_;
  const bool both = classes_across(lines, state.geometry) == 2;
  for (std::uint32_t column = 0; column < state.geometry.columns; ++column) {
    Time start = std::max(lines.bus[column], lines.room[0][column]);
    if (both) start = std::max(start, lines.room[1][column]);
    lines.start[column] = start;
    lines.arrival[column] = lines.bus[column] = start + column_words(state, column, work_segment_);
  }
}

void Rows::pass_block(const Lines& lines, const TileState& state) {
  std::uint32_t passed = 0;
  Time latest = 0;
  for (std::uint32_t i = 0; i < mapped(lines, state.geometry); ++i) {
    if (step(lines.ahead[i]) > work_step()) continue;
    passed += lines.alike[i];
    latest = std::max(latest, lines.bus[i]);
  }
  if (passed != 0)
    memory_.pass(work_tile_, state.tile.block_of[work_segment_], passed, static_cast<fabric::fast::Time>(latest));
}

void Rows::take_ahead(Lines& lines, const Geometry& tile, const std::uint32_t* groups) {
  if (lines.furthest <= work_step()) return;
  for (std::uint32_t i = 0; i < mapped(lines, tile); ++i)
    if (step(lines.ahead[i]) > work_step())
      for (int k = 0; k < classes_across(lines, tile); ++k) lines.ahead[i].messages[k] -= groups ? groups[i] : 1;
}

bool Rows::send_ahead(Lines& lines) {
  bool changed = false;
  for (std::uint32_t i = 0; i < lines.count; ++i) changed |= send_ahead(lines, i);
  return changed;
}

bool Rows::send_ahead(Lines& lines, std::uint32_t i) {
  Ahead& at = lines.ahead[i];
  if (step(at) < work_step()) at = {work_tile_, work_segment_, 0, {}, lines.bus[i]};
  bool changed = false;
  // PEs of class 0 need every message.
  while (at.messages[0] < lines.depth && at.tile < tiles_) {
    if (at.segment == 0 && at.group == 0 && i >= mapped(lines, by_kind(operands_.geometry(at.tile)))) {
      ++at.tile;
      continue;
    }
    const TileState& state = state_of(at.tile);
    const Tile& tile = state.tile;
    const fabric::fast::Time loaded = memory_.block(at.tile, tile.block_of[at.segment]).loaded;
    if (loaded == kUnknown) break;
    if (at.group == 0 && begins_block(tile, at.segment)) at.bus = std::max(at.bus, static_cast<Time>(loaded));

    const bool both = classes_across(lines, state.geometry) == 2, rows = lines.side == kWeights;
    const std::size_t of_row = std::size_t{at.segment} * row_lines_.stride + i;
    const std::uint32_t groups = rows ? tile.filters->groups[of_row] : 1;
    for (; at.group < groups && at.messages[0] < lines.depth; ++at.group, changed = true) {
      if (both && at.messages[1] == lines.depth) return changed;
      Time start = std::max(at.bus, lines.room[0][at.messages[0]++ * lines.stride + i]);
      if (both) start = std::max(start, lines.room[1][at.messages[1]++ * lines.stride + i]);
      at.bus = start + (!rows                    ? column_words(state, i, at.segment)
                        : at.group == 0          ? tile.filters->first_words[of_row]
                        : at.group + 1 == groups ? tile.filters->last_words[of_row]
                                                 : full_words_);
    }
    if (at.group < groups) break;
    at.group = 0;
    if (ends_block(tile, at.segment))
      memory_.pass(at.tile, tile.block_of[at.segment], lines.alike[i], static_cast<fabric::fast::Time>(at.bus));
    if (++at.segment == operands_.segments()) {
      at.segment = 0;
      ++at.tile;
    }
    lines.furthest = std::max(lines.furthest, step(at));
  }
  return changed;
}

bool Rows::has_tiles(const Lines& lines, std::uint32_t line) const {
  const bool rows = lines.side == kWeights;
  const int own = line < lines.split ? 0 : 1;
  return std::max(rows ? last_of_class_[own][0] : last_of_class_[0][own],
                  rows ? last_of_class_[own][1] : last_of_class_[1][own]) >= work_tile_;
}

void Rows::forget_waits(Lines& lines, std::uint32_t line) {
  constexpr std::size_t kManyWaits = 256;
  std::vector<fabric::fast::Interval>& waits = lines.waits[line];
  if (waits.size() < kManyWaits) return;
  const bool rows = lines.side == kWeights;
  Time free = INT64_MAX;
  for (std::uint32_t other = 0; other < (rows ? column_lines_ : row_lines_).count; ++other) {
    const std::uint32_t row = rows ? line : other, column = rows ? other : line;
    const auto last = operands_.last_tile(Row(row), Column(first_of_kind_[column]));
    if (last && *last >= work_tile_) free = std::min(free, free_[at(row, column)]);
  }
  std::erase_if(waits, [&](const auto& wait) { return static_cast<Time>(wait.end) <= free; });
}

}  // namespace lacuna::gather::fast
