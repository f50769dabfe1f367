#include "memory/memory_unit.h"

#include <algorithm>

namespace lacuna {

namespace {
std::uint64_t ceil_div(std::uint64_t a, std::uint64_t b) { return (a + b - 1) / b; }
}  // namespace

std::uint64_t transfer_cycles(const Machine& machine, const Transfer& transfer) {
  const std::uint64_t port = std::uint64_t{machine.global_buffer.banks} * machine.global_buffer.bytes_per_cycle;
  return std::max({std::uint64_t{1}, ceil_div(transfer.dram_bytes, machine.dram.bytes_per_cycle),
                   ceil_div(transfer.buffer_bytes, port), transfer.words});
}

std::uint64_t whole_bursts(const Machine& machine, std::uint64_t bytes) {
  return ceil_div(bytes, machine.dram.burst_bytes) * machine.dram.burst_bytes;
}

}  // namespace lacuna
