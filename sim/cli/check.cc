#include "cli/check.h"

#include <fmt/format.h>

#include <memory>

#include "check/compare_engines.h"
#include "check/random_case.h"
#include "cli/choose_layers.h"
#include "cli/engines.h"
#include "cli/progress.h"
#include "machine/config_reader.h"
#include "rtl/rtl_engine.h"
#include "workload/workload.h"

namespace lacuna {

namespace {

struct Engines {
  std::string names[2];
  std::unique_ptr<Engine> engines[2];
};

Engines chosen_engines(const CheckOptions& options) {
  const Place place{"--engines"};
  std::vector<std::string> names = options.engines;
  if (names.empty()) names = {"systemc", options.random != 0 ? "fast" : "rtl"};
  if (names.size() != 2) fail(place, "{} engines are named; a check compares two", names.size());
  if (names[0] == names[1]) fail(place, "'{}' is named twice; a check compares two engines", names[0]);
  Engines chosen;
  for (int i = 0; i < 2; ++i) {
    chosen.names[i] = names[i];
    if (names[i] == "rtl" && !options.rtl.empty()) {
      ModelSources sources = ModelSources::standard();
      sources.rtl = options.rtl;
      chosen.engines[i] = make_rtl_engine(sources);
    } else {
      chosen.engines[i] = make_engine(names[i], place);
    }
  }
  if (!options.rtl.empty() && names[0] != "rtl" && names[1] != "rtl")
    fail(Place{"--rtl"}, "neither engine is rtl ({}, {})", names[0], names[1]);
  return chosen;
}

/// A word as a shell takes it.
std::string quoted(const std::string& word) {
  const bool plain = !word.empty() && word.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                                             "_-./=,:+@%") == std::string::npos;
  if (plain) return word;
  std::string text = "'";
  for (const char c : word) c == '\'' ? text += "'\\''" : text += c;
  return text + "'";
}

/// The command that shows the difference again, alone.
std::string replay(const CheckOptions& options, const Engines& engines, const std::string& which) {
  std::string text = "lacuna check";
  if (options.random == 0) text += fmt::format(" {} {}", quoted(options.config), quoted(options.workload));
  text += fmt::format(" {} --engines {},{}", which, engines.names[0], engines.names[1]);
  if (options.compare != "cycles") text += " --compare " + options.compare;
  if (!options.rtl.empty()) text += " --rtl " + quoted(options.rtl);
  for (const auto& assignment : options.assignments) text += " --set " + quoted(assignment);
  return text;
}

std::string explained(const Comparison& comparison, const Engines& engines, const Machine& machine) {
  if (!comparison.failure.empty())
    return fmt::format("  {} events agree, then {} breaks off: {}\n", comparison.agreed, engines.names[comparison.failed],
                       comparison.failure);
  if (!comparison.difference) {
    if (comparison.outcome_difference.empty()) return "  nothing was compared\n";
    return fmt::format("  {} and {} differ in {}\n", engines.names[0], engines.names[1], comparison.outcome_difference);
  }
  const Difference& d = *comparison.difference;
  std::string text = fmt::format("  {} events agree, then {} differs after {} of its own\n", comparison.agreed,
                                 text_of(d.unit, machine.array.columns), d.agreed);
  for (const auto& event : d.last) text += fmt::format("    both: {}\n", text_of(event));
  const auto side = [&](int i, const std::optional<TracedEvent>& event) {
    text += fmt::format("    {}: {}\n", engines.names[i], event ? text_of(*event) : "no further event");
  };
  side(0, d.left);
  side(1, d.right);
  return text;
}

std::string agreed_line(const std::string& name, const Comparison& comparison, Compare compare) {
  std::string text = fmt::format("{}: {} {} agree, {} cycles", name, comparison.agreed,
                                 compare == Compare::Outputs ? "outputs" : "events", comparison.left_cycles);
  if (compare == Compare::Events && comparison.shifted != 0)
    text += fmt::format("; {} events at another cycle, the last by {:+}; {} cycles on the other side", comparison.shifted,
                        comparison.latest_shift, comparison.right_cycles);
  return text + "\n";
}

CheckResult check_random(const CheckOptions& options, const Engines& engines, Compare compare) {
  TerminalProgress progress;
  std::uint64_t agreed = 0;
  for (std::uint64_t i = 0; i < options.random; ++i) {
    const std::uint64_t seed = options.seed + i;
    progress.layer(fmt::format("seed {}", seed), i, options.random);
    const RandomCase c = random_case(seed);
    const Comparison comparison = compare_engines(*engines.engines[0], *engines.engines[1], c.machine, c.layer, compare);
    if (!comparison.agrees())
      return {fmt::format("seed {}: {}\n{}  replay: {}\n", seed, c.describe(), explained(comparison, engines, c.machine),
                          replay(options, engines, fmt::format("--random 1 --seed {}", seed))),
              false};
    agreed += comparison.agreed;
  }
  return {fmt::format("{} random cases from seed {}: {} and {} agree ({} outputs or events compared)\n", options.random,
                      options.seed, engines.names[0], engines.names[1], agreed),
          agreed != 0};
}

}  // namespace

CheckResult check(const CheckOptions& options) {
  const auto compare = parse_enum<Compare>(options.compare, Place{"--compare"}, "comparison");
  const Engines engines = chosen_engines(options);
  if (options.random != 0) {
    if (!options.config.empty()) fail(Place{"--random"}, "random cases take no CONFIG and no WORKLOAD");
    return check_random(options, engines, compare);
  }
  if (options.config.empty() || options.workload.empty())
    fail(Place{"lacuna check"}, "CONFIG and WORKLOAD are needed, or --random N");
  const MachineFile file = read_machine(options.config, options.assignments);
  const Workload workload = Workload::open(options.workload);
  const auto indices = chosen_layers(workload, options.layers);

  CheckResult result{.text = {}, .agrees = true};
  TerminalProgress progress;
  for (std::size_t i = 0; i < indices.size(); ++i) {
    const Layer layer = workload.load(indices[i]);
    progress.layer(layer.name, i, indices.size());
    const Comparison comparison = compare_engines(*engines.engines[0], *engines.engines[1], file.machine, layer, compare);
    if (!comparison.agrees()) {
      result.text += fmt::format("{}: {} and {} differ\n{}  replay: {}\n", layer.name, engines.names[0], engines.names[1],
                                 explained(comparison, engines, file.machine),
                                 replay(options, engines, "--layers " + layer.name));
      result.agrees = false;
      return result;
    }
    result.text += agreed_line(layer.name, comparison, compare);
  }
  result.text += fmt::format("{} and {} agree in {} layers\n", engines.names[0], engines.names[1], indices.size());
  return result;
}

}  // namespace lacuna
