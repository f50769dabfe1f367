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

/// Runs `arguments[0]`, found on PATH, with `input` on its standard input. Ctrl-C does not reach it. Thread-safe.
ChildResult run_child(const std::vector<std::string>& arguments, std::string_view input = "");

/// The same for what runs long and has children of its own, without input: whatever ends this program, SIGKILL too,
/// ends all of them within a second, and then removes the folder `scratch`, if one is named. A program that is missing
/// has status 127 and a line in `error`.
ChildResult run_dependent_child(const std::vector<std::string>& arguments, const std::string& scratch = "");

}  // namespace lacuna
