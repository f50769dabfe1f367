// The loops over rows and columns of PEs in which Rows spends its time. Arrays over rows are as long as whole vectors
// and begin with one; arrays over PEs are [column][row], columns `stride` apart.
#pragma once

#include <array>
#include <cstdint>

namespace lacuna::gather::fast {

/// A cycle, signed, so that differences may be. kLongAgo is before everything, and may be subtracted from.
using Moment = std::int64_t;
constexpr Moment kLongAgo = INT64_MIN / 4;

constexpr std::uint32_t kRowsTogether = 8;
constexpr std::uint32_t whole_vectors(std::uint32_t rows) {
  return (rows + kRowsTogether - 1) / kRowsTogether * kRowsTogether;
}

/// Rows send the first group of a segment.
struct FirstSend {
  std::uint32_t rows;                 ///< in whole vectors
  int classes;                        ///< of columns that the tile maps
  const Moment* mapped;               ///< [row] -1, or 0 if the tile does not map it
  const std::uint32_t* words;         ///< [row]
  std::array<const Moment*, 2> room;  ///< [class][row] from when on there is room
  Moment *bus, *start, *arrival;      ///< [row] in and out: from when on it is free; out
};
void send_first(const FirstSend& s);

/// PEs of the columns begin..end-1.
struct PeRange {
  std::uint32_t rows, stride;  ///< `rows` in whole vectors
  std::uint32_t begin, end;
  const Moment* mapped;  ///< [row] -1, or 0 if the tile does not map it
};

/// When messages are on their buses, and in the FIFOs; when lines waited for memory before.
struct OnBus {
  const Moment *start, *arrival, *memory_begin, *memory_end;
};

/// PEs wait for the first group of a segment of their row, and for the segment of their column.
struct Begin {
  PeRange pes;
  OnBus rows, columns;
  const Moment* free;
  Moment* ready;                                ///< out: with both
  Moment *starved_weight, *starved_activation;  ///< PE-cycles are added
  Moment *earliest, *latest;                    ///< [row] in and out: of `ready`
};
void begin_segment(const Begin& b);
/// Adds the PE-cycles in which they wait for memory.
void count_memory_waits(const Begin& b, Moment* starved_memory);

/// PEs with both wait until `gate`, for memory in untaken_begin..untaken_end.
struct Gate {
  PeRange pes;
  const Moment* gate;
  Moment untaken_begin, untaken_end;
  Moment* ready;                            ///< in and out
  Moment *blocked_memory, *blocked_output;  ///< PE-cycles are added
  Moment *earliest, *latest;                ///< [row] as above
};
void wait_for_gate(const Gate& g);

/// The groups of a segment, row by row: FAST.md, "A segment of the array as a step".
struct Chain {
  std::uint32_t rows, depth;
  std::uint32_t last;                        ///< groups from this one on are not gone through
  int classes;                               ///< of columns that the tile maps
  const std::uint32_t *groups, *last_words;  ///< [row] 0 if the tile does not map it; words of its last group
  Moment words;                              ///< of other groups but a tile's first
  const std::uint32_t* const* cycles;        ///< [row][group] in a PE; null if all are 1
  std::array<const Moment*, 2> latest;       ///< [class][row] of `ready`
  const Moment* earliest;                    ///< [row]
  Moment* bus;                               ///< [row] in and out: from when on it is free
  std::array<Moment*, 2> room;               ///< [class][group mod depth][row] in and out: from when on there is room
  Moment *taken, *sigma;                     ///< [row] in and out: cycles of groups so far; FAST.md
  // Out: of a group that some PE waits for; of rows in which none does, before = sigma.
  Moment *before, *taken_before, *start, *arrival;
};
/// Goes through the groups from `group` on. True if some PE waits for one: `group` is the next then.
bool follow(const Chain& c, std::uint32_t& group);
/// Adds the PE-cycles in which PEs wait for that group.
void count_group_waits(const Chain& c, const PeRange& pes, const Moment* ready, Moment* starved_weight);

/// Groups after the first depth + 1, which keep pace, are over.
void keep_pace(const Chain& c);
/// Room for the messages after the segment: next[class][message][row]. `paced`: after keep_pace().
void next_room(const Chain& c, bool paced, const std::array<Moment*, 2>& next);

/// PEs are done with the segment, and columns take note of the latest.
struct End {
  PeRange pes;
  int classes;                            ///< of rows that the tile maps
  std::array<const Moment*, 2> of_class;  ///< [class][row] -1, or 0
  const Moment *taken, *sigma, *ready;
  Moment* free;
  std::array<Moment*, 2> popped;  ///< [class of rows][column] out
};
void end_segment(const End& e);

}  // namespace lacuna::gather::fast
