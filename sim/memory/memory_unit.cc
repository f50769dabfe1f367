#include "memory/memory_unit.h"

#include <algorithm>

namespace lacuna {

std::uint64_t transfer_cycles(const Machine& machine, std::uint64_t dram_bytes, std::uint64_t buffer_bytes,
                              std::uint64_t words) {
  const auto ceil_div = [](std::uint64_t a, std::uint64_t b) { return (a + b - 1) / b; };
  const std::uint64_t port = std::uint64_t{machine.global_buffer.banks} * machine.global_buffer.bytes_per_cycle;
  return std::max(
      {std::uint64_t{1}, ceil_div(dram_bytes, machine.dram.bytes_per_cycle), ceil_div(buffer_bytes, port), words});
}

void MemoryUnit::pass_over(BlockPosition slowest) {
  if (state_.begun < slowest) state_.begun = slowest;
}

}  // namespace lacuna
