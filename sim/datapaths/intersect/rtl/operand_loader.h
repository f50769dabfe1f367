// The memory side of the operand buffers of all rows (weights) or all columns (activations): cuts the messages of a
// fetched block into words and writes one word per feeder and cycle.
#pragma once

#include <array>
#include <vector>

#include "datapaths/intersect/parts.h"
#include "rtl/rtl_model.h"

namespace lacuna::intersect {

class OperandLoader {
 public:
  OperandLoader(const RtlModel& model, const Lowering& lowering, Side side);

  /// The words of `block` of `tile` come from now on; an operand that is not fetched stays in the half it is in.
  void load(const Tile& tile, std::uint32_t block);
  /// Puts the next word of every feeder on the load ports; nothing if there is none or memory is `held`.
  void cycle(bool held);
  /// The half of the buffers that holds the block; it must be one of the latest two loaded.
  [[nodiscard]] unsigned half_of(BlockPosition block) const;

 private:
  struct Word {
    std::vector<std::uint8_t> bytes;
    bool first_of_message = false;
    std::uint32_t message = 0, length = 0, flags = 0;
  };
  struct Ports {
    Port valid, half, address, word, message, index, length, flags;
  };
  struct Line {
    std::vector<Word> words;
    std::uint32_t messages = 0;
  };

  void append(Line& line, const Tile& tile, const Step& step, bool block_last, const Message& message,
              std::int64_t bias);

  const Lowering& lowering_;
  Side side_;
  const FeederConfig& feeder_;
  bool owned_sent_;
  std::uint32_t last_chunk_, tail_length_;
  Ports ports_;
  std::vector<Line> lines_;
  std::size_t next_ = 0;                                      ///< word of every line that is written next
  std::size_t most_ = 0;                                      ///< words of the longest line
  unsigned half_ = 1;                                         ///< written last
  std::array<std::pair<BlockPosition, unsigned>, 2> held_{};  ///< latest blocks and their halves
};

}  // namespace lacuna::intersect
