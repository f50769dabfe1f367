// What an engine gives back for one layer, and the laws every outcome must keep.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "machine/config.h"
#include "machine/events.h"
#include "tensor/tensor.h"

namespace lacuna {

/// Counters indexed by the words of an enumeration.
template <typename Enum>
struct Counters {
  std::array<std::uint64_t, enum_count<Enum>()> value{};

  std::uint64_t& operator[](Enum e) { return value[static_cast<std::size_t>(e)]; }
  std::uint64_t operator[](Enum e) const { return value[static_cast<std::size_t>(e)]; }
  [[nodiscard]] std::uint64_t sum() const {
    std::uint64_t total = 0;
    for (auto v : value) total += v;
    return total;
  }
  Counters& operator+=(const Counters& other) {
    for (std::size_t i = 0; i < value.size(); ++i) value[i] += other.value[i];
    return *this;
  }
  bool operator==(const Counters&) const = default;
};

struct LayerOutcome {
  std::string name;
  std::uint64_t cycles = 0;
  std::uint64_t dense_pairs = 0;
  Counters<PairClass> pairs;    ///< sums to dense_pairs
  Counters<PeClass> pe_cycles;  ///< sums to rows x columns x cycles
  Counters<Action> actions;
  std::vector<Counters<PeClass>> per_pe;  ///< [rows x columns], row-major; sums to pe_cycles
  std::uint64_t windows = 0;              ///< output positions x images
  std::uint64_t outputs = 0;              ///< output values
  std::uint64_t outputs_terminated = 0;   ///< sums stopped early
  std::vector<std::string> notes;  ///< what a reader must know: generated tensors, early termination off and why, ...
  Tensor output;                   ///< [N, M, P, Q] of layer.output_type()
};

/// Throws Bug if pairs of all classes do not sum to the dense pairs, PE-cycles of all classes do not sum to PEs x
/// cycles, a single PE's classes do not sum to the cycles, or pairs and MAC actions disagree.
void check_laws(const LayerOutcome& outcome, const Machine& machine);

}  // namespace lacuna
