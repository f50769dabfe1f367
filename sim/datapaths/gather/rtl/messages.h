// What feeders send as the operand buffers hold it: bytes and flags.
#pragma once

#include <cstdint>
#include <vector>

#include "datapaths/gather/events.h"

namespace lacuna::gather {

class Messages {
 public:
  Messages(const Lowering& lowering, fabric::Side side);

  /// Appends the bytes of the message of a step; its flags, from the lowest bit on: of a row the entries, whether it is
  /// the tile's first and the segment's last; of a column the windows, whether it is of the last segment.
  std::uint64_t append(std::vector<std::uint8_t>& bytes, const Tile& tile, std::uint32_t line, Column column,
                       StepIndex step) const;

 private:
  [[nodiscard]] std::uint64_t weights(std::vector<std::uint8_t>& bytes, const Tile& tile, std::uint32_t row,
                                      StepIndex step) const;
  [[nodiscard]] std::uint64_t activations(std::vector<std::uint8_t>& bytes, const Tile& tile, std::uint32_t column,
                                          StepIndex step) const;

  const Machine& machine_;
  const Config& config_;
  fabric::Side side_;
  unsigned operand_bytes_, bias_bytes_;
  std::uint32_t last_segment_;
};

}  // namespace lacuna::gather
