// Names that parameters had in earlier versions: configurations, `--set`, result files and stores may still use them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace lacuna {

/// A parameter or a section that has another name now, as its family says.
struct MovedKey {
  std::string_view old_name;  ///< "array.skip", or "weights" for all below it
  std::string_view new_name;  ///< "x.skip" for family x
};

/// What the parameter `old_name` ("weights.bus_bytes") is called now; nothing if that was never a name of another one.
[[nodiscard]] std::optional<std::string> moved_key(std::string_view old_name);

}  // namespace lacuna
