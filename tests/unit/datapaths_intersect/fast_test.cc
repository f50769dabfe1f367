// The engine without a clock against the clocked one: the whole outcome, on cases drawn at random.
#include <catch2/catch.hpp>
#include <optional>
#include <string>

#include "check/random_case.h"
#include "datapaths/intersect/fast_engine.h"
#include "datapaths/intersect/systemc_engine.h"

using namespace lacuna;

namespace {

/// The first quantity in which two outcomes differ, or nothing.
std::optional<std::string> first_difference(const LayerOutcome& a, const LayerOutcome& b) {
  const auto numbers = [](std::string_view what, std::uint64_t x, std::uint64_t y) -> std::optional<std::string> {
    if (x == y) return std::nullopt;
    return fmt::format("{}: {} and {}", what, x, y);
  };
  const auto counters = [&](std::string_view what, const auto& x, const auto& y, auto names) -> std::optional<std::string> {
    for (std::size_t i = 0; i < x.value.size(); ++i)
      if (auto d = numbers(fmt::format("{} {}", what, names[i]), x.value[i], y.value[i])) return d;
    return std::nullopt;
  };
  if (auto d = numbers("cycles", a.cycles, b.cycles)) return d;
  if (auto d = counters("pairs", a.pairs, b.pairs, EnumNames<PairClass>::names)) return d;
  if (a.per_pe.size() != b.per_pe.size()) return "number of PEs";
  for (std::size_t pe = 0; pe < a.per_pe.size(); ++pe)
    if (auto d = counters(fmt::format("PE {}", pe), a.per_pe[pe], b.per_pe[pe], EnumNames<PeClass>::names)) return d;
  if (auto d = counters("PE-cycles", a.pe_cycles, b.pe_cycles, EnumNames<PeClass>::names)) return d;
  if (auto d = counters("actions", a.actions, b.actions, EnumNames<Action>::names)) return d;
  if (auto d = numbers("outputs terminated", a.outputs_terminated, b.outputs_terminated)) return d;
  if (auto d = numbers("dense pairs", a.dense_pairs, b.dense_pairs)) return d;
  if (auto d = numbers("windows", a.windows, b.windows)) return d;
  if (auto d = numbers("outputs", a.outputs, b.outputs)) return d;
  if (a.name != b.name || a.notes != b.notes) return "name or notes";
  if (!(a.output == b.output)) return "output tensor";
  return std::nullopt;
}

}  // namespace

TEST_CASE("random layers on random machines take the same cycles and end in the same classes without a clock") {
  const auto fast = make_fast_engine();
  const auto systemc = make_systemc_engine();
  for (std::uint64_t seed = 1; seed <= 500; ++seed) {
    const RandomCase c = random_case(seed);
    INFO("seed " << seed << ": " << c.describe());
    const auto difference =
        first_difference(fast->run(c.machine, c.layer, nullptr), systemc->run(c.machine, c.layer, nullptr));
    INFO("first difference, fast and systemc: " << difference.value_or("none"));
    REQUIRE_FALSE(difference);
  }
}
