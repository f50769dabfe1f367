// What `lacuna check` says of a comparison, and the command that repeats it.
#pragma once

#include <string>

#include "check/compare_engines.h"
#include "machine/config.h"

namespace lacuna {

/// Names of the two engines, left and right.
struct EngineNames {
  std::string left, right;
  [[nodiscard]] const std::string& of(int side) const { return side == 0 ? left : right; }
};

/// Lines about a difference: how much agreed, the latest events, both sides.
std::string explained(const Comparison& comparison, const EngineNames& engines, const Machine& machine);
/// "conv1: 1200 events agree, 340 cycles", with the shift in time if there is one.
std::string agreed_line(const std::string& name, const Comparison& comparison, Compare compare, const Machine& machine);
/// A word as a shell takes it.
std::string quoted(const std::string& word);

}  // namespace lacuna
