#include "check/compare_engines.h"

#include <algorithm>
#include <array>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>

namespace lacuna {

namespace {

/// Thrown through an engine that need not go on.
struct Abandoned {};

/// Events from an engine's thread to the comparison, a few batches at a time.
class EventPipe {
 public:
  /// Blocks while the comparison is behind; Abandoned if it has ended.
  void put(std::vector<TracedEvent> batch) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return batches_.size() < kMost || abandoned_; });
    if (abandoned_) throw Abandoned{};
    batches_.push_back(std::move(batch));
    changed_.notify_all();
  }
  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_all();
  }
  void abandon() {
    const std::lock_guard lock(mutex_);
    abandoned_ = true;
    changed_.notify_all();
  }
  /// The next batch; nothing after the last one.
  std::optional<std::vector<TracedEvent>> take() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !batches_.empty() || closed_; });
    if (batches_.empty()) return std::nullopt;
    auto batch = std::move(batches_.front());
    batches_.pop_front();
    changed_.notify_all();
    return batch;
  }

 private:
  static constexpr std::size_t kMost = 32;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::vector<TracedEvent>> batches_;
  bool closed_ = false, abandoned_ = false;
};

/// One engine in its thread.
class ObservedEngine {
 public:
  ObservedEngine(Engine& engine, const Machine& machine, const Layer& layer)
      : thread_([this, &engine, &machine, &layer] {
          constexpr std::size_t kBatch = 1024;  // small enough to be recycled by the allocator
          std::vector<TracedEvent> batch;
          batch.reserve(kBatch);
          try {
            Tracer tracer([&](const TracedEvent& event) {
              batch.push_back(event);
              if (batch.size() < kBatch) return;
              pipe.put(std::exchange(batch, {}));
              batch.reserve(kBatch);
            });
            outcome = engine.observe(machine, layer, tracer, nullptr);
            pipe.put(std::move(batch));
          } catch (const Abandoned&) {
          } catch (...) {
            // What happened until then is compared first: it may show why.
            error = std::current_exception();
            try {
              pipe.put(std::move(batch));
            } catch (const Abandoned&) {
            }
          }
          pipe.close();
        }) {}
  ~ObservedEngine() {
    pipe.abandon();
    thread_.join();
  }

  EventPipe pipe;
  LayerOutcome outcome;
  std::exception_ptr error;

 private:
  std::thread thread_;  // the last member: it uses the others
};

/// First in, first out, without a node or a block for each few events.
class EventQueue {
 public:
  [[nodiscard]] bool empty() const { return first_ == events_.size(); }
  [[nodiscard]] const TracedEvent& front() const { return events_[first_]; }
  void push(const TracedEvent& event) { events_.push_back(event); }
  void pop() {
    if (++first_ != events_.size()) return;
    events_.clear();
    first_ = 0;
  }

 private:
  std::vector<TracedEvent> events_;
  std::size_t first_ = 0;
};

/// What one unit did on either side and has not been matched yet.
struct UnitStreams {
  EventQueue waiting[2];
  std::uint64_t agreed = 0;
  std::array<TracedEvent, 6> latest;  ///< event number n that agreed is at n % 6

  void agree(const TracedEvent& event) { latest[agreed++ % latest.size()] = event; }
  /// The latest events that agreed, oldest first.
  [[nodiscard]] std::vector<TracedEvent> last() const {
    std::vector<TracedEvent> events;
    for (std::uint64_t n = agreed - std::min<std::uint64_t>(agreed, latest.size()); n < agreed; ++n)
      events.push_back(latest[n % latest.size()]);
    return events;
  }
};

/// Matches events of two sides, unit by unit.
class Matcher {
 public:
  Matcher(Compare compare, bool early_termination, Comparison& result)
      : compare_(compare), early_termination_(early_termination), result_(result) {}

  /// False at a difference.
  bool add(int side, const TracedEvent& event) {
    if (compare_ == Compare::Events && !survives_a_shift(event.kind)) return true;
    latest_[side] = event.cycle;
    const Unit unit = unit_of(event);
    UnitStreams& streams = streams_of(unit);
    auto& other = streams.waiting[1 - side];
    if (other.empty()) {
      streams.waiting[side].push(event);
      return true;
    }
    if (compare_ == Compare::Cycles && event == other.front()) {
      other.pop();
      streams.agree(event);
      ++result_.agreed;
      return true;
    }
    const TracedEvent opposite = other.front();
    other.pop();
    const TracedEvent& left = side == 0 ? event : opposite;
    const TracedEvent& right = side == 0 ? opposite : event;
    TracedEvent shifted = right;
    if (compare_ == Compare::Events) {
      shifted.cycle = left.cycle;
      if (left.kind == EventKind::Stop && right.kind == EventKind::Stop) {
        shifted.step = left.step;
        shifted.values = left.values;
      }
    }
    if (left != shifted) {
      differ(unit, streams, left, right);
      if (compare_ == Compare::Cycles) look_before(std::min(left.cycle, right.cycle));
      return false;
    }
    if (compare_ == Compare::Events) note_shift(left, right);
    streams.agree(left);
    ++result_.agreed;
    return true;
  }

  /// Both sides have ended: events without a counterpart are a difference, the earliest first.
  void finish() {
    latest_[0] = latest_[1] = UINT64_MAX;  // nothing more will come
    look_before(UINT64_MAX);
  }

 private:
  UnitStreams& streams_of(const Unit& unit) {
    auto& units = units_[static_cast<std::size_t>(unit.kind)];
    if (unit.index >= units.size()) units.resize(unit.index + 1);
    return units[unit.index];
  }

  /// An event of one side before `cycle` which the other side, already further, did not report: the earliest is the
  /// difference.
  void look_before(std::uint64_t cycle) {
    std::optional<Unit> earliest;
    for (std::size_t kind = 0; kind < units_.size(); ++kind)
      for (std::uint32_t index = 0; index < units_[kind].size(); ++index)
        for (int side = 0; side < 2; ++side) {
          const EventQueue& waiting = units_[kind][index].waiting[side];
          if (waiting.empty() || waiting.front().cycle >= cycle || waiting.front().cycle + kLate >= latest_[1 - side])
            continue;
          cycle = waiting.front().cycle;
          earliest = Unit{static_cast<Unit::Kind>(kind), index};
        }
    if (!earliest) return;
    const UnitStreams& streams = streams_of(*earliest);
    const auto front = [&](int side) {
      return streams.waiting[side].empty() ? std::nullopt : std::optional(streams.waiting[side].front());
    };
    differ(*earliest, streams, front(0), front(1));
  }

  /// Whether an event is the same in a machine that only takes longer.
  [[nodiscard]] bool survives_a_shift(EventKind kind) const {
    switch (kind) {
      case EventKind::Wait:
      case EventKind::Kill:
        return false;
      case EventKind::Open:
      case EventKind::SendWeights:
      case EventKind::SendActivations:
      case EventKind::Fetch:
        return !early_termination_;
      default:
        return true;
    }
  }

  void note_shift(const TracedEvent& left, const TracedEvent& right) {
    result_.latest_shift = static_cast<std::int64_t>(right.cycle - left.cycle);
    if (right.cycle == left.cycle) return;
    ++result_.shifted;
    if (!result_.first_shift || left.cycle < result_.first_shift->left.cycle) result_.first_shift = {left, right.cycle};
  }

  void differ(Unit unit, const UnitStreams& streams, std::optional<TracedEvent> left,
              std::optional<TracedEvent> right) {
    result_.cycle = std::min(left ? left->cycle : UINT64_MAX, right ? right->cycle : UINT64_MAX);
    result_.difference = Difference{unit, streams.agreed, streams.last(), left, right};
  }

  /// An event may be reported some cycles late: a result taken by the RTL's drain bus, when its value arrives.
  static constexpr std::uint64_t kLate = 8;

  Compare compare_;
  bool early_termination_;
  Comparison& result_;
  std::uint64_t latest_[2] = {0, 0};  ///< cycle each side has reached
  std::array<std::vector<UnitStreams>, kUnitKinds> units_;
};

void compare_events(Engine& left, Engine& right, const Machine& machine, const Layer& layer, Compare compare,
                    Comparison& result) {
  ObservedEngine first(left, machine, layer);
  ObservedEngine second(right, machine, layer);
  ObservedEngine* const sides[2] = {&first, &second};
  Matcher matcher(compare, machine.array.early_termination != EarlyTermination::None, result);
  std::uint64_t reached[2] = {0, 0};
  bool open[2] = {true, true};
  while (open[0] || open[1]) {
    // The side that is behind goes on, so that little waits unmatched.
    const int side = open[0] && (!open[1] || reached[0] <= reached[1]) ? 0 : 1;
    const auto batch = sides[side]->pipe.take();
    if (!batch) {
      open[side] = false;
      continue;
    }
    for (const TracedEvent& event : *batch) {
      if (!matcher.add(side, event)) return;
      reached[side] = event.cycle;
    }
  }
  // An engine that broke off: its own words say more than the events it did not report.
  for (int side = 0; side < 2; ++side) {
    if (!sides[side]->error) continue;
    try {
      std::rethrow_exception(sides[side]->error);
    } catch (const Bug& bug) {
      result.failure = bug.what();
      result.failed = side;
      result.cycle = reached[side];
      return;
    }
  }
  matcher.finish();
  result.left_cycles = first.outcome.cycles;
  result.right_cycles = second.outcome.cycles;
  if (result.difference) return;
  result.outcome_difference = first_outcome_difference(first.outcome, second.outcome, compare);
  if (!result.outcome_difference.empty()) result.cycle = result.right_cycles;
}

}  // namespace

std::string first_outcome_difference(const LayerOutcome& left, const LayerOutcome& right, Compare compare) {
  const auto differ = [](std::string_view what, auto a, auto b) { return fmt::format("{}: {} and {}", what, a, b); };
  if (left.output.shape() != right.output.shape() || left.output.type() != right.output.type())
    return fmt::format("outputs: {} {} and {} {}", name_of(left.output.type()), text_of(left.output.shape()),
                       name_of(right.output.type()), text_of(right.output.shape()));
  const auto a = left.output.to_int64();
  const auto b = right.output.to_int64();
  for (std::size_t i = 0; i < a.size(); ++i)
    if (a[i] != b[i]) return differ(fmt::format("output {}", i), a[i], b[i]);
  if (compare == Compare::Outputs) return "";
  const auto counters = [&](std::string_view group, const auto& x, const auto& y, const auto& names) -> std::string {
    for (std::size_t i = 0; i < names.size(); ++i)
      if (x.value[i] != y.value[i]) return differ(fmt::format("{} {}", group, names[i]), x.value[i], y.value[i]);
    return "";
  };
  if (auto text = counters("pairs", left.pairs, right.pairs, EnumNames<PairClass>::names); !text.empty()) return text;
  if (compare == Compare::Events) return "";
  if (left.cycles != right.cycles) return differ("cycles", left.cycles, right.cycles);
  if (auto text = counters("PE-cycles", left.pe_cycles, right.pe_cycles, EnumNames<PeClass>::names); !text.empty())
    return text;
  for (std::size_t pe = 0; pe < left.per_pe.size(); ++pe)
    if (auto text = counters(fmt::format("PE {}", pe), left.per_pe[pe], right.per_pe[pe], EnumNames<PeClass>::names);
        !text.empty())
      return text;
  if (auto text = counters("actions", left.actions, right.actions, EnumNames<Action>::names); !text.empty())
    return text;
  if (left.outputs_terminated != right.outputs_terminated)
    return differ("outputs terminated", left.outputs_terminated, right.outputs_terminated);
  return "";
}

Comparison compare_engines(Engine& left, Engine& right, const Machine& machine, const Layer& layer, Compare compare) {
  Comparison result;
  if (compare != Compare::Outputs) {
    compare_events(left, right, machine, layer, compare, result);
    return result;
  }
  const LayerOutcome a = left.run(machine, layer, nullptr);
  const LayerOutcome b = right.run(machine, layer, nullptr);
  result.left_cycles = a.cycles;
  result.right_cycles = b.cycles;
  result.outcome_difference = first_outcome_difference(a, b, compare);
  if (result.outcome_difference.empty()) result.agreed = a.outputs;
  return result;
}

}  // namespace lacuna
