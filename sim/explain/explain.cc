#include "explain/explain.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <mutex>
#include <numeric>

#include "base/parallel.h"
#include "explain/limits.h"
#include "machine/family.h"

namespace lacuna {

namespace {

/// Tensors that are kept for the second round.
constexpr std::uint64_t kKeptBytes = std::uint64_t{1} << 30;

/// The layers, each timed on any machine. What machines share is computed once, as long as the layer is kept.
class Bench {
 public:
  Bench(Engine& engine, const Machine& machine, const LayerSource& source, unsigned threads,
        const std::function<void(std::size_t)>& begins)
      : engine_(engine), machine_(machine), source_(source), begins_(begins), kept_(source.names.size()) {
    const std::size_t layers = source.names.size();
    at_once_ = static_cast<unsigned>(std::clamp<std::size_t>(layers, 1, std::max(1u, threads)));
    machines_at_once_ = std::max(1u, threads / at_once_);
    order_.resize(layers);
    std::iota(order_.begin(), order_.end(), std::size_t{0});
    std::ranges::stable_sort(order_, [&](auto a, auto b) { return source.work[a] > source.work[b]; });
  }

  /// [machine][layer]
  std::vector<std::vector<LayerOutcome>> time(const std::vector<Machine>& machines) {
    std::vector<std::vector<LayerOutcome>> outcomes(machines.size(), std::vector<LayerOutcome>(order_.size()));
    parallel_for(order_.size(), at_once_, [&](std::size_t i, unsigned) {
      const std::size_t layer = order_[i];
      begins_(layer);
      const std::shared_ptr<Kept> kept = layer_of(layer);
      parallel_for(machines.size(), machines_at_once_,
                   [&](std::size_t m, unsigned) { outcomes[m][layer] = kept->timer->time(machines[m], nullptr); });
    });
    return outcomes;
  }

 private:
  struct Kept {
    explicit Kept(Layer loaded) : layer(std::move(loaded)) {}
    Layer layer;
    std::unique_ptr<LayerTimer> timer;
  };

  std::shared_ptr<Kept> layer_of(std::size_t index) {
    if (kept_[index]) return kept_[index];
    auto kept = std::make_shared<Kept>(source_.load(index));
    kept->timer = engine_.timer(machine_, kept->layer);
    const std::uint64_t bytes = kept->layer.weights.bytes().size() + kept->layer.input.bytes().size();
    const std::lock_guard lock(mutex_);
    if (kept_bytes_ + bytes > kKeptBytes) return kept;
    kept_bytes_ += bytes;
    return kept_[index] = std::move(kept);
  }

  Engine& engine_;
  const Machine& machine_;
  const LayerSource& source_;
  const std::function<void(std::size_t)>& begins_;
  unsigned at_once_ = 1, machines_at_once_ = 1;
  std::vector<std::size_t> order_;  ///< layers, the most work first: all threads end at about the same time
  std::mutex mutex_;                ///< of kept_bytes_; an entry of kept_ is one thread's at a time
  std::uint64_t kept_bytes_ = 0;
  std::vector<std::shared_ptr<Kept>> kept_;
};

std::vector<std::uint64_t> cycles_of(const std::vector<LayerOutcome>& outcomes) {
  std::vector<std::uint64_t> cycles;
  for (const LayerOutcome& outcome : outcomes) cycles.push_back(outcome.cycles);
  return cycles;
}

/// The rows that are runs, without their cycles. A limit that `machine` does not have is none.
std::vector<Finding> runs_of(const Machine& machine) {
  std::vector<Finding> findings;
  const auto add = [&](const Limit& limit, bool combined) {
    auto rungs = ladder(machine, limit.lifted);
    if (!rungs.empty())
      findings.push_back({limit.name, limit.sentence, Evidence::Run, combined, std::move(rungs.back()), {}});
  };
  const std::vector<Limit> memory = memory_limits(machine);
  for (const Limit& limit : memory) add(limit, false);
  add(together("memory", "all limits of memory together", memory), true);
  for (const Limit& limit : family(machine).limits(machine)) add(limit, false);
  return findings;
}

std::uint64_t ceiling(std::uint64_t a, std::uint64_t b) { return (a + b - 1) / b; }

/// The rows that follow from the counts of the machine as it is.
std::vector<Finding> bounds_of(const Machine& machine, const std::vector<LayerOutcome>& outcomes) {
  std::vector<Finding> findings = {
      {"perfect_balance", "that PEs wait, and that some have more work than others", Evidence::AtMost, false, {}, {}},
      {"no_overhead", "that a multiplier ever has no two nonzero operands", Evidence::AtMost, false, {}, {}},
      {"output", "that results block PEs", Evidence::Share, false, {}, {}},
      {"edges", "that tiles leave PEs without work", Evidence::Share, false, {}, {}},
  };
  const std::uint64_t pes = pe_count(machine);
  const double pairs_per_cycle = family(machine).pairs_per_cycle(machine) * static_cast<double>(pes);
  for (const LayerOutcome& o : outcomes) {
    const auto& classes = o.pe_cycles;
    const std::uint64_t work = classes[PeClass::Busy] + classes[PeClass::Gated] + classes[PeClass::Bubble];
    const auto executed = static_cast<double>(o.pairs[PairClass::Executed]);
    findings[0].cycles.push_back(ceiling(work, pes));
    findings[1].cycles.push_back(static_cast<std::uint64_t>(std::ceil(executed / pairs_per_cycle)));
    findings[2].cycles.push_back(o.cycles - classes[PeClass::BlockedOutput] / pes);
    findings[3].cycles.push_back(o.cycles - classes[PeClass::IdleEdge] / pes);
  }
  return findings;
}

/// The single limit whose run wins most; none if none wins a cycle.
std::optional<std::size_t> winner(const Explanation& explanation) {
  std::optional<std::size_t> best;
  std::int64_t most = 0;
  for (std::size_t i = 0; i < explanation.findings.size(); ++i) {
    const Finding& finding = explanation.findings[i];
    if (finding.evidence != Evidence::Run || finding.combined) continue;
    if (const std::int64_t gain = won(explanation, finding.cycles); gain > most) {
      most = gain;
      best = i;
    }
  }
  return best;
}

/// README.md, "The cheapest change".
std::optional<Change> cheapest_of(const Explanation& explanation, const Machine& machine, Bench& bench) {
  const auto best = winner(explanation);
  if (!best) return std::nullopt;
  const Finding& finding = explanation.findings[*best];
  auto rungs = ladder(machine, finding.settings);
  rungs.pop_back();  // the lifted machine, which has been run
  for (auto& rung : rungs) {
    const auto cycles = cycles_of(bench.time({changed(machine, rung)}).front());
    if (2 * won(explanation, cycles) >= won(explanation, finding.cycles)) return Change{*best, std::move(rung), cycles};
  }
  return Change{*best, finding.settings, finding.cycles};
}

}  // namespace

std::uint64_t total(const std::vector<std::uint64_t>& cycles) {
  return std::accumulate(cycles.begin(), cycles.end(), std::uint64_t{0});
}

std::int64_t won(const Explanation& explanation, const std::vector<std::uint64_t>& cycles) {
  return static_cast<std::int64_t>(total(explanation.cycles)) - static_cast<std::int64_t>(total(cycles));
}

Explanation explain(Engine& engine, const Machine& machine, const LayerSource& layers, unsigned threads,
                    const std::function<void(std::size_t)>& begins) {
  LACUNA_CHECK(engine.runs_layers_at_once(), "an engine that runs one layer at a time");
  Explanation explanation;
  explanation.layers = layers.names;
  explanation.findings = runs_of(machine);
  std::vector<Machine> machines = {machine};
  for (const Finding& finding : explanation.findings) machines.push_back(changed(machine, finding.settings));

  Bench bench(engine, machine, layers, threads, begins);
  const auto outcomes = bench.time(machines);
  explanation.cycles = cycles_of(outcomes.front());
  for (const LayerOutcome& outcome : outcomes.front()) explanation.pe_cycles += outcome.pe_cycles;
  for (std::size_t i = 0; i < explanation.findings.size(); ++i)
    explanation.findings[i].cycles = cycles_of(outcomes[i + 1]);
  explanation.cheapest = cheapest_of(explanation, machine, bench);
  for (Finding& finding : bounds_of(machine, outcomes.front())) explanation.findings.push_back(std::move(finding));
  return explanation;
}

}  // namespace lacuna
