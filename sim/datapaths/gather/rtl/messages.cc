#include "datapaths/gather/rtl/messages.h"

#include <bit>

namespace lacuna::gather {

namespace {

/// Appends the lowest `count` bytes of `value`, least significant first.
void put_value(std::vector<std::uint8_t>& bytes, std::int64_t value, unsigned count) {
  for (unsigned byte = 0; byte < count; ++byte) bytes.push_back(static_cast<std::uint8_t>(value >> (8 * byte)));
}

/// Appends fields of bits one behind the other, lowest bits first.
class BitWriter {
 public:
  explicit BitWriter(std::vector<std::uint8_t>& bytes) : bytes_(bytes) {}
  void put(std::uint64_t value, unsigned bits) {
    for (unsigned i = 0; i < bits; ++i, ++used_) {
      if (used_ % 8 == 0) bytes_.push_back(0);
      bytes_.back() = static_cast<std::uint8_t>(bytes_.back() | ((value >> i & 1) << (used_ % 8)));
    }
  }

 private:
  std::vector<std::uint8_t>& bytes_;
  std::size_t used_ = 0;
};

}  // namespace

Messages::Messages(const Lowering& lowering, fabric::Side side)
    : machine_(lowering.machine()),
      config_(config(machine_)),
      side_(side),
      operand_bytes_(operand_bytes(machine_)),
      bias_bytes_(accumulator_bits(machine_) / 8),
      last_segment_(config_.delivery == Delivery::Stream ? (lowering.positions() - 1) / config_.segment : 0) {}

std::uint64_t Messages::append(std::vector<std::uint8_t>& bytes, const Tile& tile, std::uint32_t line, Column,
                               StepIndex step) const {
  return side_ == fabric::Side::Weights ? weights(bytes, tile, line, step) : activations(bytes, tile, line, step);
}

std::uint64_t Messages::weights(std::vector<std::uint8_t>& bytes, const Tile& tile, std::uint32_t row,
                                StepIndex step) const {
  const Message& message = tile.message(side_, row, Column(0), step);
  const bool first = step == 0, stream = config_.delivery == Delivery::Stream;
  if (first) put_value(bytes, tile.filters->bias[row], bias_bytes_);
  if (config_.weight_order == WeightOrder::Predictive) {
    const Checks& checks = tile.filters->rows[row].checks;
    put_value(bytes, checks.threshold, bias_bytes_);
    put_value(bytes, checks.predicted, 2);
  }
  BitWriter entries(bytes);
  for (const Entry& entry : message.entries) {
    entries.put(static_cast<std::uint64_t>(static_cast<std::int64_t>(entry.value)), 8 * operand_bytes_);
    entries.put(entry.index, index_bits(config_));
  }
  if (stream && message.entries.empty()) bytes.push_back(0);
  const auto count_bits = static_cast<unsigned>(std::bit_width(stream ? config_.lanes : config_.segment));
  return message.entries.size() | std::uint64_t{first} << count_bits |
         std::uint64_t{message.segment_last} << (count_bits + 1);
}

std::uint64_t Messages::activations(std::vector<std::uint8_t>& bytes, const Tile& tile, std::uint32_t column,
                                    StepIndex step) const {
  const Message& message = tile.message(side_, column, Column(0), step);
  const std::uint32_t windows = tile.results_of(Column(column));
  const bool stream = config_.delivery == Delivery::Stream;
  const std::uint32_t values = message.length * (stream ? windows : 1);
  for (std::uint32_t i = 0; i < values; ++i) put_value(bytes, message.values[i], operand_bytes_);
  const std::uint32_t most = config_.windows * (stream ? 1 : config_.window_groups);
  return windows | std::uint64_t{message.segment == last_segment_} << std::bit_width(most);
}

}  // namespace lacuna::gather
