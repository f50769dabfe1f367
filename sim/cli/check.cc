#include "cli/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <memory>

#include "base/atomic_file.h"
#include "check/compare_engines.h"
#include "check/kept_case.h"
#include "check/random_case.h"
#include "check/shrink.h"
#include "cli/check_text.h"
#include "cli/choose_layers.h"
#include "cli/engines.h"
#include "cli/hints.h"
#include "cli/progress.h"
#include "cli/target_file.h"
#include "machine/config_reader.h"
#include "machine/family.h"
#include "workload/workload.h"

namespace lacuna {

namespace {

namespace fs = std::filesystem;

/// Random layers after a workload if one engine is rtl: they visit corners that few networks do.
constexpr std::uint64_t kUsualRandom = 24;
/// Every other random case runs under stalls of this share, if nothing else is asked for.
constexpr std::uint32_t kUsualStall = 200000;
constexpr std::uint32_t kMillion = 1000000;

/// A file of waves begins with its header, block 0 of FST, 329 bytes.
constexpr std::string_view kWavesBegin{"\0\0\0\0\0\0\0\x01\x49", 9};

/// "20%" or "0.2" in millionths.
std::uint32_t parse_stall(const std::string& text) {
  double value = 0;
  const bool percent = text.ends_with('%');
  const char* const end = text.data() + text.size() - (percent ? 1 : 0);
  const auto [rest, error] = std::from_chars(text.data(), end, value);
  if (percent) value /= 100;
  if (error != std::errc() || rest != end || !(value >= 0 && value <= 0.9))
    fail(Place{"--stall"}, "'{}' is no share of cycles; legal: 0% to 90%, such as 20%", text);
  return static_cast<std::uint32_t>(value * kMillion + 0.5);
}

/// One comparison: two engines under some stalls on one layer.
struct Case {
  std::string name;
  RandomCase what;          ///< machine and layer
  std::uint32_t stall = 0;  ///< millionths
  std::uint64_t seed = 1;   ///< of the stalls
  std::string replay;       ///< words of the command that choose it
};

class Check {
 public:
  explicit Check(const CheckOptions& options)
      : options_(options), compare_(parse_enum<Compare>(options.compare, Place{"--compare"}, "comparison")) {
    choose_engines();
    if (options.stall) stall_ = parse_stall(*options.stall);
    if (stall_.value_or(0) != 0)
      for (const EngineKind kind : kinds_)
        if (!has_ports(kind)) fail(Place{"--stall"}, "the engine {} has no ports to hold back", name_of(kind));
    if (!options.datapath.empty() && !options.config.empty())
      fail(Place{"--datapath"}, "random machines are of that family, but CONFIG is '{}'; leave one of them out",
           options.config);
    if (!options.rtl.empty() && !rtl_)
      fail(Place{"--rtl"}, "neither engine is rtl ({}, {})", names_.left, names_.right);
    if (!options.waves.empty() && !rtl_)
      fail(Place{"--waves"}, "neither engine is rtl ({}, {}); only RTL has signals", names_.left, names_.right);
    if (!options.waves.empty()) {
      check_target_file(options.waves, kWavesBegin, "wave file (FST)", options.force);
      const StagedFile writable(options.waves);  // refused before anything is compiled
    }
    if (!options.keep.empty() && options.no_shrink)
      fail(Place{"--keep"}, "a kept case is shrunk; leave --no-shrink out");
    if (!options.keep.empty() && fs::exists(options.keep))
      fail(Place{"--keep"}, "'{}' exists; a kept case needs a folder of its own", options.keep);
  }

  CheckResult run() {
    if (options_.config.empty()) {
      if (options_.random.value_or(0) == 0)
        fail(Place{"lacuna check"}, "CONFIG and WORKLOAD are needed, or --random N");
      random_cases(nullptr, *options_.random);
    } else {
      check_kinds(options_.config, options_.workload);
      const yaml::Node document = yaml::load_file(options_.config);
      const Machine machine = read_machine(document, options_.assignments);
      if (options_.workload.empty() && options_.random.value_or(0) == 0)
        fail(Place{"lacuna check"}, "a WORKLOAD is needed, or --random N");
      if (!options_.workload.empty()) layers(machine);
      if (result_.agrees) random_cases(&machine, options_.random.value_or(rtl_ ? kUsualRandom : 0));
    }
    if (result_.agrees && !options_.waves.empty()) result_.text += "no waves are written: nothing differs\n";
    return std::move(result_);
  }

 private:
  void choose_engines() {
    const Place place{"--engines"};
    std::vector<std::string> names = options_.engines;
    if (names.empty())
      names = {"systemc", options_.random && options_.config.empty() && options_.rtl.empty() ? "fast" : "rtl"};
    if (names.size() != 2) fail(place, "{} engines are named; a check compares two", names.size());
    if (names[0] == names[1]) fail(place, "'{}' is named twice; a check compares two engines", names[0]);
    kinds_ = {engine_kind(names[0], place), engine_kind(names[1], place)};
    names_ = {names[0], names[1]};
    rtl_ = std::ranges::count(kinds_, EngineKind::Rtl) != 0;
    ports_ = std::ranges::all_of(kinds_, has_ports);
  }

  [[nodiscard]] EngineOptions engine_options(const Case& one) const {
    return {.stall_millionths = one.stall, .stall_seed = one.seed, .rtl = options_.rtl};
  }

  /// `what` instead of the machine and layer of `one`.
  [[nodiscard]] Comparison compared(const Case& one, const RandomCase& what) const {
    const EngineOptions options = engine_options(one);
    const auto left = make_engine(kinds_[0], options), right = make_engine(kinds_[1], options);
    return compare_engines(*left, *right, what.machine, what.layer, compare_);
  }
  [[nodiscard]] Comparison compared(const Case& one) const { return compared(one, one.what); }

  void layers(const Machine& machine) {
    const Workload workload = Workload::open(options_.workload);
    const auto indices = chosen_layers(workload, options_.layers);
    for (std::size_t i = 0; i < indices.size() && result_.agrees; ++i) {
      Layer layer = workload.load(indices[i]);
      progress_.layer(layer.name, i, indices.size());
      const std::string name = layer.name;
      const Case one{name,
                     {machine, std::move(layer)},
                     stall_.value_or(0),
                     options_.seed,
                     fmt::format("{} --layers {} --random 0{}", quoted(options_.workload), quoted(name),
                                 stall_.value_or(0) == 0 ? "" : fmt::format(" --seed {}", options_.seed))};
      const Comparison comparison = compared(one);
      if (!comparison.agrees()) return differ(one, comparison);
      result_.text += agreed_line(name, comparison, compare_, machine);
    }
    result_.text += fmt::format("{} and {} agree in {} layers\n", names_.left, names_.right, indices.size());
  }

  /// `machine`: nothing: each case has its own.
  void random_cases(const Machine* machine, std::uint64_t count) {
    const Datapath datapath =
        options_.datapath.empty() ? Datapath{} : datapath_called(options_.datapath, Place{"--datapath"});
    std::uint64_t agreed = 0, shifted = 0;
    for (std::uint64_t i = 0; i < count; ++i) {
      const std::uint64_t seed = options_.seed + i;
      progress_.layer(fmt::format("seed {}", seed), i, count);
      Case one{.name = fmt::format("seed {}", seed),
               .what = machine ? random_case_on(*machine, seed)
                               : random_case(seed, rtl_ ? options_.geometries : 0, datapath),
               .stall = stall_.value_or(ports_ && seed % 2 == 1 ? kUsualStall : 0),
               .seed = seed,
               .replay = fmt::format("--random 1 --seed {}", seed)};
      if (!options_.datapath.empty()) one.replay += " --datapath " + options_.datapath;
      if (rtl_ && !machine) one.replay += fmt::format(" --geometries {}", options_.geometries);
      const Comparison comparison = compared(one);
      if (!comparison.agrees()) return differ_at_random(one, comparison);
      agreed += comparison.agreed;
      shifted += comparison.shifted;
    }
    if (count == 0) return;
    result_.text +=
        fmt::format("{} random {} from seed {}: {} and {} agree ({} events or outputs compared", count,
                    machine ? "layers" : "machines and layers", options_.seed, names_.left, names_.right, agreed);
    result_.text += shifted == 0 ? ")\n" : fmt::format(", {} at another cycle)\n", shifted);
    result_.agrees = agreed != 0;
  }

  void differ(const Case& one, const Comparison& comparison) {
    result_.agrees = false;
    result_.text += fmt::format("{}: {} and {} differ{}\n{}  replay: {}\n", one.name, names_.left, names_.right,
                                one.stall == 0 ? "" : fmt::format(" under stalls of {}%", one.stall / 10000.0),
                                explained(comparison, names_, one.what.machine), replay(one));
    if (!options_.waves.empty()) waves(one, comparison);
  }

  void differ_at_random(const Case& one, const Comparison& comparison) {
    differ(one, comparison);
    result_.text += fmt::format("  drawn: {}\n", one.what.describe());
    if (options_.no_shrink) return;
    // A smaller array would be another model; compiling one for each attempt takes too long.
    const bool machine = !rtl_ && options_.config.empty();
    progress_.layer(fmt::format("seed {}: making it smaller", one.seed), 0, 1);
    const RandomCase small = shrunk(
        one.what, [&](const RandomCase& c) { return !compared(one, c).agrees(); }, machine);
    result_.text += fmt::format("  the smallest that still fails: {}\n", small.describe());
    const Comparison last = compared(one, small);
    result_.text += explained(last, names_, small.machine);
    if (options_.keep.empty()) return;
    StagedFolder folder(options_.keep);
    for (const auto& [name, contents] :
         files_of(small, fmt::format("found by lacuna check --random, seed {}", one.seed)))
      folder.write(name, contents);
    folder.commit();
    const std::string kept = quoted(options_.keep);
    result_.text += fmt::format("  kept: lacuna check {}/config.yaml {} --random 0 --seed {}{}\n", kept, kept, one.seed,
                                settings(one));
  }

  /// The signals some time before and after the difference.
  void waves(const Case& one, const Comparison& comparison) {
    constexpr std::uint64_t kBefore = 200, kAfter = 50;
    const std::uint64_t cycle = comparison.cycle.value_or(0);
    const std::uint64_t first = cycle > kBefore ? cycle - kBefore : 0;
    progress_.layer(one.name + ": waves", 0, 1);
    try {
      make_engine(EngineKind::Rtl, engine_options(one))
          ->write_waves(one.what.machine, one.what.layer, options_.waves, first, cycle + kAfter);
    } catch (const UserError& error) {  // what was found is said all the same
      result_.text += fmt::format("  no waves: {}\n", error.what());
      return;
    }
    result_.text +=
        fmt::format("  waves: {}, from cycle {}; cycle {} is at {} ns\n", options_.waves, first, cycle, cycle);
  }

  /// Options that decide what is compared, beside the case itself.
  [[nodiscard]] std::string settings(const Case& one) const {
    std::string text = fmt::format(" --engines {},{}", names_.left, names_.right);
    if (compare_ != Compare::Cycles) text += " --compare " + options_.compare;
    if (ports_) text += fmt::format(" --stall {}%", one.stall / 10000.0);
    if (!options_.rtl.empty()) text += " --rtl " + quoted(options_.rtl);
    return text;
  }

  /// The command that shows the difference again, alone.
  [[nodiscard]] std::string replay(const Case& one) const {
    std::string text = "lacuna check ";
    if (!options_.config.empty()) text += quoted(options_.config) + " ";
    text += one.replay + settings(one);
    for (const auto& assignment : options_.assignments) text += " --set " + quoted(assignment);
    if (rtl_) text += " --waves difference.fst";
    return text;
  }

  const CheckOptions& options_;
  Compare compare_;
  std::array<EngineKind, 2> kinds_{};
  EngineNames names_;
  bool rtl_ = false;    ///< one of the engines
  bool ports_ = false;  ///< both engines have some
  std::optional<std::uint32_t> stall_;
  TerminalProgress progress_;
  CheckResult result_{.text = {}, .agrees = true};
};

}  // namespace

CheckResult check(const CheckOptions& options) { return Check(options).run(); }

}  // namespace lacuna
