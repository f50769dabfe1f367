// An event of any kind in one shape, so that streams of two engines can be compared, kept and printed.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/enum_names.h"
#include "machine/event_sink.h"

namespace lacuna {

enum class EventKind : std::uint8_t {
  Group,
  Kill,
  Wait,
  Open,
  Stop,
  Retire,
  SendWeights,
  SendActivations,
  Drain,
  Fetch,
  Write
};

template <>
struct EnumNames<EventKind> {
  static constexpr std::array<std::string_view, 11> names = {
      "group", "kill", "wait", "open", "stop", "retire", "send weights", "send activations", "drain", "fetch", "write"};
};

struct TracedEvent {
  EventKind kind = EventKind::Group;
  std::uint64_t cycle = 0;
  std::uint32_t unit = 0;  ///< PE index, or line of a feeder; 0 for memory
  std::uint64_t tile = 0;
  std::uint32_t step = 0;                ///< or block, for a fetch
  std::array<std::int64_t, 4> values{};  ///< by kind; names in value_names()

  bool operator==(const TracedEvent&) const = default;
};

/// Counts the events of each kind.
class EventCounts : public EventSink {
 public:
  [[nodiscard]] std::uint64_t of(EventKind kind) const { return counts_[static_cast<std::size_t>(kind)]; }

  void on(const event::Group&) override { count(EventKind::Group); }
  void on(const event::Kill&) override { count(EventKind::Kill); }
  void on(const event::Wait&) override { count(EventKind::Wait); }
  void on(const event::Open&) override { count(EventKind::Open); }
  void on(const event::Stop&) override { count(EventKind::Stop); }
  void on(const event::Retire&) override { count(EventKind::Retire); }
  void on(const event::Send& e) override {
    count(e.side == event::Side::Weights ? EventKind::SendWeights : EventKind::SendActivations);
  }
  void on(const event::Drain&) override { count(EventKind::Drain); }
  void on(const event::Fetch&) override { count(EventKind::Fetch); }
  void on(const event::Write&) override { count(EventKind::Write); }

 private:
  void count(EventKind kind) { ++counts_[static_cast<std::size_t>(kind)]; }
  std::array<std::uint64_t, enum_count<EventKind>()> counts_{};
};

/// What the values of a kind are, in order.
std::vector<std::string_view> value_names(EventKind kind);
/// "cycle 12 group tile 3 step 1 executed 1 wasted 0 gated 0 psum -7"
std::string text_of(const TracedEvent& event);

/// Events that follow each other in one unit are compared in order: its PE, feeder, drain bus slot, or memory's fetches
/// and writes.
struct Unit {
  enum class Kind : std::uint8_t { Pe, RowFeeder, ColumnFeeder, Drain, Fetches, Writes };
  Kind kind = Kind::Pe;
  std::uint32_t index = 0;
};
constexpr std::size_t kUnitKinds = 6;
Unit unit_of(const TracedEvent& event);
/// "PE (2, 5)", "row feeder 2", ...
std::string text_of(const Unit& unit, std::uint32_t columns);

/// Turns every event into a TracedEvent and hands it to `take`.
template <typename Take>
class Tracer : public EventSink {
 public:
  explicit Tracer(Take take) : take_(std::move(take)) {}

  void on(const event::Group& e) override {
    take_({EventKind::Group, e.cycle, e.pe, e.tile, e.step, {e.executed, e.wasted, e.gated, e.psum}});
  }
  void on(const event::Kill& e) override { take_({EventKind::Kill, e.cycle, e.pe, e.tile, e.step, {e.slots}}); }
  void on(const event::Wait& e) override {
    take_({EventKind::Wait, e.cycle, e.pe, 0, 0, {static_cast<std::int64_t>(e.why)}});
  }
  void on(const event::Open& e) override { take_({EventKind::Open, e.cycle, e.pe, e.tile, e.step, {e.skipped}}); }
  void on(const event::Stop& e) override {
    take_({EventKind::Stop,
           e.cycle,
           e.pe,
           e.tile,
           e.step,
           {static_cast<std::int64_t>(e.terminated), static_cast<std::int64_t>(e.skipped)}});
  }
  void on(const event::Retire& e) override { take_({EventKind::Retire, e.cycle, e.pe, 0, 0, {e.psum}}); }
  void on(const event::Send& e) override {
    take_({e.side == event::Side::Weights ? EventKind::SendWeights : EventKind::SendActivations,
           e.cycle,
           e.line,
           e.tile,
           e.step,
           {e.bytes, e.destinations}});
  }
  void on(const event::Drain& e) override { take_({EventKind::Drain, e.cycle, e.pe, e.tile, 0, {e.value}}); }
  void on(const event::Fetch& e) override {
    take_({EventKind::Fetch, e.cycle, 0, e.tile->index, e.block, {static_cast<std::int64_t>(e.cycles)}});
  }
  void on(const event::Write& e) override {
    take_({EventKind::Write,
           e.cycle,
           0,
           e.tile,
           0,
           {static_cast<std::int64_t>(e.cycles), static_cast<std::int64_t>(e.bytes)}});
  }

 private:
  Take take_;
};

}  // namespace lacuna
