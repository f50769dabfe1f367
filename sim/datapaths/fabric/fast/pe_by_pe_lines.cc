// Lines of PeByPe: when each message and end token is sent.
#include <algorithm>
#include <utility>

#include "datapaths/fabric/fast/pe_by_pe.h"

namespace lacuna::fabric::fast {

void PeByPe::enter_tile(Line& line, TileIndex tile) {
  line.step = StepIndex(0);
  line.column = 0;
  line.tile = TileIndex(tiles_);
  if (line.last_tile == kNoTileIndex) return;
  for (; tile <= line.last_tile; ++tile) {
    const Geometry geometry = map_.geometry(tile);
    if ((line.side == kWeights ? geometry.columns_of(Row(line.index)) : geometry.rows_of(Column(line.index))) != 0) {
      line.tile = tile;
      return;
    }
  }
}

template <typename Visit>
void PeByPe::for_group(const Line& line, const Geometry& tile, Visit visit) {
  if (line.side == kActivations) {
    for (Row row(0); row < tile.rows_of(Column(line.index)); ++row) visit(pes_[row * columns_ + line.index]);
  } else if (unicast_) {
    visit(pes_[line.index * columns_ + line.column]);
  } else {
    for (Column column(0); column < tile.columns_of(Row(line.index)); ++column)
      visit(pes_[line.index * columns_ + column]);
  }
}

/// Sends what is known to be sent.
bool PeByPe::advance(Line& line) {
  bool changed = false;
  while (line.tile < tiles_) {
    TileState& state = state_of(line.tile);
    const Geometry& tile = state.work->geometry;
    const Message& message = state.work->messages[line.side].at(stream(line), line.step);
    line.threshold = kUnknown;

    // The bus is free and every FIFO of the group has room.
    Time ready = line.bus_free;
    bool room_known = true;
    const std::uint32_t depth = depth_[line.side];
    for_group(line, tile, [&](Pe& pe) {
      const std::uint64_t pushes = pe.pushes[line.side];
      if (pushes < depth) return;
      if (pe.pops[line.side] + depth <= pushes)
        room_known = false;
      else
        ready = std::max(ready, pops_[line.side][index_of(pe) * depth + pushes % depth] + 1);
    });
    if (!room_known) return changed;

    // Every PE of the group is stopped: never before this message is sent, or from `stopped` on, or later than that.
    bool may_stop = true, stop_known = true;
    Time stopped = 0;
    for_group(line, tile, [&](Pe& pe) {
      if (state.work->pes[index_of(pe)].stop_item >= line.step)
        may_stop = false;
      else if (state.stopped[index_of(pe)] == kUnknown)
        stop_known = false;
      else
        stopped = std::max(stopped, state.stopped[index_of(pe)]);
    });

    const BlockTimes& block = memory_.block(line.tile, message.block);
    const bool settled = std::exchange(line.settled, false);
    if (block.loaded != kUnknown) {
      const Time start = std::max(ready, block.loaded);
      if (may_stop && stopped <= start && !stop_known && !settled) {
        line.threshold = start;
        return changed;
      }
      if (!may_stop || stopped > start || !stop_known) {
        wait_for_memory(line, block, line.bus_free, block.loaded);
        sent(line, state, start, start + message.words, true);
        changed = true;
        continue;
      }
    } else {
      if (!may_stop || !stop_known) return changed;
      if (!settled) {
        line.threshold = stopped - 1;
        return changed;
      }
    }
    wait_for_memory(line, block, line.bus_free, std::min(stopped, block.loaded));
    sent(line, state, std::max(ready, stopped), std::max(ready, stopped) + 1, false);
    changed = true;
  }
  line.threshold = kUnknown;
  return changed;
}

/// Records a message or an end token, and goes to the next group, step or tile.
void PeByPe::sent(Line& line, TileState& state, Time start, Time arrival, bool message) {
  const Geometry& tile = state.work->geometry;
  const Messages& messages = state.work->messages[line.side];
  std::uint32_t destinations = 0;
  for_group(line, tile, [&](Pe& pe) {
    ++pe.pushes[line.side];
    ++destinations;
    pe.awake = true;
  });
  const std::size_t to = stream(line);
  const std::uint32_t steps = messages.steps(to);
  const std::uint32_t block = messages.at(to, line.step).block;
  std::uint32_t bytes = 0;
  if (message) {
    state.sends[line.side][messages.first(to) + line.step] = {start, arrival};
    ++state.sent[line.side][to];
    bytes = messages.at(to, line.step).bytes;
  } else {
    state.token[line.side][to] = arrival;
  }
  const Sent send{
      arrival - 1, line.side == kWeights ? Side::Weights : Side::Activations, line.index, line.tile, line.step, bytes,
      destinations};
  if (recorder_) layer_.record(send);
  if (line.tile == line.last_tile)
    late_sends_.push_back(send);
  else
    layer_.sent(send);
  line.bus_free = arrival;

  if (line.side == kWeights && unicast_) {
    const auto live = [&](std::uint32_t from) {
      while (from < tile.columns_of(Row(line.index)) && state.token[kWeights][line.index * columns_ + from] != kUnknown)
        ++from;
      return from;
    };
    const std::uint32_t columns = tile.columns_of(Row(line.index));
    line.column = live(line.column + 1);
    if (line.column < columns) return;
    line.column = live(0);
    message = line.column < columns;
  }
  // From here on `message` says whether a PE of the row has not been sent its end token.
  const auto pass = [&](std::uint32_t end) {
    for (std::uint32_t b = block; b < end; ++b) memory_.pass(line.tile, b, 1, arrival);
  };
  if (message && line.step + 1 < steps) {
    ++line.step;
    pass(messages.at(to, line.step).block);
  } else {
    pass(static_cast<std::uint32_t>(state.work->blocks->size()));
    enter_tile(line, TileIndex(line.tile + 1));
  }
}

/// Notes the cycles of begin..end in which a line that waits for `block` waits for memory.
void PeByPe::wait_for_memory(Line& line, const BlockTimes& block, Time begin, Time end) {
  if (begin >= end) return;
  memory_.memory_waits(block, begin, end, [&](Time from, Time to) {
    if (!line.memory_waits.empty() && line.memory_waits.back().end == from)
      line.memory_waits.back().end = to;
    else
      line.memory_waits.push_back({from, to});
  });
}

}  // namespace lacuna::fabric::fast
