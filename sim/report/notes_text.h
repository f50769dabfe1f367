// The notes of a run's layers as lines of text.
#pragma once

#include <string>

#include "report/report.h"

namespace lacuna {

/// "Notes" and a line for each note, with the layers that have it; one that all layers have stands alone. Notes of one
/// kind, the words up to ": ", are told apart up to three texts; of more, a line counts the layers and says where each
/// is, unless all layers were asked for. Ends with what the words of the tables mean.
std::string notes_text(const Report& report, const TableOptions& options);

}  // namespace lacuna
