// A new engine is one more line here.
#include "cli/engines.h"

#include "datapaths/intersect/systemc_engine.h"

namespace lacuna {

const std::array<EngineEntry, 1> kEngines = {{
    {"systemc", "the reference model: SystemC modules, state advanced every clock", &make_systemc_engine},
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
