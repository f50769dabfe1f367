#include "explain/limits.h"

#include <utility>

namespace lacuna {

std::vector<Limit> memory_limits(const Machine& machine) {
  return {
      {"dram_bandwidth", "the bandwidth of DRAM", {at_highest(machine, "dram.bytes_per_cycle")}},
      {"dram_latency",
       "the latency of DRAM, its rows included",
       {at_lowest(machine, "dram.latency"), at_lowest(machine, "dram.t_rcd"), at_lowest(machine, "dram.t_rp"),
        at_lowest(machine, "dram.t_cas")}},
      {"dram_outstanding", "how few transfers are under way at once", {at_highest(machine, "dram.outstanding")}},
      {"dram_turnaround", "the turnaround between reads and writes", {at_lowest(machine, "dram.turnaround")}},
      {"global_buffer",
       "the global buffer, its capacity and its ports",
       {at_highest(machine, "global_buffer.bytes"), at_highest(machine, "global_buffer.bytes_per_cycle")}},
  };
}

Limit together(std::string name, std::string sentence, const std::vector<Limit>& limits) {
  Limit all{std::move(name), std::move(sentence), {}};
  for (const Limit& limit : limits) all.lifted.insert(all.lifted.end(), limit.lifted.begin(), limit.lifted.end());
  return all;
}

}  // namespace lacuna
