#include "datapaths/intersect/fast/values.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <limits>
#include <span>
#include <tuple>
#include <type_traits>
#include <utility>

#include "base/parallel.h"
#include "datapaths/fabric/fast/finisher.h"
#include "datapaths/fabric/fast/products.h"
#include "datapaths/intersect/skip_rules.h"
#include "sparse/storage.h"
#include "tensor/element_types.h"

namespace lacuna::intersect::fast {

using fabric::fast::Finisher;
using fabric::fast::multiply;
using fabric::fast::pack;

namespace {

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
        config_(config(machine_)),
        layer_(lowering_.layer()),
        kernels_(operands.kernels()),
        finisher_(machine_, layer_),
        terminates_(lowering_.early_termination()),
        as_stored_(store.bytes_need_values),
        wrap_(64 - accumulator_bits(machine_)),
        plane_(std::uint64_t{layer_.shape.P()} * layer_.shape.Q()),
        k_(operands.k()),
        stride_(operands.rows().stride()),
        packed_size_((k_ + 3) / 4 * 4 * kLanes),
        parts_(padded(std::min(store.rows, store.group_filters)) / kLanes),
        tile_size_(parts_ * packed_size_) {
    format_ = {machine_.storage.activations, lowering_.output_bytes() * 8, machine_.storage.run_bits,
               machine_.storage.index_bits, machine_.storage.pointer_bits};
    counts_zeros_ = as_stored_ && !store.keeps_outputs && machine_.storage.activations == StorageFormat::Bitmask &&
                    sizeof(Sum) == 4 && wrap_ == 32;
    windows_at_once_ = static_cast<std::uint32_t>(std::min<std::uint64_t>(
        padded(static_cast<std::uint32_t>(std::min<std::uint64_t>(store.windows, 1u << 20))),
        std::clamp<std::size_t>(kWindowBytes / (stride_ * sizeof(Input)) / kLanes * kLanes, kLanes, 256)));
    with_skip_rule(config_.skip, [&](auto rule) {
      const Mask one = Mask::first(1);
      costs_slot_ = {!rule.slots(one, Mask{}, Mask{}).none(), !rule.slots(one, Mask{}, one).none(),
                     !rule.slots(one, one, Mask{}).none(), !rule.slots(one, one, one).none()};
    });
  }

  void compute(const ValueArea& area, unsigned threads) {
    scratch_.resize(std::max(1u, threads));
    const auto tiles_at_once = static_cast<std::uint32_t>(
        std::clamp<std::size_t>(kPackedBytes / (tile_size_ * sizeof(Weight) * (terminates_ ? 3 : 1)), 1,
                                area.last_filter_tile - area.first_filter_tile));
    const std::uint64_t windows = area.last_window - area.first_window;
    const std::uint64_t batches = (windows + windows_at_once_ - 1) / windows_at_once_;
    for (std::uint32_t first = area.first_filter_tile; first < area.last_filter_tile; first += tiles_at_once) {
      const std::uint32_t filter_tiles = std::min(area.last_filter_tile - first, tiles_at_once);
      first_packed_ = first;
      packed_.resize(filter_tiles * tile_size_);
      if (terminates_) {
        packed_negative_.resize(packed_.size());
        filter_rows_.resize(std::size_t{filter_tiles} * parts_ * kLanes * stride_);
      }
      sums_.resize(std::size_t{filter_tiles} * parts_);
      parallel_for(filter_tiles, threads, [&](std::size_t filter_tile, unsigned worker) {
        pack_filter_tile(area.group, first + static_cast<std::uint32_t>(filter_tile), scratch_[worker]);
      });
      // Few windows: split the filters too, so that every thread has something to do.
      const std::uint64_t wanted = threads > 1 ? (2 * threads + batches - 1) / batches : 1;
      const auto splits = static_cast<std::uint32_t>(std::min<std::uint64_t>(filter_tiles, wanted));
      parallel_for(batches * splits, threads, [&](std::size_t task, unsigned worker) {
        const std::uint64_t begin = area.first_window + task / splits * windows_at_once_;
        const auto count =
            static_cast<std::uint32_t>(std::min<std::uint64_t>(windows_at_once_, area.last_window - begin));
        const auto split = static_cast<std::uint32_t>(task % splits);
        compute_windows(area.group, first + filter_tiles * split / splits, first + filter_tiles * (split + 1) / splits,
                        begin, count, scratch_[worker]);
      });
    }
  }

 private:
  /// What one thread works with.
  struct Scratch {
    std::vector<Weight> rows_of_filters;  ///< [filter of 16][stride]
    std::vector<Input> rows;              ///< [window][stride]
    std::vector<std::int64_t> values;     ///< [filter of the tile][window of 16]
    std::vector<std::int32_t> column;
    std::array<Sum, 2 * kLanes * kLanes> sums{};  ///< [sixteen][window][filter]
    std::array<Sum, kLanes * kLanes> before{};    ///< [window][filter]
    std::array<std::size_t, kLanes> at{};         ///< of each window in a plane of outputs
  };
  /// What is the same in all sums of a filter, for 16 of them.
  struct SumsOf {
    std::array<Sum, kLanes> bias{};
    std::array<std::int32_t, kLanes> least_zero{}, largest_zero{};  ///< sums that end as zero; all where no filter is
  };

  /// Packed weights of 16 filters of a filter tile: all, or with early termination those not negative; or the negative
  /// ones.
  [[nodiscard]] Weight* packed(std::uint32_t filter_tile, std::uint32_t part, bool negative) {
    return (negative ? packed_negative_ : packed_).data() + (filter_tile - first_packed_) * tile_size_ +
           part * packed_size_;
  }
  /// Rows of weights of 16 filters of a filter tile, with early termination.
  [[nodiscard]] Weight* rows_of(std::uint32_t filter_tile, std::uint32_t part) {
    return filter_rows_.data() + (std::size_t{filter_tile - first_packed_} * parts_ + part) * kLanes * stride_;
  }
  [[nodiscard]] SumsOf& sums_of(std::uint32_t filter_tile, std::uint32_t part) {
    return sums_[std::size_t{filter_tile - first_packed_} * parts_ + part];
  }
  [[nodiscard]] std::uint32_t filters_of(std::uint32_t filter_tile) const {
    return std::min(store_.rows, store_.group_filters - filter_tile * store_.rows);
  }
  /// The output channels of a filter tile in the order in which they are mapped.
  [[nodiscard]] const std::uint32_t* channels_of(std::uint32_t group, std::uint32_t filter_tile) const {
    return lowering_.filter_order().data() + std::size_t{group} * store_.group_filters + filter_tile * store_.rows;
  }

  void pack_filter_tile(std::uint32_t group, std::uint32_t filter_tile, Scratch& s) {
    s.rows_of_filters.resize(kLanes * stride_);
    for (std::uint32_t part = 0; part < parts_; ++part) {
      Weight* const rows = terminates_ ? rows_of(filter_tile, part) : s.rows_of_filters.data();
      const std::uint32_t place = filter_tile * store_.rows + part * kLanes;
      const std::uint32_t end = std::min(store_.group_filters, (filter_tile + 1) * store_.rows);
      const std::uint32_t count = place < end ? std::min(kLanes, end - place) : 0;
      SumsOf& sums = sums_of(filter_tile, part);
      for (std::uint32_t f = 0; f < kLanes; ++f) {
        sums.bias[f] = 0;
        sums.least_zero[f] = INT32_MIN;
        sums.largest_zero[f] = INT32_MAX;
        if (f < count) {
          const std::uint32_t channel = channels_of(group, filter_tile)[part * kLanes + f];
          sums.bias[f] = static_cast<Sum>(layer_.bias[channel]);
          if (counts_zeros_) std::tie(sums.least_zero[f], sums.largest_zero[f]) = finisher_.zeros(channel);
          operands_.rows().filter(group, place + f, rows + f * stride_);
        } else {
          std::fill_n(rows + f * stride_, stride_, Weight{0});
        }
      }
      if (!terminates_) {
        pack(rows, stride_, k_, packed(filter_tile, part, false));
        continue;
      }
      for (const bool negative : {false, true}) {
        for (std::size_t i = 0; i < s.rows_of_filters.size(); ++i)
          s.rows_of_filters[i] = (rows[i] < 0) == negative ? rows[i] : Weight{0};
        pack(s.rows_of_filters.data(), stride_, k_, packed(filter_tile, part, negative));
      }
    }
  }

  void compute_windows(std::uint32_t group, std::uint32_t first_filter_tile, std::uint32_t last_filter_tile,
                       std::uint64_t first, std::uint32_t count, Scratch& s) {
    // Filter tiles of up to 16 filters two at a time.
    const std::uint32_t together = parts_ == 1 ? 2 : 1;
    s.rows.resize(windows_at_once_ * stride_);
    s.values.resize(std::size_t{together} * parts_ * kLanes * kLanes);
    s.column.resize(store_.rows);
    operands_.rows().for_windows(group, first, count, [&](std::uint32_t i, std::size_t element) {
      operands_.rows().window(element, s.rows.data() + i * stride_);
    });
    for (std::uint32_t filter_tile = first_filter_tile; filter_tile < last_filter_tile; filter_tile += together)
      for (std::uint32_t w = 0; w < count; w += kLanes)
        compute_filter_tiles(group, filter_tile, std::min(together, last_filter_tile - filter_tile), first + w,
                             s.rows.data() + w * stride_, std::min(kLanes, count - w), s);
  }

  /// `filter_tiles` filter tiles, more than one only of up to 16 filters, and up to 16 windows.
  void compute_filter_tiles(std::uint32_t group, std::uint32_t filter_tile, std::uint32_t filter_tiles,
                            std::uint64_t first_window, const Input* window_rows, std::uint32_t count, Scratch& s) {
    std::array<std::uint32_t*, 2> bytes{};
    if (as_stored_)
      for (std::uint32_t b = 0; b < filter_tiles; ++b) {
        bytes[b] = store_.column_bytes.data() + store_.column(group, filter_tile + b, first_window);
        std::fill_n(bytes[b], count, (filters_of(filter_tile + b) + 7) / 8);
      }
    const std::uint32_t parts = filter_tiles * parts_;
    for (std::uint32_t first = 0; first < parts; first += 2) {
      const std::uint32_t sixteens = std::min(2u, parts - first);
      for (std::uint32_t i = 0; i < sixteens; ++i)
        for (std::uint32_t w = 0; w < count; ++w)
          std::memcpy(s.sums.data() + (i * kLanes + w) * kLanes, sums_of(filter_tile, first + i).bias.data(),
                      kLanes * sizeof(Sum));
      multiply(kernels_, packed(filter_tile, first, false), packed_size_, sixteens, window_rows, stride_, count, 0, k_,
               s.sums.data());
      for (std::uint32_t i = 0; i < sixteens; ++i) {
        const std::uint32_t b = (first + i) / parts_;
        finish_sixteen(group, filter_tile + b, (first + i) % parts_, first_window, window_rows, count,
                       s.sums.data() + i * kLanes * kLanes, s.values.data() + (first + i) * kLanes * kLanes, bytes[b],
                       s);
      }
    }
    for (std::uint32_t b = 0; b < filter_tiles; ++b) {
      const std::int64_t* const values = s.values.data() + std::size_t{b} * kLanes * kLanes;
      if (store_.keeps_outputs) keep_outputs(group, filter_tile + b, first_window, count, values, s);
      if (as_stored_ && !counts_zeros_) count_bytes(bytes[b], filters_of(filter_tile + b), count, values, s);
    }
  }

  /// What becomes of the sums of up to 16 filters.
  void finish_sixteen(std::uint32_t group, std::uint32_t filter_tile, std::uint32_t part, std::uint64_t first_window,
                      const Input* window_rows, std::uint32_t count, Sum* sums, std::int64_t* values,
                      std::uint32_t* bytes, Scratch& s) {
    const std::uint32_t lanes =
        std::min(kLanes, filters_of(filter_tile) - std::min(filters_of(filter_tile), part * kLanes));
    if (terminates_) {
      const std::size_t place = std::size_t{group} * store_.group_filters + filter_tile * store_.rows + part * kLanes;
      std::array<Stop*, kLanes> stops{};
      for (std::uint32_t f = 0; f < lanes; ++f)
        stops[f] = store_.stops.data() + (place + f) * store_.windows + first_window;
      find_stops(rows_of(filter_tile, part), packed(filter_tile, part, true), window_rows, count, lanes, stops.data(),
                 sums, s);
    }
    if constexpr (sizeof(Sum) == 4) {
      if (counts_zeros_) {
        const SumsOf& same = sums_of(filter_tile, part);
        kernels_.add_outside(sums, count, same.least_zero.data(), same.largest_zero.data(), lowering_.output_bytes(),
                             bytes);
      }
    }
    if (!store_.keeps_outputs && (!as_stored_ || counts_zeros_)) return;
    if (wrap_ != 32 || sizeof(Sum) != 4)
      for (std::uint32_t i = 0; i < count * kLanes; ++i)
        sums[i] = static_cast<Sum>(static_cast<std::int64_t>(static_cast<std::uint64_t>(sums[i]) << wrap_) >> wrap_);
    for (std::uint32_t f = 0; f < lanes; ++f)
      finisher_.finish(channels_of(group, filter_tile)[part * kLanes + f], sums + f, kLanes, count,
                       values + f * kLanes);
  }

  void keep_outputs(std::uint32_t group, std::uint32_t filter_tile, std::uint64_t first_window, std::uint32_t count,
                    const std::int64_t* values, Scratch& s) const {
    for (std::uint32_t i = 0; i < count; ++i) {
      const std::uint64_t window = first_window + i;
      s.at[i] = window / plane_ * layer_.shape.M * plane_ + window % plane_;
    }
    with_output(store_.output, [&](auto* output) {
      using Out = std::remove_reference_t<decltype(*output)>;
      for (std::uint32_t f = 0; f < filters_of(filter_tile); ++f) {
        Out* const to = output + channels_of(group, filter_tile)[f] * plane_;
        for (std::uint32_t i = 0; i < count; ++i) to[s.at[i]] = static_cast<Out>(values[f * kLanes + i]);
      }
    });
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

  /// Kernels::slots_before_stop.
  [[nodiscard]] std::uint32_t slots_before_stop(const Weight* weights, const Input* activations, std::uint32_t length,
                                                Sum sum) const {
    if constexpr (sizeof(Weight) == 1) {
      if (kernels_.slots_before_stop)
        return kernels_.slots_before_stop(weights, activations, length, sum, costs_slot_.data());
    }
    std::uint32_t slots = 0;
    for (std::uint32_t p = 0; p < length; ++p) {
      if (weights[p] > 0) continue;
      sum += static_cast<Sum>(weights[p]) * activations[p];
      if (sum <= 0) break;
      slots += costs_slot_[(weights[p] != 0) * 2 + (activations[p] != 0)];
    }
    return slots;
  }

  /// Stops of `count` windows and 16 filters, the rows of all of whose weights and of the negative ones are given and
  /// whose sums after the positive pass are in `sums`.
  void find_stops(const Weight* rows, const Weight* negative, const Input* window_rows, std::uint32_t count,
                  std::uint32_t filters, Stop* const* stops, Sum* sums, Scratch& s) const {
    std::array<std::uint16_t, kLanes> stopped{}, now{};
    not_above_zero(sums, count, filters, stopped.data());
    std::uint32_t left = count * filters;
    for (std::uint32_t w = 0; w < count; ++w)
      for (std::uint32_t bits = stopped[w]; bits != 0; bits &= bits - 1, --left)
        stops[std::countr_zero(bits)][w] = Stop::after_positive();
    for (std::uint32_t c = 0; c < operands_.chunks() && left != 0; ++c) {
      const std::size_t begin = std::size_t{c} * config_.chunk;
      const std::size_t end = begin + operands_.chunk_length(c);
      std::copy_n(sums, s.before.size(), s.before.data());
      multiply(kernels_, negative, 0, 1, window_rows, stride_, count, begin, end, sums);
      not_above_zero(sums, count, filters, now.data());
      for (std::uint32_t w = 0; w < count; ++w) {
        for (std::uint32_t bits = now[w] & ~stopped[w]; bits != 0; bits &= bits - 1, --left) {
          const auto f = static_cast<std::uint32_t>(std::countr_zero(bits));
          const std::uint32_t slots = slots_before_stop(rows + f * stride_ + begin, window_rows + w * stride_ + begin,
                                                        operands_.chunk_length(c), s.before[w * kLanes + f]);
          stops[f][w] = Stop::at(c, slots / config_.lanes);
        }
        stopped[w] |= now[w];
      }
    }
    // What is stopped ends at or below zero.
    for (std::uint32_t w = 0; w < count; ++w)
      for (std::uint32_t bits = stopped[w]; bits != 0; bits &= bits - 1)
        sums[w * kLanes + static_cast<std::uint32_t>(std::countr_zero(bits))] = 0;
  }

  /// Bytes of the columns of results of `count` windows as they are written.
  void count_bytes(std::uint32_t* bytes, std::uint32_t filters, std::uint32_t count, const std::int64_t* values,
                   Scratch& s) const {
    if (format_.format == StorageFormat::Bitmask) {
      std::array<std::uint32_t, kLanes> nonzeros{};
      for (std::uint32_t f = 0; f < filters; ++f)
        for (std::uint32_t i = 0; i < kLanes; ++i) nonzeros[i] += values[f * kLanes + i] != 0;
      for (std::uint32_t i = 0; i < count; ++i) bytes[i] = (filters + 7) / 8 + nonzeros[i] * lowering_.output_bytes();
      return;
    }
    for (std::uint32_t i = 0; i < count; ++i) {
      for (std::uint32_t f = 0; f < filters; ++f) s.column[f] = static_cast<std::int32_t>(values[f * kLanes + i]);
      bytes[i] =
          static_cast<std::uint32_t>(encoded_bytes(format_, std::span<const std::int32_t>(s.column.data(), filters)));
    }
  }

  const Operands& operands_;
  ValueStore& store_;
  const Lowering& lowering_;
  const Machine& machine_;
  const Config& config_;
  const Layer& layer_;
  const Kernels& kernels_;
  Finisher finisher_;
  bool terminates_, as_stored_;
  bool counts_zeros_ = false;  ///< of values only whether they are zero matters
  unsigned wrap_;
  std::uint64_t plane_;
  std::size_t k_, stride_, packed_size_;
  std::uint32_t parts_;    ///< sixteens of filters in a filter tile
  std::size_t tile_size_;  ///< packed weights of a filter tile
  FormatParams format_{};
  std::uint32_t windows_at_once_ = 0;
  std::array<bool, 4> costs_slot_{};          ///< [weight not zero, activation not zero]
  Aligned<Weight> packed_, packed_negative_;  ///< of the filter tiles at hand, the first of which is first_packed_
  std::vector<Weight> filter_rows_;  ///< [filter tile at hand][sixteen][filter][stride], with early termination
  std::vector<SumsOf> sums_;         ///< [filter tile at hand][sixteen]
  std::uint32_t first_packed_ = 0;
  std::vector<Scratch> scratch_;  ///< [worker]
};

}  // namespace

Values::Values(const Operands& operands, bool outputs) {
  const Lowering& lowering = operands.lowering();
  const Layer& layer = lowering.layer();
  store_.keeps_outputs = outputs;
  store_.bytes_need_values =
      !layer.requantise.empty() && lowering.machine().storage.activations != StorageFormat::Dense;
  store_.output_bytes = lowering.output_bytes();
  store_.groups = layer.shape.groups;
  store_.rows = lowering.machine().array.rows;
  store_.group_filters = operands.group_filters();
  store_.filter_tiles = (store_.group_filters + store_.rows - 1) / store_.rows;
  store_.windows = operands.window_count();
  if (outputs)
    store_.output = Tensor(layer.output_type(), {layer.shape.N, layer.shape.M, layer.shape.P(), layer.shape.Q()});
  if (store_.bytes_need_values) store_.column_bytes.resize(store_.column(layer.shape.groups, 0, 0));
  if (lowering.early_termination()) store_.stops.resize(std::size_t{layer.shape.M} * store_.windows);
  needed_ = outputs || store_.bytes_need_values || lowering.early_termination();
}

void Values::compute(const Operands& operands, unsigned threads) {
  for (std::uint32_t group = 0; group < store_.groups; ++group)
    compute(operands, {group, 0, store_.filter_tiles, 0, store_.windows}, threads);
}

void Values::compute(const Operands& operands, const ValueArea& area, unsigned threads) {
  if (!needed_) return;
  with_elements(operands.rows().input_size(), [&](auto input, auto weight) {
    using Sum = std::conditional_t<sizeof(weight) == 4, std::int64_t, std::int32_t>;
    Computation<decltype(input), decltype(weight), Sum>(operands, store_).compute(area, threads);
  });
}

Machine values_machine(const Machine& machine) {
  Machine m = machine;
  m.name = m.energy = "";
  m.clock_mhz = 1;
  m.array.columns = 1;
  m.global_buffer = {};
  m.dram = {};
  Config& c = config(m);
  c.order = {};
  c.weights = c.activations = {};
  if (c.early_termination == EarlyTermination::None) {  // else they decide where a sum stops
    c.lanes = 1;
    c.chunk = 8;
    c.skip = {};
  }
  return m;
}

}  // namespace lacuna::intersect::fast
