// Global buffer and DRAM as an array sees them, cycle by cycle: fetches arrive, outputs leave. It knows no family:
// fetches and outputs are numbered from 0 on, and a port says what each of them moves. Rules: sim/memory/README.md.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <deque>
#include <optional>

#include "machine/config.h"
#include "machine/memory_plan.h"
#include "memory/dram_channel.h"
#include "memory/stalls.h"

namespace lacuna {

/// What a fetch moves.
struct Transfer {
  std::array<Extent, 2> dram;  ///< whole bursts, in this order
  std::uint64_t buffer_bytes = 0;
  /// The most any taker in the array stores, one word a cycle.
  std::uint64_t words = 0;
  [[nodiscard]] std::uint64_t dram_bytes() const { return dram[0].bytes + dram[1].bytes; }
};

/// What memory has to know of a layer.
struct LayerInMemory {
  std::uint64_t outputs = 0;         ///< the layer is done when these are written,
  std::uint64_t output_address = 0;  ///< one behind the other from here on
  std::uint64_t room = 0;            ///< bytes of the global buffer for what is fetched and not loaded
};

/// Cycles between global buffer and array: the slower of the buffer's banks and the takers; at least one.
std::uint64_t buffer_cycles(const Machine& machine, std::uint64_t buffer_bytes, std::uint64_t words);

/// Bytes rounded up to whole bursts.
std::uint64_t whole_bursts(const Machine& machine, std::uint64_t bytes);

/// What memory's registers show to the others. Fetches are named by their number.
struct FetchState {
  std::uint64_t loaded = 0;               ///< fetches before this one are with the array (or no longer wanted)
  std::uint64_t begun = 0;                ///< fetches before this one are requested (or no longer wanted)
  std::array<std::uint64_t, 2> latest{};  ///< the latest two that have taken a half, `taken` of them valid
  std::uint64_t taken = 0;                ///< halves taken, in all
  std::uint64_t writing = 0;              ///< outputs whose write has begun
  std::uint64_t written = 0;              ///< outputs
  bool finished = false;

  /// Halves of the array's buffers that fetches hold which the array, past those before `released`, still uses.
  [[nodiscard]] unsigned halves_held(std::uint64_t released) const {
    unsigned count = 0;
    for (std::uint64_t i = 0; i < taken && i < latest.size(); ++i) count += latest[i] >= released ? 1 : 0;
    return count;
  }
};

/// What memory reads of the array's registers.
struct ArrayDemand {
  std::uint64_t released = 0;                ///< the array is past the fetches before this one
  std::optional<std::uint64_t> ready_bytes;  ///< encoded bytes of output number `writing`, if it is complete
};

class MemoryUnit {
 public:
  MemoryUnit(const Machine& machine, const LayerInMemory& layer, const Stalls& stalls)
      : machine_(machine), layer_(layer), stalls_(stalls), channel_(machine) {}

  /// One cycle: from the registers at its start to those at its end. Port has
  ///   std::optional<Transfer> transfer(fetch)                          nothing: there are no more fetches
  ///   void fetch_begins(fetch, now, cycles, transfer)                  it is requested, and under way for `cycles`
  ///   void half_taken(fetch)
  ///   void load_begins(fetch)                                          its words go to the array from this cycle on
  ///   void write_begins(output, now, cycles, bytes, dram_bytes)
  template <typename Port>
  void cycle(std::uint64_t now, const ArrayDemand& array, Port& port);

  [[nodiscard]] const FetchState& state() const { return state_; }
  /// A transfer is under way, or a fetch is being loaded.
  [[nodiscard]] bool busy() const { return !under_way_.empty() || loading_; }
  /// Memory stands still in cycle `now`.
  [[nodiscard]] bool held(std::uint64_t now) const { return stalls_.holds(Stalls::kMemory, 0, now); }
  /// The oldest fetch that is requested and not loaded.
  [[nodiscard]] std::optional<std::uint64_t> oldest_waiting() const {
    if (waiting_.empty()) return std::nullopt;
    return waiting_.front().fetch;
  }

 private:
  struct Waiting {
    std::uint64_t fetch;
    Transfer transfer;
    DramChannel::Slot slot;
    bool taken = false;
  };

  template <typename Port>
  void write(std::uint64_t now, std::uint64_t bytes, Port& port);
  template <typename Port>
  void fetch(std::uint64_t now, std::uint64_t released, Port& port);
  template <typename Port>
  void load(std::uint64_t released, Port& port);
  /// Cycles for which a transfer that would be over at `end` is under way: none ends before an earlier one.
  std::uint64_t under_way_until(std::uint64_t end) {
    if (!under_way_.empty()) end = std::max(end, under_way_.back());
    under_way_.push_back(end);
    return end - time_;
  }

  const Machine& machine_;
  LayerInMemory layer_;
  Stalls stalls_;
  FetchState state_;
  std::uint64_t time_ = 0;  ///< cycles in which memory did not stand still; all times below count these
  DramChannel channel_;
  std::deque<std::uint64_t> under_way_;   ///< ends of transfers
  std::deque<std::uint64_t> unreleased_;  ///< fetches
  std::deque<Waiting> waiting_;           ///< requested, not loaded
  std::uint64_t waiting_bytes_ = 0;       ///< of them, from DRAM
  bool loading_ = false;                  ///< the front of waiting_,
  std::uint64_t loaded_at_ = 0;           ///< until then
  std::uint64_t write_port_free_ = 0;
  std::deque<std::uint64_t> writes_;  ///< ends of writes under way
};

template <typename Port>
void MemoryUnit::cycle(std::uint64_t now, const ArrayDemand& array, Port& port) {
  if (held(now)) return;
  if (under_way_.size() < machine_.dram.outstanding) {
    if (array.ready_bytes)
      write(now, *array.ready_bytes, port);
    else if (state_.writing < layer_.outputs)
      fetch(now, array.released, port);
  }
  load(array.released, port);

  ++time_;
  if (loading_ && loaded_at_ == time_) {
    loading_ = false;
    state_.loaded = waiting_.front().fetch + 1;
    waiting_bytes_ -= waiting_.front().transfer.dram_bytes();
    waiting_.pop_front();
  }
  for (; !writes_.empty() && writes_.front() == time_; writes_.pop_front())
    state_.finished = ++state_.written == layer_.outputs;
  while (!under_way_.empty() && under_way_.front() == time_) under_way_.pop_front();
}

template <typename Port>
void MemoryUnit::write(std::uint64_t now, std::uint64_t bytes, Port& port) {
  const std::uint64_t dram_bytes = whole_bursts(machine_, bytes);
  const Extent bytes_out{layer_.output_address, dram_bytes};
  const DramChannel::Slot slot = channel_.book(time_, {&bytes_out, 1}, DramChannel::Direction::Write);
  layer_.output_address += dram_bytes;
  write_port_free_ = std::max(write_port_free_, time_) + buffer_cycles(machine_, bytes, 0);
  writes_.push_back(std::max({slot.end, write_port_free_, writes_.empty() ? 0 : writes_.back()}));
  under_way_until(writes_.back());
  port.write_begins(state_.writing++, now, writes_.back() - time_, bytes, dram_bytes);
}

template <typename Port>
void MemoryUnit::fetch(std::uint64_t now, std::uint64_t released, Port& port) {
  // What the array no longer wants is passed over.
  state_.begun = std::max(state_.begun, released);
  while (!unreleased_.empty() && unreleased_.front() < released) unreleased_.pop_front();
  if (unreleased_.size() > machine_.dram.outstanding) return;
  const std::optional<Transfer> transfer = port.transfer(state_.begun);
  if (!transfer) return;
  if (!waiting_.empty() && waiting_bytes_ + transfer->dram_bytes() > layer_.room) return;

  const std::uint64_t from = time_ + (transfer->dram_bytes() != 0 ? machine_.dram.latency : 0);
  const DramChannel::Slot slot = channel_.book(from, transfer->dram, DramChannel::Direction::Read);
  const std::uint64_t through = slot.begin + buffer_cycles(machine_, transfer->buffer_bytes, transfer->words);
  port.fetch_begins(state_.begun, now, under_way_until(std::max(slot.end, through)), *transfer);
  waiting_.push_back({state_.begun, *transfer, slot});
  waiting_bytes_ += transfer->dram_bytes();
  unreleased_.push_back(state_.begun++);
}

template <typename Port>
void MemoryUnit::load(std::uint64_t released, Port& port) {
  const auto next = std::ranges::find_if(waiting_, [](const Waiting& w) { return !w.taken; });
  if (next != waiting_.end() && state_.halves_held(released) < 2) {
    next->taken = true;
    state_.latest = {state_.taken == 0 ? next->fetch : state_.latest[1], next->fetch};
    ++state_.taken;
    port.half_taken(next->fetch);
  }
  if (loading_ || waiting_.empty()) return;
  const Waiting& oldest = waiting_.front();
  if (!oldest.taken || oldest.slot.begin > time_) return;
  loading_ = true;
  loaded_at_ =
      std::max(oldest.slot.end, time_ + buffer_cycles(machine_, oldest.transfer.buffer_bytes, oldest.transfer.words));
  port.load_begins(oldest.fetch);
}

}  // namespace lacuna
