// Every parameter of the intersect machine beside those of all machines, once: the section `intersect` of a
// configuration, and the parameters of the SystemVerilog.
#pragma once

#include <cstdint>
#include <span>

#include "machine/config.h"
#include "machine/memory_plan.h"
#include "machine/moved_keys.h"

namespace lacuna::intersect {

enum class SkipRule {
#define LACUNA_SKIP_RULE(name, ...) name,
#include "datapaths/intersect/skip_rules.def"
#undef LACUNA_SKIP_RULE
};
enum class Mapping { FiltersWindows, Filters };
enum class FilterOrder { Natural, Density };
enum class EarlyTermination { None, Exact };
enum class Encoding { Dense, Bitmask };

/// The feeders of one operand: weights come along the rows, activations along the columns.
struct FeederConfig {
  std::uint32_t buffer_bytes = 8192;
  std::uint32_t bus_bytes = 16;
  std::uint32_t fifo_depth = 4;
  Encoding encoding = Encoding::Bitmask;
};

struct Config {
  std::uint32_t chunk = 64;
  std::uint32_t lanes = 1;
  SkipRule skip = SkipRule::Both;
  EarlyTermination early_termination = EarlyTermination::None;
  Mapping mapping = Mapping::FiltersWindows;
  Order order = Order::Auto;
  FilterOrder filter_order = FilterOrder::Natural;
  FeederConfig weights;
  FeederConfig activations;
};

void fields(FieldVisitor& visitor, Config& config);

/// The names of these parameters while there was no family but this one.
[[nodiscard]] std::span<const MovedKey> moved_keys();

/// The family's parameters of a machine; Bug if it is of another family.
[[nodiscard]] inline const Config& config(const Machine& machine) { return machine.own<Config>(); }
[[nodiscard]] inline Config& config(Machine& machine) { return machine.own<Config>(); }

/// A default intersect machine.
[[nodiscard]] Machine default_machine();

}  // namespace lacuna::intersect

namespace lacuna {

template <>
struct EnumNames<intersect::SkipRule> {
#define LACUNA_SKIP_RULE(name, word, ...) std::string_view{word},
  static constexpr std::array names = {
#include "datapaths/intersect/skip_rules.def"
  };
#undef LACUNA_SKIP_RULE
};
template <>
struct EnumNames<intersect::Mapping> {
  static constexpr std::array<std::string_view, 2> names = {"filters_windows", "filters"};
};
template <>
struct EnumNames<intersect::FilterOrder> {
  static constexpr std::array<std::string_view, 2> names = {"natural", "density"};
};
template <>
struct EnumNames<intersect::EarlyTermination> {
  static constexpr std::array<std::string_view, 2> names = {"none", "exact"};
};
template <>
struct EnumNames<intersect::Encoding> {
  static constexpr std::array<std::string_view, 2> names = {"dense", "bitmask"};
};

}  // namespace lacuna
