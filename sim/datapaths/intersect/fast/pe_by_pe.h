// When does everything happen? Times of sends, matches, pops, drains, fetches and writes from recurrences, object by
// object and without a clock. FAST.md derives them; README.md is the contract they follow.
//
// A time is known or unknown. Lines (feeders), PEs and drain buses are advanced as far as what they depend on is known.
// What is still unknown then depends on the next transfer of memory, which is decided by comparing the cycles in which
// a write and a fetch could begin; unknown times are later than that. The same argument settles choices that compare a
// known time with an unknown one (a feeder that sends unless its PEs have stopped by then): the earliest is settled
// first.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <vector>

#include "datapaths/intersect/events.h"
#include "datapaths/intersect/fast/events.h"
#include "datapaths/intersect/fast/memory.h"
#include "datapaths/intersect/fast/waits.h"
#include "datapaths/intersect/fast/work.h"
#include "datapaths/intersect/lowering.h"
#include "machine/tally.h"

namespace lacuna::intersect::fast {

class PeByPe {
 public:
  /// `recorder` records what happens; null for none.
  PeByPe(Operands& operands, const Values& values, Tally& tally, EventRecorder* recorder = nullptr);

  /// Runs the layer and reports it to the tally; its cycles.
  Time run(const std::function<void(std::uint64_t tiles_written)>& progress);

 private:
  enum Side : std::uint8_t { kWeights, kActivations };

  /// A message on a bus: from `start`, in the FIFOs from `arrival` on.
  struct Send {
    Time start = kUnknown, arrival = kUnknown;
  };
  /// A tile in flight.
  struct TileState {
    TileWork work;
    TileValues values;                       ///< where there is a recorder
    std::array<std::vector<Send>, 2> sends;  ///< [stream][step]; a stream is a line, or a PE that a row serves alone
    std::array<std::vector<std::uint32_t>, 2> sent;  ///< [stream]: messages whose times are known
    std::array<std::vector<Time>, 2> token;          ///< [stream]: arrival of the end token
    std::vector<Time> stopped;                       ///< [PE]: from when on feeders see it stopped
    std::uint32_t results = 0;                       ///< drained
    Time last_result = 0;
    std::uint32_t pes_left = 0;  ///< PEs that are not past the tile
  };
  struct Line {
    Side side = kWeights;
    std::uint32_t index = 0;
    TileIndex tile, last_tile;
    StepIndex step;
    std::uint32_t column = 0;  ///< the destination, on a row that serves its PEs one by one
    Time bus_free = 0;
    Time threshold = kUnknown;           ///< it does the known thing unless something unknown happens up to then
    bool settled = false;                ///< nothing did
    bool awake = true;                   ///< something it depends on has become known
    std::vector<Interval> memory_waits;  ///< cycles in which it waits for memory
  };
  enum class State : std::uint8_t { Working, Stopping, Discarding, Finished };
  struct Pe {
    Row row;
    Column column;
    State state = State::Working;
    TileIndex tile, last_tile;
    StepIndex step;
    Time free = 0;         ///< the first cycle in which the match stage may begin something
    Time stop = 0;         ///< cycle of the group that stopped the sum
    Time owed = kUnknown;  ///< a cycle whose class depends on sends not yet known
    Time threshold = kUnknown;
    bool settled = false, awake = true;
    std::array<std::uint32_t, 2> next{};  ///< Discarding: the step of the next entry
    std::array<bool, 2> done{};
    std::array<Time, 2> discard_free{};
    std::array<Time, 2> complete{}, drained{};  ///< of its tile number k, at k mod 2
    std::uint64_t completions = 0, drains = 0;
    std::array<std::uint64_t, 2> pushes{}, pops{};
  };
  struct Bus {
    TileIndex tile;
    std::uint32_t row = 0;
    Time free = 0;
    bool awake = true;
  };
  struct LateSend {
    Time arrival;
    event::Send send;
  };

  struct Cost {
    std::uint32_t bytes, words;
  };

  TileState& state_of(TileIndex tile);
  void report(const TileWork& work);
  [[nodiscard]] bool has_state(TileIndex tile) const {
    return tile >= first_state_ && tile < first_state_ + states_.size();
  }
  [[nodiscard]] std::size_t stream(Side side, const Pe& pe) const {
    if (side == kActivations) return pe.column;
    return unicast_ ? index_of(pe) : pe.row;
  }
  [[nodiscard]] std::uint32_t index_of(const Pe& pe) const { return static_cast<std::uint32_t>(&pe - pes_.data()); }

  [[nodiscard]] Line& line_of(Side side, const Pe& pe) {
    return lines_[side == kWeights ? pe.row : machine_.array.rows + pe.column];
  }

  // Lines.
  bool advance(Line& line);
  [[nodiscard]] Cost cost(const Line& line, const TileState& state) const;
  void enter_tile(Line& line, TileIndex tile);
  void sent(Line& line, TileState& state, Time start, Time arrival, bool message);
  template <typename Visit>
  void for_group(const Line& line, const Tile& tile, Visit visit);
  void wait_for_memory(Line& line, const BlockTimes& block, Time begin, Time end);

  // PEs.
  bool advance(Pe& pe);
  bool work(Pe& pe);
  bool settle_stop(Pe& pe);
  bool discard(Pe& pe);
  void pop(Pe& pe, Side side, Time time);
  void finish_tile(Pe& pe, Time free);
  void complete(Pe& pe, Time time);
  void wait(const Pe& pe, Time begin, Time end, PeClass what) { waits_.add(index_of(pe), begin, end, what); }
  /// The class of cycles in which an entry of `side` is missing that is on its bus from `start` on.
  void starve(const Pe& pe, Side side, Time begin, Time end, Time start);

  // Drain, memory.
  bool advance(Column column, Bus& bus);
  void step_memory();
  void forget();
  /// Nothing that happens before it is still unknown.
  [[nodiscard]] Time reached() const;
  void finish(Time cycles);

  Operands& operands_;
  const Values& values_;
  const Lowering& lowering_;
  const Machine& machine_;
  const Config& config_;
  Tally& tally_;
  EventRecorder* recorder_;
  std::uint64_t tiles_;
  bool unicast_;
  std::array<std::uint32_t, 2> depth_;
  std::vector<Line> lines_;  ///< rows, then columns
  std::vector<Pe> pes_;
  std::vector<Bus> buses_;
  std::array<std::vector<Time>, 2> pops_;  ///< [PE][pushes mod depth]: when the entry was popped
  std::deque<TileState> states_;
  TileIndex first_state_;

  MemorySequence memory_;
  WaitAccount waits_;
  std::vector<LateSend> late_sends_;
};

}  // namespace lacuna::intersect::fast
