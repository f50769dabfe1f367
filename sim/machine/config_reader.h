// From a configuration file to a Machine and back: reading with places, `--set`, the resolved text, manual and hash.
// Everything here is derived from the fields() functions (machine/field.h); no parameter is named twice.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/yaml.h"
#include "machine/config.h"

namespace lacuna {

/// One line of the table of parameters, and its value in some machine.
struct Parameter {
  enum class Type { Integer, Choice, Text };
  std::string name;  ///< "array.rows"; a section may stand in a section
  Type type = Type::Integer;
  std::uint32_t lowest = 0, highest = 0, step = 1;  ///< of an Integer
  std::vector<std::string_view> words;              ///< of a Choice
  std::string value;                                ///< as text; parameters() of a default Machine gives the defaults
  std::string_view unit, sentence;
  Concerns concerns = Concerns::Array;

  /// "1..256", "8..128 in steps of 8", "none, gate, ..." or "text".
  [[nodiscard]] std::string legal() const;
};

/// All parameters of `machine` with their values, in the order of the manual: those of every machine, and its family's.
std::vector<Parameter> parameters(const Machine& machine);
/// The parameters of all families at their defaults, each once: what lists, axes and conditions may name.
std::vector<Parameter> all_parameters();

/// A machine and the energy table its configuration names.
struct MachineFile {
  Machine machine;
  std::filesystem::path energy_table;  ///< energy_table_of()
};

/// The file that a machine of the configuration `config` means by `energy`: beside the configuration, or below configs/
/// of the program. If there is neither, where it should be beside the configuration.
std::filesystem::path energy_table_of(const std::filesystem::path& config, const Machine& machine);

/// Reads a configuration; keys that are missing keep the defaults of the family that `array.datapath` names.
/// `assignments` ("array.rows=8") replace values of the file. UserError for everything that is not a legal parameter of
/// this machine: the section of another family and a name of an earlier version say so. An energy table that is no file
/// is an error, too.
MachineFile read_machine(const std::filesystem::path& path, std::span<const std::string> assignments = {});
/// The same without files: `document` is a map of parameters, the energy table is not looked for.
Machine read_machine(yaml::Node document, std::span<const std::string> assignments = {});

/// The resolved configuration as YAML that read_machine() takes and gives the same machine for.
std::string to_yaml(const Machine& machine);
/// The default machine of a family, with the range, unit and sentence of each parameter as comments:
/// configs/default.yaml for the default family, configs/FAMILY.yaml for others.
std::string manual(Datapath datapath = Datapath{});
/// 32 hex digits over names and values of all parameters but `name` and `energy`, which decide no cycle.
std::string config_hash(const Machine& machine);

}  // namespace lacuna
