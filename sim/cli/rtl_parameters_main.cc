// The family of a configuration's machine, "datapath WORD", and the parameters of its RTL, one "Name value" a line, for
// programs that read the RTL without the engine `rtl` (synthesis):  rtl_parameters CONFIG [--set KEY=VALUE]...
#include <fmt/format.h>

#include <string_view>
#include <vector>

#include "base/error.h"
#include "machine/config_reader.h"
#include "machine/family.h"
#include "rtl/model_parameters.h"

int main(int argc, char** argv) {
  using namespace lacuna;
  std::vector<std::string> assignments;
  bool good = argc >= 2;
  for (int i = 2; i < argc; i += 2) {
    if (std::string_view(argv[i]) == "--set" && i + 1 < argc)
      assignments.emplace_back(argv[i + 1]);
    else
      good = false;
  }
  if (!good) {
    fmt::print(stderr, "usage: {} CONFIG [--set KEY=VALUE]...\n", argv[0]);
    return 2;
  }
  try {
    const Machine machine = read_machine(argv[1], assignments).machine;
    fmt::print("datapath {}\n", family(machine).name());
    for (const auto& parameter : model_parameters(machine)) fmt::print("{} {}\n", parameter.name, parameter.value);
  } catch (const UserError& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 2;
  }
  return 0;
}
