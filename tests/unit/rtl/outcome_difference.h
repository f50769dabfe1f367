// Where two outcomes of one layer first differ.
#pragma once

#include <fmt/format.h>

#include <optional>
#include <string>

#include "machine/outcome.h"

namespace lacuna {

/// The first quantity in which two outcomes differ, or nothing.
inline std::optional<std::string> first_difference(const LayerOutcome& a, const LayerOutcome& b) {
  std::optional<std::string> first;
  const auto compare = [&](std::string_view what, std::uint64_t x, std::uint64_t y) {
    if (!first && x != y) first = fmt::format("{}: {} and {}", what, x, y);
  };
  compare("cycles", a.cycles, b.cycles);
  for (std::size_t i = 0; i < enum_count<PairClass>(); ++i)
    compare(fmt::format("pairs {}", EnumNames<PairClass>::names[i]), a.pairs.value[i], b.pairs.value[i]);
  compare("PEs", a.per_pe.size(), b.per_pe.size());
  for (std::size_t pe = 0; pe < std::min(a.per_pe.size(), b.per_pe.size()); ++pe)
    for (std::size_t i = 0; i < enum_count<PeClass>(); ++i)
      compare(fmt::format("PE {} {}", pe, EnumNames<PeClass>::names[i]), a.per_pe[pe].value[i], b.per_pe[pe].value[i]);
  for (std::size_t i = 0; i < enum_count<PeClass>(); ++i)
    compare(fmt::format("PE-cycles {}", EnumNames<PeClass>::names[i]), a.pe_cycles.value[i], b.pe_cycles.value[i]);
  for (std::size_t i = 0; i < kActions; ++i)
    compare(fmt::format("actions {}", EnumNames<Action>::names[i]), a.actions.value[i], b.actions.value[i]);
  compare("outputs terminated", a.outputs_terminated, b.outputs_terminated);
  compare("outputs", a.outputs, b.outputs);
  compare("windows", a.windows, b.windows);
  compare("dense pairs", a.dense_pairs, b.dense_pairs);
  if (!first && (a.name != b.name || a.notes != b.notes)) first = "name or notes";
  if (!first && !(a.output == b.output)) first = "output tensor";
  return first;
}

}  // namespace lacuna
