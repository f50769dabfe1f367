// How much silicon is it? A count of the parts of a machine, and a table of what each takes: a first-order model for
// the choice between machines, not a floor plan.
#pragma once

#include <array>
#include <filesystem>
#include <string>

#include "base/enum_names.h"
#include "base/yaml.h"
#include "machine/config.h"

namespace lacuna {

enum class Part { Multiplier, Adder, Register, Fifo, Match, Select, Sram };

template <>
struct EnumNames<Part> {
  static constexpr std::array<std::string_view, 7> names = {"multiplier", "adder",  "register", "fifo",
                                                            "match",      "select", "sram"};
};

constexpr std::size_t kParts = enum_count<Part>();

/// um2 of one unit of a part.
struct AreaEntry {
  double int8 = 0, int16 = 0;
  std::string source;
};

struct AreaTable {
  std::string name;
  std::array<AreaEntry, kParts> entries;
  std::string hash;  ///< 32 hex digits over the figures
};

/// UserError for unknown and missing parts, wrong units, figures without a source, negative figures.
AreaTable read_area_table(const std::filesystem::path& path);

struct Area {
  std::array<double, kParts> parts{};  ///< um2, by Part
  double total = 0;                    ///< um2
};

/// What a machine has of each part, PEs = rows x columns, w and a the feeders' settings of weights and activations:
///
///   multiplier  PEs x lanes
///   adder       PEs x lanes: a tree that ends in the accumulator
///   register    PEs x (lanes x 2 x bits + 3 x accumulator bits + chunk), bits: operand registers; bias, psum and
///               result; the slots issued
///   fifo        PEs x (w.fifo_depth x (chunk x (bits + 2) + accumulator bits) + a.fifo_depth x chunk x (bits + 1)),
///               bits: values and masks, of weights the positions owned and the bias too
///   match       PEs x chunk x lanes positions of two masks; in all skip rules, for operands travel packed in all
///   select      PEs x 2 x chunk x bits x lanes bits to choose an operand from
///   sram        rows x w.buffer_bytes + columns x a.buffer_bytes + global_buffer.bytes
double count(Part part, const Machine& machine);
Area area(const Machine& machine, const AreaTable& table);

}  // namespace lacuna
