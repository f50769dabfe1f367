// Every countable thing a machine does, once: `LACUNA_ACTIONS` names the counters, their units and what they mean.
// Counters are folds over what the units report; energy tables have an entry for each action and for nothing else.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/enum_names.h"

namespace lacuna {

// X(enumerator, word, unit, component, sentence)
#define LACUNA_ACTIONS(X)                                                                                            \
  X(MacExecuted, "mac_executed", "products", "mac", "multiply-accumulates with two nonzero operands")                \
  X(MacWasted, "mac_wasted", "products", "mac", "multiply-accumulates with an operand that is zero")                 \
  X(MacGated, "mac_gated", "products", "mac", "slots whose multiplier was gated")                                    \
  X(PsumUpdate, "psum_update", "accesses", "psum", "cycles in which a PE read and wrote its partial sum")            \
  X(MatchCycle, "match_cycle", "positions", "match", "chunk positions examined by match units, chunk x cycles")      \
  X(FifoWrite, "fifo_write", "bytes", "chunk_fifo", "bytes written to chunk FIFOs")                                  \
  X(FifoRead, "fifo_read", "bytes", "chunk_fifo", "operand bytes read from chunk FIFOs into operand registers")      \
  X(WeightBus, "weight_bus", "bytes x PEs", "bus", "bytes on row buses times the PEs along the wire")                \
  X(ActivationBus, "activation_bus", "bytes x PEs", "bus", "bytes on column buses times the PEs along the wire")     \
  X(DrainBus, "drain_bus", "bytes x PEs", "bus", "result bytes on drain buses times the PEs along the wire")         \
  X(WeightBufferWrite, "weight_buffer_write", "bytes", "operand_buffer", "bytes written to weight feeders' buffers") \
  X(WeightBufferRead, "weight_buffer_read", "bytes", "operand_buffer", "bytes read from weight feeders' buffers")    \
  X(ActivationBufferWrite, "activation_buffer_write", "bytes", "operand_buffer",                                     \
    "bytes written to activation feeders' buffers")                                                                  \
  X(ActivationBufferRead, "activation_buffer_read", "bytes", "operand_buffer",                                       \
    "bytes read from activation feeders' buffers")                                                                   \
  X(PostOperation, "post_operation", "results", "post", "results requantised, clipped and encoded")                  \
  X(GlobalBufferRead, "global_buffer_read", "bytes", "global_buffer", "bytes read from the global buffer")           \
  X(GlobalBufferWrite, "global_buffer_write", "bytes", "global_buffer", "bytes written to the global buffer")        \
  X(DramRead, "dram_read", "bytes", "dram", "bytes read from DRAM, whole bursts")                                    \
  X(DramWrite, "dram_write", "bytes", "dram", "bytes written to DRAM, whole bursts")                                 \
  X(PeClock, "pe_clock", "PE-cycles", "clock", "PE-cycles in which registers of a PE were clocked")                  \
  X(PeLeakage, "pe_leakage", "PE-cycles", "leakage", "PE-cycles in which a PE leaked: all of them")                  \
  X(SramLeakage, "sram_leakage", "byte-cycles", "leakage", "bytes of on-chip SRAM times cycles")

enum class Action {
#define X(enumerator, ...) enumerator,
  LACUNA_ACTIONS(X)
#undef X
};

template <>
struct EnumNames<Action> {
#define X(enumerator, word, ...) std::string_view{word},
  static constexpr std::array names = {LACUNA_ACTIONS(X)};
#undef X
};

constexpr std::size_t kActions = enum_count<Action>();

struct ActionInfo {
  std::string_view unit, component, sentence;
};

constexpr std::array<ActionInfo, kActions> kActionInfo = {{
#define X(enumerator, word, unit, component, sentence) {unit, component, sentence},
    LACUNA_ACTIONS(X)
#undef X
}};

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
#define LACUNA_PE_CLASSES(X)                                                                              \
  X(Busy, "busy", "a lane multiplied")                                                                    \
  X(Gated, "gated", "slots were spent, no multiplier toggled")                                            \
  X(Bubble, "bubble", "the datapath's own overhead: a chunk without a pair, or a group killed by a stop") \
  X(StarvedWeight, "starved_weight", "a weight chunk for this PE is on the bus")                          \
  X(StarvedActivation, "starved_activation", "an activation chunk for this PE is on the bus")             \
  X(StarvedMemory, "starved_memory", "the operands' block has not arrived from memory")                   \
  X(BlockedOutput, "blocked_output", "operands are here, the previous result cannot leave")               \
  X(Imbalance, "imbalance", "done or ready, waiting for other PEs")                                       \
  X(IdleEdge, "idle_edge", "no work mapped: the array is larger than the tile")                           \
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

}  // namespace lacuna
