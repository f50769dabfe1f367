#include "memory/memory_unit.h"

#include <algorithm>

namespace lacuna {

namespace {
std::uint64_t ceil_div(std::uint64_t a, std::uint64_t b) { return (a + b - 1) / b; }
}  // namespace

std::uint64_t buffer_cycles(const Machine& machine, std::uint64_t buffer_bytes, std::uint64_t words) {
  const std::uint64_t port = std::uint64_t{machine.global_buffer.banks} * machine.global_buffer.bytes_per_cycle;
  return std::max({std::uint64_t{1}, ceil_div(buffer_bytes, port), words});
}

std::uint64_t whole_bursts(const Machine& machine, std::uint64_t bytes) {
  return ceil_div(bytes, machine.dram.burst_bytes) * machine.dram.burst_bytes;
}

}  // namespace lacuna
