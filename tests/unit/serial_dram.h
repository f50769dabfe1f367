// A DRAM channel that is easy to count by hand.
#pragma once

#include "machine/config.h"

namespace lacuna::test {

/// One transfer at a time in the array's clock; no turnaround, no time for rows.
inline DramConfig serial_dram(std::uint32_t bytes_per_cycle, std::uint32_t latency, std::uint32_t burst_bytes) {
  DramConfig dram;
  dram.bytes_per_cycle = bytes_per_cycle;
  dram.latency = latency;
  dram.burst_bytes = burst_bytes;
  dram.outstanding = 1;
  dram.turnaround = dram.clock_mhz = dram.t_rcd = dram.t_rp = dram.t_cas = 0;
  return dram;
}

}  // namespace lacuna::test
