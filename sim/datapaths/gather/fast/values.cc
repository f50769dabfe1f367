#include "datapaths/gather/fast/values.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <span>
#include <type_traits>

#include "base/parallel.h"
#include "datapaths/fabric/fast/aligned.h"
#include "datapaths/fabric/fast/finisher.h"
#include "datapaths/fabric/fast/products.h"
#include "datapaths/gather/fast/stops.h"
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

}  // namespace

/// Sixteen filters and some windows at a time.
template <typename Input, typename Weight, typename Sum>
class Values::Computation {
 public:
  explicit Computation(Values& values)
      : values_(values),
        operands_(values.operands_),
        rows_(operands_.rows()),
        kernels_(operands_.kernels()),
        layer_(operands_.lowering().layer()),
        finisher_(operands_.lowering().machine(), layer_),
        stops_(operands_.lowering().stops()),
        unused_(64 - accumulator_bits(operands_.lowering().machine())),
        plane_(std::uint64_t{layer_.shape.P()} * layer_.shape.Q()),
        stride_(rows_.stride()),
        packed_size_((operands_.k() + std::size_t{3}) / 4 * 4 * kLanes) {}

  void compute(unsigned threads) {
    scratch_.resize(std::max(1u, threads));
    const std::uint32_t sixteens = (operands_.group_filters() + kLanes - 1) / kLanes;
    const auto at_once = static_cast<std::uint32_t>(
        std::clamp<std::size_t>(kPackedBytes / (packed_size_ * sizeof(Weight)), 1, sixteens));
    const auto windows = static_cast<std::uint32_t>(std::clamp<std::size_t>(
        kWindowBytes / (stride_ * sizeof(Input)) / kSideBySide * kSideBySide, kSideBySide, 256));
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
    std::vector<Input> rows;              ///< [window][stride]
    Across<Input> across;                 ///< where lanes stop
    std::vector<std::uint32_t> nonzeros;  ///< [position] of the windows
    /// Of windows side by side: [sixteen windows][sixteen filters][window][filter]
    std::array<Sum, kSideBySide / kLanes * 2 * kLanes * kLanes> sums{};
    std::uint64_t executed = 0;  ///< products with negative weights, where lanes stop
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
          // The sum of the settled entries first; then the others in their order.
          const Filter& filter = sixteen.ordered.emplace_back(operands_.filter(group, place + f));
          for (std::size_t e = filter.settled; e < filter.entries.size(); ++e) row[filter.entries[e].position] = 0;
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
    for (std::uint32_t w = 0; w < count; w += kSideBySide) {
      const std::uint32_t windows = std::min(kSideBySide, count - w);
      const Input* const rows = s.rows.data() + w * stride_;
      if (stops_) s.across.fill(kernels_, rows, stride_, windows, k);
      for (std::uint32_t i = 0; i < sixteens; i += 2) {
        const std::uint32_t both = std::min(2u, sixteens - i);
        // Calls visit(first window, windows, sixteen of both, its sums) for sixteen windows at a time.
        const auto for_sums = [&](auto visit) {
          for (std::uint32_t part = 0; part < windows; part += kLanes)
            for (std::uint32_t j = 0; j < both; ++j)
              visit(part, std::min(kLanes, windows - part), j, s.sums.data() + (part * 2 + j * kLanes) * kLanes);
        };
        for_sums([&](std::uint32_t part, std::uint32_t some, std::uint32_t j, Sum* sums) {
          for (std::uint32_t window = 0; window < some; ++window)
            std::ranges::copy(sixteens_[i + j].bias, sums + window * kLanes);
          if (j + 1 == both)
            fabric::fast::multiply(kernels_, packed_.data() + i * packed_size_, packed_size_, both,
                                   rows + part * stride_, stride_, some, 0, k, sums - j * kLanes * kLanes);
        });
        for (std::uint32_t j = 0; j < both && stops_; ++j) stop(sixteens_[i + j], j, begin + w, windows, s);
        for_sums([&](std::uint32_t part, std::uint32_t some, std::uint32_t j, Sum* sums) {
          finish(group, first + i + j, sixteens_[i + j], begin + w + part, some, sums);
        });
      }
    }
  }

  /// Lets the sums of a sixteen of filters that stop do so; they are those with the settled entries.
  void stop(const Sixteen& sixteen, std::uint32_t j, std::uint64_t begin, std::uint32_t windows, Scratch& s) {
    for (std::uint32_t f = 0; f < sixteen.filters; ++f) {
      const Filter& filter = sixteen.ordered[f];
      const auto sum = [&](std::uint32_t window) -> Sum& {
        return s.sums[((window / kLanes * 2 + j) * kLanes + window % kLanes) * kLanes + f];
      };
      FilterSums<Sum> lanes;
      for (std::uint32_t window = 0; window < windows; ++window) lanes.sums[window] = sum(window);
      s.executed += find_stops(filter, s.across, windows, lanes);
      for (std::uint32_t window = 0; window < windows; ++window) sum(window) = lanes.sums[window];
      std::copy_n(lanes.stops.data(), windows,
                  values_.stops_.data() + std::size_t{filter.channel} * values_.windows_ + begin);
    }
  }

  void finish(std::uint32_t group, std::uint32_t index, const Sixteen& sixteen, std::uint64_t begin,
              std::uint32_t windows, const Sum* sums) {
    const std::uint32_t channel = group * operands_.group_filters() + index * kLanes;
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
      weights_at_;                ///< [position] filters at hand with a weight there; where lanes stop, settled ones
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
  fabric::fast::with_elements(operands.rows().input_size(), [&](auto input, auto weight) {
    using Sum = std::conditional_t<sizeof(weight) == 4, std::int64_t, std::int32_t>;
    Computation<decltype(input), decltype(weight), Sum>(*this).compute(threads);
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
