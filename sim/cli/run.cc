// Everything the user can get wrong is read and refused before the first cycle is simulated.
#include "cli/run.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/parallel.h"
#include "cli/choose_layers.h"
#include "cli/engines.h"
#include "cli/hints.h"
#include "cli/progress.h"
#include "cli/result_folder.h"
#include "cli/thread_option.h"
#include "cli/timeline.h"
#include "cli/verify.h"
#include "energy/energy.h"
#include "machine/config_reader.h"
#include "machine/family.h"
#include "report/report.h"
#include "tensor/npy.h"
#include "workload/reference.h"
#include "workload/workload.h"

namespace lacuna {

namespace {

constexpr std::string_view kNotVerified = "not verified: the outputs were not compared with the reference";
constexpr std::string_view kTimingOnly = "timing only: no output tensor was made or compared";

std::string formatted(const Report& report, const RunOptions& options, Format format) {
  switch (format) {
    case Format::Table:
      return to_table(report, {terminal_width(), options.all_layers});
    case Format::Json:
      return to_json(report);
    case Format::Csv:
      return to_csv(report);
  }
  throw Bug("unknown Format");
}

/// An empty name would mean the current folder to some calls and nothing to others.
void need_name(const std::string& name, const std::string& argument) {
  if (name.empty()) fail(Place{argument}, "the name is empty");
}

/// "5%" as 0.05.
double share_of(const std::string& text) {
  const Place place{"--sample"};
  double percent = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, percent, std::chars_format::fixed);
  if (error != std::errc() || rest + 1 != end || *rest != '%') fail(place, "'{}' is not a share; write 5%", text);
  if (!(percent > 0 && percent <= 50)) fail(place, "{} is out of range; allowed above 0% up to 50%", text);
  return percent / 100;
}

/// A random part of the tiles instead of the layer. UserError if the options ask for what only all tiles give.
std::optional<SampleOptions> sampling(const RunOptions& options, const Engine& engine, const Machine& machine) {
  if (!options.sample) return std::nullopt;
  const Place place{"--sample"};
  if (!engine.samples(machine)) fail(place, "engine {} simulates every tile; only fast samples", options.engine);
  if (options.timeline) fail(place, "a timeline needs every tile; leave out --timeline");
  return SampleOptions{share_of(*options.sample), options.sample_seed};
}

/// The intervals of an estimated outcome, and what its notes say.
Sampled sampled_of(SampledOutcome& outcome, const SampleOptions& options, const Machine& machine,
                   const EnergyTable& table) {
  Sampled sampled;
  sampled.share = options.share;
  sampled.seed = options.seed;
  sampled.tiles = outcome.tiles;
  sampled.measured_tiles = outcome.measured_tiles;
  sampled.simulated_tiles = outcome.simulated_tiles;
  sampled.cycles = outcome.estimate(0);
  for (std::size_t i = 0; i < sampled.pairs.size(); ++i) sampled.pairs[i] = outcome.estimate(Increment::kPairs + i);
  for (std::size_t i = 0; i < sampled.pe_cycles.size(); ++i)
    sampled.pe_cycles[i] = outcome.estimate(Increment::kPeCycles + i);
  const ActionList& actions = family(machine).actions();
  std::vector<double> prices(Increment::size(actions));
  for (std::size_t i = 0; i < actions.size(); ++i) prices[Increment::kActions + i] = price(actions[i], machine, table);
  sampled.energy = outcome.estimate(prices);
  outcome.outcome.notes.push_back(
      outcome.strata.empty()
          ? fmt::format("sampled: not, a sample of {} tiles would save too little; all of them were simulated",
                        outcome.tiles)
          : fmt::format("sampled: {} of {} tiles measured, seed {}; cycles {:.0f} +- {:.0f} with 95 % confidence",
                        outcome.measured_tiles, outcome.tiles, options.seed, sampled.cycles.value,
                        sampled.cycles.half_width));
  return sampled;
}

/// The outcome of one layer, written to `timeline` too if there is one.
LayerOutcome outcome_of(Engine& engine, const Machine& machine, const Layer& layer, const RunOptions& options,
                        Timeline* timeline, Progress& progress) {
  if (!timeline)
    return options.timing_only ? engine.time(machine, layer, &progress) : engine.run(machine, layer, &progress);
  timeline->begin_layer(layer.name);
  LayerOutcome outcome = engine.observe(machine, layer, *timeline, &progress);
  timeline->end_layer(outcome.cycles);
  return outcome;
}

/// What is said of sums that the accumulator does not hold. UserError if that is not allowed.
std::string wrapped_text(const Reference& expected, const Machine& machine, const Layer& layer,
                         const RunOptions& options) {
  const std::string text = fmt::format("{} of {} sums do not fit the accumulator of {} bits", expected.wrapped,
                                       expected.output.size(), accumulator_bits(machine));
  if (options.no_wrap) fail(Place{"--no-wrap"}, "layer '{}': {}", layer.name, text);
  return "sums wrap: " + text + "; these outputs are equal everywhere and mean nothing";
}

std::string prediction_text(const Reference& expected) {
  const PredictedOutputs& p = expected.predicted;
  const double lost = p.value == 0 ? 0 : 100.0 * static_cast<double>(p.lost_value) / static_cast<double>(p.value);
  return fmt::format(
      "predictions: {} of {} outputs set to zero, {} of them wrong; {} zeros missed; {:.2g} % of the "
      "outputs' sum lost",
      p.predicted, expected.output.size(), p.wrong, p.missed, lost);
}

/// One layer, held against the reference unless that is not wanted.
LayerReport simulated(Engine& engine, const Machine& machine, const Layer& layer, const RunOptions& options,
                      const std::optional<SampleOptions>& sample, const EnergyTable& table, Timeline* timeline,
                      Progress& progress) {
  LayerReport one;
  one.op = name_of(layer.op);
  one.images = layer.op == Op::Matmul ? 1 : layer.shape.N;
  one.timing_only = options.timing_only || sample;
  one.verified = !one.timing_only && !options.no_verify;
  if (sample) {
    SampledOutcome outcome = engine.sample(machine, layer, *sample, &progress);
    one.sampled = sampled_of(outcome, *sample, machine, table);
    one.outcome = std::move(outcome.outcome);
  } else {
    one.outcome = outcome_of(engine, machine, layer, options, timeline, progress);
  }
  std::vector<std::string>& notes = one.outcome.notes;
  if (one.timing_only) {
    notes.emplace_back(kTimingOnly);
  } else if (options.no_verify) {
    notes.emplace_back(kNotVerified);
  } else {
    const Predictions predictions =
        family(machine).predicts(machine, layer) ? Predictions::Followed : Predictions::Ignored;
    const Reference expected = reference(layer, accumulator_bits(machine), machine.post.threshold, predictions);
    verify(layer.name, options.engine, one.outcome.output, expected.output);
    if (expected.wrapped != 0) notes.push_back(wrapped_text(expected, machine, layer, options));
    if (predictions == Predictions::Followed) {
      one.predicted = expected.predicted;
      notes.push_back(prediction_text(expected));
    }
  }
  for (const auto& note : layer.notes)  // an engine may have said it already
    if (std::find(notes.begin(), notes.end(), note) == notes.end()) notes.push_back(note);
  return one;
}

/// Settings of the dense machine beside this one that are not this one's own: "intersect.skip=none".
std::vector<std::string> dense_changes(const Machine& machine) {
  std::vector<std::string> changes;
  for (const std::string_view setting : family(machine).dense_settings()) {
    const auto name = setting.substr(0, setting.find('='));
    const auto value = setting.substr(name.size() + 1);
    for (const auto& p : parameters(machine))
      if (p.name == name && p.value != value) changes.emplace_back(setting);
  }
  return changes;
}

/// The chosen layers on the machine that skips nothing, by the engine without a clock, whose numbers are every
/// engine's. None if this is that machine.
class DenseRun {
 public:
  DenseRun(const MachineFile& file, const RunOptions& options, const EnergyTable& table, std::size_t layers)
      : table_(table), changes_(dense_changes(file.machine)), layers_(layers) {
    if (changes_.empty()) return;
    engine_ = make_engine("fast", Place{"--engine"});
    std::vector<std::string> assignments = options.assignments;
    for (const auto& change : changes_) {
      const std::string name = change.substr(0, change.find('=') + 1);
      std::erase_if(assignments, [&](const std::string& one) { return one.starts_with(name); });
      assignments.push_back(change);
    }
    machine_ = read_machine(options.config, assignments).machine;
  }

  /// Layer `i` of the chosen ones; may be called for several at once.
  void add(std::size_t i, const Layer& layer) {
    if (!engine_) return;
    const LayerOutcome outcome = engine_->time(machine_, layer, nullptr);
    layers_[i] = {outcome.cycles, energy(machine_, outcome, table_).total};
  }

  [[nodiscard]] std::optional<DenseMachine> result() const {
    if (!engine_) return std::nullopt;
    DenseMachine dense{fmt::format("{}", fmt::join(changes_, " ")), 0, 0};
    for (const auto& [cycles, energy] : layers_) {
      dense.cycles += cycles;
      dense.energy += energy;
    }
    return dense;
  }

 private:
  const EnergyTable& table_;
  std::vector<std::string> changes_;
  std::vector<std::pair<std::uint64_t, double>> layers_;  ///< cycles and energy
  std::unique_ptr<Engine> engine_;
  Machine machine_;
};

}  // namespace

std::string run(const RunOptions& options) {
  const auto format = parse_enum<Format>(options.format, Place{"--format"}, "format");
  need_name(options.config, "CONFIG");
  need_name(options.workload, "WORKLOAD");
  if (options.output) need_name(*options.output, "--output");
  const unsigned threads = thread_count(options.threads);
  const auto engine = make_engine(options.engine, Place{"--engine"});
  check_kinds(options.config, options.workload);
  const MachineFile file = read_machine(options.config, options.assignments);
  const Machine& machine = file.machine;
  const auto sample = sampling(options, *engine, machine);
  if (options.no_wrap && (options.timing_only || options.no_verify || sample))
    fail(Place{"--no-wrap"}, "the reference finds the sums; leave out --timing-only, --no-verify and --sample");
  const bool tensors_wanted = options.output && !options.timing_only && !sample;
  const EnergyTable table = read_energy_table(file.energy_table);
  require_prices(table, family(machine));
  const Workload workload = Workload::open(options.workload);
  const ResultIdentity identity{config_hash(machine), workload.hash()};
  if (options.output) check_result_folder(*options.output, identity, options.force);
  const auto indices = chosen_layers(workload, options.layers);

  Report report;
  report.version = LACUNA_VERSION;
  report.engine = options.engine;
  report.machine = machine;
  report.config_hash = identity.config_hash;
  report.energy_table = table.name;
  report.energy_hash = table.hash;
  report.energy_unit = table.unit;
  report.workload = workload.name();
  report.source = workload.source();
  report.workload_hash = identity.workload_hash;

  std::optional<DenseRun> dense;
  if (format == Format::Table && !sample && !options.no_dense) dense.emplace(file, options, table, indices.size());
  const std::unique_ptr<Timeline> timeline = open_timeline(options, report);
  // Layers at the same time, and with threads left over each layer on several.
  const unsigned at_once = engine->runs_layers_at_once() && !timeline
                               ? static_cast<unsigned>(std::min<std::size_t>(threads, indices.size()))
                               : 1;
  engine->use_threads(threads / std::max(1u, at_once));
  report.layers.resize(indices.size());
  std::vector<std::string> tensors(tensors_wanted ? indices.size() : 0);
  {
    TerminalProgress progress;
    parallel_for(indices.size(), at_once, [&](std::size_t i, unsigned) {
      const Layer layer = workload.load(indices[i]);
      LayerProgress layer_progress(progress, layer.name, i, indices.size());
      LayerReport& one = report.layers[i];
      one = simulated(*engine, machine, layer, options, sample, table, timeline.get(), layer_progress);
      one.energy = energy(machine, one.outcome, table);
      if (dense) dense->add(i, layer);
      if (tensors_wanted) tensors[i] = write_npy(layer.user_output(one.outcome.output));
      one.outcome.output = Tensor();
    });
  }

  if (dense) report.dense = dense->result();
  if (options.output) {
    std::map<std::string, std::string> files;
    for (std::size_t i = 0; i < tensors.size(); ++i)
      files[output_file_name(report.layers[i].outcome.name)] = std::move(tensors[i]);
    files["result.json"] = to_json(report);
    files["result.csv"] = to_csv(report);
    Machine resolved = machine;
    resolved.energy = "energy.yaml";  // the folder stands alone: its config.yaml runs as it is
    files["config.yaml"] = to_yaml(resolved);
    files["energy.yaml"] = table.text;
    write_result_folder(*options.output, files, identity, options.force);
  }
  if (timeline) timeline->commit();
  return formatted(report, options, format);
}

}  // namespace lacuna
