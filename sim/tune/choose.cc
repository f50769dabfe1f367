#include "tune/choose.h"

#include <algorithm>
#include <tuple>

namespace lacuna::tune {

namespace {

/// Images that were right and are no longer; fewer than none counts as none.
std::uint64_t loss(std::uint64_t exact, std::uint64_t right) { return exact > right ? exact - right : 0; }

double added(const std::vector<Plan>& plans, std::size_t from) {
  return static_cast<double>(plans[from + 1].outcome.products) - static_cast<double>(plans[from].outcome.products);
}

double value_regained(const std::vector<Plan>& plans, std::size_t from) {
  return plans[from].lost_share - plans[from + 1].lost_share;
}

}  // namespace

Plan plan_within(const std::vector<FilterProfile>& filters, double budget) {
  Plan plan;
  plan.budget = budget;
  Exact exact;
  for (const FilterProfile& filter : filters) {
    const Candidate* best = nullptr;
    const auto before = [](const Outcome& a, const Outcome& b) {
      return std::tie(a.products, a.lost) < std::tie(b.products, b.lost);
    };
    for (const Candidate& candidate : filter.candidates)
      if (candidate.outcome.lost <= budget * filter.exact.mass && candidate.outcome.products < filter.exact.products &&
          (best == nullptr || before(candidate.outcome, best->outcome)))
        best = &candidate;
    plan.prediction.representatives.push_back(best == nullptr ? 0 : best->representatives);
    plan.prediction.thresholds.push_back(best == nullptr ? 0 : best->threshold);
    plan.outcome += best != nullptr ? best->outcome : Outcome{filter.exact.products, 0, 0, 0, 0};
    exact += filter.exact;
  }
  plan.lost_share = exact.mass > 0 ? plan.outcome.lost / exact.mass : 0;
  return plan;
}

std::vector<Plan> plans_of(const std::vector<FilterProfile>& filters) {
  std::vector<Plan> plans;
  for (const double budget : kBudgets)
    if (Plan plan = plan_within(filters, budget); plans.empty() || !(plan == plans.back())) plans.push_back(plan);
  std::vector<FilterProfile> none = filters;
  for (FilterProfile& filter : none) filter.candidates.clear();
  if (Plan plan = plan_within(none, 0); !(plan == plans.back())) plans.push_back(plan);
  return plans;
}

void drop_losing(std::vector<std::vector<Plan>>& layers, const std::vector<std::vector<std::uint64_t>>& right,
                 std::uint64_t exact, std::uint64_t accepted) {
  for (std::size_t l = 0; l < layers.size(); ++l) {
    std::vector<Plan> kept;
    for (std::size_t i = 0; i < layers[l].size(); ++i)
      if (i + 1 == layers[l].size() || loss(exact, right[l][i]) <= accepted) kept.push_back(std::move(layers[l][i]));
    layers[l] = std::move(kept);
  }
}

NetworkChoice step_back(const std::vector<std::vector<Plan>>& layers, std::uint64_t exact, std::uint64_t accepted,
                        const Classify& classify) {
  NetworkChoice now{Choice(layers.size(), 0), 0, 0};
  now.right = classify({now.choice}).front();
  while (loss(exact, now.right) > accepted) {
    std::vector<Choice> trials;
    std::vector<std::size_t> stepped;  // the layer of each
    for (std::size_t l = 0; l < layers.size(); ++l) {
      if (now.choice[l] + 1 == layers[l].size()) continue;
      trials.push_back(now.choice);
      ++trials.back()[l];
      stepped.push_back(l);
    }
    LACUNA_CHECK(!trials.empty(), "a network without predictions has {} images right, and {}", exact, now.right);
    const auto right = classify(trials);
    // Those that regain images before those that do not; then by products for what is regained.
    const auto price = [&](std::size_t t) {
      const std::size_t l = stepped[t], from = now.choice[l];
      const std::uint64_t images = right[t] > now.right ? right[t] - now.right : 0;
      const double gain = images > 0 ? static_cast<double>(images) : value_regained(layers[l], from);
      return std::tuple(images == 0, gain <= 0, added(layers[l], from) / std::max(gain, 1e-300), l);
    };
    std::size_t best = 0;
    for (std::size_t t = 1; t < trials.size(); ++t)
      if (price(t) < price(best)) best = t;
    now = {trials[best], right[best], now.steps + 1};
  }
  return now;
}

}  // namespace lacuna::tune
