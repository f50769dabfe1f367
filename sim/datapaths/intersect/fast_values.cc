#include "datapaths/intersect/fast_values.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <limits>
#include <span>
#include <type_traits>

#include "machine/skip_rules.h"
#include "sparse/storage.h"

namespace lacuna::fast {

namespace {

/// What becomes of a complete sum on its way to the output buffer: rescaled, clipped, near-zero values dropped.
class Finisher {
 public:
  Finisher(const Machine& machine, const Layer& layer) : layer_(layer), threshold_(machine.post.threshold) {
    if (!layer.requantise.empty()) {
      const unsigned bits = layer.operand_bits() - (layer.relu ? 0 : 1);
      highest_ = (std::int64_t{1} << bits) - 1;
      lowest_ = -highest_ - 1;
    }
    if (layer.relu) lowest_ = 0;
  }

  /// Values of `count` sums of one filter, which lie `stride` apart.
  template <typename Sum>
  void finish(std::uint32_t filter, const Sum* sums, std::size_t stride, std::uint32_t count,
              std::int64_t* values) const {
    std::int64_t multiplier = 1, half = 0;
    unsigned shift = 0;
    if (!layer_.requantise.empty()) {
      multiplier = layer_.requantise[filter].multiplier;
      shift = layer_.requantise[filter].shift;
      half = shift == 0 ? 0 : std::int64_t{1} << (shift - 1);
    }
    for (std::uint32_t i = 0; i < count; ++i) {
      std::int64_t value = (sums[i * stride] * multiplier + half) >> shift;
      value = value > highest_ ? highest_ : value;
      value = value < lowest_ ? lowest_ : value;
      values[i] = value < threshold_ && -value < threshold_ ? 0 : value;
    }
  }

 private:
  const Layer& layer_;
  std::int64_t threshold_;
  std::int64_t lowest_ = std::numeric_limits<std::int64_t>::min() / 2;
  std::int64_t highest_ = std::numeric_limits<std::int64_t>::max() / 2;
};

template <typename Visit>
void with_output(Tensor& output, Visit&& visit) {
  switch (output.type()) {
    case DType::Int8:
      return visit(output.as<std::int8_t>().data());
    case DType::UInt8:
      return visit(output.as<std::uint8_t>().data());
    case DType::Int16:
      return visit(output.as<std::int16_t>().data());
    case DType::UInt16:
      return visit(output.as<std::uint16_t>().data());
    case DType::Int32:
      return visit(output.as<std::int32_t>().data());
    case DType::Int64:
      return visit(output.as<std::int64_t>().data());
    default:
      throw Bug("outputs are integers");
  }
}

/// Positions that kernels multiply together.
template <typename Weight>
constexpr std::size_t kTogether = sizeof(Weight) == 1   ? 4
                                  : sizeof(Weight) == 2 ? 2
                                                        : 1;

/// Where the weight of filter f at position k is among packed ones.
template <typename Weight>
std::size_t packed_at(std::size_t k, std::size_t f) {
  constexpr std::size_t n = kTogether<Weight>;
  return k / n * n * kLanes + f * n + k % n;
}

/// Packs rows of 16 filters as the kernels take them.
template <typename Weight>
void pack(const Weight* rows, std::size_t stride, std::size_t k, Weight* packed) {
  constexpr std::size_t n = kTogether<Weight>;
  for (std::size_t at = 0; at < k; at += n)
    for (std::size_t f = 0; f < kLanes; ++f, packed += n)
      std::memcpy(packed, rows + f * stride + at, n * sizeof(Weight));
}

template <typename Weight, typename Input, typename Sum>
void multiply(const Kernels& kernels, const Weight* packed, const Input* rows, std::size_t stride,
              std::uint32_t windows, std::size_t begin, std::size_t end, Sum* sums) {
  const auto length = static_cast<std::uint32_t>((end - begin + kTogether<Weight> - 1) / kTogether<Weight>);
  packed += begin * kLanes;
  rows += begin;
  if constexpr (sizeof(Weight) == 1)
    kernels.byte_products(packed, rows, stride, windows, length, sums);
  else if constexpr (sizeof(Weight) == 2)
    kernels.products(packed, rows, stride, windows, length, sums);
  else
    kernels.wide_products(packed, rows, stride, windows, length, sums);
}

/// Bytes of packed weights held at a time, of values of windows held at a time.
constexpr std::size_t kPackedBytes = std::size_t{32} << 20;
constexpr std::size_t kWindowBytes = std::size_t{1} << 19;

}  // namespace

Values::Values(const Operands& operands)
    : operands_(operands),
      rows_(operands.lowering().machine().array.rows),
      group_filters_(operands.group_filters()),
      blocks_((group_filters_ + rows_ - 1) / rows_),
      windows_(operands.window_count()) {
  const Layer& layer = operands.lowering().layer();
  output_ = Tensor(layer.output_type(), {layer.shape.N, layer.shape.M, layer.shape.P(), layer.shape.Q()});
  column_bytes_.resize(std::size_t{layer.shape.groups} * blocks_ * windows_);
  if (operands.lowering().early_termination()) stops_.resize(std::size_t{layer.shape.M} * windows_);
  with_elements(operands.input_size(), [&](auto input, auto weight) {
    compute<decltype(input), decltype(weight), std::conditional_t<sizeof(weight) == 4, std::int64_t, std::int32_t>>();
  });
}

template <typename Input, typename Weight, typename Sum>
void Values::compute() {
  const Lowering& lowering = operands_.lowering();
  const Machine& machine = lowering.machine();
  const Layer& layer = lowering.layer();
  const ConvShape& shape = layer.shape;
  const Kernels& kernels = operands_.kernels();
  const Finisher finisher(machine, layer);
  const bool terminates = lowering.early_termination();
  const bool raw = layer.requantise.empty();
  const FormatParams format{machine.storage.activations, lowering.output_bytes() * 8, machine.storage.run_bits,
                            machine.storage.index_bits, machine.storage.pointer_bits};
  const bool counted = raw || format.format == StorageFormat::Dense || format.format == StorageFormat::Bitmask;
  const unsigned wrap = 64 - accumulator_bits(machine);
  const std::uint64_t plane = std::uint64_t{shape.P()} * shape.Q();

  const std::size_t k = operands_.k();
  const std::size_t stride = operands_.row_stride();
  const std::size_t packed_size = (k + 3) / 4 * 4 * kLanes;
  const std::uint32_t parts = padded(std::min(rows_, group_filters_)) / kLanes;  // of a block of rows
  const std::size_t block_size = parts * packed_size * (terminates ? 2 : 1);
  const auto blocks_at_once =
      static_cast<std::uint32_t>(std::clamp<std::size_t>(kPackedBytes / (block_size * sizeof(Weight)), 1, blocks_));
  const auto windows_at_once = static_cast<std::uint32_t>(std::min<std::uint64_t>(
      padded(static_cast<std::uint32_t>(std::min<std::uint64_t>(windows_, 1u << 20))),
      std::clamp<std::size_t>(kWindowBytes / (stride * sizeof(Input)) / kLanes * kLanes, kLanes, 256)));

  const auto rule = with_skip_rule(machine.array.skip, [](auto r) {
    using Rule = decltype(r);
    const Mask one = Mask::first(1);
    return std::array<bool, 4>{!Rule::slots(one, {}, {}).none(), !Rule::slots(one, {}, one).none(),
                               !Rule::slots(one, one, {}).none(), !Rule::slots(one, one, one).none()};
  });

  std::vector<Weight> packed, filter_rows(kLanes * stride), part_rows(kLanes * stride);
  std::vector<Input> rows(windows_at_once * stride);
  std::vector<std::int64_t> values(std::size_t{parts} * kLanes * kLanes);
  std::array<Sum, kLanes * kLanes> sums{}, before{};
  std::vector<std::int32_t> column(rows_);
  std::array<std::size_t, kLanes> at{};

  // Which of `filters` sums of each of `count` windows are not above zero.
  const auto not_above_zero = [&](std::uint32_t count, std::uint32_t filters, std::uint16_t* bits) {
    if constexpr (sizeof(Sum) == 4) {
      kernels.not_above_zero(sums.data(), count, bits);
      for (std::uint32_t w = 0; w < count; ++w) bits[w] &= static_cast<std::uint16_t>((1u << filters) - 1);
    } else {
      for (std::uint32_t w = 0; w < count; ++w) {
        bits[w] = 0;
        for (std::uint32_t f = 0; f < filters; ++f)
          bits[w] |= static_cast<std::uint16_t>((sums[w * kLanes + f] <= 0) << f);
      }
    }
  };

  // Stops of `count` windows and 16 filters whose sums after the positive pass are in `sums`.
  const auto find_stops = [&](const Weight* positive, const Weight* negative, const Input* window_rows,
                              std::uint32_t count, std::uint32_t filters, Stop* const* stops) {
    std::array<std::uint16_t, kLanes> stopped{}, now{};
    not_above_zero(count, filters, stopped.data());
    std::uint32_t left = count * filters;
    for (std::uint32_t w = 0; w < count; ++w)
      for (std::uint32_t bits = stopped[w]; bits != 0; bits &= bits - 1, --left)
        stops[std::countr_zero(bits)][w] = Stop::after_positive();
    for (std::uint32_t c = 0; c < operands_.chunks() && left != 0; ++c) {
      const std::size_t begin = std::size_t{c} * machine.array.chunk;
      const std::size_t end = begin + operands_.chunk_length(c);
      before = sums;
      multiply(kernels, negative, window_rows, stride, count, begin, end, sums.data());
      not_above_zero(count, filters, now.data());
      for (std::uint32_t w = 0; w < count; ++w) {
        for (std::uint32_t bits = now[w] & ~stopped[w]; bits != 0; bits &= bits - 1, --left) {
          const auto f = static_cast<std::uint32_t>(std::countr_zero(bits));
          std::uint32_t slots = 0;
          Sum sum = before[w * kLanes + f];
          for (std::size_t p = begin;; ++p) {
            const std::size_t at = packed_at<Weight>(p, f);
            const Weight weight = negative[at];
            const Input activation = window_rows[w * stride + p];
            sum += static_cast<Sum>(weight) * activation;
            if (sum <= 0) break;
            if (positive[at] == 0) slots += rule[(weight != 0) * 2 + (activation != 0)];
          }
          stops[f][w] = Stop::at(c, slots / machine.array.lanes);
        }
        stopped[w] |= now[w];
      }
    }
    // What is stopped ends at or below zero.
    for (std::uint32_t w = 0; w < count; ++w)
      for (std::uint32_t bits = stopped[w]; bits != 0; bits &= bits - 1)
        sums[w * kLanes + static_cast<std::uint32_t>(std::countr_zero(bits))] = 0;
  };

  for (std::uint32_t group = 0; group < shape.groups; ++group)
    for (std::uint32_t first_block = 0; first_block < blocks_; first_block += blocks_at_once) {
      const std::uint32_t last_block = std::min(blocks_, first_block + blocks_at_once);
      packed.assign((last_block - first_block) * block_size, 0);
      const auto part_of = [&](std::uint32_t block, std::uint32_t part, bool negative) {
        return packed.data() + (block - first_block) * block_size + (part + (negative ? parts : 0)) * packed_size;
      };
      for (std::uint32_t block = first_block; block < last_block; ++block)
        for (std::uint32_t part = 0; part < parts; ++part) {
          const std::uint32_t place = block * rows_ + part * kLanes;
          const std::uint32_t end = std::min(group_filters_, (block + 1) * rows_);
          if (place >= end) continue;
          const std::uint32_t count = std::min(kLanes, end - place);
          for (std::uint32_t f = 0; f < kLanes; ++f) {
            if (f < count)
              operands_.filter_row(group, place + f, filter_rows.data() + f * stride);
            else
              std::fill_n(filter_rows.data() + f * stride, stride, Weight{0});
          }
          const auto pack_where = [&](bool negative) {
            for (std::size_t i = 0; i < filter_rows.size(); ++i)
              part_rows[i] = (filter_rows[i] < 0) == negative ? filter_rows[i] : Weight{0};
            pack(part_rows.data(), stride, k, part_of(block, part, negative));
          };
          if (terminates) {
            pack_where(false);
            pack_where(true);
          } else {
            pack(filter_rows.data(), stride, k, part_of(block, part, false));
          }
        }

      for (std::uint64_t first_window = 0; first_window < windows_; first_window += windows_at_once) {
        const auto window_count =
            static_cast<std::uint32_t>(std::min<std::uint64_t>(windows_at_once, windows_ - first_window));
        for (std::uint32_t i = 0; i < window_count; ++i)
          operands_.window_row(group, first_window + i, rows.data() + i * stride);

        for (std::uint32_t block = first_block; block < last_block; ++block) {
          const std::uint32_t place = block * rows_;
          const std::uint32_t filters = std::min(rows_, group_filters_ - place);
          const std::uint32_t* const channel =
              lowering.filter_order().data() + std::size_t{group} * group_filters_ + place;
          for (std::uint32_t w0 = 0; w0 < window_count; w0 += kLanes) {
            const std::uint32_t count = std::min(kLanes, window_count - w0);
            const Input* const window_rows = rows.data() + w0 * stride;
            for (std::uint32_t i = 0; i < count; ++i) {
              const std::uint64_t window = first_window + w0 + i;
              at[i] = window / plane * shape.M * plane + window % plane;
            }
            for (std::uint32_t part = 0; part * kLanes < filters; ++part) {
              const std::uint32_t f0 = part * kLanes;
              const std::uint32_t lanes = std::min(kLanes, filters - f0);
              for (std::uint32_t w = 0; w < count; ++w)
                for (std::uint32_t f = 0; f < lanes; ++f)
                  sums[w * kLanes + f] = static_cast<Sum>(layer.bias[channel[f0 + f]]);
              multiply(kernels, part_of(block, part, false), window_rows, stride, count, 0, k, sums.data());
              if (terminates) {
                std::array<Stop*, kLanes> stops{};
                for (std::uint32_t f = 0; f < lanes; ++f)
                  stops[f] = stops_.data() + (std::size_t{group} * group_filters_ + place + f0 + f) * windows_ +
                             first_window + w0;
                find_stops(part_of(block, part, false), part_of(block, part, true), window_rows, count, lanes,
                           stops.data());
              }
              if (wrap != 32 || sizeof(Sum) != 4)
                for (Sum& sum : sums)
                  sum = static_cast<Sum>(static_cast<std::int64_t>(static_cast<std::uint64_t>(sum) << wrap) >> wrap);
              for (std::uint32_t f = 0; f < lanes; ++f)
                finisher.finish(channel[f0 + f], sums.data() + f, kLanes, count, values.data() + (f0 + f) * kLanes);
            }
            with_output(output_, [&](auto* output) {
              using Out = std::remove_reference_t<decltype(*output)>;
              for (std::uint32_t f = 0; f < filters; ++f) {
                Out* const to = output + channel[f] * plane;
                for (std::uint32_t i = 0; i < count; ++i) to[at[i]] = static_cast<Out>(values[f * kLanes + i]);
              }
            });
            std::uint32_t* const bytes =
                column_bytes_.data() + (std::size_t{group} * blocks_ + block) * windows_ + first_window + w0;
            for (std::uint32_t i = 0; i < count; ++i) {
              if (counted) {
                std::uint32_t nonzeros = 0;
                for (std::uint32_t f = 0; f < filters; ++f) nonzeros += values[f * kLanes + i] != 0;
                bytes[i] = raw || format.format == StorageFormat::Dense
                               ? filters * lowering.output_bytes()
                               : (filters + 7) / 8 + nonzeros * lowering.output_bytes();
              } else {
                for (std::uint32_t f = 0; f < filters; ++f)
                  column[f] = static_cast<std::int32_t>(values[f * kLanes + i]);
                bytes[i] = static_cast<std::uint32_t>(
                    encoded_bytes(format, std::span<const std::int32_t>(column.data(), filters)));
              }
            }
          }
        }
      }
    }
}

}  // namespace lacuna::fast
