// When does everything happen? Times of sends, issues, pops, drains, fetches and writes from recurrences, object by
// object and without a clock, for any family whose PEs take items of a row's and a column's messages. intersect/FAST.md
// derives them; fabric/README.md is the contract they follow.
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
#include <memory>
#include <vector>

#include "datapaths/fabric/fast/memory.h"
#include "datapaths/fabric/fast/recorder.h"
#include "datapaths/fabric/fast/waits.h"
#include "datapaths/fabric/fast/work.h"
#include "datapaths/fabric/side.h"
#include "machine/memory_plan.h"

namespace lacuna::fabric::fast {

/// A message (bytes > 0) or an end token was on a bus up to and with cycle `last`.
struct Sent {
  Time last;
  Side side;
  std::uint32_t line;
  TileIndex tile;
  StepIndex step;
  std::uint32_t bytes, destinations;
};

/// What the family says of its tiles, and what it is told of them. Calls for one PE, line or bus come in the order of
/// time.
class LayerPort {
 public:
  virtual ~LayerPort() = default;
  [[nodiscard]] virtual const Tiles& tiles() const = 0;
  /// The work of `tile`; in order. The family counts what PEs do in it: cycles of items but not of what is killed.
  virtual std::unique_ptr<const TileWork> work(TileIndex tile) = 0;

  /// To be counted.
  virtual void sent(const Sent& sent) = 0;
  virtual void drained(const TileWork& work, std::uint32_t pe, Time first) = 0;  ///< its results, one a cycle
  virtual void fetch_begins(Time time, Time cycles, const Fetched& fetched) = 0;
  virtual void write_begins(Time time, Time cycles, TileIndex tile, std::uint64_t bytes, std::uint64_t dram_bytes) = 0;
  /// What PEs did in all cycles without an item; the layer took `cycles`.
  virtual void finish(const WaitAccount& waits, Time cycles) = 0;

  // For records, where they are kept. README.md of the family says what the units do.
  [[nodiscard]] virtual Recorder* recorder() = 0;  ///< null for none
  /// To be recorded: it may lie behind the end of the layer.
  virtual void record(const Sent& sent) = 0;
  /// `pe` begins an item in cycle `begin` and is at it for `cycles`: fewer than it has if a stop ends it.
  virtual void item(const TileWork& work, std::uint32_t pe, std::uint32_t item, Time begin, std::uint32_t cycles) = 0;
  /// The group issued in cycle `stop`, in `item`, stopped the sum, and no group was issued in the next cycle.
  virtual void stopped(const TileWork& work, std::uint32_t pe, std::uint32_t item, Time stop) = 0;
  /// Likewise, and group `group` of `item`, issued in the next cycle, is killed.
  virtual void killed(const TileWork& work, std::uint32_t pe, std::uint32_t item, std::uint32_t group, Time stop) = 0;
  /// The sums of `pe` are complete. / The oldest ones that have not moved to the result registers do.
  virtual void completed(const TileWork& work, std::uint32_t pe) = 0;
  virtual void retired(std::uint32_t pe, Time time) = 0;
};

/// The feeders of the machine.
struct Feeders {
  std::array<std::uint32_t, 2> depth{};  ///< [side]: of FIFOs
  bool unicast = false;                  ///< a row serves its PEs one by one
};

/// Which PEs begin together what needs another message of the column than the item before.
enum class Together : std::uint8_t { None, Row, Column, Array };

class PeByPe : MemoryPort {
 public:
  PeByPe(const Machine& machine, const MemoryPlan& plan, const Feeders& feeders, LayerPort& layer,
         Together together = Together::None);

  /// Runs the layer and reports it; its cycles.
  Time run(const std::function<void(std::uint64_t tiles_written)>& progress);

 private:
  /// A message on a bus: from `start`, in the FIFOs from `arrival` on.
  struct Send {
    Time start = kUnknown, arrival = kUnknown;
  };
  /// A tile in flight.
  struct TileState {
    std::unique_ptr<const TileWork> work;
    std::array<std::vector<Send>, 2> sends;          ///< [side]: of all messages
    std::array<std::vector<std::uint32_t>, 2> sent;  ///< [stream]: messages whose times are known
    std::array<std::vector<Time>, 2> token;          ///< [stream]: arrival of the end token
    std::vector<Time> stopped;                       ///< [PE]: from when on feeders see it stopped
    std::uint32_t pes_drained = 0;
    Time last_result = 0;
    std::uint32_t pes_left = 0;  ///< PEs that are not past the tile

    [[nodiscard]] const Send& send(std::size_t side, std::size_t stream, std::uint32_t step) const {
      return sends[side][work->messages[side].first(stream) + step];
    }
    [[nodiscard]] std::uint32_t steps(std::size_t side, std::size_t stream) const {
      return work->messages[side].steps(stream);
    }
  };
  struct Line {
    std::size_t side = kWeights;
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
    std::uint32_t item = 0;
    Time free = 0;         ///< the first cycle in which it may begin something
    Time stop = 0;         ///< cycle of the group that stopped the sum
    Time owed = kUnknown;  ///< a cycle whose class depends on sends not yet known
    Time threshold = kUnknown;
    bool settled = false, awake = true;
    std::array<std::uint32_t, 2> next{};  ///< Discarding: the step of the next entry
    std::array<bool, 2> done{};
    std::array<Time, 2> discard_free{};
    std::array<Time, 2> complete{}, drained{};  ///< of its tile number k, at k mod 2; drained: its last result
    std::uint64_t completions = 0, drains = 0;
    std::array<std::uint64_t, 2> pushes{}, pops{};
    // Where PEs begin together: the item that it could begin and from when on; when all may.
    TileIndex ready_tile = kNoTileIndex;
    std::uint32_t ready_item = 0;
    Time ready = 0, together = kUnknown;
  };
  struct Bus {
    TileIndex tile;
    std::uint32_t row = 0;
    Time free = 0;
    bool awake = true;
  };

  TileState& state_of(TileIndex tile);
  [[nodiscard]] bool has_state(TileIndex tile) const {
    return tile >= first_state_ && tile < first_state_ + states_.size();
  }
  [[nodiscard]] std::size_t stream(std::size_t side, const Pe& pe) const {
    if (side == kActivations) return pe.column;
    return unicast_ ? index_of(pe) : pe.row;
  }
  [[nodiscard]] std::size_t stream(const Line& line) const {
    return line.side == kWeights && unicast_ ? line.index * columns_ + line.column : line.index;
  }
  [[nodiscard]] std::uint32_t index_of(const Pe& pe) const { return static_cast<std::uint32_t>(&pe - pes_.data()); }

  [[nodiscard]] Line& line_of(std::size_t side, const Pe& pe) {
    return lines_[side == kWeights ? pe.row : rows_ + pe.column];
  }

  // Lines.
  bool advance(Line& line);
  void enter_tile(Line& line, TileIndex tile);
  void sent(Line& line, TileState& state, Time start, Time arrival, bool message);
  template <typename Visit>
  void for_group(const Line& line, const Geometry& tile, Visit visit);
  void wait_for_memory(Line& line, const BlockTimes& block, Time begin, Time end);

  // PEs.
  bool advance(Pe& pe);
  bool work(Pe& pe);
  [[nodiscard]] Time begin_together(Pe& pe, const TileWork& work, std::uint32_t activations, Time ready);
  bool settle_stop(Pe& pe);
  bool discard(Pe& pe);
  void pop(Pe& pe, std::size_t side, Time time);
  void finish_tile(Pe& pe, Time free);
  void complete(Pe& pe, const TileWork& work, Time time);
  void wait(const Pe& pe, Time begin, Time end, PeClass what) { waits_.add(index_of(pe), begin, end, what); }
  /// The class of cycles in which an entry of `side` is missing that is on its bus from `start` on.
  void starve(const Pe& pe, std::size_t side, Time begin, Time end, Time start);

  // Drain, memory.
  bool advance(Column column, Bus& bus);
  void step_memory();
  void forget();
  /// Nothing that happens before it is still unknown.
  [[nodiscard]] Time reached() const;
  void finish(Time cycles);
  void demand(TileIndex tile) override { state_of(tile); }
  void fetch_begins(Time time, Time cycles, const Fetched& fetched) override {
    layer_.fetch_begins(time, cycles, fetched);
  }
  void write_begins(Time time, Time cycles, TileIndex tile, std::uint64_t bytes, std::uint64_t dram_bytes) override {
    layer_.write_begins(time, cycles, tile, bytes, dram_bytes);
  }

  LayerPort& layer_;
  const Tiles& map_;
  Recorder* const recorder_;
  const std::uint64_t tiles_;
  const std::uint32_t rows_, columns_;
  const bool unicast_;
  const Together together_;
  const std::array<std::uint32_t, 2> depth_;
  std::vector<Line> lines_;  ///< rows, then columns
  std::vector<Pe> pes_;
  std::vector<Bus> buses_;
  std::array<std::vector<Time>, 2> pops_;  ///< [PE][pushes mod depth]: when the entry was popped
  std::deque<TileState> states_;
  TileIndex first_state_;

  MemorySequence memory_;
  WaitAccount waits_;
  std::vector<Sent> late_sends_;
};

}  // namespace lacuna::fabric::fast
