#include "datapaths/intersect/rtl/messages.h"

#include "datapaths/intersect/skip_rules.h"

namespace lacuna::intersect {

namespace {

/// Appends the lowest `count` bits of `mask`, filled up to a byte.
void put_mask(std::vector<std::uint8_t>& bytes, const Mask& mask, std::uint32_t count) {
  for (std::uint32_t position = 0; position < count; position += 8) {
    const std::uint64_t word = position < 64 ? mask.low : mask.high;
    bytes.push_back(static_cast<std::uint8_t>(word >> (position & 63)));
  }
}

/// Appends the lowest `count` bytes of `value`, least significant first.
void put_value(std::vector<std::uint8_t>& bytes, std::int64_t value, std::uint32_t count) {
  for (std::uint32_t byte = 0; byte < count; ++byte) bytes.push_back(static_cast<std::uint8_t>(value >> (8 * byte)));
}

}  // namespace

Messages::Messages(const Lowering& lowering, Side side)
    : machine_(lowering.machine()), side_(side), feeder_(Own::feeder(machine_, side)), chunks_(chunks(lowering)) {
  const bool skips_zero_weights =
      with_skip_rule(config(machine_).skip, [](auto rule) { return decltype(rule)::kSkipsZeroWeights; });
  owned_sent_ = side == Side::Weights && lowering.early_termination() && !skips_zero_weights;
}

Messages::Chunks Messages::chunks(const Lowering& lowering) {
  const ConvShape& shape = lowering.layer().shape;
  const std::uint32_t chunk = config(lowering.machine()).chunk;
  const std::uint32_t k = shape.R * shape.S * (shape.C / shape.groups), whole = (k - 1) / chunk;
  return {whole, k - whole * chunk};
}

std::uint64_t Messages::append(std::vector<std::uint8_t>& bytes, const Tile& tile, std::uint32_t line, Column column,
                               StepIndex index) const {
  const Step& step = tile.steps()[index];
  const Message& message = tile.message(side_, line, column, index);
  const bool tail = step.chunk == chunks_.whole;
  const std::uint32_t length = tail ? chunks_.tail_length : config(machine_).chunk;
  if (feeder_.encoding == Encoding::Bitmask) put_mask(bytes, message.mask, length);
  if (owned_sent_) put_mask(bytes, message.owned, length);
  if (side_ == Side::Weights && step.first)
    put_value(bytes, tile.filters->bias[tile.filter_stream(Row(line), column)], accumulator_bits(machine_) / 8);
  for (std::uint32_t position = 0; position < length; ++position) {
    const bool nonzero = message.mask.test(position);
    if (feeder_.encoding == Encoding::Dense || nonzero)
      put_value(bytes, nonzero ? message.values[position] : 0, operand_bytes(machine_));
  }
  return (step.first ? 1u : 0u) | (step.check_each ? 2u : 0u) | (step.check_end ? 4u : 0u) | (tail ? 8u : 0u);
}

}  // namespace lacuna::intersect
