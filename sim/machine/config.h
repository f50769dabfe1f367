// Every parameter of the machine, once. YAML reading, range errors, `lacuna list parameters`, result headers and the
// SystemVerilog parameters are all derived from the fields() functions below.
#pragma once

#include <cstdint>
#include <string>

#include "base/enum_names.h"
#include "sparse/storage_format.h"

namespace lacuna {

enum class Datapath { Intersect };
enum class Operand { Int8, Int16 };
enum class SkipRule { None, Gate, Activations, Weights, Both };
enum class Mapping { FiltersWindows, Filters };
enum class Order { Auto, FiltersOuter, WindowsOuter };
enum class FilterOrder { Natural, Density };
enum class EarlyTermination { None, Exact };
enum class Encoding { Dense, Bitmask };

template <>
struct EnumNames<Datapath> {
  static constexpr std::array<std::string_view, 1> names = {"intersect"};
};
template <>
struct EnumNames<Operand> {
  static constexpr std::array<std::string_view, 2> names = {"int8", "int16"};
};
template <>
struct EnumNames<SkipRule> {
  static constexpr std::array<std::string_view, 5> names = {"none", "gate", "activations", "weights", "both"};
};
template <>
struct EnumNames<Mapping> {
  static constexpr std::array<std::string_view, 2> names = {"filters_windows", "filters"};
};
template <>
struct EnumNames<Order> {
  static constexpr std::array<std::string_view, 3> names = {"auto", "filters_outer", "windows_outer"};
};
template <>
struct EnumNames<FilterOrder> {
  static constexpr std::array<std::string_view, 2> names = {"natural", "density"};
};
template <>
struct EnumNames<EarlyTermination> {
  static constexpr std::array<std::string_view, 2> names = {"none", "exact"};
};
template <>
struct EnumNames<Encoding> {
  static constexpr std::array<std::string_view, 2> names = {"dense", "bitmask"};
};

/// One line of the parameter list: name, unit, sentence; the range or the words follow in the visitor's call.
struct FieldInfo {
  std::string_view name;
  std::string_view unit;  ///< "" for words and counts without a unit
  std::string_view sentence;
};

struct ArrayConfig {
  Datapath datapath = Datapath::Intersect;
  std::uint32_t rows = 16;
  std::uint32_t columns = 16;
  std::uint32_t chunk = 64;
  std::uint32_t lanes = 1;
  Operand operand = Operand::Int8;
  SkipRule skip = SkipRule::Both;
  EarlyTermination early_termination = EarlyTermination::None;
  Mapping mapping = Mapping::FiltersWindows;
  Order order = Order::Auto;
  FilterOrder filter_order = FilterOrder::Natural;
};

/// The feeders of one operand: weights come along the rows, activations along the columns.
struct FeederConfig {
  std::uint32_t buffer_bytes = 8192;
  std::uint32_t bus_bytes = 16;
  std::uint32_t fifo_depth = 4;
  Encoding encoding = Encoding::Bitmask;
};

struct PostConfig {
  std::uint32_t threshold = 0;
};

struct GlobalBufferConfig {
  std::uint32_t bytes = 128 * 1024;
  std::uint32_t banks = 16;
  std::uint32_t bytes_per_cycle = 16;
};

struct DramConfig {
  std::uint32_t bytes_per_cycle = 16;
  std::uint32_t latency = 60;
  std::uint32_t burst_bytes = 64;
};

struct StorageConfig {
  StorageFormat weights = StorageFormat::Bitmask;
  StorageFormat activations = StorageFormat::Bitmask;
  std::uint32_t run_bits = 4;
  std::uint32_t index_bits = 4;
  std::uint32_t pointer_bits = 16;
};

struct Machine {
  std::string name = "default";
  std::uint32_t clock_mhz = 1000;
  std::string energy = "energy/45nm.yaml";  ///< relative to the configuration's file
  ArrayConfig array;
  FeederConfig weights;
  FeederConfig activations;
  PostConfig post;
  GlobalBufferConfig global_buffer;
  DramConfig dram;
  StorageConfig storage;
};

// A visitor has
//   integer(FieldInfo, std::uint32_t& value, std::uint32_t lowest, std::uint32_t highest, std::uint32_t step = 1)
//   choice(FieldInfo, Enum& value)
//   text(FieldInfo, std::string& value)
//   section(FieldInfo, Section& value)          calls fields(visitor, value)
// A value must be a multiple of `step`.

template <typename Visitor>
void fields(Visitor& v, ArrayConfig& c) {
  v.choice({"datapath", "", "Who drives the operand streams."}, c.datapath);
  v.integer({"rows", "PEs", "PEs in a column; each row has one weight feeder."}, c.rows, 1, 256);
  v.integer({"columns", "PEs", "PEs in a row; each column has one activation feeder."}, c.columns, 1, 256);
  v.integer({"chunk", "positions", "Positions of the reduction that travel and are matched together."}, c.chunk, 8, 128,
            8);
  v.integer({"lanes", "multipliers", "Pairs a PE multiplies in one cycle."}, c.lanes, 1, 8);
  v.choice({"operand", "", "Width of operands; accumulators are 32 bits (int8) or 48 bits (int16)."}, c.operand);
  v.choice({"skip", "", "Which pairs of a chunk cost a slot of the match unit."}, c.skip);
  v.choice({"early_termination", "", "Stop a sum that ReLU will clip: positive weights first, then negative ones."},
           c.early_termination);
  v.choice({"mapping", "",
            "filters_windows: filters on rows, windows on columns; filters: a filter on every PE, one window for all."},
           c.mapping);
  v.choice({"order", "", "Which operand stays while the other sweeps; auto takes the order with less DRAM traffic."},
           c.order);
  v.choice(
      {"filter_order", "", "density sorts filters offline by their nonzero weights, so rows of a tile end together."},
      c.filter_order);
}

template <typename Visitor>
void fields(Visitor& v, FeederConfig& c) {
  v.integer({"buffer_bytes", "bytes", "Operand buffer of one feeder, two halves: current block and next."},
            c.buffer_bytes, 16, 1u << 24);
  v.integer({"bus_bytes", "bytes/cycle", "Width of the broadcast bus and of a word of the buffer."}, c.bus_bytes, 1,
            256);
  v.integer({"fifo_depth", "chunks", "Chunk FIFO of one PE for this operand."}, c.fifo_depth, 1, 64);
  v.choice({"encoding", "", "What travels on the bus: every value, or a mask and the nonzero values."}, c.encoding);
}

template <typename Visitor>
void fields(Visitor& v, PostConfig& c) {
  v.integer({"threshold", "output steps", "Outputs nearer to zero than this become zero; 0 turns it off."}, c.threshold,
            0, 32767);
}

template <typename Visitor>
void fields(Visitor& v, GlobalBufferConfig& c) {
  v.integer({"bytes", "bytes", "Capacity of all banks together."}, c.bytes, 1024, 1u << 30);
  v.integer({"banks", "banks", "Banks that work in parallel; words are interleaved over them."}, c.banks, 1, 256);
  v.integer({"bytes_per_cycle", "bytes/cycle", "Port width of one bank."}, c.bytes_per_cycle, 1, 256);
}

template <typename Visitor>
void fields(Visitor& v, DramConfig& c) {
  v.integer({"bytes_per_cycle", "bytes/cycle", "Bandwidth of the DRAM channel."}, c.bytes_per_cycle, 1, 4096);
  v.integer({"latency", "cycles", "From a request to its first byte."}, c.latency, 0, 100000);
  v.integer({"burst_bytes", "bytes", "Smallest transfer; every request is rounded up to it."}, c.burst_bytes, 1, 4096);
}

template <typename Visitor>
void fields(Visitor& v, StorageConfig& c) {
  v.choice({"weights", "", "Format of weights in DRAM."}, c.weights);
  v.choice({"activations", "", "Format of inputs and outputs in DRAM."}, c.activations);
  v.integer({"run_bits", "bits", "rlc: bits of a zero run."}, c.run_bits, 1, 16);
  v.integer({"index_bits", "bits", "csc: bits of a relative index."}, c.index_bits, 1, 16);
  v.integer({"pointer_bits", "bits", "csc: bits of the pointer of one vector."}, c.pointer_bits, 8, 64);
}

template <typename Visitor>
void fields(Visitor& v, Machine& c) {
  v.text({"name", "", "Name of the machine in reports."}, c.name);
  v.integer({"clock_mhz", "MHz", "Clock, for times and throughput."}, c.clock_mhz, 1, 10000);
  v.text({"energy", "", "Energy table, relative to this file."}, c.energy);
  v.section({"array", "", "The PE array and what it does with zeros."}, c.array);
  v.section({"weights", "", "Weight feeders, one per row."}, c.weights);
  v.section({"activations", "", "Activation feeders, one per column."}, c.activations);
  v.section({"post", "", "Post unit, one per column: requantise, ReLU, threshold, encode."}, c.post);
  v.section({"global_buffer", "", "On-chip buffer between DRAM and feeders."}, c.global_buffer);
  v.section({"dram", "", "The DRAM channel."}, c.dram);
  v.section({"storage", "", "Formats in which tensors are stored and counted."}, c.storage);
}

/// Bytes of one operand, 1 or 2.
[[nodiscard]] constexpr std::uint32_t operand_bytes(const Machine& m) {
  return m.array.operand == Operand::Int8 ? 1 : 2;
}
/// Width of an accumulator in bits: 32 for int8, 48 for int16.
[[nodiscard]] constexpr std::uint32_t accumulator_bits(const Machine& m) {
  return m.array.operand == Operand::Int8 ? 32 : 48;
}

}  // namespace lacuna
