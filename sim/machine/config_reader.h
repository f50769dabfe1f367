// From a configuration file to a Machine and back: reading with places, `--set`, the resolved text, manual and hash.
// Everything here is derived from the fields() functions in config.h; no parameter is named twice.
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
  std::string name;  ///< "array.rows"
  Type type = Type::Integer;
  std::uint32_t lowest = 0, highest = 0, step = 1;  ///< of an Integer
  std::vector<std::string_view> words;              ///< of a Choice
  std::string value;                                ///< as text; parameters() of a default Machine gives the defaults
  std::string_view unit, sentence;

  /// "1..256", "8..128, multiples of 8", "none, gate, ..." or "text".
  [[nodiscard]] std::string legal() const;
};

/// All parameters of `machine` with their values, in the order of the manual.
std::vector<Parameter> parameters(const Machine& machine);

/// A machine and the energy table its configuration names.
struct MachineFile {
  Machine machine;
  std::filesystem::path energy_table;  ///< `energy`, resolved against the folder of the configuration
};

/// Reads a configuration; keys that are missing keep their defaults. `assignments` ("array.rows=8") replace values of
/// the file. UserError for everything that is not a legal parameter; an energy table that is no file is one, too.
MachineFile read_machine(const std::filesystem::path& path, std::span<const std::string> assignments = {});
/// The same without files: `document` is a map of parameters, the energy table is not looked for.
Machine read_machine(yaml::Node document, std::span<const std::string> assignments = {});

/// The resolved configuration as YAML that read_machine() takes and gives the same machine for.
std::string to_yaml(const Machine& machine);
/// configs/default.yaml: the default machine, with the range, unit and sentence of each parameter as comments.
std::string manual();
/// 32 hex digits over names and values of all parameters but `name` and `energy`, which decide no cycle.
std::string config_hash(const Machine& machine);

}  // namespace lacuna
