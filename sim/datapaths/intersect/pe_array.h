// All PEs: match stage, MAC stage, early termination, result registers. README.md, section PE.
#pragma once

#include <algorithm>
#include <vector>

#include "datapaths/intersect/channels.h"
#include "machine/event.h"
#include "machine/skip_rules.h"

namespace lacuna {

/// Plain state and rules of the PEs, one struct a PE, for one skip rule.
template <typename Rule, typename Sink>
class PeArray {
 public:
  struct Ports {
    ChunkFifos& weights;
    ChunkFifos& activations;
    StopRegisters& stops;
    ResultRegisters& results;
    const Register<FeederState>& rows;
    const Register<FeederState>& columns;
    const Register<MemoryState>& memory;
  };

  PeArray(const Lowering& lowering, Sink& sink, Ports ports)
      : sink_(sink),
        ports_(ports),
        lowering_(lowering),
        tiles_(lowering.tiles()),
        array_rows_(lowering.machine().array.rows),
        array_columns_(lowering.machine().array.columns),
        lanes_(lowering.machine().array.lanes),
        wrap_shift_(64 - accumulator_bits(lowering.machine())),
        pes_(std::size_t{array_rows_} * array_columns_) {
    for (std::uint32_t row = 0; row < array_rows_; ++row)
      for (std::uint32_t column = 0; column < array_columns_; ++column)
        pes_[row * array_columns_ + column].last_tile = lowering.last_tile(row, column).value_or(kNoTile);
  }

  void cycle(std::uint64_t now) {
    const FeederState& rows = ports_.rows.read();
    const FeederState& columns = ports_.columns.read();
    const std::uint64_t array_tile = std::min(rows.slowest, columns.slowest).tile;
    if (array_tile != array_tile_) {
      array_tile_ = array_tile;
      array_geometry_ = array_tile < tiles_ ? lowering_.geometry(array_tile) : Geometry{};
    }
    std::uint32_t index = 0;
    for (std::uint32_t row = 0; row < array_rows_; ++row)
      for (std::uint32_t column = 0; column < array_columns_; ++column, ++index) {
        // Everything below reads the registers as they are here.
        Pe& pe = pes_[index];
        const bool was_stopped = pe.stopped;
        const bool result_valid = ports_.results.valid(index);
        const bool completing = pe.mac.valid && pe.mac.last && !was_stopped;
        const bool blocked = (pe.pending && completing) || ((pe.pending || completing) && result_valid);

        if (pe.pending && !result_valid) retire(pe, index, now);
        bool stops = false;
        if (!pe.mac.valid) sink_.on(event::Wait{now, index, why(pe.wait, rows.lines[row], column, columns.lines[column], row)});
        else if (was_stopped) kill(pe, index, now);
        else stops = multiply(pe, row, column, index, now);
        match(pe, row, column, index, now, was_stopped, blocked);
        if (stops) stop(pe, row, column, index, now);
      }
  }

 private:
  static constexpr std::uint64_t kNoTile = UINT64_MAX;

  /// Why the match stage issued nothing, as far as the PE itself can see.
  enum class Wait : std::uint8_t { Weights, Activations, BlockedOutput, Imbalance, IdleEdge, FillDrain };

  /// The register between match and MAC stage: one group.
  struct Stage {
    Mask picks;
    const Message* weights = nullptr;
    const Message* activations = nullptr;
    const Tile* tile = nullptr;
    std::uint32_t step = 0;
    bool valid = false;
    bool first = false;  ///< of the tile
    bool last = false;   ///< of the tile
    bool check = false;  ///< stop if the sum is now at or below zero
  };

  struct Pe {
    Mask left;                      ///< slots of the open chunk pair not yet issued
    bool open = false;              ///< a chunk pair is being walked
    bool stopped = false;
    bool weights_done = true;       ///< the tile's last weight entry has been popped
    bool activations_done = true;
    bool first_group = false;       ///< the next group is the first of its tile
    bool pending = false;           ///< the sum is complete and waits for the result register
    Wait wait = Wait::FillDrain;
    Stage mac;
    std::int64_t psum = 0;
    std::uint32_t step = 0;               ///< of the pair opened last
    std::uint64_t tile = kNoTile;         ///< it works on, or has worked on last
    std::uint64_t pending_tile = kNoTile; ///< of the pending sum
    std::uint64_t last_tile = kNoTile;    ///< the last tile that maps this PE
  };

  void retire(Pe& pe, std::uint32_t index, std::uint64_t now) {
    ports_.results.put(index, pe.psum);
    sink_.on(event::Retire{now, index, pe.pending_tile, pe.psum});
    pe.pending = false;
  }

  void kill(const Pe& pe, std::uint32_t index, std::uint64_t now) {
    sink_.on(event::Kill{now, index, pe.mac.tile->index, pe.mac.step, pe.mac.picks.count()});
  }

  /// The MAC stage. True if the sum stops here.
  bool multiply(Pe& pe, std::uint32_t row, std::uint32_t column, std::uint32_t index, std::uint64_t now) {
    const Stage& stage = pe.mac;
    std::int64_t sum = stage.first ? stage.tile->filters->bias[stage.tile->filter_stream(row, column)] : pe.psum;
    for (Mask picks = stage.picks; !picks.none(); picks.clear_lowest()) {
      const unsigned at = picks.lowest();
      sum += std::int64_t{stage.weights->values[at]} * stage.activations->values[at];
    }
    pe.psum = static_cast<std::int64_t>(static_cast<std::uint64_t>(sum) << wrap_shift_) >> wrap_shift_;

    const std::uint32_t executed = (stage.picks & stage.weights->mask & stage.activations->mask).count();
    const std::uint32_t zeros = stage.picks.count() - executed;
    sink_.on(event::Group{now, index, stage.tile->index, stage.step, executed, Rule::kGates ? 0 : zeros,
                          Rule::kGates ? zeros : 0, pe.psum});
    const bool stops = stage.check && pe.psum <= 0 && !stage.last;
    if (stage.last || stops) {
      pe.pending = true;
      pe.pending_tile = stage.tile->index;
    }
    return stops;
  }

  /// The sum can only fall from here on: from the next cycle on the PE is stopped. The match stage has run in this
  /// cycle; what it has not issued by now is terminated, and the group it has issued will be killed.
  void stop(Pe& pe, std::uint32_t row, std::uint32_t column, std::uint32_t index, std::uint64_t now) {
    const Tile& tile = *pe.mac.tile;
    std::uint64_t terminated = pe.open ? pe.left.count() : 0;
    std::uint64_t skipped = 0;
    for (std::uint32_t step = pe.step + 1; step < tile.steps().size(); ++step) {
      const Message& weights = tile.weight_message(row, column, step);
      const std::uint32_t slots =
          Rule::slots(weights.owned, weights.mask, tile.activation_message(column, step).mask).count();
      terminated += slots;
      skipped += weights.owned.count() - slots;
    }
    pe.stopped = true;
    pe.open = false;
    ports_.stops.stop(row, column, tile.index);
    sink_.on(event::Stop{now + 1, index, tile.index, pe.step, terminated, skipped});
  }

  /// The match stage: issues a group into the MAC stage's register, or discards, or notes why it does neither.
  void match(Pe& pe, std::uint32_t row, std::uint32_t column, std::uint32_t index, std::uint64_t now, bool was_stopped,
             bool blocked) {
    pe.mac.valid = false;
    if (!pe.open) {
      const bool between_tiles = pe.weights_done && pe.activations_done;
      if (was_stopped && !between_tiles) {
        discard(pe, row, column);
        pe.wait = own_reason(pe, row, column, Wait::Imbalance);
        return;
      }
      const ChunkEntry* weights = ports_.weights.head(row, column);
      const ChunkEntry* activations = ports_.activations.head(column, row);
      if (!weights || !activations) {
        pe.wait = own_reason(pe, row, column, weights ? Wait::Activations : Wait::Weights);
        return;
      }
      if (between_tiles && blocked) {
        pe.wait = Wait::BlockedOutput;
        return;
      }
      open(pe, row, column, index, now, *weights, *activations, between_tiles);
    }
    issue(pe, row, column);
  }

  void discard(Pe& pe, std::uint32_t row, std::uint32_t column) {
    if (const ChunkEntry* entry = pe.weights_done ? nullptr : ports_.weights.head(row, column)) {
      ports_.weights.pop(row, column);
      pe.weights_done = entry->last;
    }
    if (const ChunkEntry* entry = pe.activations_done ? nullptr : ports_.activations.head(column, row)) {
      ports_.activations.pop(column, row);
      pe.activations_done = entry->last;
    }
  }

  void open(Pe& pe, std::uint32_t row, std::uint32_t column, std::uint32_t index, std::uint64_t now,
            const ChunkEntry& weights, const ChunkEntry& activations, bool first) {
    LACUNA_CHECK(weights.tile == activations.tile && weights.step == activations.step, "PE {}: operands out of step", index);
    pe.left = Rule::slots(weights.message->owned, weights.message->mask, activations.message->mask);
    pe.open = true;
    pe.step = weights.step;
    pe.tile = weights.tile->index;
    pe.weights_done = pe.activations_done = false;
    pe.mac.weights = weights.message;
    pe.mac.activations = activations.message;
    pe.mac.tile = weights.tile;
    pe.mac.step = weights.step;
    pe.first_group = first;
    sink_.on(event::Open{now, index, pe.tile, pe.step, weights.message->owned.count() - pe.left.count()});
    if (first && pe.stopped) {
      pe.stopped = false;
      ports_.stops.go(row, column);
    }
  }

  void issue(Pe& pe, std::uint32_t row, std::uint32_t column) {
    Mask rest = pe.left;
    for (std::uint32_t lane = 0; lane < lanes_ && !rest.none(); ++lane) rest.clear_lowest();
    const Step& step = pe.mac.tile->steps()[pe.step];
    const bool pair_ends = rest.none();
    pe.mac.valid = true;
    pe.mac.picks = without(pe.left, rest);
    pe.mac.first = pe.first_group;
    pe.mac.last = pair_ends && step.last;
    pe.mac.check = step.check_each || (step.check_end && pair_ends);
    pe.first_group = false;
    pe.left = rest;
    if (pair_ends) {
      ports_.weights.pop(row, column);
      ports_.activations.pop(column, row);
      pe.open = false;
      pe.weights_done = pe.activations_done = step.last;
    }
  }

  /// The reason of a PE that issues nothing: first what the whole array explains, else `otherwise`.
  [[nodiscard]] Wait own_reason(const Pe& pe, std::uint32_t row, std::uint32_t column, Wait otherwise) const {
    const bool past = array_tile_ >= tiles_;
    if (!past && !array_geometry_.mapped(row, column)) return Wait::IdleEdge;
    const bool through = pe.stopped || (pe.weights_done && pe.activations_done);
    if (through && pe.tile == pe.last_tile) return past ? Wait::FillDrain : Wait::Imbalance;
    return otherwise;
  }

  [[nodiscard]] static PeClass why(Wait wait, const FeederLine& row, std::uint32_t column, const FeederLine& column_line,
                                   std::uint32_t row_index) {
    switch (wait) {
      case Wait::Weights: return why_starved(row, column, PeClass::StarvedWeight);
      case Wait::Activations: return why_starved(column_line, row_index, PeClass::StarvedActivation);
      case Wait::BlockedOutput: return PeClass::BlockedOutput;
      case Wait::Imbalance: return PeClass::Imbalance;
      case Wait::IdleEdge: return PeClass::IdleEdge;
      case Wait::FillDrain: return PeClass::FillDrain;
    }
    throw Bug("unknown wait");
  }

  [[nodiscard]] static PeClass why_starved(const FeederLine& line, std::uint32_t at, PeClass starved) {
    if (line.activity == FeederActivity::Sending && line.group.test(at)) return starved;
    return line.activity == FeederActivity::WaitingForMemory ? PeClass::StarvedMemory : PeClass::Imbalance;
  }

  Sink& sink_;
  Ports ports_;
  const Lowering& lowering_;
  std::uint64_t tiles_;
  std::uint32_t array_rows_, array_columns_, lanes_;
  unsigned wrap_shift_;
  std::vector<Pe> pes_;
  std::uint64_t array_tile_ = kNoTile;  ///< the oldest tile some feeder is not past
  Geometry array_geometry_;             ///< of that tile
};

}  // namespace lacuna
