// Is it a family? Every family of the list, the toy of tests/toy among them, against what the rest of the program
// relies on. A family that moves in is tested here without a line of its own.
#include <catch2/catch.hpp>
#include <map>
#include <set>

#include "check/compare_engines.h"
#include "check/kept_case.h"
#include "check/random_case.h"
#include "check/shrink.h"
#include "energy/area.h"
#include "energy/energy.h"
#include "energy/table.h"
#include "explain/explain.h"
#include "explain/limits.h"
#include "machine/config_reader.h"
#include "machine/family.h"
#include "temporary_folder.h"
#include "workload/reference.h"
#include "workload/workload.h"

using namespace lacuna;

namespace {

/// What the reference says of a layer on a machine.
Tensor expected_output(const Machine& machine, const Layer& layer) {
  const Predictions predictions =
      family(machine).predicts(machine, layer) ? Predictions::Followed : Predictions::Ignored;
  return reference(layer, accumulator_bits(machine), std::int64_t{machine.post.threshold}, predictions).output;
}

constexpr EngineKind kEngines[] = {EngineKind::Systemc, EngineKind::Fast, EngineKind::Rtl};

bool has(const Family& family, EngineKind kind) {
  const auto kinds = family.engines();
  return std::ranges::find(kinds, kind) != kinds.end();
}

/// Calls `test` with each family, whose name is in what fails.
template <typename Test>
void for_each_family(Test&& test) {
  for (const Family* family : families()) {
    INFO("family " << family->name());
    test(*family);
  }
}

RandomCase case_of(const Family& family, std::uint64_t seed, std::uint64_t geometries = 0) {
  return random_case(seed, geometries, datapath_of(family));
}

/// Adds up what records say was spent, and remembers which cycles of which PE.
class SpentCycles : public RecordSink {
 public:
  explicit SpentCycles(const Machine& machine) : per_pe(pe_count(machine)), next_(pe_count(machine)) {}

  void on(const Record& record) override {
    if (!record.spent) return;
    REQUIRE(record.unit < per_pe.size());
    ++per_pe[record.unit][*record.spent];
    in_order &= record.cycle == next_[record.unit]++;
  }

  std::vector<Counters<PeClass>> per_pe;
  bool in_order = true;  ///< each PE's cycles, one after the other, from 0 on

 private:
  std::vector<std::uint64_t> next_;
};

/// An engine whose first output is wrong where a layer has more than two filters: a fault to be found.
class Faulty : public Engine {
 public:
  explicit Faulty(EngineKind kind) : engine_(make_engine(kind)) {}
  LayerOutcome run(const Machine& machine, const Layer& layer, Progress* progress) override {
    return spoilt(engine_->run(machine, layer, progress), layer);
  }
  LayerOutcome observe(const Machine& machine, const Layer& layer, RecordSink& sink, Progress* progress) override {
    return spoilt(engine_->observe(machine, layer, sink, progress), layer);
  }

 private:
  static LayerOutcome spoilt(LayerOutcome outcome, const Layer& layer) {
    if (layer.shape.M > 2) outcome.output.set(0, outcome.output.to_int64()[0] ^ 1);
    return outcome;
  }
  std::unique_ptr<Engine> engine_;
};

/// A layer whose operands a machine takes, to be run on a machine of another size.
Layer reference_layer(const Machine& machine) { return random_case_on(machine, 1).layer; }

}  // namespace

TEST_CASE("every family of families.def has the three engines") {
  std::size_t own = 0;
  for (const Family* family : families()) {
    if (family->name() == "toy") continue;
    ++own;
    for (const EngineKind kind : kEngines) {
      INFO(family->name() << " " << name_of(kind));
      CHECK(has(*family, kind));
    }
  }
  CHECK(own >= 1);
}

TEST_CASE("an engine that a family does not have is refused") {
  std::size_t refused = 0;
  for_each_family([&](const Family& family) {
    for (const EngineKind kind : kEngines) {
      if (has(family, kind)) continue;
      const Machine machine(datapath_of(family));
      CHECK_THROWS_WITH(make_engine(kind)->run(machine, reference_layer(machine), nullptr),
                        fmt::format("array.datapath: datapath {} has no engine {}", family.name(), name_of(kind)));
      ++refused;
    }
  });
  CHECK(refused >= 1);  // the toy has no RTL
}

TEST_CASE("engines of every family give the reference's outputs and keep the laws on random cases") {
  for_each_family([](const Family& family) {
    for (const EngineKind kind : {EngineKind::Systemc, EngineKind::Fast}) {
      const auto engine = make_engine(kind);
      for (std::uint64_t seed = 1; seed <= 60; ++seed) {
        const RandomCase one = case_of(family, seed);
        INFO(name_of(kind) << " seed " << seed << ": " << one.describe());
        const LayerOutcome outcome = engine->run(one.machine, one.layer, nullptr);
        CHECK_NOTHROW(check_laws(outcome, one.machine));
        CHECK(outcome.output == expected_output(one.machine, one.layer));
      }
    }
  });
}

TEST_CASE("records account for every cycle of every PE once") {
  for_each_family([](const Family& family) {
    for (const EngineKind kind : {EngineKind::Systemc, EngineKind::Fast}) {
      const auto engine = make_engine(kind);
      for (std::uint64_t seed = 1; seed <= 15; ++seed) {
        const RandomCase one = case_of(family, seed);
        INFO(name_of(kind) << " seed " << seed << ": " << one.describe());
        SpentCycles spent(one.machine);
        const LayerOutcome outcome = engine->observe(one.machine, one.layer, spent, nullptr);
        CHECK(spent.in_order);
        CHECK(spent.per_pe == outcome.per_pe);
      }
    }
  });
}

TEST_CASE("systemc and fast report the same records on random cases") {
  for_each_family([](const Family& family) {
    const auto systemc = make_engine(EngineKind::Systemc), fast = make_engine(EngineKind::Fast);
    for (std::uint64_t seed = 100; seed < 160; ++seed) {
      const RandomCase one = case_of(family, seed);
      INFO("seed " << seed << ": " << one.describe());
      CHECK(compare_engines(*systemc, *fast, one.machine, one.layer, Compare::Cycles).agrees());
    }
  });
}

TEST_CASE("systemc and rtl report the same records on a few geometries under back-pressure") {
  for_each_family([](const Family& family) {
    if (!has(family, EngineKind::Rtl)) return;
    for (std::uint64_t seed = 0; seed < 24; ++seed) {
      const RandomCase one = case_of(family, seed, 2);
      const EngineOptions options{.stall_millionths = seed % 2 == 0 ? 0u : 200000u, .stall_seed = seed, .rtl = {}};
      INFO("seed " << seed << ": " << one.describe());
      CHECK(compare_engines(*make_engine(EngineKind::Systemc, options), *make_engine(EngineKind::Rtl, options),
                            one.machine, one.layer, Compare::Cycles)
                .agrees());
    }
  });
}

TEST_CASE("an explanation of a machine of every family has rows that come true") {
  for_each_family([](const Family& family) {
    const auto engine = make_engine(EngineKind::Fast);
    const auto clocked = make_engine(EngineKind::Systemc);
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
      const RandomCase one = case_of(family, seed);
      INFO("seed " << seed << ": " << one.describe());
      const LayerSource source = {{one.layer.name}, {1}, [&](std::size_t) { return one.layer; }};
      const Explanation e = explain(*engine, one.machine, source, 1, [](std::size_t) {});
      // What bounds every machine, what its family names, what follows from counts: all that changes something.
      std::vector<std::string> expected;
      for (const auto& limits : {memory_limits(one.machine), {Limit{"memory", "", {}}}, family.limits(one.machine)})
        for (const Limit& limit : limits)
          if (limit.name == "memory" || !ladder(one.machine, limit.lifted).empty()) expected.push_back(limit.name);
      for (const char* bound : {"perfect_balance", "no_overhead", "output", "edges"}) expected.emplace_back(bound);
      std::vector<std::string> rows;
      for (const Finding& finding : e.findings) {
        INFO("limit " << finding.limit);
        rows.push_back(finding.limit);
        if (finding.evidence == Evidence::Run)
          CHECK(finding.cycles.front() ==
                clocked->run(changed(one.machine, finding.settings), one.layer, nullptr).cycles);
        else
          CHECK(finding.cycles.front() <= e.cycles.front());
      }
      CHECK(rows == expected);
    }
  });
}

TEST_CASE("a planted fault is found and made smaller and found again in its files") {
  for_each_family([](const Family& family) {
    const auto good = make_engine(EngineKind::Fast);
    Faulty bad(EngineKind::Fast);
    const auto fails = [&](const RandomCase& c) {
      return !compare_engines(*good, bad, c.machine, c.layer, Compare::Outputs).agrees();
    };
    std::uint64_t seed = 1;
    while (seed < 100 && !fails(case_of(family, seed))) ++seed;
    REQUIRE(seed < 100);
    const RandomCase small = shrunk(case_of(family, seed), fails, true);
    CHECK(fails(small));
    CHECK(small.layer.shape.M <= 4);  // the fault needs three filters, groups have equal numbers of them
    CHECK(small.layer.shape.dense_pairs() <= 16);

    const TemporaryFolder folder;
    for (const auto& [name, contents] : files_of(small, "a planted fault")) folder.write(name, contents);
    const Machine machine = read_machine(yaml::load_file(folder.path() / "config.yaml"));
    CHECK(machine.datapath() == datapath_of(family));
    CHECK(config_hash(machine) == config_hash(small.machine));
    CHECK(fails({machine, Workload::open(folder.path()).load(0)}));
  });
}

TEST_CASE("random machines draw every word of every choice and are told apart by their description") {
  for_each_family([](const Family& family) {
    std::map<std::string, std::set<std::string>> seen;
    std::map<std::string, std::string> described;  // by configuration
    for (std::uint64_t seed = 0; seed < 400; ++seed) {
      const RandomCase one = case_of(family, seed);
      for (const Parameter& p : parameters(one.machine)) seen[p.name].insert(p.value);
      RandomCase same_layer{one.machine, {}};
      const auto [at, fresh] = described.emplace(same_layer.describe(), config_hash(one.machine));
      CHECK((fresh || at->second == config_hash(one.machine)));
    }
    for (const Parameter& p : parameters(Machine(datapath_of(family)))) {
      if (p.type != Parameter::Type::Choice || p.name == "array.datapath") continue;
      INFO(p.name);
      CHECK(seen[p.name].size() == p.words.size());
    }
  });
}

TEST_CASE("the resolved configuration of every family is read back as the same machine") {
  for_each_family([](const Family& family) {
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
      const Machine machine = case_of(family, seed).machine;
      const Machine again = read_machine(yaml::load_text(to_yaml(machine), "resolved"));
      CHECK(to_yaml(again) == to_yaml(machine));
      CHECK(config_hash(again) == config_hash(machine));
    }
  });
}

TEST_CASE("another family's section is an error with its place") {
  for_each_family([](const Family& family) {
    for (const Family* other : families()) {
      if (other == &family) continue;
      const std::string text = fmt::format("array: {{datapath: {}}}\n", family.name());
      const std::string what =
          fmt::format("section '{0}' belongs to datapath {0}; array.datapath is {1}", other->name(), family.name());
      CHECK_THROWS_WITH(read_machine(yaml::load_text(text + fmt::format("{}: {{}}\n", other->name()), "c.yaml")),
                        "c.yaml:2:1: " + what);
      const std::vector<std::string> assignments = {fmt::format("{}.x=1", other->name())};
      CHECK_THROWS_WITH(read_machine(yaml::load_text(text, "c.yaml"), assignments),
                        fmt::format("--set {}: {}", assignments[0], what));
    }
  });
}

TEST_CASE("all parameters are those of every family and the common ones once and in the order of each manual") {
  std::vector<std::string> all;
  for (const Parameter& p : all_parameters()) all.push_back(p.name);
  CHECK(std::set(all.begin(), all.end()).size() == all.size());
  std::size_t expected = 0;
  for_each_family([&](const Family& family) {
    auto at = all.begin();
    std::size_t common = 0;
    for (const Parameter& p : parameters(Machine(datapath_of(family)))) {
      INFO(p.name);
      at = std::find(at, all.end(), p.name);
      REQUIRE(at != all.end());
      p.name.starts_with(fmt::format("{}.", family.name())) ? ++expected : ++common;
    }
    if (&family == families().front()) expected += common;
  });
  CHECK(all.size() == expected);
}

TEST_CASE("vocabularies are whole: names once and units that exist") {
  for_each_family([](const Family& family) {
    const Vocabulary& vocabulary = family.vocabulary();
    std::set<std::string_view> names;
    for (const KindInfo& kind : vocabulary.kinds) {
      INFO(kind.name);
      CHECK(names.insert(kind.name).second);
      CHECK(kind.unit < vocabulary.units.size());
      bool ended = false;
      for (const auto value : kind.values) {
        CHECK(!(ended && !value.empty()));
        ended = value.empty();
      }
      if (kind.shown == Shown::Slice || kind.shown == Shown::Mark) CHECK(!kind.slice.empty());
    }
    CHECK(!names.empty());
  });
}

TEST_CASE("actions that two families have are the same action") {
  std::map<std::string_view, const ActionInfo*> known;
  for_each_family([&](const Family& family) {
    for (const ActionInfo& info : family.actions().infos()) {
      INFO(info.name);
      const auto [at, fresh] = known.emplace(info.name, &info);
      if (fresh) continue;
      CHECK(at->second->unit == info.unit);
      CHECK(at->second->component == info.component);
      CHECK(at->second->leaks == info.leaks);
    }
  });
}

TEST_CASE("energy tables of the program price every action of its families") {
  std::size_t tables = 0;
  for (const auto& entry : std::filesystem::directory_iterator(LACUNA_SOURCE_DIR "/configs/energy")) {
    const EnergyTable table = read_energy_table(entry.path());
    for (const Family* family : families()) {
      if (family->name() == "toy") continue;
      INFO(entry.path() << " " << family->name());
      CHECK_NOTHROW(require_prices(table, *family));
    }
    ++tables;
  }
  CHECK(tables >= 2);
}

TEST_CASE("an action without a price is refused by name") {
  const EnergyTable table = read_energy_table(LACUNA_SOURCE_DIR "/configs/energy/45nm.yaml");
  for_each_family([&](const Family& family) {
    if (family.name() != "toy") return;
    CHECK_THROWS_WITH(require_prices(table, family), Catch::Matchers::Contains("toy_slot"));
    const EnergyTable own = read_energy_table(LACUNA_SOURCE_DIR "/tests/toy/energy.yaml");
    CHECK_NOTHROW(require_prices(own, family));
    const RandomCase one = case_of(family, 1);
    const LayerOutcome outcome = make_engine(EngineKind::Fast)->run(one.machine, one.layer, nullptr);
    CHECK(energy(one.machine, outcome, own).total > 0);
  });
}

TEST_CASE("a layer whose operands are too wide is refused by every family before it runs") {
  for_each_family([](const Family& family) {
    Machine machine(datapath_of(family));
    machine.array.operand = Operand::Int16;
    Layer layer;
    for (std::uint64_t seed = 1; layer.weights.type() != DType::Int16; ++seed)
      layer = random_case_on(machine, seed).layer;
    CHECK_NOTHROW(family.check_runs(machine, layer));
    machine.array.operand = Operand::Int8;
    CHECK_THROWS_AS(family.check_runs(machine, layer), UserError);
  });
}

TEST_CASE("every preset runs on LeNet-5 in every engine of its family") {
  const Workload workload = Workload::open(LACUNA_SOURCE_DIR "/workloads/lenet5");
  std::size_t presets = 0;
  for (const auto& entry : std::filesystem::directory_iterator(LACUNA_SOURCE_DIR "/configs/presets")) {
    INFO(entry.path());
    ++presets;
    const Machine machine = read_machine(entry.path()).machine;
    for (std::size_t i = 0; i < workload.layer_names().size(); ++i) {
      const Layer layer = workload.load(i);
      INFO(layer.name);
      const LayerOutcome systemc = make_engine(EngineKind::Systemc)->run(machine, layer, nullptr);
      const LayerOutcome fast = make_engine(EngineKind::Fast)->run(machine, layer, nullptr);
      CHECK(systemc.output == expected_output(machine, layer));
      CHECK(first_outcome_difference(systemc, fast, Compare::Cycles) == "");
    }
    if (!has(family(machine), EngineKind::Rtl)) continue;
    // A small array of the preset's PEs: the whole one compiles for minutes.
    Machine small = machine;
    small.array.rows = 2;
    small.array.columns = 2;
    const Layer layer = workload.load(workload.layer_names().size() - 1);
    const LayerOutcome rtl = make_engine(EngineKind::Rtl)->run(small, layer, nullptr);
    CHECK(first_outcome_difference(make_engine(EngineKind::Fast)->run(small, layer, nullptr), rtl, Compare::Cycles) ==
          "");
  }
  CHECK(presets >= 6);
}

TEST_CASE("the manual of every family is the one that is written from its parameters") {
  for_each_family([](const Family& family) {
    if (family.name() == "toy") return;
    const bool first = &family == families().front();
    const std::string file = fmt::format("{}/configs/{}.yaml", LACUNA_SOURCE_DIR, first ? "default" : family.name());
    CHECK(yaml::read_text(file) == manual(datapath_of(family)));
    // And it says what it says: the default machine of the family.
    CHECK(to_yaml(read_machine(yaml::load_file(file))) == to_yaml(Machine(datapath_of(family))));
  });
}
