// Small layers and a machine without memory delays, for tests that count cycles by hand.
#pragma once

#include <cstdint>
#include <vector>

#include "../serial_dram.h"
#include "datapaths/intersect/config.h"
#include "workload/layer.h"

namespace lacuna::test {

/// A fully connected layer: weights [M x K], inputs [N x K], no requantisation.
inline Layer fc(std::uint32_t m, std::uint32_t k, std::uint32_t n, const std::vector<int>& weights,
                const std::vector<int>& inputs, bool relu = false) {
  Layer layer;
  layer.name = "fc";
  layer.op = Op::Fc;
  layer.shape.M = m;
  layer.shape.C = k;
  layer.shape.N = n;
  layer.weights = Tensor(DType::Int8, {m, k, 1, 1});
  layer.input = Tensor(DType::UInt8, {n, k, 1, 1});
  for (std::size_t i = 0; i < weights.size(); ++i)
    layer.weights.as<std::int8_t>()[i] = static_cast<std::int8_t>(weights[i]);
  for (std::size_t i = 0; i < inputs.size(); ++i)
    layer.input.as<std::uint8_t>()[i] = static_cast<std::uint8_t>(inputs[i]);
  layer.bias.assign(m, 0);
  layer.relu = relu;
  return layer;
}

/// The same with every weight and input one.
inline Layer ones(std::uint32_t m, std::uint32_t k, std::uint32_t n, bool relu = false) {
  return fc(m, k, n, std::vector<int>(std::size_t{m} * k, 1), std::vector<int>(std::size_t{n} * k, 1), relu);
}

/// One transfer at a time, and each takes one cycle unless a feeder takes more words; every message fits one word.
inline Machine quick_machine(std::uint32_t rows, std::uint32_t columns) {
  Machine m = intersect::default_machine();
  m.array.rows = rows;
  m.array.columns = columns;
  intersect::Config& c = intersect::config(m);
  c.chunk = 8;
  c.order = Order::FiltersOuter;
  c.weights.bus_bytes = c.activations.bus_bytes = 256;
  c.weights.buffer_bytes = c.activations.buffer_bytes = 1 << 20;
  m.global_buffer = {1 << 20, 256, 256};
  m.dram = serial_dram(4096, 0, 1);
  return m;
}

}  // namespace lacuna::test
