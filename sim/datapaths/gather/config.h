// Every parameter of the gather machine beside those of all machines, once: the section `gather` of a configuration,
// and the parameters of the SystemVerilog. What they mean: README.md.
#pragma once

#include <cstdint>

#include "machine/config.h"
#include "machine/memory_plan.h"

namespace lacuna::gather {

enum class Delivery { Stream, Resident };
enum class Skip { None, Weights };
enum class IndexCode { Step, Offset, Absolute };
enum class Reach { Crossbar, Bank, Block };
enum class WeightOrder { Natural, Sign, Predictive };
enum class LaneStep { Together, Apart };
enum class Step { None, Row, Column, Array };
enum class Zeros { Multiplied, Gated };

/// The feeders of one operand: weights come along the rows, activations along the columns.
struct FeederConfig {
  std::uint32_t buffer_bytes = 8192;
  std::uint32_t bus_bytes = 16;
};

struct WeightConfig : FeederConfig {
  std::uint32_t fifo_depth = 4;
};

struct Config {
  Delivery delivery = Delivery::Stream;
  Skip skip = Skip::Weights;
  std::uint32_t lanes = 1;
  std::uint32_t windows = 1;
  std::uint32_t segment = 64;
  std::uint32_t segments_resident = 2;
  Reach reach = Reach::Crossbar;
  std::uint32_t banks = 16;
  IndexCode index = IndexCode::Step;
  std::uint32_t index_bits = 8;
  std::uint32_t block = 4;
  std::uint32_t per_block = 2;
  WeightOrder weight_order = WeightOrder::Natural;
  LaneStep lane_step = LaneStep::Together;
  Step step = Step::None;
  std::uint32_t window_groups = 16;
  Zeros zeros = Zeros::Multiplied;
  Order order = Order::Auto;
  WeightConfig weights;
  FeederConfig activations;
};

void fields(FieldVisitor& visitor, Config& config);

/// The family's parameters of a machine; Bug if it is of another family.
[[nodiscard]] inline const Config& config(const Machine& machine) { return machine.own<Config>(); }
[[nodiscard]] inline Config& config(Machine& machine) { return machine.own<Config>(); }

/// Bits of the index of an entry.
[[nodiscard]] std::uint32_t index_bits(const Config& config);

/// Bytes in front of a filter's entries: the bias, and what predictive filters have besides.
[[nodiscard]] std::uint32_t header_bytes(const Machine& machine);

/// A default gather machine.
[[nodiscard]] Machine default_machine();

}  // namespace lacuna::gather

namespace lacuna {

template <>
struct EnumNames<gather::Delivery> {
  static constexpr std::array<std::string_view, 2> names = {"stream", "resident"};
};
template <>
struct EnumNames<gather::Skip> {
  static constexpr std::array<std::string_view, 2> names = {"none", "weights"};
};
template <>
struct EnumNames<gather::IndexCode> {
  static constexpr std::array<std::string_view, 3> names = {"step", "offset", "absolute"};
};
template <>
struct EnumNames<gather::Reach> {
  static constexpr std::array<std::string_view, 3> names = {"crossbar", "bank", "block"};
};
template <>
struct EnumNames<gather::WeightOrder> {
  static constexpr std::array<std::string_view, 3> names = {"natural", "sign", "predictive"};
};
template <>
struct EnumNames<gather::LaneStep> {
  static constexpr std::array<std::string_view, 2> names = {"together", "apart"};
};
template <>
struct EnumNames<gather::Step> {
  static constexpr std::array<std::string_view, 4> names = {"none", "row", "column", "array"};
};
template <>
struct EnumNames<gather::Zeros> {
  static constexpr std::array<std::string_view, 2> names = {"multiplied", "gated"};
};

}  // namespace lacuna
