// A machine: what every machine has, and the section of its family. A family is known here by name only; what it is
// made of stands in its folder below sim/datapaths.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/enum_names.h"
#include "machine/field.h"
#include "sparse/storage_format.h"

namespace lacuna {

class Family;

/// A family of machines, by its place in families() (machine/family.h). The first one is the default.
enum class Datapath : std::uint32_t {};

enum class Operand { Int8, Int16 };

template <>
struct EnumNames<Operand> {
  static constexpr std::array<std::string_view, 2> names = {"int8", "int16"};
};

struct ArrayConfig {
  std::uint32_t rows = 16;
  std::uint32_t columns = 16;
  Operand operand = Operand::Int8;
};

struct PostConfig {
  std::uint32_t threshold = 0;
};

struct GlobalBufferConfig {
  std::uint32_t bytes = 128 * 1024;
  std::uint32_t banks = 16;
  std::uint32_t bytes_per_cycle = 16;
};

/// The default is configs/dram/lpddr4.yaml, which says where the numbers come from.
struct DramConfig {
  std::uint32_t bytes_per_cycle = 8;
  std::uint32_t latency = 20;
  std::uint32_t burst_bytes = 64;
  std::uint32_t outstanding = 4;
  std::uint32_t turnaround = 23;
  std::uint32_t clock_mhz = 1600;
  std::uint32_t banks = 8;
  std::uint32_t row_bytes = 4096;
  std::uint32_t t_rcd = 29, t_rp = 29, t_cas = 28;
};

struct StorageConfig {
  StorageFormat weights = StorageFormat::Bitmask;
  StorageFormat activations = StorageFormat::Bitmask;
  std::uint32_t run_bits = 4;
  std::uint32_t index_bits = 4;
  std::uint32_t pointer_bits = 16;
};

/// The parameters of one family, as a value of a type that only the family knows.
class FamilySection {
 public:
  virtual ~FamilySection() = default;
  [[nodiscard]] virtual std::unique_ptr<FamilySection> copy() const = 0;
  virtual void visit(FieldVisitor& visitor) = 0;
};

template <typename Config>
class SectionOf final : public FamilySection {
 public:
  Config value;
  [[nodiscard]] std::unique_ptr<FamilySection> copy() const override { return std::make_unique<SectionOf>(*this); }
  void visit(FieldVisitor& visitor) override { fields(visitor, value); }
};

class Machine {
 public:
  /// The default machine of a family.
  explicit Machine(Datapath datapath = Datapath{});
  Machine(const Machine& other);
  Machine(Machine&&) noexcept = default;
  Machine& operator=(const Machine& other);
  Machine& operator=(Machine&&) noexcept = default;
  ~Machine() = default;

  std::string name = "default";
  std::uint32_t clock_mhz = 1000;
  std::string energy = "energy/45nm.yaml";  ///< energy_table_of() finds it
  ArrayConfig array;
  PostConfig post;
  GlobalBufferConfig global_buffer;
  DramConfig dram;
  StorageConfig storage;

  [[nodiscard]] Datapath datapath() const { return datapath_; }
  [[nodiscard]] FamilySection& section() { return *section_; }
  [[nodiscard]] const FamilySection& section() const { return *section_; }
  /// The family's parameters; Bug if they are not of the type `Config`, that is, if the machine is of another family.
  template <typename Config>
  [[nodiscard]] Config& own() {
    auto* const section = dynamic_cast<SectionOf<Config>*>(section_.get());
    LACUNA_CHECK(section != nullptr, "machine '{}' is of another family", name);
    return section->value;
  }
  template <typename Config>
  [[nodiscard]] const Config& own() const {
    return const_cast<Machine*>(this)->own<Config>();
  }

 private:
  Datapath datapath_;
  std::unique_ptr<FamilySection> section_;
};

/// All parameters of a machine, in the order of the manual. `array.datapath` is shown and checked, never changed: a
/// machine keeps its family.
void fields(FieldVisitor& visitor, Machine& machine);

/// Bytes of one operand, 1 or 2.
[[nodiscard]] constexpr std::uint32_t operand_bytes(Operand operand) { return operand == Operand::Int8 ? 1 : 2; }
[[nodiscard]] inline std::uint32_t operand_bytes(const Machine& m) { return operand_bytes(m.array.operand); }
/// Width of an accumulator in bits: 32 for int8, 48 for int16.
[[nodiscard]] inline std::uint32_t accumulator_bits(const Machine& m) {
  return m.array.operand == Operand::Int8 ? 32 : 48;
}
[[nodiscard]] inline std::uint64_t pe_count(const Machine& m) { return std::uint64_t{m.array.rows} * m.array.columns; }

}  // namespace lacuna
