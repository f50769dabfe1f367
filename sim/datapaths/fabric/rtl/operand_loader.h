// The memory side of the operand buffers of all rows (weights) or all columns (activations): cuts the messages of a
// fetched block into words and writes one word per feeder and cycle.
#pragma once

#include <algorithm>
#include <array>
#include <ranges>
#include <string>
#include <utility>
#include <vector>

#include "datapaths/fabric/block.h"
#include "datapaths/fabric/side.h"
#include "rtl/rtl_model.h"

namespace lacuna::fabric {

/// `Rtl`: README.md, section What a family brings.
template <typename Rtl>
class OperandLoader {
 public:
  using Own = typename Rtl::Own;
  using Lowering = typename Own::Lowering;
  using Tile = typename Own::Tile;

  OperandLoader(const RtlModel& model, const Lowering& lowering, Side side)
      : side_(side),
        bus_bytes_(Own::feeder(lowering.machine(), side).bus_bytes),
        unicast_(side == Side::Weights && Own::unicast(lowering.machine())),
        messages_(lowering, side) {
    const std::string line = side == Side::Weights ? "row" : "column";
    const auto port = [&](const char* name, std::uint32_t width) { return model.port(line + "_load_" + name, width); };
    const std::uint32_t address = model.width(line + "_address");
    ports_ = {port("valid_i", 1),
              port("half_i", 1),
              port("address_i", address),
              port("word_i", 8 * bus_bytes_),
              port("message_i", 1),
              port("message_index_i", address),
              port("message_length_i", model.width(line + "_length")),
              port("message_flags_i", model.width(line + "_flags"))};
    const ArrayConfig& array = lowering.machine().array;
    lines_.resize(side == Side::Weights ? array.rows : array.columns);
  }

  /// The words of `block` of `tile` come from now on; an operand that is not fetched stays in the half it is in.
  void load(const Tile& tile, std::uint32_t index) {
    const Block& block = tile.blocks[index];
    const bool stays = (side_ == Side::Weights ? block.weight_write_bytes : block.activation_write_bytes) == 0;
    if (!stays) half_ ^= 1;
    held_ = {held_[1], {BlockPosition{tile.index, index}, half_}};
    if (stays) return;

    next_ = most_ = 0;
    for (std::uint32_t i = 0; i < lines_.size(); ++i) {
      lines_[i].words.clear();
      lines_[i].messages = 0;
      append(i, tile, index);
      most_ = std::max(most_, lines_[i].words.size());
    }
    LACUNA_CHECK(most_ <= block.words, "a feeder takes {} words of a block of {}", most_, block.words);
  }

  /// Puts the next word of every feeder on the load ports; nothing if there is none or memory is `held`.
  void cycle(bool held) {
    if (next_ == most_ || held) {
      if (most_ != 0) ports_.valid.clear();
      if (next_ == most_) next_ = most_ = 0;
      return;
    }
    ports_.half.put(0, half_);
    ports_.address.put(0, next_);
    for (std::uint32_t i = 0; i < lines_.size(); ++i) {
      const bool valid = next_ < lines_[i].words.size();
      ports_.valid.put(i, valid ? 1 : 0);
      if (!valid) continue;
      const Word& word = lines_[i].words[next_];
      ports_.word.put_bytes(i, word.bytes);
      ports_.message.put(i, word.first_of_message ? 1 : 0);
      ports_.index.put(i, word.message);
      ports_.length.put(i, word.length);
      ports_.flags.put(i, word.flags);
    }
    ++next_;
  }

  /// The half of the buffers that holds the block; it must be one of the latest two loaded.
  [[nodiscard]] unsigned half_of(BlockPosition block) const {
    for (const auto& [position, half] : held_)
      if (position == block) return half;
    throw Bug(fmt::format("block {} of tile {} is not in the operand buffers", block.block, block.tile));
  }

 private:
  struct Word {
    std::vector<std::uint8_t> bytes;
    bool first_of_message = false;
    std::uint32_t message = 0, length = 0;
    std::uint64_t flags = 0;
  };
  struct Ports {
    Port valid, half, address, word, message, index, length, flags;
  };
  struct Line {
    std::vector<Word> words;
    std::uint32_t messages = 0;
  };

  /// The messages of line `i` in a block, in the order of steps and, where a row serves its PEs one by one, of PEs.
  void append(std::uint32_t i, const Tile& tile, std::uint32_t block) {
    const std::uint32_t mapped = side_ == Side::Weights ? tile.columns_of(Row(i)) : tile.rows_of(Column(i));
    if (mapped == 0) return;
    const std::uint32_t steps = tile.steps_of(side_, i);
    const auto block_of = [&](std::uint32_t step) { return tile.block_at(side_, i, StepIndex(step)); };
    const auto all = std::views::iota(0u, steps);
    for (StepIndex step(*std::ranges::lower_bound(all, block, {}, block_of)); step < steps; ++step) {
      if (block_of(step) != block) break;
      const bool last = step + 1 == steps;
      const bool block_last = last || block_of(step + 1) != block;
      for (Column column(0); column < (unicast_ ? mapped : 1); ++column)
        append(lines_[i], tile, i, column, step, (last ? 1u : 0u) | (block_last ? 2u : 0u));
    }
  }

  void append(Line& line, const Tile& tile, std::uint32_t i, Column column, StepIndex step, std::uint64_t step_flags) {
    constexpr unsigned kStepFlagsBits = 2;  // fabric_pkg::StepFlagsBits
    const auto& message = tile.message(side_, i, column, step);
    std::vector<std::uint8_t> bytes;
    const std::uint64_t flags = messages_.append(bytes, tile, i, column, step) << kStepFlagsBits | step_flags;
    LACUNA_CHECK(bytes.size() == message.bytes, "tile {}: a message of {} bytes was lowered as {}", tile.index,
                 bytes.size(), message.bytes);
    bytes.resize(std::size_t{message.words} * bus_bytes_);
    for (std::uint32_t word = 0; word < message.words; ++word) {
      const auto begin = bytes.begin() + std::ptrdiff_t{word} * bus_bytes_;
      line.words.push_back({{begin, begin + bus_bytes_}, word == 0, line.messages, message.words, flags});
    }
    ++line.messages;
  }

  Side side_;
  std::uint32_t bus_bytes_;
  bool unicast_;
  typename Rtl::Messages messages_;
  Ports ports_;
  std::vector<Line> lines_;
  std::size_t next_ = 0;                                      ///< word of every line that is written next
  std::size_t most_ = 0;                                      ///< words of the longest line
  unsigned half_ = 1;                                         ///< written last
  std::array<std::pair<BlockPosition, unsigned>, 2> held_{};  ///< latest blocks and their halves
};

}  // namespace lacuna::fabric
