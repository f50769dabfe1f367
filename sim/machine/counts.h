// What every machine counts: pairs and PE-cycles, each in exactly one class. What energy is paid for stands in
// machine/actions.h.
#pragma once

#include <array>
#include <cstdint>
#include <numeric>
#include <string_view>

#include "base/enum_names.h"

namespace lacuna {

// Every pair of the dense layer ends in exactly one class.
#define LACUNA_PAIR_CLASSES(X)                                                                   \
  X(Executed, "executed", "multiplied, both operands nonzero")                                   \
  X(Wasted, "wasted", "multiplied though an operand is zero")                                    \
  X(Gated, "gated", "a slot was spent, the multiplier did not toggle")                           \
  X(Skipped, "skipped", "no slot spent because an operand is zero")                              \
  X(Terminated, "terminated", "not done: the output was already proven to end at or below zero") \
  X(Predicted, "predicted", "not done: a predictor said the output will be zero")

enum class PairClass {
#define X(enumerator, ...) enumerator,
  LACUNA_PAIR_CLASSES(X)
#undef X
};

template <>
struct EnumNames<PairClass> {
#define X(enumerator, word, ...) std::string_view{word},
  static constexpr std::array names = {LACUNA_PAIR_CLASSES(X)};
#undef X
};

// Every PE-cycle ends in exactly one class.
#define LACUNA_PE_CLASSES(X)                                                                                      \
  X(Busy, "busy", "a lane multiplied")                                                                            \
  X(Gated, "gated", "slots were spent, no multiplier toggled")                                                    \
  X(Bubble, "bubble", "the datapath's own overhead: a chunk without a pair, or a group killed by a stop")         \
  X(StarvedWeight, "starved_weight", "a weight chunk for this PE is on the bus")                                  \
  X(StarvedActivation, "starved_activation", "an activation chunk for this PE is on the bus")                     \
  X(StarvedMemory, "starved_memory", "the operands' block has not arrived from memory")                           \
  X(BlockedMemory, "blocked_memory", "the previous result cannot leave: memory has not taken the outputs before") \
  X(BlockedOutput, "blocked_output", "operands are here, the previous result cannot leave")                       \
  X(Imbalance, "imbalance", "done or ready, waiting for other PEs")                                               \
  X(IdleEdge, "idle_edge", "no work mapped: the array is larger than the tile")                                   \
  X(FillDrain, "fill_drain", "before the first group reaches the multipliers, and after the last tile")

enum class PeClass {
#define X(enumerator, ...) enumerator,
  LACUNA_PE_CLASSES(X)
#undef X
};

template <>
struct EnumNames<PeClass> {
#define X(enumerator, word, ...) std::string_view{word},
  static constexpr std::array names = {LACUNA_PE_CLASSES(X)};
#undef X
};

/// Counters indexed by the words of an enumeration.
template <typename Enum>
struct Counters {
  std::array<std::uint64_t, enum_count<Enum>()> value{};

  std::uint64_t& operator[](Enum e) { return value[static_cast<std::size_t>(e)]; }
  std::uint64_t operator[](Enum e) const { return value[static_cast<std::size_t>(e)]; }
  [[nodiscard]] std::uint64_t sum() const { return std::accumulate(value.begin(), value.end(), std::uint64_t{0}); }
  Counters& operator+=(const Counters& other) {
    for (std::size_t i = 0; i < value.size(); ++i) value[i] += other.value[i];
    return *this;
  }
  bool operator==(const Counters&) const = default;
};

}  // namespace lacuna
