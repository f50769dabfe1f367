// Which of the candidates does every filter take? In each layer those that save most within a budget, in the network
// the layers' most saving choices, stepped back until the loss is accepted.
#pragma once

#include <functional>
#include <vector>

#include "tune/profile.h"

namespace lacuna::tune {

/// One choice for all filters of a layer.
struct Plan {
  double budget = 0;  ///< of each filter's positive mass, which it may lose
  Prediction prediction;
  Outcome outcome;        ///< of the profiled windows
  double lost_share = 0;  ///< of the layer's positive mass
  bool operator==(const Plan& other) const {
    return prediction.representatives == other.prediction.representatives &&
           prediction.thresholds == other.prediction.thresholds;
  }
};

/// Shares of a filter's positive mass that plans may lose.
inline const std::vector<double> kBudgets = {0.9, 0.7, 0.5, 0.3, 0.2, 0.1, 0.05, 0.02, 0.01, 0.003, 0.001, 0};

/// Of each filter the candidate with the fewest products among those that lose at most `budget` of its positive mass
/// and do fewer products than exact stops alone; no prediction, representatives and threshold 0, if there is none.
/// Equal ones: the least lost, then the first.
Plan plan_within(const std::vector<FilterProfile>& filters, double budget);

/// The distinct plans of kBudgets, the fewest products first; the last predicts nothing.
std::vector<Plan> plans_of(const std::vector<FilterProfile>& filters);

/// For each layer the index of its plan; one trial of the network.
using Choice = std::vector<std::size_t>;
/// For each choice how many images the network classifies right.
using Classify = std::function<std::vector<std::uint64_t>(const std::vector<Choice>&)>;

/// Removes the plans with which, in this layer alone, more than `accepted` of the `exact` images that were right are no
/// longer; right[l][i] is how many are right with plan i of layer l alone. The plan that predicts nothing stays.
void drop_losing(std::vector<std::vector<Plan>>& layers, const std::vector<std::vector<std::uint64_t>>& right,
                 std::uint64_t exact, std::uint64_t accepted);

struct NetworkChoice {
  Choice choice;
  std::uint64_t right = 0;
  std::size_t steps = 0;
};

/// Starts with plan 0 of every layer. While more than `accepted` of `exact` right images are lost, every layer's next
/// plan is tried, and the one stays that adds the fewest products for each image regained; where none regains any, the
/// one that adds the fewest products for what the layer's lost value falls.
NetworkChoice step_back(const std::vector<std::vector<Plan>>& layers, std::uint64_t exact, std::uint64_t accepted,
                        const Classify& classify);

}  // namespace lacuna::tune
