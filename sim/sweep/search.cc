// pagmo asks for fitness as often as it likes; what was asked before is answered from memory and costs nothing.
#include "sweep/search.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <memory>
#include <pagmo/algorithm.hpp>
#include <pagmo/algorithms/nsga2.hpp>
#include <pagmo/batch_evaluators/member_bfe.hpp>
#include <pagmo/bfe.hpp>
#include <pagmo/population.hpp>
#include <pagmo/problem.hpp>
#include <set>

#include "base/error.h"
#include "base/random.h"

namespace lacuna {

namespace {

constexpr std::size_t kSmallestPopulation = 16, kLargestPopulation = 64;
constexpr int kMostIdleGenerations = 8;  ///< without a configuration that is new
constexpr double kBad = 1e300;           ///< objective of what cannot run

/// Everything asked for so far.
class Memory {
 public:
  Memory(const SearchSpace& space, std::uint64_t budget,
         const std::function<std::vector<Outcome>(const std::vector<Choices>&)>& evaluate)
      : space_(space), budget_(budget), evaluate_(evaluate) {
    for (const std::uint64_t size : space.sizes) {
      most_ = size > most_limit / most_ ? most_limit : most_ * size;
    }
  }

  [[nodiscard]] bool spent() const { return result_.evaluated.size() >= budget_ || known_.size() >= most_; }
  [[nodiscard]] std::uint64_t used() const { return result_.evaluated.size(); }
  [[nodiscard]] bool knows(const Choices& choices) const { return known_.contains(choices); }
  [[nodiscard]] const SearchSpace& space() const { return space_; }

  /// Outcomes of `wanted`; beyond the budget what is not known is bad.
  void ask(const std::vector<Choices>& wanted) {
    std::vector<Choices> fresh;
    std::set<Choices> seen;
    for (const auto& choices : wanted)
      if (!known_.contains(choices) && seen.insert(choices).second) fresh.push_back(choices);
    while (!fresh.empty() && !spent()) {  // refused ones cost nothing, so there may be room for more
      const std::size_t count = std::min<std::size_t>(fresh.size(), budget_ - used());
      const std::vector<Choices> batch(fresh.begin(), fresh.begin() + static_cast<std::ptrdiff_t>(count));
      fresh.erase(fresh.begin(), fresh.begin() + static_cast<std::ptrdiff_t>(count));
      const auto outcomes = evaluate_(batch);
      LACUNA_CHECK(outcomes.size() == batch.size(), "{} outcomes for {} configurations", outcomes.size(), batch.size());
      for (std::size_t i = 0; i < batch.size(); ++i) {
        known_[batch[i]] = outcomes[i];
        if (!outcomes[i]) continue;
        LACUNA_CHECK(outcomes[i]->size() == space_.objectives, "{} objectives", outcomes[i]->size());
        result_.evaluated.emplace_back(batch[i], *outcomes[i]);
        add_to_archive(result_.evaluated.size() - 1);
      }
    }
  }

  /// For pagmo: what is bad is dominated by everything else.
  [[nodiscard]] std::vector<double> fitness(const Choices& choices) const {
    const auto at = known_.find(choices);
    if (at == known_.end() || !at->second)
      return std::vector<double>(std::max<std::size_t>(2, space_.objectives), kBad);
    std::vector<double> fitness = *at->second;
    if (fitness.size() == 1) fitness.push_back(fitness[0]);  // NSGA-II wants two objectives; two equal ones are one
    return fitness;
  }

  /// Indices of result().evaluated that nothing known dominates.
  [[nodiscard]] const std::vector<std::size_t>& archive() const { return archive_; }
  [[nodiscard]] const Choices& choices(std::size_t index) const { return result_.evaluated[index].first; }

  SearchResult take() {
    result_.front = archive_;
    std::ranges::sort(result_.front);
    return std::move(result_);
  }

 private:
  static constexpr std::uint64_t most_limit = std::numeric_limits<std::uint64_t>::max();

  void add_to_archive(std::size_t index) {
    const auto& objectives = result_.evaluated[index].second;
    for (const std::size_t other : archive_)
      if (dominates(result_.evaluated[other].second, objectives)) return;
    std::erase_if(archive_, [&](std::size_t other) { return dominates(objectives, result_.evaluated[other].second); });
    archive_.push_back(index);
  }

  const SearchSpace& space_;
  std::uint64_t budget_, most_ = 1;
  const std::function<std::vector<Outcome>(const std::vector<Choices>&)>& evaluate_;
  std::map<Choices, Outcome> known_;
  SearchResult result_;
  std::vector<std::size_t> archive_;
};

Choices to_choices(const double* values, std::size_t count) {
  Choices choices(count);
  for (std::size_t i = 0; i < count; ++i) choices[i] = static_cast<std::uint64_t>(std::llround(values[i]));
  return choices;
}

/// The space as pagmo sees it: whole numbers, evaluated a generation at a time.
struct Problem {
  std::shared_ptr<Memory> memory;  // pagmo copies problems

  [[nodiscard]] std::size_t dimensions() const { return memory->space().sizes.size(); }
  [[nodiscard]] pagmo::vector_double fitness(const pagmo::vector_double& x) const {
    const Choices choices = to_choices(x.data(), x.size());
    memory->ask({choices});
    return memory->fitness(choices);
  }
  [[nodiscard]] pagmo::vector_double batch_fitness(const pagmo::vector_double& xs) const {
    const std::size_t n = dimensions();
    std::vector<Choices> wanted;
    for (std::size_t at = 0; at < xs.size(); at += n) wanted.push_back(to_choices(xs.data() + at, n));
    memory->ask(wanted);
    pagmo::vector_double all;
    for (const auto& choices : wanted)
      for (const double value : memory->fitness(choices)) all.push_back(value);
    return all;
  }
  [[nodiscard]] pagmo::vector_double::size_type get_nobj() const {
    return std::max<std::size_t>(2, memory->space().objectives);
  }
  [[nodiscard]] pagmo::vector_double::size_type get_nix() const { return dimensions(); }
  [[nodiscard]] std::pair<pagmo::vector_double, pagmo::vector_double> get_bounds() const {
    pagmo::vector_double low(dimensions(), 0), high;
    for (const std::uint64_t size : memory->space().sizes) high.push_back(static_cast<double>(size - 1));
    return {low, high};
  }
};

/// Configurations that differ from `from` by one step on one dimension: the next value where values have an order, any
/// other value where they have none.
std::vector<Choices> neighbours(const SearchSpace& space, const Choices& from) {
  std::vector<Choices> list;
  for (std::size_t d = 0; d < from.size(); ++d)
    for (std::uint64_t value = 0; value < space.sizes[d]; ++value) {
      const std::uint64_t distance = value > from[d] ? value - from[d] : from[d] - value;
      if (distance == 0 || (space.ordered[d] && distance != 1)) continue;
      list.push_back(from);
      list.back()[d] = value;
    }
  return list;
}

/// Evaluates neighbours of the front until all are known or the budget is spent. True if any was new.
bool complete_front(Memory& memory, std::uint64_t until) {
  std::set<std::size_t> explored;
  bool any = false;
  while (!memory.spent() && memory.used() < until) {
    std::vector<std::size_t> open;
    for (const std::size_t index : memory.archive())
      if (!explored.contains(index)) open.push_back(index);
    if (open.empty()) return any;
    std::vector<Choices> wanted;
    for (const std::size_t index : open) {
      explored.insert(index);
      for (auto& choices : neighbours(memory.space(), memory.choices(index)))
        if (!memory.knows(choices)) wanted.push_back(std::move(choices));
    }
    any = any || !wanted.empty();
    memory.ask(wanted);
  }
  return any;
}

/// NSGA-II until `until` configurations are used or nothing new comes.
void evolve(pagmo::population& population, Memory& memory, std::uint64_t until, Random& random) {
  int idle = 0;
  while (!memory.spent() && memory.used() < until && idle < kMostIdleGenerations) {
    const std::uint64_t before = memory.used();
    pagmo::nsga2 one(1, 0.95, 10., 0.1, 20., static_cast<unsigned>(random.next() & 0xffffffffu));
    one.set_bfe(pagmo::bfe{pagmo::member_bfe{}});
    population = pagmo::algorithm{one}.evolve(population);
    idle = memory.used() == before ? idle + 1 : 0;
  }
}

}  // namespace

bool dominates(const std::vector<double>& a, const std::vector<double>& b) {
  bool better = false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i] > b[i]) return false;
    better = better || a[i] < b[i];
  }
  return better;
}

std::vector<std::size_t> pareto_front(const std::vector<std::vector<double>>& points) {
  std::vector<std::size_t> front;
  for (std::size_t i = 0; i < points.size(); ++i)
    if (std::ranges::none_of(points, [&](const auto& other) { return dominates(other, points[i]); }))
      front.push_back(i);
  return front;
}

SearchResult search(const SearchSpace& space, std::uint64_t budget, std::uint64_t seed,
                    const std::function<std::vector<Outcome>(const std::vector<Choices>&)>& evaluate) {
  LACUNA_CHECK(space.sizes.size() == space.ordered.size(), "{} dimensions", space.sizes.size());
  auto memory = std::make_shared<Memory>(space, budget, evaluate);
  if (space.sizes.empty()) {  // one configuration and no choice
    memory->ask({Choices{}});
    return memory->take();
  }
  Random random(seed);
  // Groups of four parents; about sixteen generations in the budget.
  const std::size_t size = std::clamp<std::size_t>(budget / 16 / 4 * 4, kSmallestPopulation, kLargestPopulation);
  const pagmo::problem problem{Problem{memory}};
  while (!memory->spent()) {
    const std::uint64_t before = memory->used();
    const std::uint64_t half = before + (budget - before + 1) / 2;
    pagmo::population population(problem, pagmo::bfe{pagmo::member_bfe{}}, size,
                                 static_cast<unsigned>(random.next() & 0xffffffffu));
    evolve(population, *memory, half, random);
    complete_front(*memory, budget);
    if (memory->used() == before) break;  // what is left cannot run, or chance does not meet it any more
  }
  return memory->take();
}

}  // namespace lacuna
