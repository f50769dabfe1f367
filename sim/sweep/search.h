// A guided search for the Pareto front of a design space that is too large to run: NSGA-II, then neighbours of the
// front.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

namespace lacuna {

/// What is searched. Choices are vectors with one number below `sizes` for each dimension.
struct SearchSpace {
  std::vector<std::uint64_t> sizes;
  std::vector<bool> ordered;  ///< whether neighbours on a dimension are near each other (numbers) or not (words)
  std::size_t objectives = 2;
};

using Choices = std::vector<std::uint64_t>;
/// Objectives, all to be small; nothing for a configuration that is skipped or cannot run.
using Outcome = std::optional<std::vector<double>>;

/// Whether `a` is nowhere worse than `b` and somewhere better.
bool dominates(const std::vector<double>& a, const std::vector<double>& b);
/// Indices of those that no other one dominates, ascending; of equal ones all.
std::vector<std::size_t> pareto_front(const std::vector<std::vector<double>>& points);

struct SearchResult {
  std::vector<std::pair<Choices, std::vector<double>>> evaluated;  ///< in the order in which they were asked for
  std::vector<std::size_t> front;                                  ///< indices into evaluated
};

/// Asks `evaluate` for batches of configurations it has not asked for before, until `budget` of them had an outcome or
/// the space is exhausted. The same seed asks for the same configurations in the same order. Half of the budget goes to
/// pagmo's NSGA-II, which spreads over the whole front; the rest to neighbours of the front found so far, which
/// completes it, and again to NSGA-II where all neighbours are known.
SearchResult search(const SearchSpace& space, std::uint64_t budget, std::uint64_t seed,
                    const std::function<std::vector<Outcome>(const std::vector<Choices>&)>& evaluate);

}  // namespace lacuna
