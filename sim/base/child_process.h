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

/// Who answers Ctrl-C while a child runs: this program alone, or the child too, which is of the same group.
enum class Interrupts { OursAlone, Shared };

/// Runs `arguments[0]`, found on PATH, with `input` on its standard input. Thread-safe.
ChildResult run_child(const std::vector<std::string>& arguments, std::string_view input = "",
                      Interrupts interrupts = Interrupts::OursAlone);

}  // namespace lacuna
