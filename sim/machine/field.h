// One line of the list of parameters, and the visitor that walks it. YAML reading, range errors, `lacuna list
// parameters`, result headers, random machines and the SystemVerilog parameters are visitors over the fields()
// functions.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "base/enum_names.h"

namespace lacuna {

/// Who needs a parameter to build the machine. Schedule: the order of work only, which no unit of the array knows.
enum class Concerns : std::uint8_t { Array, Schedule };

/// Name, unit, sentence; the range or the words follow in the visitor's call.
struct FieldInfo {
  std::string_view name;
  std::string_view unit;  ///< "" for words and counts without a unit
  std::string_view sentence;
  Concerns concerns = Concerns::Array;
};

/// Visits parameters. Sections have a function `fields(FieldVisitor&, Section&)` beside their type.
class FieldVisitor {
 public:
  virtual ~FieldVisitor() = default;
  /// A whole number lowest..highest, a multiple of `step`.
  virtual void integer(const FieldInfo& info, std::uint32_t& value, std::uint32_t lowest, std::uint32_t highest,
                       std::uint32_t step) = 0;
  void integer(const FieldInfo& info, std::uint32_t& value, std::uint32_t lowest, std::uint32_t highest) {
    integer(info, value, lowest, highest, 1);
  }
  /// One of `words`, by its index.
  virtual void choice(const FieldInfo& info, std::size_t& value, std::span<const std::string_view> words) = 0;
  template <typename Enum>
  void choice(const FieldInfo& info, Enum& value) {
    auto index = static_cast<std::size_t>(value);
    choice(info, index, EnumNames<Enum>::names);
    value = static_cast<Enum>(index);
  }
  virtual void text(const FieldInfo& info, std::string& value) = 0;
  /// Parameters of their own below a name; `visit` walks them with any visitor.
  virtual void section(const FieldInfo& info, const std::function<void(FieldVisitor&)>& visit) = 0;
  template <typename Section>
  void section(const FieldInfo& info, Section& value) {
    section(info, std::function<void(FieldVisitor&)>([&value](FieldVisitor& v) { fields(v, value); }));
  }
};

}  // namespace lacuna
