// Choices within budgets against all that there are, and the way back of a network whose accuracies are a table.
#include "tune/choose.h"

#include <catch2/catch.hpp>

#include "brute.h"

using namespace lacuna;
using tune::Candidate;
using tune::Choice;
using tune::FilterProfile;
using tune::Plan;

namespace {

Candidate candidate(std::uint32_t n, std::uint64_t products, double lost) {
  return {n, 10 * std::int64_t{n}, {products, 0, 0, 0, lost}};
}

FilterProfile filter(std::uint64_t products, double mass, std::vector<Candidate> candidates) {
  FilterProfile profile;
  profile.exact.products = products, profile.exact.mass = mass;
  profile.exact.outputs = 9, profile.exact.positive = 4;
  profile.candidates = std::move(candidates);
  return profile;
}

Plan plan(std::uint64_t products, double lost_share, std::uint32_t n) {
  Plan result;
  result.outcome.products = products, result.lost_share = lost_share;
  result.prediction = {{n}, {0}};
  return result;
}

}  // namespace

TEST_CASE("each filter takes the candidate that saves most within its budget") {
  const std::vector<FilterProfile> filters = {
      filter(100, 50, {candidate(1, 40, 6), candidate(2, 60, 5), candidate(3, 70, 0)}),
      filter(100, 50, {candidate(1, 100, 0), candidate(2, 110, 0)}),  // saves nothing
      filter(100, 50, {candidate(1, 50, 2), candidate(2, 50, 1)}),    // the same, with less lost
      filter(0, 0, {}),
  };
  const Plan ten = tune::plan_within(filters, 0.1);  // 5 of 50
  CHECK(ten.prediction.representatives == std::vector<std::uint32_t>{2, 0, 2, 0});
  CHECK(ten.prediction.thresholds == std::vector<std::int64_t>{20, 0, 20, 0});
  CHECK(ten.outcome.products == 60 + 100 + 50 + 0);
  CHECK(ten.lost_share == Approx(6.0 / 150));
  CHECK(tune::plan_within(filters, 0.2).prediction.representatives == std::vector<std::uint32_t>{1, 0, 2, 0});
  CHECK(tune::plan_within(filters, 0).prediction.representatives == std::vector<std::uint32_t>{3, 0, 0, 0});
}

TEST_CASE("no choice of candidates within the budget has fewer products than the plan") {
  for (unsigned seed = 1; seed <= 40; ++seed) {
    INFO("seed " << seed);
    const auto filters = tune::profile(random_layer(seed), 1);
    for (const double budget : {0.0, 0.01, 0.1}) {
      std::uint64_t fewest = 0;
      for (const FilterProfile& f : filters) {
        std::uint64_t least = f.exact.products;
        for (const Candidate& c : f.candidates)
          if (c.outcome.lost <= budget * f.exact.mass) least = std::min(least, c.outcome.products);
        fewest += least;
      }
      const Plan plan = tune::plan_within(filters, budget);
      CHECK(plan.outcome.products == fewest);
      CHECK(plan.lost_share <= budget + 1e-12);
    }
  }
}

TEST_CASE("plans are distinct and fall to no prediction") {
  const auto plans = tune::plans_of({filter(100, 50, {candidate(1, 40, 4), candidate(2, 60, 0.4)})});  // 8 and 0.8 %
  REQUIRE(plans.size() == 3);
  CHECK(plans[0].budget == 0.9);
  CHECK(plans[0].prediction.representatives == std::vector<std::uint32_t>{1});
  CHECK(plans[1].budget == 0.05);  // 4 of 50 is above it
  CHECK(plans[1].prediction.representatives == std::vector<std::uint32_t>{2});
  CHECK(plans[2].prediction.representatives == std::vector<std::uint32_t>{0});
  CHECK(plans[2].outcome.products == 100);
}

TEST_CASE("plans that lose too much alone are dropped and that without prediction stays") {
  std::vector<std::vector<Plan>> layers = {{plan(1, 0, 3), plan(2, 0, 2), plan(9, 0, 0)},
                                           {plan(1, 0, 1), plan(9, 0, 0)}};
  tune::drop_losing(layers, {{94, 95, 100}, {0, 90}}, 100, 5);  // right of 100; 90 cannot be, and the last stays
  REQUIRE(layers[0].size() == 2);
  CHECK(layers[0][0].prediction.representatives[0] == 2);
  REQUIRE(layers[1].size() == 1);
  CHECK(layers[1][0].prediction.representatives[0] == 0);
}

TEST_CASE("a network steps back where the fewest products are added for an image regained") {
  // Products 10, 20, 60 and 10, 30, 100: steps of layer 0 cost 10 and 40, of layer 1 20 and 70.
  const std::vector<std::vector<Plan>> layers = {{plan(10, 0.2, 3), plan(20, 0.1, 2), plan(60, 0, 0)},
                                                 {plan(10, 0.3, 3), plan(30, 0.1, 2), plan(100, 0, 0)}};
  const std::uint64_t right[3][3] = {{80, 86, 90}, {82, 87, 93}, {84, 88, 100}};
  std::vector<Choice> asked;
  const auto classify = [&](const std::vector<Choice>& choices) {
    std::vector<std::uint64_t> result;
    for (const Choice& c : choices) asked.push_back(c), result.push_back(right[c[0]][c[1]]);
    return result;
  };
  // From {0, 0}: layer 0 gives 2 images for 10, layer 1 6 for 20. From {0, 1}: 1 for 10, 4 for 70. From {1, 1}: 1 for
  // 40, 6 for 70.
  const auto chosen = tune::step_back(layers, 100, 10, classify);
  CHECK(chosen.choice == Choice{1, 2});
  CHECK(chosen.right == 93);
  CHECK(chosen.steps == 3);
  CHECK(asked == std::vector<Choice>{{0, 0}, {1, 0}, {0, 1}, {1, 1}, {0, 2}, {2, 1}, {1, 2}});
  CHECK(tune::step_back(layers, 100, 20, classify).choice == Choice{0, 0});
  CHECK(tune::step_back(layers, 100, 0, classify).choice == Choice{2, 2});
  // More right than without predictions is no loss.
  CHECK(tune::step_back(layers, 70, 0, classify).choice == Choice{0, 0});
}

TEST_CASE("where no step regains an image the lost value decides") {
  const std::vector<std::vector<Plan>> layers = {{plan(10, 0.2, 3), plan(20, 0.1, 2), plan(60, 0, 0)},
                                                 {plan(10, 0.3, 3), plan(30, 0.0, 0)}};
  // Layer 0: 0.1 for 10 products, layer 1: 0.3 for 20. Then layer 0 alone is left, and its first step regains nothing.
  const auto chosen = tune::step_back(layers, 100, 0, [](const std::vector<Choice>& choices) {
    std::vector<std::uint64_t> result;
    for (const Choice& c : choices) result.push_back(c == Choice{2, 1} ? 100 : 50);
    return result;
  });
  CHECK(chosen.choice == Choice{2, 1});
  CHECK(chosen.steps == 3);
}
