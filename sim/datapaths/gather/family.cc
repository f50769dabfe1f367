// What the rest of the program knows of the gather machine.
#include "datapaths/gather/family.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>

#include "datapaths/gather/actions.h"
#include "datapaths/gather/config.h"
#include "datapaths/gather/events.h"
#include "datapaths/gather/fast/engine.h"
#include "datapaths/gather/lowering.h"
#include "datapaths/gather/random.h"
#include "datapaths/gather/rtl/engine.h"
#include "datapaths/gather/systemc/engine.h"

namespace lacuna::gather {

namespace {

/// In the order of Parts.
constexpr std::array<PartInfo, 7> kParts = {{
    {"multiplier", "multiplier"},
    {"adder", "adder"},
    {"register", "bit"},
    {"fifo", "bit"},
    {"index", "bit"},
    {"select", "bit"},
    {"sram", "byte"},
}};

/// Positions among which a lane finds the activation of one window.
std::uint32_t ways(const Config& c) {
  if (c.delivery == Delivery::Resident) return c.windows;
  switch (c.reach) {
    case Reach::Crossbar:
      return c.segment;
    case Reach::Bank:
      return c.banks;
    case Reach::Block:
      return c.block;
  }
  throw Bug("unknown reach");
}

/// Bytes of memories in a PE: banks of activations, filters that stay.
std::uint64_t store_bytes(const Machine& machine) {
  const Config& c = config(machine);
  const std::uint64_t values = std::uint64_t{c.segments_resident} * c.segment * operand_bytes(machine);
  if (c.delivery == Delivery::Stream) return c.reach == Reach::Bank ? values * c.windows : 0;
  const std::uint64_t entry_bits = 8 * operand_bytes(machine) + index_bits(c);
  return values + (std::uint64_t{c.weights.fifo_depth} * c.segment * entry_bits + 7) / 8;
}

/// Bytes of all memories on the chip.
std::uint64_t sram_bytes(const Machine& machine) {
  const Config& c = config(machine);
  return machine.global_buffer.bytes + std::uint64_t{machine.array.rows} * c.weights.buffer_bytes +
         std::uint64_t{machine.array.columns} * c.activations.buffer_bytes +
         std::uint64_t{pe_count(machine)} * store_bytes(machine);
}

/// The limit of the buses of one operand, "weight" or "activation": up to 1024 bytes a cycle, in buffers of as many
/// words as now.
Limit bus_limit(const std::string& operand, const FeederConfig& feeder, std::uint64_t message) {
  constexpr std::uint64_t kWidestBus = 1024, kLargestBuffer = 1u << 24;
  const std::uint64_t wide = std::max<std::uint64_t>(feeder.bus_bytes, std::min(kWidestBus, std::bit_ceil(message)));
  const std::uint64_t buffer = std::uint64_t{feeder.buffer_bytes} * wide / feeder.bus_bytes;
  return {operand + "_bus",
          fmt::format("the width of the {} buses", operand),
          {fmt::format("gather.{}s.bus_bytes={}", operand, wide),
           fmt::format("gather.{}s.buffer_bytes={}", operand, std::min(kLargestBuffer, buffer))}};
}

class GatherFamily final : public Family {
 public:
  [[nodiscard]] std::string_view name() const override { return "gather"; }
  [[nodiscard]] std::string_view sentence() const override {
    return "compressed weights drive; activations are fetched by index";
  }
  [[nodiscard]] std::unique_ptr<FamilySection> section() const override {
    return std::make_unique<SectionOf<Config>>();
  }

  [[nodiscard]] const ActionList& actions() const override { return gather::actions(); }
  [[nodiscard]] const Vocabulary& vocabulary() const override { return gather::vocabulary(); }
  [[nodiscard]] double pairs_per_cycle(const Machine& machine) const override {
    return double{1} * config(machine).lanes * config(machine).windows;
  }
  [[nodiscard]] std::span<const std::string_view> dense_settings() const override {
    static constexpr std::array<std::string_view, 2> kDense = {"gather.skip=none", "gather.weight_order=natural"};
    return kDense;
  }
  /// README.md, "Limits".
  [[nodiscard]] std::vector<Limit> limits(const Machine& machine) const override {
    const Config& c = config(machine);
    const bool stream = c.delivery == Delivery::Stream;
    const std::uint64_t entry_bits = 8 * operand_bytes(machine) + index_bits(c);
    const std::uint64_t values = std::uint64_t{c.segment} * (stream ? c.windows : 1) * operand_bytes(machine);
    std::vector<Limit> limits = {
        bus_limit("weight", c.weights, ((stream ? c.lanes : c.segment) * entry_bits + 7) / 8 + header_bytes(machine)),
        bus_limit("activation", c.activations, values),
        {"fifo_depth",
         "what a PE holds of weights and activations ahead",
         {at_highest(machine, "gather.weights.fifo_depth"), at_highest(machine, "gather.segments_resident")}},
    };
    limits.push_back({"step", "PEs that begin together", {"gather.step=none"}});
    if (stream && c.reach == Reach::Bank)
      limits.push_back({"bank_conflicts", "conflicts of banks", {"gather.reach=crossbar"}});
    if (!stream) limits.push_back({"lane_step", "lanes that wait for each other", {"gather.lane_step=apart"}});
    if (!stream && c.weight_order == WeightOrder::Natural)
      limits.push_back({"early_termination", "sums that run to their end", {"gather.weight_order=sign"}});
    return limits;
  }
  [[nodiscard]] bool stops_early(const Machine& machine) const override {
    return config(machine).weight_order != WeightOrder::Natural;
  }
  [[nodiscard]] bool predicts(const Machine& machine, const Layer& layer) const override {
    return config(machine).weight_order == WeightOrder::Predictive && layer.prediction &&
           Lowering(machine, layer).predicts();
  }

  [[nodiscard]] std::span<const PartInfo> parts() const override { return kParts; }
  /// PEs = rows x columns, L lanes, V windows, w the settings of weights; bits of an operand, acc of an accumulator,
  /// index of an index, R = 1 (stream) or `window_groups` (resident) groups of results, P = 1 with `weight_order:
  /// predictive`, else 0:
  ///
  ///   multiplier  PEs x L x V
  ///   adder       PEs x L x V x (1 + P): trees that end in the accumulators, comparators of sums and thresholds
  ///   register    PEs x (L x (1 + V) x bits + (1 + V) x acc): operand registers; bias, sums
  ///   fifo        PEs x (2 x R x V x acc + w.fifo_depth x (header + stream: L x (bits + index)) + crossbar and block:
  ///               segments_resident x segment x V x bits): complete sums and results, headers (the bias, with P
  ///               threshold and number of representatives) and groups, activations
  ///   index       PEs x L x index of a position in the segment: the adders of positions
  ///   select      PEs x L x V x bits x ways: bits among which an activation is found, ways = segment, banks or block;
  ///               resident: V
  ///   sram        operand buffers, global_buffer.bytes, and of PEs banks of activations and filters that stay
  [[nodiscard]] std::vector<double> count_parts(const Machine& m) const override {
    const Config& c = config(m);
    const bool stream = c.delivery == Delivery::Stream;
    const auto pes = static_cast<double>(pe_count(m));
    const double lanes = c.lanes, windows = c.windows;
    const double bits = 8.0 * operand_bytes(m), accumulator = accumulator_bits(m);
    const double position = std::bit_width(c.segment - 1);
    const double comparators = c.weight_order == WeightOrder::Predictive ? lanes * windows : 0;
    const double entries = stream ? lanes * (bits + index_bits(c)) : 0;
    double fifo = 2 * (stream ? 1 : c.window_groups) * windows * accumulator;
    fifo += c.weights.fifo_depth * (8.0 * header_bytes(m) + entries);
    if (stream && c.reach != Reach::Bank) fifo += c.segments_resident * c.segment * windows * bits;
    return {pes * lanes * windows,
            pes * (lanes * windows + comparators),
            pes * (lanes * (1 + windows) * bits + (1 + windows) * accumulator),
            pes * fifo,
            pes * lanes * position,
            pes * lanes * windows * bits * ways(c),
            static_cast<double>(sram_bytes(m))};
  }

  void check_runs(const Machine& machine, const Layer& layer) const override {
    Lowering(machine, layer).check_buffers();
  }
  /// Entries of the dense layer, a PE's worth at once.
  [[nodiscard]] double work(const Machine& machine, std::uint64_t dense_pairs) const override {
    return static_cast<double>(dense_pairs) / (config(machine).delivery == Delivery::Stream ? 64 : 4);
  }

  /// psum_update: stream: the sums of a PE are one word, updated in every busy cycle; resident: one for each product.
  /// select_bit: an activation passes ceil(log2 ways) levels of selects. fifo_read: the weights of entries, once for
  /// all windows, and the activations of products.
  void derive_actions(LayerOutcome& outcome, const Machine& machine) const override {
    const Config& c = config(machine);
    const auto& pairs = outcome.pairs;
    const auto& classes = outcome.pe_cycles;
    auto& actions = outcome.actions;
    actions[CommonAction::MacExecuted] = pairs[PairClass::Executed];
    actions[CommonAction::MacWasted] = pairs[PairClass::Wasted];
    actions[CommonAction::MacGated] = pairs[PairClass::Gated];
    const std::uint64_t products = pairs[PairClass::Executed] + pairs[PairClass::Wasted];
    actions[Action::PsumUpdate] = c.delivery == Delivery::Stream ? classes[PeClass::Busy] * c.windows : products;
    actions[Action::SelectBit] =
        products * 8 * operand_bytes(machine) * static_cast<std::uint64_t>(std::bit_width(ways(c) - 1));
    actions[Action::FifoRead] = (actions[Action::IndexDecode] + products) * operand_bytes(machine);
    actions[CommonAction::PeClock] = classes[PeClass::Busy] + classes[PeClass::Gated] + classes[PeClass::Bubble];
    actions[CommonAction::PeLeakage] = pe_count(machine) * outcome.cycles;
    actions[CommonAction::SramLeakage] = outcome.cycles * sram_bytes(machine);
  }
  /// Every product is a pair of the layer; without stops nothing is terminated.
  void check_laws(const LayerOutcome& outcome, const Machine& machine) const override {
    LACUNA_CHECK(outcome.actions[CommonAction::MacExecuted] == outcome.pairs[PairClass::Executed] &&
                     outcome.actions[CommonAction::MacWasted] == outcome.pairs[PairClass::Wasted] &&
                     outcome.actions[CommonAction::MacGated] == outcome.pairs[PairClass::Gated],
                 "layer '{}': MAC actions and pairs disagree", outcome.name);
    LACUNA_CHECK(stops_early(machine) || outcome.pairs[PairClass::Terminated] == 0,
                 "layer '{}': pairs are terminated without stops", outcome.name);
  }

  void draw_array(Draw& draw, Machine& machine, ArraySize size) const override {
    gather::draw_array(draw, machine, size);
  }
  void draw_schedule(Draw& draw, Machine& machine) const override { gather::draw_schedule(draw, machine); }

  [[nodiscard]] std::span<const EngineKind> engines() const override {
    static constexpr std::array kEngines = {EngineKind::Systemc, EngineKind::Fast, EngineKind::Rtl};
    return kEngines;
  }
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
  static const GatherFamily family;
  return family;
}

}  // namespace lacuna::gather
