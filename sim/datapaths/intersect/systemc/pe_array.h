// All PEs: match stage, MAC stage, early termination, result registers. README.md, section PE.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <vector>

#include "datapaths/intersect/events.h"
#include "datapaths/intersect/memory_classes.h"
#include "datapaths/intersect/skip_rules.h"
#include "datapaths/intersect/systemc/channels.h"

namespace lacuna::intersect {

/// Plain state and rules of the PEs, for one skip rule. `Slots` is the mask the match stage walks: NarrowMask for
/// chunks of up to 64 positions, else Mask.
template <typename Rule, typename Slots, typename Sink>
class PeArray {
 public:
  struct Ports {
    ChunkFifos& weights;
    ChunkFifos& activations;
    StopRegisters& stops;
    ResultRegisters& results;
    const Register<FeederState>& rows;
    const Register<FeederState>& columns;
    const Register<OutputState>& outputs;
    const Register<MemoryState>& memory;
  };

  PeArray(const Lowering& lowering, Sink& sink, Ports ports)
      : sink_(sink),
        ports_(ports),
        lowering_(lowering),
        tiles_(lowering.tiles()),
        array_rows_(lowering.machine().array.rows),
        array_columns_(lowering.machine().array.columns),
        lanes_(config(lowering.machine()).lanes),
        wrap_shift_(64 - accumulator_bits(lowering.machine())),
        pes_(std::size_t{array_rows_} * array_columns_),
        places_(pes_.size()),
        all_((pes_.size() + 63) / 64),
        walking_(all_.size()),
        waiting_(all_.size()) {
    for (Row row(0); row < array_rows_; ++row)
      for (Column column(0); column < array_columns_; ++column) {
        const std::uint32_t index = row * array_columns_ + column;
        all_[index / 64] |= std::uint64_t{1} << (index & 63);
        places_[index] = {row, column, index, lowering.last_tile(row, column).value_or(kNoTileIndex)};
      }
  }

  void cycle(std::uint64_t now) {
    now_ = now;
    const FeederState& rows = ports_.rows.read();
    const FeederState& columns = ports_.columns.read();
    const TileIndex array_tile = std::min(rows.slowest, columns.slowest).tile;
    if (array_tile != array_tile_) {
      array_tile_ = array_tile;
      array_geometry_ = array_tile < tiles_ ? lowering_.geometry(array_tile) : Geometry{};
      array_full_ = array_tile < tiles_ && array_geometry_.pes() == pes_.size();
    }
    // Every tile maps the first PE; the class of its cycle before any PE goes on.
    first_pe_ = pes_[0].flags.valid ? PeClass::Busy : why(pes_[0].wait, places_[0], rows, columns);
    // PEs by what they are doing, so that each loop does one thing: in the midst of a pair, waiting for operands with
    // nothing else going on, and any other state.
    for (std::size_t word = 0; word < walking_.size(); ++word) {
      const std::uint64_t ready = ports_.weights.present(word) & ports_.activations.present(word);
      const std::uint64_t walking = walking_[word];
      const std::uint64_t waiting = waiting_[word] & ~ready;
      std::uint64_t walking_next = walking;
      for (std::uint64_t left = walking; left != 0; left &= left - 1) {
        const std::size_t index = word * 64 + static_cast<std::size_t>(std::countr_zero(left));
        Pe& pe = pes_[index];
        accumulate(pe, pe.psum, static_cast<std::uint32_t>(index));
        issue(pe, places_[index]);
        walking_next ^= std::uint64_t{!pe.flags.open || pe.flags.check} << (index & 63);
      }
      for (std::uint64_t left = waiting; left != 0; left &= left - 1) {
        const std::size_t index = word * 64 + static_cast<std::size_t>(std::countr_zero(left));
        Pe& pe = pes_[index];
        const Place& at = places_[index];
        sink_.on(event::Wait{now, at.index, why(pe.wait, at, rows, columns)});
        pe.wait = own_reason(pe, at, missing(at));
      }
      std::uint64_t waiting_next = waiting;
      for (std::uint64_t left = all_[word] & ~walking & ~waiting; left != 0; left &= left - 1) {
        const std::size_t index = word * 64 + static_cast<std::size_t>(std::countr_zero(left));
        Pe& pe = pes_[index];
        any_case(pe, places_[index], rows, columns);
        walking_next |= std::uint64_t{pe.flags.walking()} << (index & 63);
        waiting_next |= std::uint64_t{pe.flags.waiting()} << (index & 63);
      }
      walking_[word] = walking_next;
      waiting_[word] = waiting_next;
    }
  }

 private:
  /// The one-bit registers of a PE.
  struct Flags {
    bool open = false;     ///< match stage: a pair is being walked
    bool valid = false;    ///< MAC stage: there is a group
    bool first = false;    ///< the group is the first of its tile
    bool last = false;     ///< the group is the last of its tile
    bool check = false;    ///< after the group, stop if the sum is at or below zero
    bool stopped = false;  ///< the sum is stopped
    bool pending = false;  ///< the sum is complete and waits for the result register

    /// In the midst of a pair, nothing else going on.
    [[nodiscard]] bool walking() const { return open & valid & !(first | last | check | stopped | pending); }
    /// Between pairs, nothing else going on.
    [[nodiscard]] bool waiting() const { return !(open | valid | stopped | pending); }
  };

  struct Place {
    Row row;
    Column column;
    std::uint32_t index = 0;             ///< of the PE
    TileIndex last_tile = kNoTileIndex;  ///< the last tile that maps this PE
  };

  struct Pe {
    Flags flags;
    Slots left;   ///< slots of the open pair not yet issued
    Slots picks;  ///< slots of the group in the MAC stage
    std::int64_t psum = 0;
    // The pair opened last: what both stages read.
    const std::int32_t* weight_values = nullptr;
    const std::int32_t* activation_values = nullptr;
    Slots effectual;  ///< positions where both operands are nonzero
    const Tile* tile = nullptr;
    StepIndex step;
    bool step_last = false, check_each = false, check_end = false;
    // Between tiles.
    bool weights_done = true;  ///< the tile's last weight entry has been popped
    bool activations_done = true;
    /// Why the match stage issued nothing; StarvedWeight and StarvedActivation as far as the PE itself can see.
    PeClass wait = PeClass::FillDrain;
    TileIndex tile_index = kNoTileIndex;  ///< of the tile it works on, or has worked on last
  };

  /// One cycle of a PE in whatever state.
  void any_case(Pe& pe, const Place& at, const FeederState& rows, const FeederState& columns) {
    // The registers as they are at the start of the cycle.
    const Flags was = pe.flags;
    const bool completing = was.valid && was.last && !was.stopped;
    bool blocked = false;
    if (was.pending || completing) {
      const bool result_valid = ports_.results.valid(at.index);
      blocked = (was.pending && completing) || result_valid;
      if (was.pending && !result_valid) retire(pe, at);
    }
    bool stops = false;
    if (!was.valid)
      sink_.on(event::Wait{now_, at.index, why(pe.wait, at, rows, columns)});
    else if (was.stopped)
      kill(pe, at);
    else
      stops = multiply(pe, at);
    match(pe, at, was.stopped, blocked);
    if (stops) stop(pe, at);
  }

  void retire(Pe& pe, const Place& at) {
    ports_.results.put(at.index, pe.psum);
    sink_.on(event::Retire{now_, at.index, pe.psum});
    pe.flags.pending = false;
  }

  void kill(const Pe& pe, const Place& at) {
    sink_.on(event::Kill{now_, at.index, pe.tile_index, pe.step, pe.picks.count()});
  }

  /// Multiplies the group in the MAC stage and adds it to `sum`.
  void accumulate(Pe& pe, std::int64_t sum, std::uint32_t index) {
    for (Slots picks = pe.picks; !picks.none(); picks.clear_lowest()) {
      const unsigned position = picks.lowest();
      sum += std::int64_t{pe.weight_values[position]} * pe.activation_values[position];
    }
    pe.psum = static_cast<std::int64_t>(static_cast<std::uint64_t>(sum) << wrap_shift_) >> wrap_shift_;
    const std::uint32_t slots = pe.picks.count();
    const std::uint32_t executed = Rule::kOnlyEffectual ? slots : (pe.picks & pe.effectual).count();
    const std::uint32_t zeros = slots - executed;
    sink_.on(event::Group{now_, index, pe.tile_index, pe.step, executed, Rule::kGates ? 0 : zeros,
                          Rule::kGates ? zeros : 0, pe.psum});
  }

  /// The MAC stage. True if the sum stops here.
  bool multiply(Pe& pe, const Place& at) {
    accumulate(pe, pe.flags.first ? pe.tile->filters->bias[pe.tile->filter_stream(at.row, at.column)] : pe.psum,
               at.index);
    const bool stops = pe.flags.check && pe.psum <= 0 && !pe.flags.last;
    if (pe.flags.last || stops) pe.flags.pending = true;
    return stops;
  }

  /// The sum can only fall from here on: from the next cycle on the PE is stopped. The match stage has run in this
  /// cycle; what it has not issued by now is terminated, and the group it has issued will be killed.
  void stop(Pe& pe, const Place& at) {
    const Tile& tile = *pe.tile;
    std::uint64_t terminated = pe.flags.open ? pe.left.count() : 0;
    std::uint64_t skipped = 0;
    for (StepIndex step(pe.step + 1); step < tile.steps().size(); ++step) {
      const Message& weights = tile.weight_message(at.row, at.column, step);
      const std::uint32_t slots =
          Rule::slots(weights.owned, weights.mask, tile.activation_message(at.column, step).mask).count();
      terminated += slots;
      skipped += weights.owned.count() - slots;
    }
    pe.flags.stopped = true;
    pe.flags.open = false;
    ports_.stops.stop(at.row, at.column, pe.tile_index);
    sink_.on(event::Stop{now_ + 1, at.index, pe.tile_index, pe.step, terminated, skipped});
  }

  /// The match stage: issues a group into the MAC stage's register, or discards, or notes why it does neither.
  void match(Pe& pe, const Place& at, bool was_stopped, bool blocked) {
    pe.flags.valid = pe.flags.first = pe.flags.last = pe.flags.check = false;
    if (!pe.flags.open) {
      const bool between_tiles = pe.weights_done && pe.activations_done;
      if (was_stopped && !between_tiles) {
        discard(pe, at);
        pe.wait = own_reason(pe, at, PeClass::Imbalance);
        return;
      }
      if (!ready(at)) {
        pe.wait = own_reason(pe, at, missing(at));
        return;
      }
      if (between_tiles && blocked) {
        const std::uint64_t tile = ports_.weights.head(at.index)->tile->index;
        pe.wait = tile >= kTilesToWritten && untaken(tile - kTilesToWritten) ? PeClass::BlockedMemory
                                                                             : PeClass::BlockedOutput;
        return;
      }
      open(pe, at, *ports_.weights.head(at.index), *ports_.activations.head(at.index), between_tiles);
    }
    issue(pe, at);
  }

  /// Both FIFO heads hold an entry.
  [[nodiscard]] bool ready(const Place& at) const {
    return ports_.weights.head(at.index) && ports_.activations.head(at.index);
  }
  /// The class of the operand that is not there, weights first.
  [[nodiscard]] PeClass missing(const Place& at) const {
    return ports_.weights.head(at.index) ? PeClass::StarvedActivation : PeClass::StarvedWeight;
  }

  void discard(Pe& pe, const Place& at) {
    if (const ChunkEntry* entry = pe.weights_done ? nullptr : ports_.weights.head(at.index)) {
      ports_.weights.pop(at.row, at.column);
      pe.weights_done = entry->last;
    }
    if (const ChunkEntry* entry = pe.activations_done ? nullptr : ports_.activations.head(at.index)) {
      ports_.activations.pop(at.column, at.row);
      pe.activations_done = entry->last;
    }
  }

  void open(Pe& pe, const Place& at, const ChunkEntry& weights, const ChunkEntry& activations, bool first) {
    LACUNA_CHECK(weights.tile == activations.tile && weights.step == activations.step && weights.message,
                 "PE {}: operands out of step", at.index);
    pe.tile = weights.tile;
    const Step& step = pe.tile->steps()[weights.step];
    const Message& w = *weights.message;
    const Message& a = *activations.message;
    pe.weight_values = w.values;
    pe.activation_values = a.values;
    pe.effectual = Slots(w.mask) & Slots(a.mask);
    pe.tile_index = pe.tile->index;
    pe.step = weights.step;
    pe.step_last = step.last;
    pe.check_each = step.check_each;
    pe.check_end = step.check_end;
    const Slots owned(w.owned);
    pe.left = Rule::slots(owned, Slots(w.mask), Slots(a.mask));
    pe.flags.open = true;
    pe.flags.first = first;
    pe.weights_done = pe.activations_done = false;
    sink_.on(event::Open{now_, at.index, pe.tile_index, pe.step, owned.count() - pe.left.count()});
    if (first && pe.flags.stopped) {
      pe.flags.stopped = false;
      ports_.stops.go(at.row, at.column);
    }
  }

  void issue(Pe& pe, const Place& at) {
    Slots rest = pe.left;
    rest.clear_lowest();  // of none, none
    for (std::uint32_t lane = 1; lane < lanes_; ++lane) rest.clear_lowest();
    const bool pair_ends = rest.none();
    pe.flags.valid = true;
    pe.picks = without(pe.left, rest);
    pe.flags.last = pair_ends && pe.step_last;
    pe.flags.check = pe.check_each || (pe.check_end && pair_ends);
    pe.left = rest;
    if (pair_ends) {
      ports_.weights.pop(at.row, at.column);
      ports_.activations.pop(at.column, at.row);
      pe.flags.open = false;
      pe.weights_done = pe.activations_done = pe.step_last;
    }
  }

  /// The reason of a PE that issues nothing: first what the whole array explains, else `otherwise`.
  [[nodiscard]] PeClass own_reason(const Pe& pe, const Place& at, PeClass otherwise) const {
    const bool past = array_tile_ >= tiles_;
    if (!array_full_ && !past && !array_geometry_.mapped(at.row, at.column)) return PeClass::IdleEdge;
    if (pe.tile_index == at.last_tile && (pe.flags.stopped || (pe.weights_done && pe.activations_done))) {
      if (!past) return PeClass::Imbalance;
      return only_writes_left() ? PeClass::BlockedMemory : PeClass::FillDrain;
    }
    return otherwise;
  }

  /// `tile` is complete and memory has not written it.
  [[nodiscard]] bool untaken(std::uint64_t tile) const {
    return tile >= ports_.memory.read().written && ports_.outputs.read().bytes_of(TileIndex(tile)).has_value();
  }
  [[nodiscard]] bool only_writes_left() const {
    for (std::uint64_t tile = ports_.memory.read().written; tile < tiles_; ++tile)
      if (!untaken(tile)) return false;
    return true;
  }

  /// The class of a cycle in which the match stage before it issued nothing: what the PE saw, and what the feeder of a
  /// missing operand was doing.
  [[nodiscard]] PeClass why(PeClass wait, const Place& at, const FeederState& rows, const FeederState& columns) const {
    if (wait == PeClass::IdleEdge) return is_memorys(first_pe_) ? first_pe_ : wait;
    if (wait == PeClass::StarvedWeight) return why_starved(rows.lines[at.row], at.column, wait);
    if (wait == PeClass::StarvedActivation) return why_starved(columns.lines[at.column], at.row, wait);
    return wait;
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
  std::vector<Place> places_;
  std::vector<std::uint64_t> all_, walking_, waiting_;  ///< sets of PEs, 64 a word
  std::uint64_t now_ = 0;
  TileIndex array_tile_ = kNoTileIndex;    ///< the oldest tile some feeder is not past
  Geometry array_geometry_;                ///< of that tile
  bool array_full_ = false;                ///< that tile maps every PE
  PeClass first_pe_ = PeClass::FillDrain;  ///< class of the first PE's cycle, Busy for any in which it works
};

}  // namespace lacuna::intersect
