// The DRAM channel: the bytes of one transfer after those of another, in the order of their requests, from banks with
// one open row each. Rules: sim/memory/README.md.
#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <optional>
#include <span>
#include <vector>

#include "machine/config.h"
#include "machine/memory_plan.h"

namespace lacuna {

class DramChannel {
 public:
  enum class Direction : std::uint8_t { Read, Write };
  /// In cycles of the array: bytes move from `begin` on and have all moved at `end`.
  struct Slot {
    std::uint64_t begin, end;
  };

  explicit DramChannel(const Machine& machine) : dram_(machine.dram), banks_(machine.dram.banks) {
    const std::uint64_t array = machine.clock_mhz, own = dram_.clock_mhz == 0 ? array : dram_.clock_mhz;
    const std::uint64_t common = std::gcd(array, own);
    array_clock_ = array / common;
    dram_clock_ = own / common;
  }

  /// The next transfer, whose commands may be given from cycle `from` on. No bytes take no time.
  Slot book(std::uint64_t from, std::span<const Extent> extents, Direction direction) {
    const std::uint64_t commands = (from * dram_clock_ + array_clock_ - 1) / array_clock_;
    Run run;
    std::optional<std::uint64_t> begin;
    for (Extent left : extents)
      while (left.bytes != 0) {
        const std::uint64_t in_row = std::min(left.bytes, dram_.row_bytes - left.address % dram_.row_bytes);
        move(commands, {left.address, in_row}, direction, run);
        if (!begin) begin = run.begin;
        left = {left.address + in_row, left.bytes - in_row};
      }
    if (!begin) return {from, from};
    return {*begin * array_clock_ / dram_clock_, (free_ * array_clock_ + dram_clock_ - 1) / dram_clock_};
  }

 private:
  struct Bank {
    std::optional<std::uint64_t> open;  ///< row of the channel
    std::uint64_t free = 0;             ///< when its latest bytes have moved
  };

  /// Bytes of one transfer that move without a gap.
  struct Run {
    std::uint64_t begin = 0, bytes = 0;
  };

  /// Moves bytes of one row.
  void move(std::uint64_t commands, const Extent& piece, Direction direction, Run& run) {
    const std::uint64_t row = piece.address / dram_.row_bytes;
    Bank& bank = banks_[row % banks_.size()];
    std::uint64_t column = commands;
    if (bank.open != row) {
      column = std::max(column, bank.free) + (bank.open ? dram_.t_rp : 0) + dram_.t_rcd;
      bank.open = row;
    }
    const bool turns = latest_ && *latest_ != direction;
    const std::uint64_t bus = free_ + (turns ? dram_.turnaround : 0);
    latest_ = direction;
    if (run.bytes == 0 || column + dram_.t_cas > bus) run = {std::max(column + dram_.t_cas, bus), 0};
    run.bytes += piece.bytes;
    free_ = bank.free = run.begin + (run.bytes + dram_.bytes_per_cycle - 1) / dram_.bytes_per_cycle;
  }

  const DramConfig& dram_;
  std::uint64_t array_clock_, dram_clock_;  ///< as a fraction in lowest terms
  std::vector<Bank> banks_;
  std::uint64_t free_ = 0;  ///< the bus, in cycles of the DRAM's clock
  std::optional<Direction> latest_;
};

}  // namespace lacuna
