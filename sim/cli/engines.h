// The engines this program has, in one list: options, `lacuna list engines` and completion come from it.
#pragma once

#include <array>
#include <memory>
#include <string_view>

#include "base/error.h"
#include "machine/engine.h"

namespace lacuna {

struct EngineEntry {
  std::string_view name, sentence;
  std::unique_ptr<Engine> (*make)();
};

extern const std::array<EngineEntry, 3> kEngines;

/// The engine called `name`, or UserError at `place`.
std::unique_ptr<Engine> make_engine(std::string_view name, const Place& place);

}  // namespace lacuna
