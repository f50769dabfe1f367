// What lacuna tune prints.
#pragma once

#include <string>

#include "tune/tune.h"

namespace lacuna {

/// The table of layers, and accuracies with the images they are of.
std::string tuning_text(const tune::Tuning& tuning, std::size_t width);

/// One sentence for the workload's `source`.
std::string tuning_sentence(const tune::Tuning& tuning, const std::string& model);

}  // namespace lacuna
