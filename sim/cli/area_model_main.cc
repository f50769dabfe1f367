// Areas of a machine's parts by an area table, one "part um2" a line, for scripts/area to hold against synthesis:
// area_model TABLE CONFIG [--set KEY=VALUE]...
#include <fmt/format.h>

#include <string_view>
#include <vector>

#include "base/error.h"
#include "energy/area.h"
#include "machine/config_reader.h"

int main(int argc, char** argv) {
  using namespace lacuna;
  std::vector<std::string> assignments;
  bool good = argc >= 3;
  for (int i = 3; i < argc; i += 2) {
    if (std::string_view(argv[i]) == "--set" && i + 1 < argc)
      assignments.emplace_back(argv[i + 1]);
    else
      good = false;
  }
  if (!good) {
    fmt::print(stderr, "usage: {} TABLE CONFIG [--set KEY=VALUE]...\n", argv[0]);
    return 2;
  }
  try {
    const AreaTable table = read_area_table(argv[1]);
    const Area parts = area(read_machine(argv[2], assignments).machine, table);
    for (const auto& [part, um2] : parts.parts) fmt::print("{} {}\n", part, um2);
  } catch (const UserError& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 2;
  }
  return 0;
}
