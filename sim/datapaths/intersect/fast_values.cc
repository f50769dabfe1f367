#include "datapaths/intersect/fast_values.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <limits>
#include <span>
#include <type_traits>

#include "base/parallel.h"
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

/// Bytes of packed weights held at a time, of values of windows held by a thread at a time.
constexpr std::size_t kPackedBytes = std::size_t{32} << 20;
constexpr std::size_t kWindowBytes = std::size_t{1} << 19;

/// The values of one layer, a rectangle of filters and windows at a time.
template <typename Input, typename Weight, typename Sum>
class Computation {
 public:
  Computation(const Operands& operands, ValueStore& store)
      : operands_(operands),
        store_(store),
        lowering_(operands.lowering()),
        machine_(lowering_.machine()),
        layer_(lowering_.layer()),
        kernels_(operands.kernels()),
        finisher_(machine_, layer_),
        terminates_(lowering_.early_termination()),
        as_stored_(store.bytes_need_values()),
        wrap_(64 - accumulator_bits(machine_)),
        plane_(std::uint64_t{layer_.shape.P()} * layer_.shape.Q()),
        k_(operands.k()),
        stride_(operands.row_stride()),
        packed_size_((k_ + 3) / 4 * 4 * kLanes),
        parts_(padded(std::min(store.rows, store.group_filters)) / kLanes),
        block_size_(parts_ * packed_size_ * (terminates_ ? 2 : 1)) {
    format_ = {machine_.storage.activations, lowering_.output_bytes() * 8, machine_.storage.run_bits,
               machine_.storage.index_bits, machine_.storage.pointer_bits};
    windows_at_once_ = static_cast<std::uint32_t>(std::min<std::uint64_t>(
        padded(static_cast<std::uint32_t>(std::min<std::uint64_t>(store.windows, 1u << 20))),
        std::clamp<std::size_t>(kWindowBytes / (stride_ * sizeof(Input)) / kLanes * kLanes, kLanes, 256)));
    with_skip_rule(machine_.array.skip, [&](auto rule) {
      const Mask one = Mask::first(1);
      costs_slot_ = {!rule.slots(one, Mask{}, Mask{}).none(), !rule.slots(one, Mask{}, one).none(),
                     !rule.slots(one, one, Mask{}).none(), !rule.slots(one, one, one).none()};
    });
  }

  void compute(const ValueArea& area, unsigned threads) {
    scratch_.resize(std::max(1u, threads));
    const auto blocks_at_once = static_cast<std::uint32_t>(
        std::clamp<std::size_t>(kPackedBytes / (block_size_ * sizeof(Weight)), 1, area.last_block - area.first_block));
    const std::uint64_t windows = area.last_window - area.first_window;
    const std::uint64_t batches = (windows + windows_at_once_ - 1) / windows_at_once_;
    for (std::uint32_t first = area.first_block; first < area.last_block; first += blocks_at_once) {
      const std::uint32_t blocks = std::min(area.last_block - first, blocks_at_once);
      first_packed_ = first;
      packed_.assign(blocks * block_size_, 0);
      parallel_for(blocks, threads, [&](std::size_t block, unsigned worker) {
        pack_block(area.group, first + static_cast<std::uint32_t>(block), scratch_[worker]);
      });
      // Few windows: split the filters too, so that every thread has something to do.
      const std::uint64_t wanted = threads > 1 ? (2 * threads + batches - 1) / batches : 1;
      const auto splits = static_cast<std::uint32_t>(std::min<std::uint64_t>(blocks, wanted));
      parallel_for(batches * splits, threads, [&](std::size_t task, unsigned worker) {
        const std::uint64_t begin = area.first_window + task / splits * windows_at_once_;
        const auto count =
            static_cast<std::uint32_t>(std::min<std::uint64_t>(windows_at_once_, area.last_window - begin));
        const auto split = static_cast<std::uint32_t>(task % splits);
        compute_windows(area.group, first + blocks * split / splits, first + blocks * (split + 1) / splits, begin,
                        count, scratch_[worker]);
      });
    }
  }

 private:
  /// What one thread works with.
  struct Scratch {
    std::vector<Weight> filter_rows, part_rows;  ///< [filter of 16][stride]
    std::vector<Input> rows;                     ///< [window][stride]
    std::vector<std::int64_t> values;            ///< [filter of a block][window of 16]
    std::vector<std::int32_t> column;
    std::array<Sum, kLanes * kLanes> sums{}, before{};  ///< [window][filter]
    std::array<std::size_t, kLanes> at{};               ///< of each window in a plane of outputs
  };

  /// Packed weights of 16 filters of a block: all, or with early termination those not negative; or the negative ones.
  [[nodiscard]] Weight* packed(std::uint32_t block, std::uint32_t part, bool negative) {
    return packed_.data() + (block - first_packed_) * block_size_ + (part + (negative ? parts_ : 0)) * packed_size_;
  }

  void pack_block(std::uint32_t group, std::uint32_t block, Scratch& s) {
    s.filter_rows.resize(kLanes * stride_);
    s.part_rows.resize(kLanes * stride_);
    for (std::uint32_t part = 0; part < parts_; ++part) {
      const std::uint32_t place = block * store_.rows + part * kLanes;
      const std::uint32_t end = std::min(store_.group_filters, (block + 1) * store_.rows);
      if (place >= end) continue;
      const std::uint32_t count = std::min(kLanes, end - place);
      for (std::uint32_t f = 0; f < kLanes; ++f) {
        if (f < count)
          operands_.filter_row(group, place + f, s.filter_rows.data() + f * stride_);
        else
          std::fill_n(s.filter_rows.data() + f * stride_, stride_, Weight{0});
      }
      if (!terminates_) {
        pack(s.filter_rows.data(), stride_, k_, packed(block, part, false));
        continue;
      }
      for (const bool negative : {false, true}) {
        for (std::size_t i = 0; i < s.filter_rows.size(); ++i)
          s.part_rows[i] = (s.filter_rows[i] < 0) == negative ? s.filter_rows[i] : Weight{0};
        pack(s.part_rows.data(), stride_, k_, packed(block, part, negative));
      }
    }
  }

  void compute_windows(std::uint32_t group, std::uint32_t first_block, std::uint32_t last_block, std::uint64_t first,
                       std::uint32_t count, Scratch& s) {
    s.rows.resize(windows_at_once_ * stride_);
    s.values.resize(std::size_t{parts_} * kLanes * kLanes);
    s.column.resize(store_.rows);
    for (std::uint32_t i = 0; i < count; ++i) operands_.window_row(group, first + i, s.rows.data() + i * stride_);
    for (std::uint32_t block = first_block; block < last_block; ++block)
      for (std::uint32_t w = 0; w < count; w += kLanes)
        compute_block(group, block, first + w, s.rows.data() + w * stride_, std::min(kLanes, count - w), s);
  }

  /// One block of filters and up to 16 windows.
  void compute_block(std::uint32_t group, std::uint32_t block, std::uint64_t first_window, const Input* window_rows,
                     std::uint32_t count, Scratch& s) {
    const std::uint32_t place = block * store_.rows;
    const std::uint32_t filters = std::min(store_.rows, store_.group_filters - place);
    const std::size_t first_filter = std::size_t{group} * store_.group_filters + place;
    const std::uint32_t* const channel = lowering_.filter_order().data() + first_filter;
    for (std::uint32_t part = 0; part * kLanes < filters; ++part) {
      const std::uint32_t f0 = part * kLanes;
      const std::uint32_t lanes = std::min(kLanes, filters - f0);
      for (std::uint32_t w = 0; w < count; ++w)
        for (std::uint32_t f = 0; f < lanes; ++f)
          s.sums[w * kLanes + f] = static_cast<Sum>(layer_.bias[channel[f0 + f]]);
      multiply(kernels_, packed(block, part, false), window_rows, stride_, count, 0, k_, s.sums.data());
      if (terminates_) {
        std::array<Stop*, kLanes> stops{};
        for (std::uint32_t f = 0; f < lanes; ++f)
          stops[f] = store_.stops.data() + (first_filter + f0 + f) * store_.windows + first_window;
        find_stops(packed(block, part, false), packed(block, part, true), window_rows, count, lanes, stops.data(), s);
      }
      if (wrap_ != 32 || sizeof(Sum) != 4)
        for (Sum& sum : s.sums)
          sum = static_cast<Sum>(static_cast<std::int64_t>(static_cast<std::uint64_t>(sum) << wrap_) >> wrap_);
      for (std::uint32_t f = 0; f < lanes; ++f)
        finisher_.finish(channel[f0 + f], s.sums.data() + f, kLanes, count, s.values.data() + (f0 + f) * kLanes);
    }
    if (store_.keeps_outputs) {
      for (std::uint32_t i = 0; i < count; ++i) {
        const std::uint64_t window = first_window + i;
        s.at[i] = window / plane_ * layer_.shape.M * plane_ + window % plane_;
      }
      with_output(store_.output, [&](auto* output) {
        using Out = std::remove_reference_t<decltype(*output)>;
        for (std::uint32_t f = 0; f < filters; ++f) {
          Out* const to = output + channel[f] * plane_;
          for (std::uint32_t i = 0; i < count; ++i) to[s.at[i]] = static_cast<Out>(s.values[f * kLanes + i]);
        }
      });
    }
    if (as_stored_)
      count_bytes(store_.column_bytes.data() + store_.column(group, block, first_window), filters, count, s);
  }

  /// Which of `filters` sums of each of `count` windows are not above zero.
  void not_above_zero(const Sum* sums, std::uint32_t count, std::uint32_t filters, std::uint16_t* bits) const {
    if constexpr (sizeof(Sum) == 4) {
      kernels_.not_above_zero(sums, count, bits);
      for (std::uint32_t w = 0; w < count; ++w) bits[w] &= static_cast<std::uint16_t>((1u << filters) - 1);
    } else {
      for (std::uint32_t w = 0; w < count; ++w) {
        bits[w] = 0;
        for (std::uint32_t f = 0; f < filters; ++f)
          bits[w] |= static_cast<std::uint16_t>((sums[w * kLanes + f] <= 0) << f);
      }
    }
  }

  /// Stops of `count` windows and 16 filters whose sums after the positive pass are in `s.sums`.
  void find_stops(const Weight* positive, const Weight* negative, const Input* window_rows, std::uint32_t count,
                  std::uint32_t filters, Stop* const* stops, Scratch& s) const {
    std::array<std::uint16_t, kLanes> stopped{}, now{};
    not_above_zero(s.sums.data(), count, filters, stopped.data());
    std::uint32_t left = count * filters;
    for (std::uint32_t w = 0; w < count; ++w)
      for (std::uint32_t bits = stopped[w]; bits != 0; bits &= bits - 1, --left)
        stops[std::countr_zero(bits)][w] = Stop::after_positive();
    for (std::uint32_t c = 0; c < operands_.chunks() && left != 0; ++c) {
      const std::size_t begin = std::size_t{c} * machine_.array.chunk;
      const std::size_t end = begin + operands_.chunk_length(c);
      s.before = s.sums;
      multiply(kernels_, negative, window_rows, stride_, count, begin, end, s.sums.data());
      not_above_zero(s.sums.data(), count, filters, now.data());
      for (std::uint32_t w = 0; w < count; ++w) {
        for (std::uint32_t bits = now[w] & ~stopped[w]; bits != 0; bits &= bits - 1, --left) {
          const auto f = static_cast<std::uint32_t>(std::countr_zero(bits));
          std::uint32_t slots = 0;
          Sum sum = s.before[w * kLanes + f];
          for (std::size_t p = begin;; ++p) {
            const std::size_t at = packed_at<Weight>(p, f);
            const Weight weight = negative[at];
            const Input activation = window_rows[w * stride_ + p];
            sum += static_cast<Sum>(weight) * activation;
            if (sum <= 0) break;
            if (positive[at] == 0) slots += costs_slot_[(weight != 0) * 2 + (activation != 0)];
          }
          stops[f][w] = Stop::at(c, slots / machine_.array.lanes);
        }
        stopped[w] |= now[w];
      }
    }
    // What is stopped ends at or below zero.
    for (std::uint32_t w = 0; w < count; ++w)
      for (std::uint32_t bits = stopped[w]; bits != 0; bits &= bits - 1)
        s.sums[w * kLanes + static_cast<std::uint32_t>(std::countr_zero(bits))] = 0;
  }

  /// Bytes of the columns of results of `count` windows as they are written.
  void count_bytes(std::uint32_t* bytes, std::uint32_t filters, std::uint32_t count, Scratch& s) const {
    if (format_.format == StorageFormat::Bitmask) {
      std::array<std::uint32_t, kLanes> nonzeros{};
      for (std::uint32_t f = 0; f < filters; ++f)
        for (std::uint32_t i = 0; i < kLanes; ++i) nonzeros[i] += s.values[f * kLanes + i] != 0;
      for (std::uint32_t i = 0; i < count; ++i) bytes[i] = (filters + 7) / 8 + nonzeros[i] * lowering_.output_bytes();
      return;
    }
    for (std::uint32_t i = 0; i < count; ++i) {
      for (std::uint32_t f = 0; f < filters; ++f) s.column[f] = static_cast<std::int32_t>(s.values[f * kLanes + i]);
      bytes[i] =
          static_cast<std::uint32_t>(encoded_bytes(format_, std::span<const std::int32_t>(s.column.data(), filters)));
    }
  }

  const Operands& operands_;
  ValueStore& store_;
  const Lowering& lowering_;
  const Machine& machine_;
  const Layer& layer_;
  const Kernels& kernels_;
  Finisher finisher_;
  bool terminates_, as_stored_;
  unsigned wrap_;
  std::uint64_t plane_;
  std::size_t k_, stride_, packed_size_;
  std::uint32_t parts_;  ///< sixteens of a block of rows
  std::size_t block_size_;
  FormatParams format_{};
  std::uint32_t windows_at_once_ = 0;
  std::array<bool, 4> costs_slot_{};  ///< [weight not zero, activation not zero]
  std::vector<Weight> packed_;        ///< of the blocks at hand, the first of which is first_packed_
  std::uint32_t first_packed_ = 0;
  std::vector<Scratch> scratch_;  ///< [worker]
};

}  // namespace

bool ValueStore::bytes_need_values() const {
  return !lowering->layer().requantise.empty() && lowering->machine().storage.activations != StorageFormat::Dense;
}

Values::Values(const Operands& operands, bool outputs) : operands_(operands) {
  const Lowering& lowering = operands.lowering();
  const Layer& layer = lowering.layer();
  store_.lowering = &lowering;
  store_.keeps_outputs = outputs;
  store_.rows = lowering.machine().array.rows;
  store_.group_filters = operands.group_filters();
  store_.blocks = (store_.group_filters + store_.rows - 1) / store_.rows;
  store_.windows = operands.window_count();
  if (outputs)
    store_.output = Tensor(layer.output_type(), {layer.shape.N, layer.shape.M, layer.shape.P(), layer.shape.Q()});
  if (store_.bytes_need_values()) store_.column_bytes.resize(store_.column(layer.shape.groups, 0, 0));
  if (lowering.early_termination()) store_.stops.resize(std::size_t{layer.shape.M} * store_.windows);
  needed_ = outputs || store_.bytes_need_values() || lowering.early_termination();
}

void Values::compute(unsigned threads) {
  for (std::uint32_t group = 0; group < store_.lowering->layer().shape.groups; ++group)
    compute({group, 0, store_.blocks, 0, store_.windows}, threads);
}

void Values::compute(const ValueArea& area, unsigned threads) {
  if (!needed_) return;
  with_elements(operands_.input_size(), [&](auto input, auto weight) {
    using Sum = std::conditional_t<sizeof(weight) == 4, std::int64_t, std::int32_t>;
    Computation<decltype(input), decltype(weight), Sum>(operands_, store_).compute(area, threads);
  });
}

}  // namespace lacuna::fast
