// What the toy machine does in a tile, and what the program knows of it.
#include "toy.h"

#include <algorithm>
#include <array>
#include <limits>

namespace lacuna::toy {

void fields(FieldVisitor& v, Config& c) {
  v.integer({"drain", "cycles", "Cycles in which the results of a tile leave."}, c.drain, 1, 16);
}

namespace event {

namespace {
Record record_of(Kind kind, std::uint64_t cycle, std::uint32_t pe) {
  Record record;
  record.kind = static_cast<std::uint16_t>(kind);
  record.cycle = cycle;
  record.unit = pe;
  return record;
}
}  // namespace

void Product::count(Tally& tally) const {
  tally.pairs(executed ? PairClass::Executed : PairClass::Gated, 1);
  tally.pe_cycles(pe, executed ? PeClass::Busy : PeClass::Gated);
}
Record Product::record(const Machine&) const {
  Record r = record_of(Kind::Product, cycle, pe);
  r.spent = executed ? PeClass::Busy : PeClass::Gated;
  r.tile = tile;
  r.step = position;
  r.values = {executed};
  return r;
}
void Wait::count(Tally& tally) const { tally.pe_cycles(pe, why); }
Record Wait::record(const Machine&) const {
  Record r = record_of(Kind::Wait, cycle, pe);
  r.spent = why;
  return r;
}
void Result::count(Tally& tally) const { tally.add(CommonAction::PostOperation, 1); }
Record Result::record(const Machine&) const {
  Record r = record_of(Kind::Result, cycle, pe);
  r.tile = tile;
  r.values = {value};
  return r;
}

}  // namespace event

Work::Work(const Machine& machine, const Layer& layer)
    : machine_(machine), layer_(layer), weights_(layer.weights.to_int64()), input_(layer.input.to_int64()) {
  const ConvShape& s = layer.shape;
  const auto ceil_div = [](std::uint64_t a, std::uint64_t b) { return (a + b - 1) / b; };
  positions_ = s.R * s.S * (s.C / s.groups);
  filter_tiles_ = static_cast<std::uint32_t>(ceil_div(s.M / s.groups, machine.array.rows));
  windows_ = std::uint64_t{s.N} * s.P() * s.Q();
  window_tiles_ = ceil_div(windows_, machine.array.columns);
  tiles_ = s.groups * filter_tiles_ * window_tiles_;
}

std::uint64_t Work::tile_cycles() const { return positions_ + machine_.own<Config>().drain; }

Work::Place Work::place(TileIndex tile, std::uint32_t pe) const {
  const ConvShape& s = layer_.shape;
  const auto filters = s.M / s.groups;
  const auto group = static_cast<std::uint32_t>(tile / window_tiles_ / filter_tiles_);
  const auto filter = static_cast<std::uint32_t>(tile / window_tiles_ % filter_tiles_) * machine_.array.rows +
                      pe / machine_.array.columns;
  const std::uint64_t window = tile % window_tiles_ * machine_.array.columns + pe % machine_.array.columns;
  return {filter < filters && window < windows_ ? group * filters + filter : s.M, window};
}

/// Position of the reduction: channel innermost, then column, then row of the kernel.
std::int64_t Work::weight(std::uint32_t filter, std::uint32_t position) const {
  const ConvShape& s = layer_.shape;
  const std::uint32_t channels = s.C / s.groups;
  const std::uint32_t c = position % channels, x = position / channels % s.S, y = position / channels / s.S;
  return weights_[((std::size_t{filter} * channels + c) * s.R + y) * s.S + x];
}

std::int64_t Work::activation(const Place& at, std::uint32_t position) const {
  const ConvShape& s = layer_.shape;
  const std::uint32_t channels = s.C / s.groups;
  const std::uint32_t c = position % channels + at.filter / (s.M / s.groups) * channels;
  const std::uint64_t image = at.window / s.Q() / s.P();
  const auto p = static_cast<std::int64_t>(at.window / s.Q() % s.P()), q = static_cast<std::int64_t>(at.window % s.Q());
  const std::int64_t y = p * s.stride_h + std::int64_t{position / channels / s.S} * s.dilation_h - s.pad_top;
  const std::int64_t x = q * s.stride_w + std::int64_t{position / channels % s.S} * s.dilation_w - s.pad_left;
  if (y < 0 || x < 0 || y >= s.H || x >= s.W) return 0;
  return input_[((image * s.C + c) * s.H + static_cast<std::size_t>(y)) * s.W + static_cast<std::size_t>(x)];
}

std::int64_t Work::product(const Place& at, std::uint32_t position) const {
  return weight(at.filter, position) * activation(at, position);
}

Tensor Work::empty_output() const {
  const ConvShape& s = layer_.shape;
  return {layer_.output_type(), {s.N, s.M, s.P(), s.Q()}};
}

std::int64_t Work::post(std::int64_t sum, std::uint32_t filter) const {
  const unsigned unused = 64 - accumulator_bits(machine_);
  sum += layer_.bias[filter];
  sum = static_cast<std::int64_t>(static_cast<std::uint64_t>(sum) << unused) >> unused;
  if (!layer_.requantise.empty()) {
    const Requantise& r = layer_.requantise[filter];
    const unsigned bits = layer_.operand_bits();
    sum = (sum * r.multiplier + (r.shift == 0 ? 0 : std::int64_t{1} << (r.shift - 1))) >> r.shift;
    sum = std::clamp(sum, -(std::int64_t{1} << (bits - 1)), (std::int64_t{1} << (bits - (layer_.relu ? 0 : 1))) - 1);
  }
  if (layer_.relu) sum = std::max<std::int64_t>(sum, 0);
  return std::abs(sum) < machine_.post.threshold ? 0 : sum;
}

std::size_t Work::output_index(const Place& at) const {
  const ConvShape& s = layer_.shape;
  const std::uint64_t plane = std::uint64_t{s.P()} * s.Q();
  return (at.window / plane * s.M + at.filter) * plane + at.window % plane;
}

namespace {

constexpr std::array<ActionInfo, kCommonActions + 1> kActions = {
    common_action(CommonAction::MacExecuted),
    common_action(CommonAction::MacWasted),
    common_action(CommonAction::MacGated),
    ActionInfo{"toy_slot", "slots", "toy", "pairs taken, gated ones too", nullptr, false, false, std::nullopt},
    common_action(CommonAction::PostOperation),
    common_action(CommonAction::GlobalBufferRead),
    common_action(CommonAction::GlobalBufferWrite),
    common_action(CommonAction::DramRead),
    common_action(CommonAction::DramWrite),
    common_action(CommonAction::PeClock),
    common_action(CommonAction::PeLeakage),
    common_action(CommonAction::SramLeakage),
};
enum class Action : std::uint8_t { Slot = 3 };

constexpr std::array<UnitInfo, 1> kUnits = {{{"PE", Each::Pe, Each::Pe, "PEs"}}};
constexpr std::array<KindInfo, 3> kKinds = {{
    {.name = "product", .values = {"executed"}, .shown = Shown::Cycles, .step = "position", .enters_tile = true},
    {.name = "wait", .shown = Shown::Cycles, .shifts = Shifts::Not, .has_tile = false},
    {.name = "result", .values = {"value"}, .shown = Shown::Mark, .leaves_tile = true, .slice = "result"},
}};
constexpr Vocabulary kVocabulary{kUnits, kKinds};
constexpr EngineKind kEngines[] = {EngineKind::Systemc, EngineKind::Fast};
constexpr std::array<PartInfo, 1> kParts = {{{"multiplier", "multiplier"}}};

class ToyFamily final : public Family {
 public:
  [[nodiscard]] std::string_view name() const override { return "toy"; }
  [[nodiscard]] std::string_view sentence() const override { return "one gated product a cycle, in lockstep"; }
  [[nodiscard]] std::unique_ptr<FamilySection> section() const override {
    return std::make_unique<SectionOf<Config>>();
  }
  [[nodiscard]] const ActionList& actions() const override {
    static const ActionList list(kActions);
    return list;
  }
  [[nodiscard]] const Vocabulary& vocabulary() const override { return kVocabulary; }
  [[nodiscard]] double pairs_per_cycle(const Machine&) const override { return 1; }
  [[nodiscard]] bool stops_early(const Machine&) const override { return false; }
  [[nodiscard]] std::span<const PartInfo> parts() const override { return kParts; }
  [[nodiscard]] std::vector<double> count_parts(const Machine& machine) const override {
    return {static_cast<double>(pe_count(machine))};
  }
  void check_runs(const Machine& machine, const Layer& layer) const override {
    if (layer.operand_bits() > 8 * operand_bytes(machine))
      fail(Place{"array.operand"}, "layer '{}' has operands of {} bits; array.operand is {}", layer.name,
           layer.operand_bits(), name_of(machine.array.operand));
  }
  [[nodiscard]] double work(const Machine&, std::uint64_t dense_pairs) const override {
    return static_cast<double>(dense_pairs);
  }
  void derive_actions(LayerOutcome& outcome, const Machine& machine) const override {
    const std::uint64_t executed = outcome.pairs[PairClass::Executed], gated = outcome.pairs[PairClass::Gated];
    outcome.actions[CommonAction::MacExecuted] = executed;
    outcome.actions[CommonAction::MacGated] = gated;
    outcome.actions[Action::Slot] = executed + gated;
    outcome.actions[CommonAction::PeClock] = executed + gated;
    outcome.actions[CommonAction::PeLeakage] = pe_count(machine) * outcome.cycles;
  }
  void check_laws(const LayerOutcome& outcome, const Machine&) const override {
    LACUNA_CHECK(outcome.pe_cycles[PeClass::Busy] == outcome.pairs[PairClass::Executed], "a busy cycle is a product");
  }
  void draw_array(Draw& draw, Machine& machine, ArraySize) const override {
    machine.array.rows = draw.between(1, 5);
    machine.array.columns = draw.between(1, 5);
    machine.array.operand = draw.any<Operand>();
    machine.own<Config>().drain = draw.between(1, 4);
  }
  void draw_schedule(Draw&, Machine&) const override {}
  [[nodiscard]] std::span<const EngineKind> engines() const override { return kEngines; }
  [[nodiscard]] std::unique_ptr<Engine> engine(EngineKind kind, const EngineOptions&) const override {
    return kind == EngineKind::Fast ? make_fast_engine() : make_systemc_engine();
  }
};

}  // namespace

const Family& family() {
  static const ToyFamily family;
  return family;
}

}  // namespace lacuna::toy
