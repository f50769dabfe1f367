// What the rest of the program knows of the intersect machine.
#include "datapaths/intersect/family.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>

#include "datapaths/intersect/actions.h"
#include "datapaths/intersect/config.h"
#include "datapaths/intersect/events.h"
#include "datapaths/intersect/fast/engine.h"
#include "datapaths/intersect/lowering.h"
#include "datapaths/intersect/random.h"
#include "datapaths/intersect/rtl/engine.h"
#include "datapaths/intersect/skip_rules.h"
#include "datapaths/intersect/systemc/engine.h"

namespace lacuna::intersect {

namespace {

/// In the order of Parts.
constexpr std::array<PartInfo, 7> kParts = {{
    {"multiplier", "multiplier"},
    {"adder", "adder"},
    {"register", "bit"},
    {"fifo", "bit"},
    {"match", "position"},
    {"select", "bit"},
    {"sram", "byte"},
}};

/// Bytes of the largest message there may be: mask, values, a second mask, an accumulator for the bias.
std::uint64_t largest_message(const Machine& machine) {
  const std::uint64_t chunk = config(machine).chunk;
  return chunk * operand_bytes(machine) + 2 * (chunk / 8) + accumulator_bits(machine) / 8;
}

/// The limit of the buses of one operand, "weight" or "activation": a message of any chunk in one cycle, in buffers of
/// as many words as now.
Limit bus_limit(const Machine& machine, const std::string& operand, const FeederConfig& feeder) {
  constexpr std::uint64_t kWidestBus = 256, kLargestBuffer = 1u << 24;
  const std::uint64_t wide =
      std::max<std::uint64_t>(feeder.bus_bytes, std::min(kWidestBus, std::bit_ceil(largest_message(machine))));
  const std::uint64_t buffer = feeder.buffer_bytes * wide / feeder.bus_bytes;
  return {operand + "_bus",
          fmt::format("the width of the {} buses", operand),
          {fmt::format("intersect.{}s.bus_bytes={}", operand, wide),
           fmt::format("intersect.{}s.buffer_bytes={}", operand, std::min(kLargestBuffer, buffer))}};
}

/// Whether half the buffer holds any chunk of this machine.
bool surely_fits(const Machine& machine, const FeederConfig& feeder, std::uint32_t streams) {
  const std::uint64_t bytes = largest_message(machine);
  const std::uint64_t words = (bytes + feeder.bus_bytes - 1) / feeder.bus_bytes;
  return streams * words <= feeder.buffer_bytes / 2 / feeder.bus_bytes;
}

class IntersectFamily final : public Family {
 public:
  [[nodiscard]] std::string_view name() const override { return "intersect"; }
  [[nodiscard]] std::string_view sentence() const override {
    return "both operands compressed; each PE joins their masks";
  }
  [[nodiscard]] std::unique_ptr<FamilySection> section() const override {
    return std::make_unique<SectionOf<Config>>();
  }
  [[nodiscard]] std::span<const MovedKey> moved_keys() const override { return intersect::moved_keys(); }

  [[nodiscard]] std::vector<WordList> word_lists() const override {
    WordList rules{"skip_rules", {}};
    for (std::size_t i = 0; i < enum_count<SkipRule>(); ++i)
      with_skip_rule(static_cast<SkipRule>(i), [&](auto rule) {
        rules.words.emplace_back(name_of(decltype(rule)::kRule), decltype(rule)::kSentence);
      });
    return {rules};
  }

  [[nodiscard]] const ActionList& actions() const override { return intersect::actions(); }
  [[nodiscard]] const Vocabulary& vocabulary() const override { return intersect::vocabulary(); }
  [[nodiscard]] double pairs_per_cycle(const Machine& machine) const override { return config(machine).lanes; }
  [[nodiscard]] std::span<const std::string_view> dense_settings() const override {
    static constexpr std::array<std::string_view, 2> kDense = {"intersect.skip=none",
                                                               "intersect.early_termination=none"};
    return kDense;
  }
  /// README.md, "Limits".
  [[nodiscard]] std::vector<Limit> limits(const Machine& machine) const override {
    const Config& c = config(machine);
    return {
        bus_limit(machine, "weight", c.weights),
        bus_limit(machine, "activation", c.activations),
        {"fifo_depth",
         "the depth of the chunk FIFOs",
         {at_highest(machine, "intersect.weights.fifo_depth"),
          at_highest(machine, "intersect.activations.fifo_depth")}},
        {"filter_order", "the order in which filters are mapped", {"intersect.filter_order=density"}},
        {"skip_rule", "the skip rule", {"intersect.skip=both"}},
        {"early_termination", "the second pass of early termination", {"intersect.early_termination=none"}},
    };
  }
  [[nodiscard]] bool stops_early(const Machine& machine) const override {
    return config(machine).early_termination != EarlyTermination::None;
  }

  [[nodiscard]] std::span<const PartInfo> parts() const override { return kParts; }
  /// PEs = rows x columns, w and a the feeders' settings of weights and activations:
  ///
  ///   multiplier  PEs x lanes
  ///   adder       PEs x lanes: a tree that ends in the accumulator
  ///   register    PEs x (lanes x 2 x bits + 3 x accumulator bits + chunk), bits: operand registers; bias, psum and
  ///               result; the slots issued
  ///   fifo        PEs x (w.fifo_depth x (chunk x (bits + 2) + accumulator bits) + a.fifo_depth x chunk x (bits + 1)),
  ///               bits: values and masks, of weights the positions owned and the bias too
  ///   match       PEs x chunk x lanes positions of two masks; in all skip rules, for operands travel packed in all
  ///   select      PEs x 2 x chunk x bits x lanes bits to choose an operand from
  ///   sram        rows x w.buffer_bytes + columns x a.buffer_bytes + global_buffer.bytes
  [[nodiscard]] std::vector<double> count_parts(const Machine& m) const override {
    const Config& c = config(m);
    const auto pes = static_cast<double>(pe_count(m));
    const double chunk = c.chunk, lanes = c.lanes;
    const double bits = 8.0 * operand_bytes(m), accumulator = accumulator_bits(m);
    return {pes * lanes,
            pes * lanes,
            pes * (lanes * 2 * bits + 3 * accumulator + chunk),
            pes * (c.weights.fifo_depth * (chunk * (bits + 2) + accumulator) +
                   c.activations.fifo_depth * chunk * (bits + 1)),
            pes * chunk * lanes,
            pes * 2 * chunk * bits * lanes,
            static_cast<double>(m.array.rows) * c.weights.buffer_bytes +
                static_cast<double>(m.array.columns) * c.activations.buffer_bytes + m.global_buffer.bytes};
  }

  void check_runs(const Machine& machine, const Layer& layer) const override {
    const Config& c = config(machine);
    const std::uint32_t streams = c.mapping == Mapping::Filters ? machine.array.columns : 1;
    const bool fits = surely_fits(machine, c.weights, streams) && surely_fits(machine, c.activations, 1);
    if (fits && layer.operand_bits() <= 8 * operand_bytes(machine)) return;
    Lowering lowering(machine, layer);
    for (TileIndex tile; tile < lowering.tiles(); ++tile) (void)lowering.tile(tile);
  }
  /// Chunks of the dense reduction, walked twice with early termination.
  [[nodiscard]] double work(const Machine& machine, std::uint64_t dense_pairs) const override {
    return static_cast<double>(dense_pairs) / config(machine).chunk * (stops_early(machine) ? 2 : 1);
  }

  void derive_actions(LayerOutcome& outcome, const Machine& machine) const override {
    const Config& c = config(machine);
    const auto& pairs = outcome.pairs;
    const auto& classes = outcome.pe_cycles;
    auto& actions = outcome.actions;
    actions[CommonAction::MacExecuted] = pairs[PairClass::Executed];
    actions[CommonAction::MacWasted] = pairs[PairClass::Wasted];
    actions[CommonAction::MacGated] = pairs[PairClass::Gated];
    const std::uint64_t groups = classes[PeClass::Busy] + classes[PeClass::Gated] + classes[PeClass::Bubble];
    actions[Action::PsumUpdate] = classes[PeClass::Busy];
    const bool matches = with_skip_rule(c.skip, [](auto rule) { return decltype(rule)::kMatches; });
    actions[Action::MatchCycle] = matches ? groups * c.chunk : 0;
    actions[Action::FifoRead] = (pairs[PairClass::Executed] + pairs[PairClass::Wasted]) * 2 * operand_bytes(machine);
    actions[CommonAction::PeClock] = groups;
    actions[CommonAction::PeLeakage] = pe_count(machine) * outcome.cycles;
    actions[CommonAction::SramLeakage] =
        outcome.cycles * (machine.global_buffer.bytes + std::uint64_t{machine.array.rows} * c.weights.buffer_bytes +
                          std::uint64_t{machine.array.columns} * c.activations.buffer_bytes);
  }
  /// Every product is a pair of the layer.
  void check_laws(const LayerOutcome& outcome, const Machine&) const override {
    LACUNA_CHECK(outcome.actions[CommonAction::MacExecuted] == outcome.pairs[PairClass::Executed] &&
                     outcome.actions[CommonAction::MacWasted] == outcome.pairs[PairClass::Wasted] &&
                     outcome.actions[CommonAction::MacGated] == outcome.pairs[PairClass::Gated],
                 "layer '{}': MAC actions and pairs disagree", outcome.name);
  }

  void draw_array(Draw& draw, Machine& machine, ArraySize size) const override {
    intersect::draw_array(draw, machine, size);
  }
  void draw_schedule(Draw& draw, Machine& machine) const override { intersect::draw_schedule(draw, machine); }

  [[nodiscard]] std::unique_ptr<Engine> engine(EngineKind kind, const EngineOptions& options) const override {
    switch (kind) {
      case EngineKind::Systemc:
        return make_systemc_engine(options);
      case EngineKind::Fast:
        return make_fast_engine();
      case EngineKind::Rtl:
        return make_rtl_engine(options);
    }
    throw Bug("unknown kind of engine");
  }
};

}  // namespace

const Family& family() {
  static const IntersectFamily family;
  return family;
}

}  // namespace lacuna::intersect
