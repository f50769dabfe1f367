#include "datapaths/gather/fast/values.h"

#include <algorithm>
#include <array>
#include <span>
#include <type_traits>

#include "base/parallel.h"
#include "datapaths/fabric/fast/finisher.h"
#include "sparse/storage.h"

namespace lacuna::gather::fast {

namespace {

/// Windows side by side in vectors.
constexpr std::uint32_t kTogether = 16;

/// Sums of one filter and kTogether windows, of whose inputs those of position k are at inputs[k].
template <typename Sum>
class Sums {
 public:
  using Inputs = std::array<std::int32_t, kTogether>;

  explicit Sums(std::int64_t bias) { sums_.fill(static_cast<Sum>(bias)); }

  /// All entries; products of nonzero operands.
  std::uint64_t all(const Filter& filter, const Inputs* inputs) {
    std::array<std::uint32_t, kTogether> executed{};
    for (const Weight& weight : filter.entries) {
      if (weight.value == 0) continue;
      const Inputs& input = inputs[weight.position];
      for (std::uint32_t i = 0; i < kTogether; ++i) {
        add(sums_[i], weight.value, input[i]);
        executed[i] += input[i] != 0;
      }
    }
    std::uint64_t total = 0;
    for (const std::uint32_t count : executed) total += count;
    return total;
  }

  /// The same up to stops, which are noted for the first `count` windows.
  std::uint64_t up_to_stops(const Filter& filter, const Inputs* inputs, std::uint32_t count, std::uint32_t* stops) {
    std::fill_n(stops, count, kNever);
    std::uint64_t executed = 0;
    const auto entries = static_cast<std::uint32_t>(filter.entries.size());
    std::uint32_t running = count;
    for (std::uint32_t e = 0; e < entries && running != 0; ++e) {
      const Weight& weight = filter.entries[e];
      const Inputs& input = inputs[weight.position];
      const bool checks = (weight.value < 0 || e + 1 == filter.positives) && e + 1 < entries;
      for (std::uint32_t i = 0; i < count; ++i) {
        if (stops[i] != kNever) continue;
        add(sums_[i], weight.value, input[i]);
        executed += weight.value != 0 && input[i] != 0;
        if (!checks || sums_[i] > 0) continue;
        stops[i] = e + 1;
        --running;
      }
    }
    return executed;
  }

  [[nodiscard]] const Sum* data() const { return sums_.data(); }

 private:
  static void add(Sum& sum, std::int32_t weight, std::int32_t input) {
    using Wrapping = std::make_unsigned_t<Sum>;
    sum = static_cast<Sum>(static_cast<Wrapping>(sum) + static_cast<Wrapping>(weight) * static_cast<Wrapping>(input));
  }

  std::array<Sum, kTogether> sums_;
};

}  // namespace

Values::Values(Operands& operands, bool outputs, unsigned threads)
    : operands_(operands), windows_(operands.window_count()), output_bytes_(operands.lowering().output_bytes()) {
  const Lowering& lowering = operands.lowering();
  const Machine& machine = lowering.machine();
  const Layer& layer = lowering.layer();
  const ConvShape& shape = layer.shape;
  const std::uint64_t plane = std::uint64_t{shape.P()} * shape.Q();
  bytes_need_values_ = !layer.requantise.empty() && machine.storage.activations != StorageFormat::Dense;
  const bool keeps = outputs || bytes_need_values_;
  if (keeps) output_ = Tensor(layer.output_type(), {shape.N, shape.M, shape.P(), shape.Q()});
  if (lowering.stops()) stops_.resize(std::size_t{shape.M} * windows_);
  const fabric::fast::Finisher finisher(machine, layer);
  const unsigned unused = 64 - accumulator_bits(machine);

  const auto compute = [&]<typename Sum>(Sum) {
    using Lane = Sums<Sum>;
    std::vector<Filter> filters;
    for (std::uint32_t group = 0; group < shape.groups; ++group) {
      filters.clear();
      for (std::uint32_t place = 0; place < operands.group_filters(); ++place)
        filters.push_back(operands.filter(group, place));
      const std::uint64_t batches = (windows_ + kTogether - 1) / kTogether;
      std::vector<std::uint64_t> executed(std::max(1u, threads));
      parallel_for(batches, threads, [&](std::size_t batch, unsigned worker) {
        const std::uint64_t first = batch * kTogether;
        const auto count = static_cast<std::uint32_t>(std::min<std::uint64_t>(kTogether, windows_ - first));
        std::vector<typename Lane::Inputs> inputs(operands.k());
        for (std::uint32_t i = 0; i < count; ++i) {
          const std::int32_t* const window = operands.window(group, first + i);
          for (std::uint32_t k = 0; k < operands.k(); ++k) inputs[k][i] = window[operands.positions()[k]];
        }
        for (const Filter& filter : filters) {
          Lane sums(filter.bias);
          executed[worker] += stops_.empty()
                                  ? sums.all(filter, inputs.data())
                                  : sums.up_to_stops(filter, inputs.data(), count,
                                                     stops_.data() + std::size_t{filter.channel} * windows_ + first);
          if (!keeps) continue;
          for (std::uint32_t i = 0; i < count; ++i) {
            const std::uint64_t window = first + i;
            const auto sum = static_cast<std::int64_t>(static_cast<std::uint64_t>(sums.data()[i]) << unused) >> unused;
            std::int64_t value;
            finisher.finish(filter.channel, &sum, 1, 1, &value);
            output_.set((window / plane * shape.M + filter.channel) * plane + window % plane, value);
          }
        }
      });
      for (const std::uint64_t count : executed) executed_ += count;
    }
  };
  if (layer.operand_bits() == 8 && accumulator_bits(machine) == 32)
    compute(std::int32_t{});
  else
    compute(std::int64_t{});
}

std::uint64_t Values::column_bytes(std::uint32_t channel, std::uint32_t filters, const ColumnWindows& column) const {
  if (!bytes_need_values_) return std::uint64_t{filters} * column.windows * output_bytes_;
  const Machine& machine = operands_.lowering().machine();
  const ConvShape& shape = operands_.lowering().layer().shape;
  const std::uint64_t plane = std::uint64_t{shape.P()} * shape.Q();
  const std::size_t at = (column.first / plane * shape.M + channel) * plane + column.first % plane;
  const auto bytes = [&](auto values) {
    std::vector<std::int32_t> results;
    for (std::uint32_t filter = 0; filter < filters; ++filter)
      for (std::uint32_t window = 0; window < column.windows; ++window)
        results.push_back(values[at + filter * plane + window]);
    return encoded_bytes({machine.storage.activations, output_bytes_ * 8, machine.storage.run_bits,
                          machine.storage.index_bits, machine.storage.pointer_bits},
                         std::span<const std::int32_t>(results));
  };
  switch (output_.type()) {
    case DType::Int8:
      return bytes(output_.as<std::int8_t>());
    case DType::UInt8:
      return bytes(output_.as<std::uint8_t>());
    case DType::Int16:
      return bytes(output_.as<std::int16_t>());
    case DType::UInt16:
      return bytes(output_.as<std::uint16_t>());
    default:
      throw Bug("outputs that are stored compressed are operands");
  }
}

}  // namespace lacuna::gather::fast
