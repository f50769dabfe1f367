// What an engine gives back for one layer, and the laws that every family's outcomes keep.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "machine/actions.h"
#include "machine/config.h"
#include "machine/counts.h"
#include "tensor/tensor.h"

namespace lacuna {

struct LayerOutcome {
  std::string name;
  std::uint64_t cycles = 0;
  std::uint64_t dense_pairs = 0;
  Counters<PairClass> pairs;    ///< sums to dense_pairs
  Counters<PeClass> pe_cycles;  ///< sums to rows x columns x cycles
  ActionCounts actions;
  std::vector<Counters<PeClass>> per_pe;  ///< [rows x columns], row-major; sums to pe_cycles
  std::uint64_t windows = 0;              ///< output positions x images
  std::uint64_t outputs = 0;              ///< output values
  std::uint64_t outputs_terminated = 0;   ///< sums stopped early, for they end at or below zero
  std::uint64_t outputs_predicted = 0;    ///< sums stopped early, for a predictor said so
  std::vector<std::string> notes;  ///< what a reader must know: generated tensors, early termination off and why, ...
  std::string engine_path;         ///< how the engine computed it, where it has several ways; decides no number
  Tensor output;                   ///< [N, M, P, Q] of layer.output_type()
};

/// Throws Bug if pairs of all classes do not sum to the dense pairs, PE-cycles of all classes do not sum to PEs x
/// cycles, a single PE's classes do not sum to the cycles, not every output left, or a law of the family is broken.
void check_laws(const LayerOutcome& outcome, const Machine& machine);

}  // namespace lacuna
