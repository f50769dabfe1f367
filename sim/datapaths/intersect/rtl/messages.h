// A chunk message as the operand buffers hold it: bytes and flags.
#pragma once

#include <cstdint>
#include <vector>

#include "datapaths/intersect/parts.h"

namespace lacuna::intersect {

class Messages {
 public:
  Messages(const Lowering& lowering, Side side);

  /// Appends the bytes of the message of a step; its flags, intersect_pkg::message_flags_t.
  std::uint64_t append(std::vector<std::uint8_t>& bytes, const Tile& tile, std::uint32_t line, Column column,
                       StepIndex step) const;

  /// Chunks of the reduction but the last, and positions of that one.
  struct Chunks {
    std::uint32_t whole, tail_length;
  };
  [[nodiscard]] static Chunks chunks(const Lowering& lowering);

 private:
  const Machine& machine_;
  Side side_;
  const FeederConfig& feeder_;
  Chunks chunks_;
  bool owned_sent_;
};

}  // namespace lacuna::intersect
