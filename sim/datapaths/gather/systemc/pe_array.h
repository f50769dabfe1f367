// All PEs: heads of the FIFOs, the MAC stage's register, complete sums, result registers. What is done with the
// operands is StreamPe's or ResidentPe's. Page of the fabric, section PE.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "datapaths/fabric/systemc/machine.h"
#include "datapaths/gather/events.h"
#include "datapaths/gather/systemc/heads.h"

namespace lacuna::gather {

template <typename Core, typename Sink>
class PeArray {
 public:
  using Place = fabric::PePlace;
  using Waiting = fabric::Waiting<Own>;
  using Ports = fabric::PePorts<Own>;

  PeArray(const Lowering& lowering, Sink& sink, Ports ports)
      : sink_(sink),
        ports_(ports),
        waiting_for_(lowering, ports.waiting),
        places_(Waiting::places(lowering)),
        step_(config(lowering.machine()).step) {
    for (std::size_t i = 0; i < places_.size(); ++i) pes_.emplace_back(Core(lowering));
  }

  void cycle(std::uint64_t now) {
    waiting_for_.begin_cycle(!pes_[0].valid, pes_[0].wait, places_[0]);
    if (step_ != Step::None)
      for (std::size_t i = 0; i < pes_.size(); ++i) pes_[i].ready = could_begin(pes_[i], places_[i]);
    for (std::size_t i = 0; i < pes_.size(); ++i) cycle(pes_[i], places_[i], now);
  }

 private:
  /// A segment of a tile.
  struct Begin {
    TileIndex tile;
    std::uint32_t segment;
    bool operator==(const Begin&) const = default;
  };
  struct Pe {
    explicit Pe(Core own) : core(std::move(own)) {}

    Core core;
    bool busy = false;              ///< in the midst of what the heads ask for
    bool between_tiles = true;      ///< the last of the tile has been issued
    bool valid = false;             ///< the MAC stage has something
    bool last = false;              ///< the last of its tile
    bool step_last = false;         ///< the head that is worked on is the tile's last
    TileIndex tile = kNoTileIndex;  ///< that it works on, or has worked on last
    StepIndex step, issued_step;
    bool pending = false;  ///< sums are complete and wait for the result registers
    std::vector<std::int64_t> complete;
    PeClass wait = PeClass::FillDrain;  ///< why nothing was issued
    TileIndex issued_tile = kNoTileIndex;
    std::optional<Begin> ready;  ///< where PEs begin together: what it could begin in this cycle
  };

  /// Registers at the start of the cycle: the sums of the tile before cannot leave.
  [[nodiscard]] bool blocked(const Pe& pe, const Place& at) const {
    const bool completing = pe.valid && pe.last;
    return (pe.pending && completing) || ((pe.pending || completing) && ports_.results.valid(at.index));
  }

  [[nodiscard]] std::optional<Begin> could_begin(const Pe& pe, const Place& at) const {
    const auto* weights = ports_.weights.head(at.index);
    const auto* activations = ports_.activations.head(at.index);
    if (pe.busy || !weights || !activations || !weights->message->segment_first) return std::nullopt;
    if (pe.between_tiles && blocked(pe, at)) return std::nullopt;
    return Begin{weights->tile->index, weights->message->segment};
  }

  /// All PEs that begin with this one could begin what it could.
  [[nodiscard]] bool all_could_begin(const Tile& tile, const Pe& pe, const Place& at) const {
    for (std::size_t i = 0; i < pes_.size(); ++i) {
      const Place& other = places_[i];
      const bool with = step_ == Step::Array || (step_ == Step::Row ? other.row == at.row : other.column == at.column);
      if (with && tile.mapped(other.row, other.column) && pes_[i].ready != pe.ready) return false;
    }
    return true;
  }

  void cycle(Pe& pe, const Place& at, std::uint64_t now) {
    // Registers at the start of the cycle.
    const bool was_blocked = blocked(pe, at);
    if (pe.pending && !ports_.results.valid(at.index)) {
      ports_.results.put(at.index, pe.complete);
      sink_.on(event::Retire{now, at.index, pe.complete.front()});
      pe.pending = false;
    }
    if (pe.valid) {
      event::Group group{now, at.index, pe.issued_tile, pe.issued_step, 0, 0, 0, 0, 0};
      pe.core.multiply(now, at.index, group, stops_);
      sink_.on(group);
      if (pe.last) {
        pe.complete = pe.core.results();
        pe.pending = true;
      }
    } else {
      sink_.on(event::Wait{now, at.index, waiting_for_.why(pe.wait, at)});
    }
    issue(pe, at, now, was_blocked);
    for (const event::Stop& stop : stops_) sink_.on(stop);
    stops_.clear();
  }

  void issue(Pe& pe, const Place& at, std::uint64_t now, bool blocked) {
    pe.valid = pe.last = false;
    if (!pe.busy) {
      const auto* weights = ports_.weights.head(at.index);
      const auto* activations = ports_.activations.head(at.index);
      if (!weights || !activations) {
        pe.wait = waiting_for_.note(at, pe.tile, pe.between_tiles,
                                    weights ? PeClass::StarvedActivation : PeClass::StarvedWeight);
        return;
      }
      if (pe.between_tiles && blocked) {
        pe.wait = waiting_for_.blocked(weights->tile->index);
        return;
      }
      if (step_ != Step::None && weights->message->segment_first && !all_could_begin(*weights->tile, pe, at)) {
        pe.wait = PeClass::Imbalance;
        return;
      }
      LACUNA_CHECK(weights->tile == activations->tile && weights->message->segment == activations->message->segment,
                   "PE {}: operands out of step", at.index);
      pe.tile = weights->tile->index;
      pe.step = weights->step;
      pe.step_last = weights->last;
      const Heads heads{weights->tile, weights->message, activations->message, at.row, at.column, pe.between_tiles};
      if (pe.core.opens(heads)) sink_.on(event::Open{now, at.index, pe.tile, pe.step, pe.core.skipped(heads)});
      pe.core.begin(heads);
      pe.busy = true;
      pe.between_tiles = false;
    }
    const Pops pops = pe.core.issue();
    pe.valid = true;
    pe.issued_tile = pe.tile;
    pe.issued_step = pe.step;
    if (pops.activations) ports_.activations.pop(at.column, at.row);
    if (!pops.weights) return;
    ports_.weights.pop(at.row, at.column);
    pe.busy = false;
    pe.last = pe.between_tiles = pe.step_last;
  }

  Sink& sink_;
  Ports ports_;
  Waiting waiting_for_;
  std::vector<Place> places_;
  Step step_;
  std::vector<Pe> pes_;
  std::vector<event::Stop> stops_;  ///< found in this cycle by the PE at hand
};

}  // namespace lacuna::gather
