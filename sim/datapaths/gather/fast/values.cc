#include "datapaths/gather/fast/values.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <numeric>
#include <span>
#include <type_traits>

#include "base/parallel.h"
#include "datapaths/fabric/fast/aligned.h"
#include "datapaths/fabric/fast/finisher.h"
#include "datapaths/fabric/fast/products.h"
#include "datapaths/fabric/fast/value_rows.h"
#include "datapaths/gather/fast/vectorise.h"
#include "sparse/storage.h"
#include "tensor/element_types.h"

namespace lacuna::gather::fast {

using fabric::fast::kLanes;

namespace {

/// Bytes of packed weights held at a time, of values of windows held by a thread at a time.
constexpr std::size_t kPackedBytes = std::size_t{32} << 20;
constexpr std::size_t kWindowBytes = std::size_t{1} << 19;

/// totals[k] += how many of `count` rows, `stride` apart, are not zero at position k.
template <typename T>
inline void count_nonzeros_of(const T* rows, std::size_t stride, std::uint32_t count, std::uint32_t k,
                              std::uint32_t* totals) {
  for (std::uint32_t row = 0; row < count; ++row, rows += stride)
    for (std::uint32_t i = 0; i < k; ++i) totals[i] += rows[i] != 0 ? 1 : 0;
}
LACUNA_VECTORISE void count_nonzeros(const std::uint8_t* rows, std::size_t stride, std::uint32_t count, std::uint32_t k,
                                     std::uint32_t* totals) {
  count_nonzeros_of(rows, stride, count, k, totals);
}
LACUNA_VECTORISE void count_nonzeros(const std::int16_t* rows, std::size_t stride, std::uint32_t count, std::uint32_t k,
                                     std::uint32_t* totals) {
  count_nonzeros_of(rows, stride, count, k, totals);
}
LACUNA_VECTORISE void count_nonzeros(const std::int32_t* rows, std::size_t stride, std::uint32_t count, std::uint32_t k,
                                     std::uint32_t* totals) {
  count_nonzeros_of(rows, stride, count, k, totals);
}

/// Sums of one filter and kLanes windows, of which those with `running` -1 go on and others have `running` 0.
template <typename Sum>
struct Falling {
  std::array<Sum, kLanes> sums, running;
  std::array<std::uint32_t, kLanes> stops;
  std::array<std::uint32_t, kLanes> executed;
};

/// Entries begin..end-1 of a filter, negative ones, of which those before `last` are checked; `inputs` is
/// [position][window].
template <typename Sum, typename Input>
inline void fall_of(const Weight* entries, std::uint32_t begin, std::uint32_t end, std::uint32_t last,
                    const Input* inputs, Falling<Sum>& f) {
  Falling<Sum> at = f;
  for (std::uint32_t e = begin; e < end; ++e) {
    const Input* const input = inputs + std::size_t{entries[e].position} * kLanes;
    const Sum weight = entries[e].value;
    for (std::uint32_t i = 0; i < kLanes; ++i) {
      const Sum x = input[i];
      at.sums[i] += (weight * x) & at.running[i];
      at.executed[i] += (x != 0) & (at.running[i] != 0) ? 1u : 0u;
      const bool stops = (at.sums[i] <= 0) & (at.running[i] != 0) & (e + 1 < last);
      at.stops[i] = stops ? e + 1 : at.stops[i];
      at.running[i] = stops ? 0 : at.running[i];
    }
  }
  f = at;
}
LACUNA_VECTORISE void fall(const Weight* entries, std::uint32_t begin, std::uint32_t end, std::uint32_t last,
                           const std::uint8_t* inputs, Falling<std::int32_t>& f) {
  fall_of(entries, begin, end, last, inputs, f);
}
LACUNA_VECTORISE void fall(const Weight* entries, std::uint32_t begin, std::uint32_t end, std::uint32_t last,
                           const std::int16_t* inputs, Falling<std::int32_t>& f) {
  fall_of(entries, begin, end, last, inputs, f);
}
LACUNA_VECTORISE void fall(const Weight* entries, std::uint32_t begin, std::uint32_t end, std::uint32_t last,
                           const std::int32_t* inputs, Falling<std::int64_t>& f) {
  fall_of(entries, begin, end, last, inputs, f);
}

}  // namespace

/// Sixteen filters and some windows at a time.
template <typename Input, typename Weight, typename Sum>
class Values::Computation {
 public:
  Computation(Values& values, const fabric::fast::ValueRows& rows, const fabric::fast::ValueKernels& kernels)
      : values_(values),
        operands_(values.operands_),
        rows_(rows),
        kernels_(kernels),
        layer_(operands_.lowering().layer()),
        finisher_(operands_.lowering().machine(), layer_),
        stops_(operands_.lowering().stops()),
        unused_(64 - accumulator_bits(operands_.lowering().machine())),
        plane_(std::uint64_t{layer_.shape.P()} * layer_.shape.Q()),
        stride_(rows.stride()),
        packed_size_((operands_.k() + std::size_t{3}) / 4 * 4 * kLanes) {}

  void compute(unsigned threads) {
    scratch_.resize(std::max(1u, threads));
    const std::uint32_t sixteens = (operands_.group_filters() + kLanes - 1) / kLanes;
    const auto at_once = static_cast<std::uint32_t>(
        std::clamp<std::size_t>(kPackedBytes / (packed_size_ * sizeof(Weight)), 1, sixteens));
    const auto windows = static_cast<std::uint32_t>(
        std::clamp<std::size_t>(kWindowBytes / (stride_ * sizeof(Input)) / kLanes * kLanes, kLanes, 256));
    for (std::uint32_t group = 0; group < layer_.shape.groups; ++group)
      for (std::uint32_t first = 0; first < sixteens; first += at_once) {
        const std::uint32_t count = std::min(at_once, sixteens - first);
        pack(group, first, count);
        const std::uint64_t batches = (values_.windows_ + windows - 1) / windows;
        for (Scratch& s : scratch_) s.nonzeros.assign(operands_.k(), 0);
        parallel_for(batches, threads, [&](std::size_t batch, unsigned worker) {
          const std::uint64_t begin = std::uint64_t{batch} * windows;
          compute_windows(group, first, count, begin,
                          static_cast<std::uint32_t>(std::min<std::uint64_t>(windows, values_.windows_ - begin)),
                          scratch_[worker]);
        });
        for (const Scratch& s : scratch_)
          for (std::uint32_t k = 0; k < operands_.k(); ++k)
            values_.executed_ += std::uint64_t{s.nonzeros[k]} * weights_at_[k];
      }
    for (const Scratch& s : scratch_) values_.executed_ += s.executed;
  }

 private:
  struct Scratch {
    std::vector<Input> rows;                      ///< [window][stride]
    std::vector<Input> across;                    ///< [position][kLanes windows]
    std::vector<std::uint32_t> nonzeros;          ///< [position] of the windows
    std::array<Sum, 2 * kLanes * kLanes> sums{};  ///< [sixteen][window][filter]
    std::uint64_t executed = 0;                   ///< products with negative weights, where lanes stop
  };
  struct Sixteen {
    std::uint32_t filters = 0;
    std::array<Sum, kLanes> bias{};
    std::array<std::int32_t, kLanes> least_zero{}, largest_zero{};  ///< sums that end as zero; all where no filter is
    std::vector<Filter> ordered;                                    ///< where lanes stop
  };

  void pack(std::uint32_t group, std::uint32_t first, std::uint32_t count) {
    const std::uint32_t k = operands_.k();
    packed_.resize(count * packed_size_);
    sixteens_.assign(count, {});
    weights_at_.assign(k, 0);
    std::vector<Weight> rows(kLanes * stride_);
    for (std::uint32_t i = 0; i < count; ++i) {
      Sixteen& sixteen = sixteens_[i];
      const std::uint32_t place = (first + i) * kLanes;
      sixteen.filters = std::min(kLanes, operands_.group_filters() - place);
      sixteen.least_zero.fill(INT32_MIN);
      sixteen.largest_zero.fill(INT32_MAX);
      std::ranges::fill(rows, Weight{0});
      for (std::uint32_t f = 0; f < sixteen.filters; ++f) {
        const std::uint32_t channel = group * operands_.group_filters() + place + f;
        Weight* const row = rows.data() + f * stride_;
        rows_.filter(group, place + f, row);
        sixteen.bias[f] = static_cast<Sum>(layer_.bias[channel]);
        if (!values_.nonzeros_.empty())
          std::tie(sixteen.least_zero[f], sixteen.largest_zero[f]) = finisher_.zeros(channel);
        if (stops_) {
          // The sum after the positive weights first; then negative ones in their order.
          sixteen.ordered.push_back(operands_.filter(group, place + f));
          for (std::uint32_t i_k = 0; i_k < k; ++i_k) row[i_k] = std::max(row[i_k], Weight{0});
        }
        for (std::uint32_t i_k = 0; i_k < k; ++i_k) weights_at_[i_k] += row[i_k] != 0 ? 1 : 0;
      }
      fabric::fast::pack(rows.data(), stride_, k, packed_.data() + i * packed_size_);
    }
  }

  void compute_windows(std::uint32_t group, std::uint32_t first, std::uint32_t sixteens, std::uint64_t begin,
                       std::uint32_t count, Scratch& s) {
    const std::uint32_t k = operands_.k();
    s.rows.resize((count + kLanes) * stride_);
    rows_.for_windows(group, begin, count, [&](std::uint32_t i, std::size_t element) {
      rows_.window(element, s.rows.data() + i * stride_);
    });
    count_nonzeros(s.rows.data(), stride_, count, k, s.nonzeros.data());
    for (std::uint32_t w = 0; w < count; w += kLanes) {
      const std::uint32_t windows = std::min(kLanes, count - w);
      const Input* const rows = s.rows.data() + w * stride_;
      if (stops_) {
        s.across.assign(std::size_t{k} * kLanes, 0);
        for (std::uint32_t i = 0; i < windows; ++i)
          for (std::uint32_t p = 0; p < k; ++p) s.across[p * kLanes + i] = rows[i * stride_ + p];
      }
      for (std::uint32_t i = 0; i < sixteens; i += 2) {
        const std::uint32_t both = std::min(2u, sixteens - i);
        for (std::uint32_t j = 0; j < both; ++j)
          for (std::uint32_t window = 0; window < windows; ++window)
            std::ranges::copy(sixteens_[i + j].bias, s.sums.data() + (j * kLanes + window) * kLanes);
        fabric::fast::multiply(kernels_, packed_.data() + i * packed_size_, packed_size_, both, rows, stride_, windows,
                               0, k, s.sums.data());
        for (std::uint32_t j = 0; j < both; ++j)
          finish(group, first + i + j, sixteens_[i + j], begin + w, windows, s.sums.data() + j * kLanes * kLanes, s);
      }
    }
  }

  void finish(std::uint32_t group, std::uint32_t index, const Sixteen& sixteen, std::uint64_t begin,
              std::uint32_t windows, Sum* sums, Scratch& s) {
    const std::uint32_t channel = group * operands_.group_filters() + index * kLanes;
    if (stops_)
      for (std::uint32_t f = 0; f < sixteen.filters; ++f) find_stops(sixteen.ordered[f], begin, windows, sums + f, s);
    if constexpr (sizeof(Sum) == 4) {
      if (!values_.nonzeros_.empty())
        kernels_.add_outside(sums, windows, sixteen.least_zero.data(), sixteen.largest_zero.data(), 1,
                             values_.nonzeros_.data() + channel / kLanes * values_.windows_ + begin);
    }
    if (values_.output_.size() == 0) return;
    std::array<std::int64_t, kLanes> ends{}, outputs{};
    with_output(values_.output_, [&](auto* output) {
      using Out = std::remove_reference_t<decltype(*output)>;
      for (std::uint32_t f = 0; f < sixteen.filters; ++f) {
        for (std::uint32_t i = 0; i < windows; ++i)
          ends[i] =
              static_cast<std::int64_t>(static_cast<std::uint64_t>(std::int64_t{sums[i * kLanes + f]}) << unused_) >>
              unused_;
        finisher_.finish(channel + f, ends.data(), 1, windows, outputs.data());
        for (std::uint32_t i = 0; i < windows; ++i) {
          const std::uint64_t window = begin + i;
          output[(window / plane_ * layer_.shape.M + channel + f) * plane_ + window % plane_] =
              static_cast<Out>(outputs[i]);
        }
      }
    });
  }

  /// Where the sums of a filter stop, sums[kLanes x window] after the positive weights: README.md, "Stop".
  void find_stops(const Filter& filter, std::uint64_t begin, std::uint32_t windows, Sum* sums, Scratch& s) {
    const auto entries = static_cast<std::uint32_t>(filter.entries.size());
    const auto negatives = static_cast<std::uint32_t>(
        std::ranges::lower_bound(
            filter.entries.begin() + filter.positives, filter.entries.end(), 0, [](int a, int b) { return a < b; },
            [](const auto& weight) { return weight.value < 0 ? -1 : 0; }) -
        filter.entries.begin());
    Falling<Sum> f{};
    for (std::uint32_t i = 0; i < windows; ++i) {
      f.sums[i] = sums[i * kLanes];
      const bool stops = filter.positives != 0 && filter.positives < entries && f.sums[i] <= 0;
      f.running[i] = stops ? 0 : -1;
      f.stops[i] = stops ? filter.positives : kNever;
    }
    constexpr std::uint32_t kBetweenLooks = 16;
    for (std::uint32_t e = filter.positives; e < negatives; e += kBetweenLooks) {
      if (std::ranges::all_of(f.running, [](Sum running) { return running == 0; })) break;
      fall(filter.entries.data(), e, std::min(negatives, e + kBetweenLooks), entries, s.across.data(), f);
    }
    s.executed += std::accumulate(f.executed.begin(), f.executed.begin() + windows, std::uint64_t{0});
    for (std::uint32_t i = 0; i < windows; ++i) sums[i * kLanes] = f.sums[i];
    std::copy_n(f.stops.data(), windows,
                values_.stops_.data() + std::size_t{filter.channel} * values_.windows_ + begin);
  }

  Values& values_;
  const Operands& operands_;
  const fabric::fast::ValueRows& rows_;
  const fabric::fast::ValueKernels& kernels_;
  const Layer& layer_;
  fabric::fast::Finisher finisher_;
  bool stops_;
  unsigned unused_;
  std::uint64_t plane_;
  std::size_t stride_, packed_size_;
  fabric::fast::Aligned<Weight> packed_;  ///< of the sixteens at hand
  std::vector<Sixteen> sixteens_;
  std::vector<std::uint32_t>
      weights_at_;                ///< [position] filters at hand with a weight there; where lanes stop, positive
  std::vector<Scratch> scratch_;  ///< [worker]
};

Values::Values(const Operands& operands, bool outputs, unsigned threads)
    : operands_(operands), windows_(operands.window_count()), output_bytes_(operands.lowering().output_bytes()) {
  const Lowering& lowering = operands.lowering();
  const Machine& machine = lowering.machine();
  const Layer& layer = lowering.layer();
  const ConvShape& shape = layer.shape;
  bytes_need_values_ = !layer.requantise.empty() && machine.storage.activations != StorageFormat::Dense;
  // Filter tiles are whole sixteens, and only which outputs are zero matters.
  const bool counts = bytes_need_values_ && !outputs && counts_tell_bytes(machine.storage.activations) &&
                      machine.array.rows % kLanes == 0 && operands.group_filters() % kLanes == 0 &&
                      layer.operand_bits() == 8 && accumulator_bits(machine) == 32;
  if (counts)
    nonzeros_.assign(shape.M / kLanes * windows_, 0);
  else if (outputs || bytes_need_values_)
    output_ = Tensor(layer.output_type(), {shape.N, shape.M, shape.P(), shape.Q()});
  if (lowering.stops()) stops_.resize(std::size_t{shape.M} * windows_);

  if (layer.operand_bits() == 8 && accumulator_bits(machine) != 32) {
    // Products of bytes are summed in 32 bits.
    std::int64_t most = 0;
    for (const std::int64_t bias : layer.bias) most = std::max(most, std::abs(bias));
    LACUNA_CHECK(most + std::int64_t{operands.k()} * 255 * 128 <= INT32_MAX, "layer '{}': sums of bytes beyond 32 bits",
                 layer.name);
  }
  std::vector<std::uint32_t> order(shape.M);
  std::iota(order.begin(), order.end(), 0u);
  const fabric::fast::ValueKernels& kernels = fabric::fast::best_value_kernels();
  constexpr std::uint32_t kChunk = 64;
  const fabric::fast::ValueRows rows(layer, order, kChunk, kernels);
  fabric::fast::with_elements(rows.input_size(), [&](auto input, auto weight) {
    using Sum = std::conditional_t<sizeof(weight) == 4, std::int64_t, std::int32_t>;
    Computation<decltype(input), decltype(weight), Sum>(*this, rows, kernels).compute(threads);
  });
}

std::uint64_t Values::column_bytes(std::uint32_t channel, std::uint32_t filters, const ColumnWindows& column) const {
  if (!bytes_need_values_) return std::uint64_t{filters} * column.windows * output_bytes_;
  const Machine& machine = operands_.lowering().machine();
  const FormatParams format{machine.storage.activations, output_bytes_ * 8, machine.storage.run_bits,
                            machine.storage.index_bits, machine.storage.pointer_bits};
  if (!nonzeros_.empty()) {
    std::uint64_t nonzeros = 0;
    for (std::uint32_t sixteen = channel / kLanes; sixteen < (channel + filters) / kLanes; ++sixteen)
      for (std::uint32_t window = 0; window < column.windows; ++window)
        nonzeros += nonzeros_[sixteen * windows_ + column.first + window];
    return encoded_bytes(format, std::uint64_t{filters} * column.windows, nonzeros);
  }
  const ConvShape& shape = operands_.lowering().layer().shape;
  const std::uint64_t plane = std::uint64_t{shape.P()} * shape.Q();
  const std::size_t at = (column.first / plane * shape.M + channel) * plane + column.first % plane;
  const auto bytes = [&](auto values) {
    std::vector<std::int32_t> results;
    for (std::uint32_t filter = 0; filter < filters; ++filter)
      for (std::uint32_t window = 0; window < column.windows; ++window)
        results.push_back(values[at + filter * plane + window]);
    return encoded_bytes(format, std::span<const std::int32_t>(results));
  };
  return with_operands(output_, bytes);  // outputs that are stored compressed are operands
}

}  // namespace lacuna::gather::fast
