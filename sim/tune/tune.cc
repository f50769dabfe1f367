#include "tune/tune.h"

#include <algorithm>
#include <cmath>

namespace lacuna::tune {

namespace {

bool predicts(const Plan& plan) {
  return std::ranges::any_of(plan.prediction.representatives, [](std::uint32_t n) { return n > 0; });
}

void set_plan(const Plan& plan, TunedLayer& layer) {
  const auto& n = plan.prediction.representatives;
  layer.budget = plan.budget;
  layer.filters = n.size();
  layer.predicting = static_cast<std::size_t>(std::ranges::count_if(n, [](std::uint32_t v) { return v > 0; }));
}

/// UserError if no layer may predict.
void check_some_predict(const std::vector<TunedLayer>& layers, const std::filesystem::path& path) {
  if (std::ranges::any_of(layers, [](const TunedLayer& layer) { return !layer.refusal; })) return;
  const TunedLayer& first = layers.front();
  fail(Place{path.string()}, "none of its {} layers can predict; '{}' for one: {}", layers.size(), first.name,
       *first.refusal);
}

/// Layers that may predict, of all layers of the network, and their plans.
struct Plans {
  std::vector<std::size_t> layer;
  std::vector<std::vector<Plan>> plans;

  [[nodiscard]] Trial trial(std::size_t all, const Choice& choice) const {
    Trial result(all, nullptr);
    for (std::size_t l = 0; l < layer.size(); ++l)
      if (const Plan& plan = plans[l][choice[l]]; predicts(plan)) result[layer[l]] = &plan.prediction;
    return result;
  }
};

/// right[l][i]: images right with plan i of layer l alone. The last plan of each predicts nothing.
std::vector<std::vector<std::uint64_t>> right_alone(const Network& network, const Plans& plans, const Labelled& images,
                                                    unsigned threads) {
  Choice none;
  for (const auto& of_layer : plans.plans) none.push_back(of_layer.size() - 1);
  std::vector<Trial> trials;
  for (std::size_t l = 0; l < plans.plans.size(); ++l)
    for (std::size_t i = 0; i < plans.plans[l].size(); ++i) {
      Choice choice = none;
      choice[l] = i;
      trials.push_back(plans.trial(network.layers().size(), choice));
    }
  const auto counts = network.right(images, trials, threads);
  std::vector<std::vector<std::uint64_t>> right;
  auto next = counts.begin();
  for (const auto& of_layer : plans.plans) {
    const auto end = next + static_cast<std::ptrdiff_t>(of_layer.size());
    right.emplace_back(next, end);
    next = end;
  }
  return right;
}

/// Tensors of a loaded layer as workload.yaml has them.
imports::LayerTensors tensors_of(const Layer& layer) {
  const ConvShape& s = layer.shape;
  imports::LayerTensors tensors;
  const bool matrix = layer.op == Op::Fc || layer.op == Op::Matmul;
  tensors.weights = matrix ? layer.weights.reshaped({s.M, s.C}) : layer.weights;
  if (layer.op == Op::Matmul) {  // columns are images
    Tensor input(layer.input.type(), {s.C, s.N});
    const auto values = layer.input.to_int64();
    for (std::size_t n = 0; n < s.N; ++n)
      for (std::size_t k = 0; k < s.C; ++k) input.set(k * s.N + n, values[n * s.C + k]);
    tensors.input = std::move(input);
  } else {
    tensors.input = layer.op == Op::Fc ? layer.input.reshaped({s.N, s.C}) : layer.input;
  }
  tensors.bias = Tensor(DType::Int32, {s.M});
  for (std::size_t m = 0; m < s.M; ++m) tensors.bias->set(m, layer.bias[m]);
  if (layer.requantise.empty()) return tensors;
  tensors.requantise = Tensor(DType::Int32, {s.M, 2});
  for (std::size_t m = 0; m < s.M; ++m) {
    tensors.requantise->set(2 * m, layer.requantise[m].multiplier);
    tensors.requantise->set(2 * m + 1, layer.requantise[m].shift);
  }
  return tensors;
}

}  // namespace

Tuning tune_network(const NetworkOptions& options, const Say& say) {
  const Labelled& images = options.images;
  Tuning tuning;
  tuning.profiled = options.profiled, tuning.recorded = options.recorded;
  const Labelled rest = images.part(options.profiled, images.count() - options.profiled);
  tuning.accepted = static_cast<std::size_t>(options.loss * static_cast<double>(rest.count()) * (1 + 1e-12));
  const Network network(options.model, rows_of(images.images, 0, options.profiled + options.recorded),
                        options.profiled);
  Plans plans;
  const std::size_t count = network.layers().size();
  for (std::size_t l = 0; l < count; ++l) {
    const auto& [layer, refusal] = network.layers()[l];
    say(fmt::format("profiles {}", layer.name), l, count);
    tuning.layers.push_back({layer.name, refusal, 0, 0, 0, 0, 0, 0, {}, {}});
    if (refusal) continue;
    plans.layer.push_back(l);
    plans.plans.push_back(plans_of(profile(layer, options.threads)));
    tuning.layers[l].plans = plans.plans.back().size();
  }
  check_some_predict(tuning.layers, options.model);
  say("each layer alone", 0, 1);
  const std::uint64_t exact = network.right(rest, {Trial(count, nullptr)}, options.threads).front();
  const auto alone = right_alone(network, plans, rest, options.threads);
  const auto all = plans.plans;
  drop_losing(plans.plans, alone, exact, tuning.accepted);
  std::size_t rounds = 0;
  const NetworkChoice chosen = step_back(plans.plans, exact, tuning.accepted, [&](const std::vector<Choice>& choices) {
    say("the network", rounds++, 0);
    std::vector<Trial> trials;
    for (const Choice& choice : choices) trials.push_back(plans.trial(count, choice));
    return network.right(rest, trials, options.threads);
  });
  tuning.steps = chosen.steps;
  tuning.chosen = Accuracy{rest.count(), exact, chosen.right};

  say("measures", 0, 1);
  const Trial trial = plans.trial(count, chosen.choice);
  Trial measured = trial;  // layers that might predict and do not are measured, too
  for (std::size_t l = 0; l < plans.layer.size(); ++l) {
    const Plan& plan = plans.plans[l][chosen.choice[l]];
    TunedLayer& layer = tuning.layers[plans.layer[l]];
    measured[plans.layer[l]] = &plan.prediction;
    set_plan(plan, layer);
    layer.kept = plans.plans[l].size();
    layer.alone = alone[l][static_cast<std::size_t>(std::ranges::find(all[l], plan) - all[l].begin())];
  }
  const auto counts = network.measure(rest, measured, options.threads);
  for (std::size_t l = 0; l < count; ++l)
    tuning.layers[l].exact = counts[l].exact, tuning.layers[l].outcome = counts[l].outcome;
  if (options.test) {
    const auto right = network.right(*options.test, {Trial(count, nullptr), trial}, options.threads);
    tuning.test = Accuracy{options.test->count(), right[0], right[1]};
  }
  tuning.file = network.file(trial);
  return tuning;
}

Tuning tune_workload(const std::filesystem::path& path, const Workload& workload, double lost, unsigned threads,
                     const Say& say) {
  Tuning tuning;
  tuning.file.path = path;
  tuning.file.format = "workload";
  tuning.file.network = workload.name();
  const std::size_t count = workload.layer_names().size();
  for (std::size_t l = 0; l < count; ++l) {
    say(fmt::format("profiles {}", workload.layer_names()[l]), l, count);
    const Layer layer = workload.load(l);
    imports::ImportedLayer written;
    written.name = layer.name;
    written.place = Place{path.string()};
    written.op = layer.op;
    written.shape = layer.shape;
    written.relu = layer.relu;
    written.dense_products = layer.shape.dense_pairs();
    written.notes = layer.notes;
    tuning.generated = tuning.generated || layer.generated;
    written.tensors = tensors_of(layer);
    TunedLayer tuned{layer.name, prediction_refusal(layer), lost, 0, layer.shape.M, 0, 0, 0, {}, {}};
    if (!tuned.refusal) {
      const Plan plan = plan_within(profile(layer, threads), lost);
      set_plan(plan, tuned);
      if (predicts(plan)) add_prediction(plan.prediction, *written.tensors);
      for (const FilterMeasure& filter : measure(layer, plan.prediction, threads)) {
        tuned.exact += filter.exact;
        tuned.outcome += filter.outcome;
      }
    }
    tuning.layers.push_back(std::move(tuned));
    tuning.file.layers.push_back(std::move(written));
  }
  check_some_predict(tuning.layers, path);
  return tuning;
}

}  // namespace lacuna::tune
