// What do lines and PEs do in a tile, whenever they do it? Messages, items, results. A family fills it in; nothing here
// depends on time, and pe_by_pe.h says when it happens.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "datapaths/fabric/fast/memory.h"
#include "datapaths/fabric/geometry.h"

namespace lacuna::fabric::fast {

constexpr std::uint32_t kNever = UINT32_MAX;

/// fabric::Side as an index.
constexpr std::size_t kWeights = 0, kActivations = 1;

struct Message {
  std::uint32_t bytes, words;
  std::uint32_t block;  ///< that it is part of
};

/// The messages of one operand. A stream is a line, or a PE that a row serves alone: row x columns + column of the
/// array.
class Messages {
 public:
  /// The next stream has these messages; those of a line that the tile does not map, none.
  std::vector<Message>& all() { return messages_; }
  void end_stream() { ends_.push_back(messages_.size()); }
  void clear() { messages_.clear(), ends_.assign(1, 0); }

  [[nodiscard]] std::size_t streams() const { return ends_.size() - 1; }
  [[nodiscard]] std::size_t size() const { return messages_.size(); }
  /// The first of a stream among all.
  [[nodiscard]] std::size_t first(std::size_t stream) const { return ends_[stream]; }
  [[nodiscard]] std::uint32_t steps(std::size_t stream) const {
    return static_cast<std::uint32_t>(ends_[stream + 1] - ends_[stream]);
  }
  [[nodiscard]] const Message& at(std::size_t stream, std::uint32_t step) const {
    return messages_[ends_[stream] + step];
  }

 private:
  std::vector<Message> messages_;
  std::vector<std::size_t> ends_{0};
};

/// What a PE takes at once: a message of its row with one of its column. Neighbouring items may share one of them,
/// which is popped with the last cycle of the last item that needs it.
struct Item {
  std::uint32_t weights, activations;  ///< steps
};

struct TileWork {
  /// Of one PE: its items, how long each takes, where a stop ends them. Lists may be shared.
  struct Pe {
    std::uint32_t items = 0;
    std::uint32_t first_item = 0, first_cycles = 0;    ///< among `items` and `cycles`
    std::uint32_t stop_item = kNever, stop_group = 0;  ///< the cycle of the item, from 0, whose group stops the sum
  };

  virtual ~TileWork() = default;

  TileIndex index;
  Geometry geometry;
  Blocks blocks;
  std::array<Messages, 2> messages;    ///< [side]
  std::vector<Item> items;             ///< a PE's begin at its first_item; every message is in one of them
  std::vector<std::uint32_t> cycles;   ///< 1 or more of each item; a PE's begin at its first_cycles
  std::vector<Pe> pes;                 ///< [rows x columns of the array]
  std::vector<std::uint32_t> results;  ///< [mapped column]: of each of its PEs
  std::uint64_t left_out = 0;          ///< pairs that no PE sees
  std::uint64_t output_bytes = 0;      ///< as they are written

  [[nodiscard]] const Item& item(const Pe& pe, std::uint32_t item) const { return items[pe.first_item + item]; }
  [[nodiscard]] std::uint32_t cycles_of(const Pe& pe, std::uint32_t item) const {
    return cycles[pe.first_cycles + item];
  }
};

}  // namespace lacuna::fabric::fast
