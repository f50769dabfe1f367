// Global buffer and DRAM as an array sees them, cycle by cycle: fetches arrive, outputs leave, one transfer at a time.
// It knows no family: fetches and outputs are numbered from 0 on, and a port says what each of them moves. Rules:
// sim/memory/README.md.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "machine/config.h"
#include "memory/stalls.h"

namespace lacuna {

/// What one fetch moves: from DRAM into the global buffer, from there to the array in `words` words of the slowest
/// taker.
struct Transfer {
  std::uint64_t dram_bytes = 0;    ///< whole bursts
  std::uint64_t buffer_bytes = 0;  ///< read from the global buffer
  std::uint64_t words = 0;
};

/// Cycles of a transfer, without DRAM latency: the slowest of DRAM, the buffer's banks, and the takers; at least one.
std::uint64_t transfer_cycles(const Machine& machine, const Transfer& transfer);

/// Bytes rounded up to whole bursts.
std::uint64_t whole_bursts(const Machine& machine, std::uint64_t bytes);

/// What memory's registers show to the others. Fetches are named by their number.
struct FetchState {
  std::uint64_t loaded = 0;               ///< fetches before this one are with the array (or no longer wanted)
  std::uint64_t begun = 0;                ///< fetches before this one have begun (or are no longer wanted)
  std::array<std::uint64_t, 2> latest{};  ///< the latest two that have begun, `fetches` of them valid
  std::uint64_t fetches = 0;              ///< begun, in all
  std::uint64_t written = 0;              ///< outputs
  bool finished = false;

  /// Begun fetches that the array, which is past those before `released`, still uses.
  [[nodiscard]] unsigned unreleased(std::uint64_t released) const {
    unsigned count = 0;
    for (std::uint64_t i = 0; i < fetches && i < latest.size(); ++i) count += latest[i] >= released ? 1 : 0;
    return count;
  }
};

/// What memory reads of the array's registers.
struct ArrayDemand {
  std::uint64_t released = 0;                ///< the array is past the fetches before this one
  std::optional<std::uint64_t> ready_bytes;  ///< encoded bytes of the oldest unwritten output, if it is complete
};

class MemoryUnit {
 public:
  /// The layer is done when `outputs` outputs are written.
  MemoryUnit(const Machine& machine, std::uint64_t outputs, const Stalls& stalls)
      : machine_(machine), outputs_(outputs), stalls_(stalls) {}

  /// One cycle: from the registers at its start to those at its end. Port has
  ///   std::optional<Transfer> transfer(fetch)                          nothing: there are no more fetches
  ///   void fetch_begins(fetch, now, cycles, transfer)
  ///   void write_begins(output, now, cycles, bytes, dram_bytes)
  template <typename Port>
  void cycle(std::uint64_t now, const ArrayDemand& array, Port& port);

  [[nodiscard]] const FetchState& state() const { return state_; }
  /// A transfer is under way.
  [[nodiscard]] bool busy() const { return remaining_ != 0; }
  /// Memory stands still in cycle `now`.
  [[nodiscard]] bool held(std::uint64_t now) const { return stalls_.holds(Stalls::kMemory, 0, now); }

 private:
  const Machine& machine_;
  std::uint64_t outputs_;
  Stalls stalls_;
  FetchState state_;
  std::uint64_t remaining_ = 0;  ///< cycles of the transfer under way
  bool writing_ = false;
};

template <typename Port>
void MemoryUnit::cycle(std::uint64_t now, const ArrayDemand& array, Port& port) {
  if (held(now)) return;
  if (remaining_ == 0 && array.ready_bytes) {
    const std::uint64_t dram_bytes = whole_bursts(machine_, *array.ready_bytes);
    remaining_ = transfer_cycles(machine_, {dram_bytes, *array.ready_bytes, 0});
    writing_ = true;
    port.write_begins(state_.written, now, remaining_, *array.ready_bytes, dram_bytes);
  } else if (remaining_ == 0) {
    // What the array no longer wants is passed over.
    if (state_.begun < array.released) state_.begun = array.released;
    if (state_.unreleased(array.released) < 2) {
      if (const std::optional<Transfer> transfer = port.transfer(state_.begun)) {
        remaining_ = transfer_cycles(machine_, *transfer) + (transfer->dram_bytes != 0 ? machine_.dram.latency : 0);
        writing_ = false;
        port.fetch_begins(state_.begun, now, remaining_, *transfer);
        state_.latest = {state_.latest[1], state_.begun};
        if (state_.fetches == 0) state_.latest[0] = state_.begun;
        ++state_.fetches;
        ++state_.begun;
      }
    }
  }
  if (remaining_ != 0 && --remaining_ == 0) {
    if (writing_)
      state_.finished = ++state_.written == outputs_;
    else
      state_.loaded = state_.begun;
  }
}

}  // namespace lacuna
