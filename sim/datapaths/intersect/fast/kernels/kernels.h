// The loops in which the engine without a clock spends its time, for several instruction sets; the same results from
// each.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "datapaths/fabric/fast/kernels/kernels.h"

namespace lacuna::intersect::fast {

using fabric::fast::kLanes;
using fabric::fast::padded;

/// Relative times are not before it.
constexpr std::int32_t kLongAgo = -(1 << 30);

/// One chunk pair of every PE of the array. Times are relative to a base the caller chooses. Arrays of PEs are
/// [row][stride], of columns [stride], of rows [rows].
struct PairStep {
  std::uint32_t rows, vectors;  ///< mapped rows; vectors of mapped columns
  std::uint32_t row_split;      ///< rows below it are of class 0, the others of class 1
  std::size_t stride;
  const std::uint64_t *weights, *weights_high;  ///< [row] nonzero positions
  const std::uint64_t *slots, *slots_high;  ///< [row] positions that cost a slot (and where need be have an activation)
  const std::uint64_t *activations, *activations_high;  ///< [column]
  std::uint64_t any_activation;                         ///< all ones if a slot does not ask for the activation, else 0
  bool only_effectual;                                  ///< the slots are the pairs of nonzeros
  std::uint32_t lanes, lane_reciprocal;                 ///< ceil(65536 / lanes)
  const std::int32_t *row_start, *row_arrival, *column_start, *column_arrival;
  const std::int32_t* valid;    ///< [column] -1 where the column is mapped, else 0
  const std::int32_t* class_0;  ///< [column] -1 where it is of class 0
  std::int32_t* free;           ///< the first cycle in which the PE may begin the pair; after the step, the next one
  const std::int32_t* gate;     ///< earliest cycle of the pair because of the results before; null: none
  const std::int32_t *row_memory_begin, *row_memory_end;  ///< when the line waited for memory; null: no line did
  const std::int32_t *column_memory_begin, *column_memory_end;
  std::int32_t untaken_begin, untaken_end;  ///< in which a wait for the gate is memory's
  std::int32_t *starved_weight, *starved_activation, *starved_memory, *blocked_memory, *blocked;
  std::int32_t *cycles, *empty, *effectual;  ///< groups; of them, of pairs without a slot; groups with products
  std::int32_t* row_free[2];                 ///< [row] the latest `free` of the row's columns of class 0 and 1
  std::int32_t* column_free[2];              ///< [column] the latest `free` of the column's rows of class 0 and 1
  std::uint64_t executed, slot_count;        ///< out: pairs of nonzeros among the slots; slots
};

/// What a line sends in a step: a message, an end token, or nothing because its token is out.
constexpr std::int32_t kMessage = 0, kToken = 1, kNothing = 2;

/// One step of every PE where sums may stop. `pair.free` is of the weight side; it is that of both sides as long as a
/// PE is not stopped.
struct StopStep {
  PairStep pair;
  std::int32_t step;
  const std::int32_t *row_entry, *column_entry;  ///< [line] one of these; starts and arrivals are also of tokens
  const std::int32_t *stop_step, *stop_group;    ///< [PE] where the sum stops; INT32_MAX if it does not
  const std::int32_t *cut_slots,
      *cut_effectual;  ///< [PE] slots of the stop's step after the stop; not read if only_effectual
  std::int32_t* free_activation;
  std::int32_t* kill;       ///< [PE] the cycle in which a group of the next pair may be killed, or INT32_MIN
  std::int32_t* stopped;    ///< [PE] from when on it is stopped
  std::int32_t* complete;   ///< [PE] as DrainStep
  std::int32_t* killed;     ///< [PE] counts killed groups
  std::uint64_t all_slots;  ///< out: with those after stops; pair.slot_count and executed are without
};

/// One message of lines first..last-1: start = the latest of `bus`, `room`, `more_room` and `loaded`, and from start +
/// words on the bus is free again.
struct SendStep {
  std::uint32_t first, last;
  std::int32_t* bus;
  const std::int32_t *room, *more_room;
  std::int32_t loaded;
  const std::int32_t* words;
  std::int32_t *start, *arrival;
};

/// The results of rows first_row..last_row-1 and columns first..last-1 leave, row by row.
struct DrainStep {
  std::uint32_t first_row, last_row, first, last;
  std::size_t stride;
  const std::int32_t* complete;  ///< [row][stride] the cycle after the one in which the last group was issued
  std::int32_t *before,
      *latest;  ///< [row][stride] the cycle after the drain of the PE's result before the latest, and of the latest
  std::int32_t* bus;  ///< [column] from when on the bus is free
};

/// Steps that a BlockSteps takes at a time.
constexpr std::uint32_t kStepsTogether = 4;

/// Steps of a block of a tile that maps every PE, one after the other: all lines send, all PEs work. `pair` has what is
/// the same in all steps and the masks, gate and memory waits of the first; its counters count.
struct BlockSteps {
  PairStep pair;
  std::uint32_t steps;
  struct Lines {
    std::uint32_t count, pad, depth;
    /// Of the first step, modulo depth: for PEs of columns of class 0 and 1.
    std::uint32_t entry[2];
    std::int32_t* bus;          ///< [line]
    std::int32_t* room[2];      ///< [entry mod depth][pad] as of the class of PEs; of columns only the first
    const std::int32_t* words;  ///< [step][words_pad]
    std::size_t words_pad;
    std::int32_t *start, *arrival;  ///< [kStepsTogether][pad]: scratch
  } rows, columns;
  bool split;  ///< columns are of two classes; rows are of one
  std::int32_t loaded;
  std::size_t weights_pad, activations_pad;  ///< words of a mask from step to step
};

/// Messages of `streams` streams, entry by entry: bytes = header of the entry + operand x nonzeros, words on a bus of
/// `bus` bytes, at least one; both are 0 for streams that only fill up memory.
struct Messages {
  std::uint32_t streams, pad, entries;
  const std::uint64_t *low, *high;  ///< [entry][pad] masks; high is null up to 64 positions
  const std::uint32_t* headers;     ///< [entry]
  std::uint32_t operand, bus;       ///< operand: 0 where every value travels
  std::int32_t *bytes, *words;      ///< [entry][pad]
  std::int32_t* words_before;       ///< [entry + 1][pad] of the entries before
  std::uint64_t* bytes_before;      ///< [entry + 1] of all streams
};

struct Kernels : fabric::fast::ValueKernels {
  void (*pair_step)(PairStep& step);
  void (*block_steps)(BlockSteps& run);
  void (*stop_step)(StopStep& step);
  /// Slots of the pair of every mapped PE.
  std::uint64_t (*count_slots)(const PairStep& step);
  void (*measure)(const Messages& messages);
  void (*send_step)(const SendStep& step);
  void (*drain_step)(const DrainStep& step);
  /// before[i + 1][line] = before[i][line] + words[order[i]][line] for `entries` entries of `pad` lines; before[0] = 0.
  void (*sum_words)(const std::int32_t* words, const std::uint32_t* order, std::uint32_t entries, std::uint32_t pad,
                    std::int32_t* before);
  /// The largest end <= entries such that no line's words of entries begin..end-1 exceed `most`.
  std::uint32_t (*longest_stretch)(const std::int32_t* before, std::uint32_t entries, std::uint32_t pad,
                                   std::uint32_t begin, std::int32_t most);
  /// The largest of after[line] - before[line].
  std::int32_t (*largest_difference)(const std::int32_t* before, const std::int32_t* after, std::uint32_t pad);
};

/// The fastest kernels this processor runs.
const Kernels& best_kernels();
/// All that it runs, slowest first.
std::span<const Kernels* const> runnable_kernels();

}  // namespace lacuna::intersect::fast
