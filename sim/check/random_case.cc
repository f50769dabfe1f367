#include "check/random_case.h"

#include <fmt/format.h>

#include <algorithm>

#include "machine/config_reader.h"
#include "machine/draw.h"
#include "machine/family.h"

namespace lacuna {

namespace {

/// Fills an integer tensor: `density` of nonzeros in lowest..highest; now and then only extremes, or only units.
void fill(Tensor& tensor, Draw& draw, double density, std::int32_t lowest, std::int32_t highest) {
  const double kind = draw.unit();
  const bool extreme = kind < 0.1, units = kind >= 0.75;
  const auto value = [&]() -> std::int32_t {
    if (!draw.chance(density)) return 0;
    if (extreme) return draw.chance(0.5) ? lowest : highest;
    // Sums of few units are often exactly zero.
    if (units) return lowest < 0 && draw.chance(0.5) ? -1 : std::min(highest, 1);
    const std::int32_t v =
        lowest + static_cast<std::int32_t>(draw.between(0, static_cast<std::uint32_t>(highest - lowest)));
    return v == 0 ? highest : v;
  };
  const auto assign = [&](auto values) {
    using Value = typename decltype(values)::value_type;
    for (auto& v : values) v = static_cast<Value>(value());
  };
  switch (tensor.type()) {
    case DType::Int8:
      return assign(tensor.as<std::int8_t>());
    case DType::UInt8:
      return assign(tensor.as<std::uint8_t>());
    case DType::Int16:
      return assign(tensor.as<std::int16_t>());
    case DType::UInt16:
      return assign(tensor.as<std::uint16_t>());
    default:
      throw Bug("operands are integers of 8 or 16 bits");
  }
}

double density(Draw& draw) { return draw.one_of({0.0, 0.05, 0.2, 0.35, 0.5, 0.8, 1.0}); }

/// Of most filters a part of the weights, and a threshold about as large as the sums of a few products, or the sum of
/// none, that some window meets exactly; now and then as many representatives as weights or more, which predict
/// nothing.
Prediction drawn_prediction(Draw& draw, const Layer& layer) {
  const auto k = static_cast<std::uint32_t>(layer.weights.size() / layer.shape.M);
  const std::int64_t scale = layer.operand_bits() == 8 ? 20'000 : 1'000'000'000;
  Prediction prediction;
  for (std::uint32_t m = 0; m < layer.shape.M; ++m) {
    prediction.representatives.push_back(draw.chance(0.2) ? 0 : draw.between(1, draw.chance(0.5) ? (k + 3) / 4 : k));
    const std::int64_t most = scale >> draw.between(0, 8);
    const auto any = static_cast<std::int64_t>(draw.unit() * 2 * static_cast<double>(most)) - most;
    prediction.thresholds.push_back(draw.chance(0.2) ? layer.bias[m] : any);
  }
  return prediction;
}

Layer drawn_layer(Draw& draw, Operand operand) {
  Layer layer;
  layer.name = "random";
  ConvShape& s = layer.shape;
  layer.op = draw.one_of({Op::Conv, Op::Conv, Op::Conv, Op::Depthwise, Op::Fc, Op::Matmul});
  if (layer.op == Op::Fc || layer.op == Op::Matmul) {
    s.N = draw.between(1, 12);
    s.C = draw.between(1, 300);
    s.M = draw.between(1, 40);
  } else {
    s.N = draw.between(1, 2);
    s.groups = layer.op == Op::Depthwise ? draw.between(1, 6) : draw.one_of({1u, 1u, 1u, 2u, 3u});
    s.C = s.groups * (layer.op == Op::Depthwise ? 1 : draw.between(1, 24));
    s.M = s.groups * draw.between(1, layer.op == Op::Depthwise ? 2 : 12);
    s.R = draw.between(1, 3);
    s.S = draw.between(1, 3);
    s.stride_h = draw.between(1, 2);
    s.stride_w = draw.between(1, 2);
    s.dilation_h = draw.between(1, 2);
    s.dilation_w = draw.between(1, 2);
    s.pad_top = draw.between(0, 2);
    s.pad_bottom = draw.between(0, 2);
    s.pad_left = draw.between(0, 2);
    s.pad_right = draw.between(0, 2);
    const auto extent = [&](std::uint32_t kernel, std::uint32_t dilation, std::uint32_t pad) {
      const std::uint32_t reach = dilation * (kernel - 1) + 1;
      return std::max(draw.between(1, 7), reach > pad ? reach - pad : 1);
    };
    s.H = extent(s.R, s.dilation_h, s.pad_top + s.pad_bottom);
    s.W = extent(s.S, s.dilation_w, s.pad_left + s.pad_right);
  }
  const bool wide = operand == Operand::Int16 && draw.chance(0.9);
  const bool is_signed = draw.chance(0.15);
  layer.weights = Tensor(wide ? DType::Int16 : DType::Int8, {s.M, s.C / s.groups, s.R, s.S});
  layer.input = Tensor(wide ? (is_signed ? DType::Int16 : DType::UInt16) : (is_signed ? DType::Int8 : DType::UInt8),
                       {s.N, s.C, s.H, s.W});
  const std::int32_t limit = wide ? 32767 : 127;
  fill(layer.weights, draw, density(draw), -limit - 1, draw.chance(0.1) ? -1 : limit);
  fill(layer.input, draw, density(draw), is_signed ? -limit - 1 : 1, is_signed ? limit : 2 * limit + 1);
  layer.relu = draw.chance(0.8);
  layer.bias.assign(s.M, 0);
  const double biases = draw.unit();
  if (biases < 0.2)
    for (auto& bias : layer.bias) bias = static_cast<std::int64_t>(draw.between(0, 6)) - 3;
  else if (biases < 0.7)
    for (auto& bias : layer.bias)
      bias = static_cast<std::int64_t>(draw.between(0, 40000)) - (draw.chance(0.3) ? 35000 : 20000);
  if (draw.chance(0.7)) {
    layer.requantise.resize(s.M);
    for (auto& r : layer.requantise) r = {draw.between(1, 65535), draw.between(0, wide ? 40 : 24)};
  }
  if (draw.chance(0.4)) layer.prediction = drawn_prediction(draw, layer);
  return layer;
}

/// What every machine has beside its array: post unit and memory.
void draw_surroundings(Machine& m, Draw& draw) {
  m.post.threshold = draw.chance(0.2) ? draw.between(1, 20) : 0;
  m.global_buffer.bytes = draw.one_of({1024u, 2048u, 4096u, 65536u});
  m.global_buffer.banks = draw.one_of({1u, 2u, 5u, 16u});
  m.global_buffer.bytes_per_cycle = draw.one_of({1u, 4u, 16u});
  m.dram.bytes_per_cycle = draw.one_of({1u, 3u, 16u, 1024u});
  m.dram.latency = draw.one_of({0u, 1u, 20u, 200u});
  m.dram.burst_bytes = draw.one_of({1u, 32u, 64u});
  m.dram.outstanding = draw.one_of({1u, 2u, 3u, 8u});
  m.dram.turnaround = draw.one_of({0u, 0u, 1u, 30u});
  m.dram.clock_mhz = draw.one_of({0u, 700u, 1600u});
  m.dram.banks = draw.one_of({1u, 2u, 16u});
  m.dram.row_bytes = draw.one_of({64u, 100u, 2048u});
  m.dram.t_rcd = draw.one_of({0u, 1u, 14u});
  m.dram.t_rp = draw.one_of({0u, 1u, 14u});
  m.dram.t_cas = draw.one_of({0u, 1u, 14u});
  m.storage.weights = draw.any<StorageFormat>();
  m.storage.activations = draw.any<StorageFormat>();
  m.storage.run_bits = draw.between(1, 6);
  m.storage.index_bits = draw.between(1, 6);
}

/// "array.rows=3 dram.latency=0": what makes it of a default machine of the family. Texts decide no cycle.
std::string described(const Machine& machine) {
  std::string text;
  const auto defaults = parameters(Machine(machine.datapath()));
  const auto own = parameters(machine);
  for (std::size_t i = 0; i < own.size(); ++i) {
    if (own[i].type == Parameter::Type::Text || own[i].value == defaults[i].value) continue;
    text += fmt::format("{}{}={}", text.empty() ? "" : " ", own[i].name, own[i].value);
  }
  return fmt::format("datapath {}: {}", family(machine).name(), text.empty() ? "the default machine" : text);
}

}  // namespace

RandomCase random_case(std::uint64_t seed, std::uint64_t geometries, Datapath datapath) {
  Draw array(geometries == 0 ? seed : seed % geometries);
  Draw draw(~seed);
  RandomCase result{Machine(datapath), {}};
  result.machine.name = "random";
  const Family& own = family(datapath);
  own.draw_array(array, result.machine, geometries == 0 ? ArraySize::Any : ArraySize::Small);
  own.draw_schedule(draw, result.machine);
  draw_surroundings(result.machine, draw);
  result.layer = drawn_layer(draw, result.machine.array.operand);
  return result;
}

RandomCase random_case_on(const Machine& machine, std::uint64_t seed) {
  Draw draw(~seed);
  return {machine, drawn_layer(draw, machine.array.operand)};
}

std::string RandomCase::describe() const {
  const ConvShape& s = layer.shape;
  return fmt::format(
      "{} N{} C{} H{} W{} M{} R{} S{} stride {},{} dilation {},{} pad {},{},{},{} groups {} relu {} {} {} {}; {}",
      name_of(layer.op), s.N, s.C, s.H, s.W, s.M, s.R, s.S, s.stride_h, s.stride_w, s.dilation_h, s.dilation_w,
      s.pad_top, s.pad_bottom, s.pad_left, s.pad_right, s.groups, layer.relu, name_of(layer.weights.type()),
      name_of(layer.input.type()), layer.requantise.empty() ? "raw" : "requantised", described(machine));
}

}  // namespace lacuna
