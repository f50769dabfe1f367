#include "datapaths/fabric/layer_values.h"

#include <algorithm>
#include <span>

#include "sparse/storage.h"
#include "tensor/element_types.h"

namespace lacuna::fabric {

namespace {

constexpr std::uint32_t ceil_div(std::uint64_t a, std::uint64_t b) {
  return static_cast<std::uint32_t>((a + b - 1) / b);
}

FormatParams format_params(const Machine& machine, StorageFormat format) {
  return {format, operand_bytes(machine) * 8, machine.storage.run_bits, machine.storage.index_bits,
          machine.storage.pointer_bits};
}

}  // namespace

std::optional<std::string> early_termination_refusal(const Layer& layer, unsigned accumulator_bits) {
  if (!layer.relu) return "no ReLU follows";
  std::int64_t largest = 0;
  std::int64_t lowest = 0;
  with_operands(layer.input, [&](auto values) {
    for (const auto value : values) {
      largest = std::max<std::int64_t>(largest, value);
      lowest = std::min<std::int64_t>(lowest, value);
    }
  });
  if (lowest < 0) return fmt::format("an input is negative ({})", lowest);
  const std::int64_t limit = std::int64_t{1} << (accumulator_bits - 1);
  const std::size_t k = layer.weights.size() / layer.shape.M;
  return with_operands(layer.weights, [&](auto values) -> std::optional<std::string> {
    for (std::size_t m = 0; m < layer.shape.M; ++m) {
      std::int64_t positive = 0;
      std::int64_t negative = 0;
      constexpr std::size_t kTogether = 4096;  // sums of so many fit 32 bits
      for (std::size_t begin = 0; begin < k; begin += kTogether) {
        std::int32_t above = 0, all = 0;
        for (const auto weight : values.subspan(m * k + begin, std::min(kTogether, k - begin))) {
          above += weight > 0 ? weight : 0;
          all += weight;
        }
        positive += above;
        negative += all - above;
      }
      if (layer.bias[m] + positive * largest >= limit || layer.bias[m] + negative * largest < -limit)
        return fmt::format("the sums of filter {} may leave the {}-bit accumulator", m, accumulator_bits);
    }
    return std::nullopt;
  });
}

LayerValues::LayerValues(const Machine& machine, const Layer& layer)
    : machine_(machine),
      layer_(layer),
      k_(layer.shape.R * layer.shape.S * (layer.shape.C / layer.shape.groups)),
      channels_(layer.shape.C / layer.shape.groups) {
  if (layer.operand_bits() > 8 * operand_bytes(machine))
    fail({"array.operand"}, "layer '{}' has {}-bit operands; array.operand is {}", layer.name, layer.operand_bits(),
         name_of(machine.array.operand));
}

const std::vector<std::int32_t>& LayerValues::channels_innermost() {
  if (!input_.empty()) return input_;
  const ConvShape& shape = layer_.shape;
  input_.resize(layer_.input.size());
  with_operands(layer_.input, [&](auto values) {
    const std::size_t plane = std::size_t{shape.H} * shape.W;
    constexpr std::size_t kTogether = 64;  // positions: what is written between two channels stays in a fast cache
    for (std::size_t n = 0; n < shape.N; ++n)
      for (std::size_t begin = 0; begin < plane; begin += kTogether)
        for (std::size_t c = 0; c < shape.C; ++c)
          for (std::size_t at = begin; at < std::min(plane, begin + kTogether); ++at)
            input_[(n * plane + at) * shape.C + c] = values[(n * shape.C + c) * plane + at];
  });
  return input_;
}

std::vector<std::uint64_t> LayerValues::filter_bytes() const {
  const ConvShape& shape = layer_.shape;
  const FormatParams format = format_params(machine_, machine_.storage.weights);
  std::vector<std::uint64_t> bytes(shape.M);
  if (counts_tell_bytes(format.format)) {
    with_operands(layer_.weights, [&](auto values) {
      for (std::uint32_t m = 0; m < shape.M; ++m)
        bytes[m] = encoded_bytes(format, values.subspan(std::size_t{m} * k_, k_));
    });
    return bytes;
  }
  std::vector<std::int32_t> filter(k_);
  for (std::uint32_t m = 0; m < shape.M; ++m) {
    this->filter(m, filter.data());
    bytes[m] = encoded_bytes(format, std::span<const std::int32_t>(filter));
  }
  return bytes;
}

std::vector<std::uint64_t> LayerValues::input_row_bytes() {
  const ConvShape& shape = layer_.shape;
  const FormatParams format = format_params(machine_, machine_.storage.activations);
  const std::uint32_t channels = shape.C / shape.groups;
  const std::uint32_t rows = shape.N * shape.H;
  std::vector<std::uint64_t> bytes(std::size_t{shape.groups} * rows);
  if (counts_tell_bytes(format.format)) {
    std::vector<std::uint64_t> nonzeros(bytes.size());
    if (format.format == StorageFormat::Bitmask)
      with_operands(layer_.input, [&](auto values) {
        for (std::size_t n = 0; n < shape.N; ++n)
          for (std::size_t c = 0; c < shape.C; ++c)
            for (std::size_t h = 0; h < shape.H; ++h)
              nonzeros[c / channels * rows + n * shape.H + h] +=
                  count_nonzeros(values.subspan(((n * shape.C + c) * shape.H + h) * shape.W, shape.W));
      });
    for (std::size_t i = 0; i < bytes.size(); ++i)
      bytes[i] = encoded_bytes(format, std::uint64_t{shape.W} * channels, nonzeros[i]);
    return bytes;
  }
  const std::vector<std::int32_t>& input = channels_innermost();
  std::vector<std::int32_t> unit(std::size_t{shape.W} * channels);
  for (std::uint32_t g = 0; g < shape.groups; ++g)
    for (std::uint32_t row = 0; row < rows; ++row) {
      const std::int32_t* source = input.data() + std::size_t{row} * shape.W * shape.C + std::size_t{g} * channels;
      for (std::uint32_t w = 0; w < shape.W; ++w)
        std::copy_n(source + std::size_t{w} * shape.C, channels, unit.data() + std::size_t{w} * channels);
      bytes[std::size_t{g} * rows + row] = encoded_bytes(format, std::span<const std::int32_t>(unit));
    }
  return bytes;
}

StoredOperands LayerValues::stored(const std::vector<std::uint32_t>& filter_order, std::uint32_t filters,
                                   const std::vector<std::uint64_t>& begin) {
  const ConvShape& shape = layer_.shape;
  const std::uint32_t group_filters = shape.M / shape.groups;
  StoredOperands stored;
  stored.groups = shape.groups;
  stored.filter_tiles = ceil_div(group_filters, filters);
  stored.window_tiles = static_cast<std::uint32_t>(begin.size() - 1);

  const std::vector<std::uint64_t> filter_sizes = filter_bytes();
  stored.filter_tile.resize(std::size_t{shape.groups} * stored.filter_tiles);
  for (std::uint32_t i = 0; i < shape.M; ++i) {
    const std::uint32_t group = i / group_filters;
    stored.filter_tile[std::size_t{group} * stored.filter_tiles + (i % group_filters) / filters] +=
        filter_sizes[filter_order[i]];
  }

  // Stored bytes of every input row of every group, then what each window tile reads of them.
  const std::uint32_t rows = shape.N * shape.H;
  const std::vector<std::uint64_t> row_bytes = input_row_bytes();

  stored.window_all.resize(std::size_t{shape.groups} * stored.window_tiles);
  stored.window_new.resize(stored.window_all.size());
  std::vector<std::uint32_t> seen_by(rows, UINT32_MAX);  // the last window tile that read the row
  for (std::uint32_t tile = 0; tile < stored.window_tiles; ++tile) {
    const std::uint64_t first = begin[tile] / shape.Q();
    const std::uint64_t last = (begin[tile + std::size_t{1}] - 1) / shape.Q();
    for (std::uint64_t output_row = first; output_row <= last; ++output_row) {
      const auto n = static_cast<std::uint32_t>(output_row / shape.P());
      const auto p = static_cast<std::uint32_t>(output_row % shape.P());
      for (std::uint32_t r = 0; r < shape.R; ++r) {
        const std::int64_t h = std::int64_t{p} * shape.stride_h + std::int64_t{r} * shape.dilation_h - shape.pad_top;
        if (h < 0 || h >= shape.H) continue;
        const std::uint32_t row = n * shape.H + static_cast<std::uint32_t>(h);
        if (seen_by[row] == tile) continue;
        for (std::uint32_t g = 0; g < shape.groups; ++g) {
          const std::uint64_t bytes = row_bytes[std::size_t{g} * rows + row];
          const std::size_t at = std::size_t{g} * stored.window_tiles + tile;
          stored.window_all[at] += bytes;
          if (seen_by[row] == UINT32_MAX) stored.window_new[at] += bytes;
        }
        seen_by[row] = tile;
      }
    }
  }
  return stored;
}

void LayerValues::filter(std::uint32_t filter, std::int32_t* values) const {
  const ConvShape& shape = layer_.shape;
  const std::uint32_t channels = shape.C / shape.groups;
  const std::uint32_t plane = shape.R * shape.S;
  with_operands(layer_.weights, [&](auto weights) {
    const auto source = weights.subspan(std::size_t{filter} * k_, k_);
    if (plane == 1) {
      std::ranges::copy(source, values);
      return;
    }
    for (std::uint32_t c = 0; c < channels; ++c)
      for (std::uint32_t at = 0; at < plane; ++at)
        values[std::size_t{at} * channels + c] = source[std::size_t{c} * plane + at];
  });
}

void LayerValues::pixel(std::uint32_t group, std::uint64_t n, std::int64_t h, std::int64_t w,
                        std::int32_t* values) const {
  const ConvShape& shape = layer_.shape;
  if (h < 0 || h >= shape.H || w < 0 || w >= shape.W) {
    std::fill_n(values, channels_, 0);
    return;
  }
  const std::size_t at = (n * shape.H + static_cast<std::size_t>(h)) * shape.W + static_cast<std::size_t>(w);
  std::copy_n(input_.data() + at * shape.C + std::size_t{group} * channels_, channels_, values);
}

void LayerValues::window(std::uint32_t group, std::uint64_t window, std::int32_t* values) const {
  const ConvShape& shape = layer_.shape;
  const std::uint64_t q = window % shape.Q();
  const std::uint64_t p = window / shape.Q() % shape.P();
  const std::uint64_t n = window / shape.Q() / shape.P();
  for (std::uint32_t r = 0; r < shape.R; ++r) {
    const std::int64_t h =
        static_cast<std::int64_t>(p * shape.stride_h + std::uint64_t{r} * shape.dilation_h) - shape.pad_top;
    for (std::uint32_t s = 0; s < shape.S; ++s, values += channels_)
      pixel(group, n, h,
            static_cast<std::int64_t>(q * shape.stride_w + std::uint64_t{s} * shape.dilation_w) - shape.pad_left,
            values);
  }
}

std::vector<std::uint32_t> LayerValues::nonzeros() const {
  std::vector<std::uint32_t> nonzeros(layer_.shape.M);
  with_operands(layer_.weights, [&](auto values) {
    for (std::uint32_t m = 0; m < layer_.shape.M; ++m)
      nonzeros[m] = static_cast<std::uint32_t>(count_nonzeros(values.subspan(std::size_t{m} * k_, k_)));
  });
  return nonzeros;
}

std::uint32_t LayerValues::output_bytes() const {
  return layer_.requantise.empty() ? accumulator_bits(machine_) / 8 : operand_bytes(machine_);
}

}  // namespace lacuna::fabric
