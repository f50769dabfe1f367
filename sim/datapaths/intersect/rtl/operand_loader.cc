#include "datapaths/intersect/rtl/operand_loader.h"

#include <algorithm>

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

OperandLoader::OperandLoader(const RtlModel& model, const Lowering& lowering, Side side)
    : lowering_(lowering),
      side_(side),
      feeder_(side == Side::Weights ? config(lowering.machine()).weights : config(lowering.machine()).activations) {
  const Machine& machine = lowering.machine();
  const ConvShape& shape = lowering.layer().shape;
  const bool skips_zero_weights =
      with_skip_rule(config(machine).skip, [](auto rule) { return decltype(rule)::kSkipsZeroWeights; });
  owned_sent_ = side == Side::Weights && lowering.early_termination() && !skips_zero_weights;
  const std::uint32_t k = shape.R * shape.S * (shape.C / shape.groups);
  last_chunk_ = (k - 1) / config(machine).chunk;
  tail_length_ = k - last_chunk_ * config(machine).chunk;

  const std::string line = side == Side::Weights ? "row" : "column";
  const auto port = [&](const char* name, std::uint32_t width) { return model.port(line + "_load_" + name, width); };
  const std::uint32_t address = model.width(line + "_address");
  ports_ = {port("valid_i", 1),
            port("half_i", 1),
            port("address_i", address),
            port("word_i", 8 * feeder_.bus_bytes),
            port("message_i", 1),
            port("message_index_i", address),
            port("message_length_i", model.width(line + "_length")),
            port("message_flags_i", model.width("flags"))};
  lines_.resize(side == Side::Weights ? machine.array.rows : machine.array.columns);
}

void OperandLoader::append(Line& line, const Tile& tile, const Step& step, bool block_last, const Message& message,
                           std::int64_t bias) {
  const Machine& machine = lowering_.machine();
  const bool weights = side_ == Side::Weights;
  const bool tail = step.chunk == last_chunk_;
  const std::uint32_t length = tail ? tail_length_ : config(machine).chunk;
  std::vector<std::uint8_t> bytes;
  if (feeder_.encoding == Encoding::Bitmask) put_mask(bytes, message.mask, length);
  if (owned_sent_) put_mask(bytes, message.owned, length);
  if (weights && step.first) put_value(bytes, bias, accumulator_bits(machine) / 8);
  for (std::uint32_t position = 0; position < length; ++position) {
    const bool nonzero = message.mask.test(position);
    if (feeder_.encoding == Encoding::Dense || nonzero)
      put_value(bytes, nonzero ? message.values[position] : 0, operand_bytes(machine));
  }
  LACUNA_CHECK(bytes.size() == message.bytes, "tile {}: a message of {} bytes was lowered as {}", tile.index,
               bytes.size(), message.bytes);

  bytes.resize(std::size_t{message.words} * feeder_.bus_bytes);
  const std::uint32_t flags = (step.first ? 1u : 0u) | (step.last ? 2u : 0u) | (step.check_each ? 4u : 0u) |
                              (step.check_end ? 8u : 0u) | (tail ? 16u : 0u) | (block_last ? 32u : 0u);
  for (std::uint32_t word = 0; word < message.words; ++word) {
    const auto begin = bytes.begin() + std::ptrdiff_t{word} * feeder_.bus_bytes;
    line.words.push_back({{begin, begin + feeder_.bus_bytes}, word == 0, line.messages, message.words, flags});
  }
  ++line.messages;
}

void OperandLoader::load(const Tile& tile, std::uint32_t index) {
  const Block& block = tile.blocks[index];
  const bool weights = side_ == Side::Weights;
  const bool stays = (weights ? block.weight_write_bytes : block.activation_write_bytes) == 0;
  if (!stays) half_ ^= 1;
  held_ = {held_[1], {BlockPosition{tile.index, index}, half_}};
  if (stays) return;

  next_ = most_ = 0;
  for (std::uint32_t i = 0; i < lines_.size(); ++i) {
    Line& line = lines_[i];
    line.words.clear();
    line.messages = 0;
    for (StepIndex s(block.begin); s < block.end; ++s) {
      const Step& step = tile.steps()[s];
      const bool block_last = s + 1 == block.end;
      if (!weights) {
        if (i < tile.columns) append(line, tile, step, block_last, tile.activation_message(Column(i), s), 0);
        continue;
      }
      const std::uint32_t groups =
          tile.mapping == Mapping::Filters ? tile.columns_of(Row(i)) : std::min(1u, tile.columns_of(Row(i)));
      for (Column column(0); column < groups; ++column)
        append(line, tile, step, block_last, tile.weight_message(Row(i), column, s),
               tile.filters->bias[tile.filter_stream(Row(i), column)]);
    }
    most_ = std::max(most_, line.words.size());
  }
  LACUNA_CHECK(most_ <= block.words, "a feeder takes {} words of a block of {}", most_, block.words);
}

void OperandLoader::cycle(bool held) {
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

unsigned OperandLoader::half_of(BlockPosition block) const {
  for (const auto& [position, half] : held_)
    if (position == block) return half;
  throw Bug(fmt::format("block {} of tile {} is not in the operand buffers", block.block, block.tile));
}

}  // namespace lacuna::intersect
