// A new engine is one more line here.
#include "cli/engines.h"

#include "datapaths/intersect/fast/engine.h"
#include "datapaths/intersect/systemc/engine.h"
#include "datapaths/intersect/rtl/engine.h"

namespace lacuna {

const std::array<EngineEntry, 3> kEngines = {{
    {"systemc", "the reference model: SystemC modules, state advanced every clock", &make_systemc_engine},
    {"fast", "recurrences over compressed operands, no clock loop; the same numbers", &make_fast_engine},
    {"rtl", "the SystemVerilog under rtl/, compiled by Verilator", &make_rtl_engine},
}};

std::unique_ptr<Engine> make_engine(std::string_view name, const Place& place) {
  std::vector<std::string_view> names;
  for (const auto& entry : kEngines) {
    if (entry.name == name) return entry.make();
    names.push_back(entry.name);
  }
  throw UserError(place, unknown_word("engine", name, names));
}

}  // namespace lacuna
