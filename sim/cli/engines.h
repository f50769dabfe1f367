// An engine as the user names it.
#pragma once

#include <memory>
#include <string_view>

#include "base/error.h"
#include "machine/engine.h"

namespace lacuna {

/// The engine called `name`, or UserError at `place`.
[[nodiscard]] inline EngineKind engine_kind(std::string_view name, const Place& place) {
  return parse_enum<EngineKind>(name, place, "engine");
}
[[nodiscard]] inline std::unique_ptr<Engine> make_engine(std::string_view name, const Place& place) {
  return make_engine(engine_kind(name, place));
}

}  // namespace lacuna
