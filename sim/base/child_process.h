// Runs another program and waits for it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace lacuna {

struct ChildResult {
  int status = 0;  ///< exit status; 128 + the signal that killed it; -1 if it could not be started
  std::string output, error;
};

/// Runs `arguments[0]`, found on PATH, with `input` on its standard input. Thread-safe.
ChildResult run_child(const std::vector<std::string>& arguments, std::string_view input = "");

}  // namespace lacuna
