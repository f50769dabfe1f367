// All PEs: match stage, MAC stage, early termination, result registers. README.md, section PE.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <vector>

#include "datapaths/fabric/systemc/machine.h"
#include "datapaths/intersect/events.h"
#include "datapaths/intersect/skip_rules.h"

namespace lacuna::intersect {

/// Plain state and rules of the PEs, for one skip rule. `Slots` is the mask the match stage walks: NarrowMask for
/// chunks of up to 64 positions, else Mask.
template <typename Rule, typename Slots, typename Sink>
class PeArray {
 public:
  using Place = fabric::PePlace;
  using Waiting = fabric::Waiting<Own>;
  using Ports = fabric::PePorts<Own>;

  PeArray(const Lowering& lowering, Sink& sink, Ports ports)
      : sink_(sink),
        ports_(ports),
        waiting_for_(lowering, ports.waiting),
        lanes_(config(lowering.machine()).lanes),
        wrap_shift_(64 - accumulator_bits(lowering.machine())),
        places_(Waiting::places(lowering)),
        pes_(places_.size()),
        all_((pes_.size() + 63) / 64),
        walking_(all_.size()),
        waiting_(all_.size()) {
    for (std::size_t pe = 0; pe < pes_.size(); ++pe) all_[pe / 64] |= std::uint64_t{1} << (pe & 63);
  }

  void cycle(std::uint64_t now) {
    now_ = now;
    waiting_for_.begin_cycle(!pes_[0].flags.valid, pes_[0].wait, places_[0]);
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
        sink_.on(event::Wait{now, at.index, waiting_for_.why(pe.wait, at)});
        pe.wait = own_reason(pe, at, missing(at));
      }
      std::uint64_t waiting_next = waiting;
      for (std::uint64_t left = all_[word] & ~walking & ~waiting; left != 0; left &= left - 1) {
        const std::size_t index = word * 64 + static_cast<std::size_t>(std::countr_zero(left));
        Pe& pe = pes_[index];
        any_case(pe, places_[index]);
        walking_next |= std::uint64_t{pe.flags.walking()} << (index & 63);
        waiting_next |= std::uint64_t{pe.flags.waiting()} << (index & 63);
      }
      walking_[word] = walking_next;
      waiting_[word] = waiting_next;
    }
  }

 private:
  using Entry = fabric::ChunkEntry<Own>;

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
  void any_case(Pe& pe, const Place& at) {
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
      sink_.on(event::Wait{now_, at.index, waiting_for_.why(pe.wait, at)});
    else if (was.stopped)
      kill(pe, at);
    else
      stops = multiply(pe, at);
    match(pe, at, was.stopped, blocked);
    if (stops) stop(pe, at);
  }

  void retire(Pe& pe, const Place& at) {
    ports_.results.put(at.index, std::span(&pe.psum, 1));
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
        pe.wait = waiting_for_.blocked(ports_.weights.head(at.index)->tile->index);
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
    if (const Entry* entry = pe.weights_done ? nullptr : ports_.weights.head(at.index)) {
      ports_.weights.pop(at.row, at.column);
      pe.weights_done = entry->last;
    }
    if (const Entry* entry = pe.activations_done ? nullptr : ports_.activations.head(at.index)) {
      ports_.activations.pop(at.column, at.row);
      pe.activations_done = entry->last;
    }
  }

  void open(Pe& pe, const Place& at, const Entry& weights, const Entry& activations, bool first) {
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

  /// What a PE that issues nothing notes.
  [[nodiscard]] PeClass own_reason(const Pe& pe, const Place& at, PeClass otherwise) const {
    const bool done = pe.flags.stopped || (pe.weights_done && pe.activations_done);
    return waiting_for_.note(at, pe.tile_index, done, otherwise);
  }

  Sink& sink_;
  Ports ports_;
  Waiting waiting_for_;
  std::uint32_t lanes_;
  unsigned wrap_shift_;
  std::vector<Place> places_;
  std::vector<Pe> pes_;
  std::vector<std::uint64_t> all_, walking_, waiting_;  ///< sets of PEs, 64 a word
  std::uint64_t now_ = 0;
};

}  // namespace lacuna::intersect
