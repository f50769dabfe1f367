// What files of results and of explanations have in common.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "machine/config.h"

namespace lacuna {

using Json = nlohmann::ordered_json;

/// The resolved configuration, sections as objects, numbers as numbers.
Json config_json(const Machine& machine);

/// Objects one entry a line; a list of plain values stays on one line, so that per-PE figures look like the array. Ends
/// in a newline.
std::string json_text(const Json& json);

}  // namespace lacuna
