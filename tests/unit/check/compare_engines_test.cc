// The comparison itself: it must find what differs, and must not pass on nothing.
#include "check/compare_engines.h"

#include <catch2/catch.hpp>

#include "machine/config_reader.h"
#include "machine/family.h"

using namespace lacuna;

namespace {

/// Plays a list of records; its outcome has one output, `value`.
class Player : public Engine {
 public:
  explicit Player(std::vector<Record> groups, std::int32_t value = 0) : groups_(std::move(groups)), value_(value) {}

  LayerOutcome run(const Machine&, const Layer&, Progress*) override {
    if (breaks_off) throw Bug("an assertion failed");
    return outcome();
  }
  LayerOutcome observe(const Machine&, const Layer&, RecordSink& sink, Progress*) override {
    for (const auto& group : groups_) sink.on(group);
    return run(Machine{}, Layer{}, nullptr);
  }
  bool breaks_off = false;

 private:
  LayerOutcome outcome() {
    LayerOutcome result;
    result.outputs = 1;
    result.output = Tensor(DType::Int32, {1});
    result.output.as<std::int32_t>()[0] = value_;
    return result;
  }
  std::vector<Record> groups_;
  std::int32_t value_;
};

/// A record of the default family's first kind, the group of a PE.
Record group(std::uint64_t cycle, std::uint32_t pe, std::int64_t psum) {
  Record record;
  record.cycle = cycle;
  record.unit = pe;
  record.spent = PeClass::Busy;
  record.values = {1, 0, 0, psum};
  return record;
}

Comparison compare(Player left, Player right, Compare how = Compare::Cycles) {
  return compare_engines(left, right, Machine{}, Layer{}, how);
}

}  // namespace

TEST_CASE("equal streams agree whatever the order of units in a cycle") {
  const Comparison c = compare(Player({group(1, 0, 5), group(1, 1, 6)}), Player({group(1, 1, 6), group(1, 0, 5)}));
  CHECK(c.agrees());
  CHECK(c.agreed == 2);
}

TEST_CASE("a comparison of nothing does not pass") { CHECK(!compare(Player({}), Player({})).agrees()); }

TEST_CASE("the first difference of a unit is found with what agreed before") {
  const Comparison c = compare(Player({group(1, 3, 5), group(2, 3, 6), group(3, 3, 7)}),
                               Player({group(1, 3, 5), group(2, 3, 60), group(3, 3, 7)}));
  REQUIRE(c.difference);
  CHECK(c.difference->unit.index == 3);
  CHECK(c.difference->agreed == 1);
  REQUIRE(c.difference->last.size() == 1);
  CHECK(text_of(c.difference->last[0], families().front()->vocabulary()) ==
        "cycle 1 group tile 0 step 0 executed 1 wasted 0 gated 0 psum 5");
  CHECK(c.difference->left->values[3] == 6);
  CHECK(c.difference->right->values[3] == 60);
}

TEST_CASE("an event that only one side has is a difference") {
  const Comparison c = compare(Player({group(1, 0, 5), group(2, 0, 6)}), Player({group(1, 0, 5)}));
  REQUIRE(c.difference);
  CHECK(c.difference->left);
  CHECK(!c.difference->right);
}

TEST_CASE("a shift in time fails strictly and is reported by the comparison of events") {
  const Player left({group(1, 0, 5), group(2, 0, 6)});
  const Player right({group(1, 0, 5), group(4, 0, 6)});
  CHECK(!compare(left, right).agrees());
  const Comparison c = compare(left, right, Compare::Events);
  CHECK(c.agrees());
  CHECK(c.shifted == 1);
  CHECK(c.latest_shift == 2);
}

TEST_CASE("outputs are compared even if all events agree") {
  CHECK(compare(Player({group(1, 0, 5)}, 1), Player({group(1, 0, 5)}, 2)).outcome_difference == "output 0: 1 and 2");
  CHECK(compare(Player({group(1, 0, 5)}, 1), Player({group(9, 0, 4)}, 1), Compare::Outputs).agrees());
}

TEST_CASE("an engine that breaks off is a failure in its own words") {
  Player left({group(1, 0, 5)});
  Player right({group(1, 0, 5)});
  right.breaks_off = true;
  const Comparison c = compare_engines(left, right, Machine{}, Layer{}, Compare::Cycles);
  CHECK(!c.agrees());
  CHECK(c.failed == 1);
  CHECK(c.failure == "an assertion failed");
}

TEST_CASE("an engine that breaks off is a failure too where only outputs are compared") {
  for (const bool left_breaks : {true, false}) {
    Player left({}), right({});
    (left_breaks ? left : right).breaks_off = true;
    const Comparison c = compare_engines(left, right, Machine{}, Layer{}, Compare::Outputs);
    CHECK(!c.agrees());
    CHECK(c.failed == (left_breaks ? 0 : 1));
    CHECK(c.failure == "an assertion failed");
  }
}

TEST_CASE("all units that differ in the first cycle in which one does are named") {
  // PE 7 differs in cycle 2 by its sum, PE 4 in cycle 2 by an event too few, PE 5 and 6 later; PE 1 not at all.
  std::vector<Record> left, right;
  for (std::uint64_t cycle = 1; cycle < 40; ++cycle)
    for (const std::uint32_t pe : {7u, 6u, 5u, 4u, 1u}) {
      left.push_back(group(cycle, pe, 0));
      if (pe != 4 || cycle < 2) right.push_back(group(cycle, pe, pe > 4 && cycle >= (pe == 7 ? 2 : 3) ? 1 : 0));
    }
  const auto found = [](const Comparison& c) {
    REQUIRE(c.difference);
    CHECK(c.cycle == 2u);
    CHECK(c.difference->unit.index == 4);
    CHECK(c.difference->agreed == 1);
    REQUIRE(c.also.size() == 1);
    CHECK(c.also[0].index == 7);
  };
  found(compare(Player(left), Player(right)));
  found(compare(Player(right), Player(left)));
  // The same from an engine that breaks off a good while later.
  Player broken(right);
  broken.breaks_off = true;
  Player sound(left);
  found(compare_engines(sound, broken, Machine{}, Layer{}, Compare::Cycles));
}

TEST_CASE("a comparison that ends early stops both engines") {
  // Far more events than the pipes hold: the threads must not wait for each other for ever.
  std::vector<Record> many;
  for (std::uint64_t cycle = 0; cycle < 400000; ++cycle) many.push_back(group(cycle, 0, 1));
  std::vector<Record> other = many;
  other[10].values[3] = 2;
  CHECK(!compare(Player(many), Player(other)).agrees());
  CHECK(compare(Player(many), Player(many)).agreed == 400000);
}

/// What events alone say of two records that differ in `change` only.
bool agrees_by_events(Record record, void (*change)(Record&), const Machine& machine) {
  Record other = record;
  other.cycle += 5;
  change(other);
  const Record always = group(1, 0, 5);  // so that something is compared
  Player left({always, record}), right({always, other});
  return compare_engines(left, right, machine, Layer{}, Compare::Events).agrees();
}

TEST_CASE("of what shifts, events compare what each kind says is the same later") {
  const auto& kinds = family(Machine{}).vocabulary().kinds;
  const std::array<std::string, 1> setting{"intersect.early_termination=exact"};
  const Machine stopping = read_machine(yaml::load_text("{}", "test"), setting);
  std::array<int, 4> seen{};
  for (std::uint16_t kind = 0; kind < kinds.size(); ++kind) {
    const Shifts shifts = kinds[kind].shifts;
    ++seen[static_cast<std::size_t>(shifts)];
    Record record;
    record.cycle = 3;
    record.kind = kind;
    INFO(kinds[kind].name);
    const auto agrees = [&](void (*change)(Record&)) { return agrees_by_events(record, change, Machine{}); };
    CHECK(agrees([](Record&) {}));
    CHECK(agrees([](Record& r) { r.values[0] += 1; }) == (shifts == Shifts::Place || shifts == Shifts::Not));
    CHECK(agrees([](Record& r) { r.step = StepIndex(7); }) == (shifts == Shifts::Place || shifts == Shifts::Not));
    CHECK(agrees([](Record& r) { r.tile = TileIndex(7); }) == (shifts == Shifts::Not));
    CHECK(agrees([](Record& r) { r.cycles += 7; }) == (!kinds[kind].keeps_cycles || shifts == Shifts::Not));
    CHECK(agrees_by_events(
              record, [](Record& r) { r.tile = TileIndex(7); }, stopping) ==
          (shifts == Shifts::WhileNoStop || shifts == Shifts::Not));
  }
  for (const int n : seen) CHECK(n != 0);
}

TEST_CASE("an earlier event that one side lacks is the difference even if a later one is seen first") {
  // PE 1 of the right side skips cycle 2 and goes on much later; PE 0 differs in cycle 40.
  std::vector<Record> left, right;
  for (std::uint64_t cycle = 0; cycle < 60; ++cycle) {
    left.push_back(group(cycle, 0, cycle == 40 ? 1 : 0));
    right.push_back(group(cycle, 0, 0));
    if (cycle == 2) left.push_back(group(cycle, 1, 0));
  }
  const Comparison c = compare(Player(left), Player(right));
  REQUIRE(c.difference);
  CHECK(c.difference->unit.index == 1);
  CHECK(c.cycle == 2);
  CHECK(!c.difference->right);
}
