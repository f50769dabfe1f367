#include "check/compare_engines.h"

#include <algorithm>
#include <array>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>

#include "machine/family.h"

namespace lacuna {

namespace {

/// Thrown through an engine that need not go on.
struct Abandoned {};

/// Records from an engine's thread to the comparison, a few batches at a time.
class RecordPipe {
 public:
  /// Blocks while the comparison is behind; Abandoned if it has ended.
  void put(std::vector<Record> batch) {
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
  std::optional<std::vector<Record>> take() {
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
  std::deque<std::vector<Record>> batches_;
  bool closed_ = false, abandoned_ = false;
};

/// Fills batches and hands them to a pipe.
class Batches : public RecordSink {
 public:
  explicit Batches(RecordPipe& pipe) : pipe_(pipe) { batch_.reserve(kBatch); }

  void on(const Record& record) override {
    batch_.push_back(record);
    if (batch_.size() < kBatch) return;
    flush();
    batch_.reserve(kBatch);
  }
  void flush() { pipe_.put(std::exchange(batch_, {})); }

 private:
  static constexpr std::size_t kBatch = 1024;  // small enough to be recycled by the allocator
  RecordPipe& pipe_;
  std::vector<Record> batch_;
};

/// One engine in its thread.
class ObservedEngine {
 public:
  ObservedEngine(Engine& engine, const Machine& machine, const Layer& layer)
      : thread_([this, &engine, &machine, &layer] {
          Batches batches(pipe);
          try {
            outcome = engine.observe(machine, layer, batches, nullptr);
            batches.flush();
          } catch (const Abandoned&) {
          } catch (...) {
            // What happened until then is compared first: it may show why.
            error = std::current_exception();
            try {
              batches.flush();
            } catch (const Abandoned&) {
            }
          }
          pipe.close();
        }) {}
  ~ObservedEngine() {
    pipe.abandon();
    thread_.join();
  }

  RecordPipe pipe;
  LayerOutcome outcome;
  std::exception_ptr error;

 private:
  std::thread thread_;  // the last member: it uses the others
};

/// First in, first out, without a node or a block for each few events.
class RecordQueue {
 public:
  [[nodiscard]] bool empty() const { return first_ == records_.size(); }
  [[nodiscard]] const Record& front() const { return records_[first_]; }
  void push(const Record& record) { records_.push_back(record); }
  void pop() {
    if (++first_ != records_.size()) return;
    records_.clear();
    first_ = 0;
  }

 private:
  std::vector<Record> records_;
  std::size_t first_ = 0;
};

/// What one unit did on either side and has not been matched yet.
struct UnitStreams {
  RecordQueue waiting[2];
  std::uint64_t agreed = 0;
  bool differs = false;          ///< what follows in this unit says nothing
  std::array<Record, 6> latest;  ///< record number n that agreed is at n % 6

  void agree(const Record& record) { latest[agreed++ % latest.size()] = record; }
  /// The latest records that agreed, oldest first.
  [[nodiscard]] std::vector<Record> last() const {
    std::vector<Record> records;
    for (std::uint64_t n = agreed - std::min<std::uint64_t>(agreed, latest.size()); n < agreed; ++n)
      records.push_back(latest[n % latest.size()]);
    return records;
  }
};

/// Matches records of two sides, unit by unit.
class Matcher {
 public:
  Matcher(Compare compare, const Vocabulary& vocabulary, bool stops_early, Comparison& result)
      : compare_(compare), result_(result), vocabulary_(vocabulary), units_(vocabulary.units.size()) {
    for (const KindInfo& kind : vocabulary.kinds)
      compared_.push_back(compare != Compare::Events ||
                          (kind.shifts != Shifts::Not && !(kind.shifts == Shifts::WhileNoStop && stops_early)));
  }

  /// False when all that is to be known of the first difference is known.
  bool add(int side, const Record& record) {
    LACUNA_CHECK(record.kind < compared_.size(), "there is no kind of record {}", record.kind);
    if (!compared_[record.kind]) return true;
    latest_[side] = record.cycle;
    const Unit unit = unit_of(record, vocabulary_);
    UnitStreams& streams = streams_of(unit);
    if (streams.differs) return !settled();
    auto& other = streams.waiting[1 - side];
    if (other.empty()) {
      streams.waiting[side].push(record);
      return !settled();
    }
    if (compare_ == Compare::Cycles && record == other.front()) {
      other.pop();
      streams.agree(record);
      ++result_.agreed;
      return !settled();
    }
    const Record opposite = other.front();
    other.pop();
    const Record& left = side == 0 ? record : opposite;
    const Record& right = side == 0 ? opposite : record;
    if (compare_ == Compare::Cycles || !same_but_later(left, right)) {
      differ(unit, streams, left, right);
      return compare_ == Compare::Cycles && !settled();  // by events, cycles of two units are not compared
    }
    note_shift(left, right);
    streams.agree(left);
    ++result_.agreed;
    return true;
  }

  /// `side` has ended as it should: nothing more will come.
  void ended(int side) { latest_[side] = UINT64_MAX; }
  [[nodiscard]] bool found() const { return !differences_.empty(); }

  /// Says in the result which units differ in the first cycle in which one does. A record without a counterpart is a
  /// difference, if the other side is further.
  void conclude() {
    if (compare_ == Compare::Cycles || differences_.empty()) find_lonely();
    std::uint64_t first = UINT64_MAX;
    for (const Difference& one : differences_) first = std::min(first, cycle_of(one));
    std::erase_if(differences_, [&](const Difference& one) { return cycle_of(one) != first; });
    if (differences_.empty()) return;
    std::ranges::sort(differences_, {}, [](const Difference& d) { return std::pair(d.unit.info, d.unit.index); });
    result_.cycle = first;
    result_.difference = std::move(differences_.front());
    for (std::size_t i = 1; i < differences_.size(); ++i) result_.also.push_back(differences_[i].unit);
  }

 private:
  UnitStreams& streams_of(const Unit& unit) {
    auto& units = units_[unit.info];
    if (unit.index >= units.size()) units.resize(unit.index + 1);
    return units[unit.index];
  }

  static std::uint64_t cycle_of(const Difference& one) {
    return std::min(one.left ? one.left->cycle : UINT64_MAX, one.right ? one.right->cycle : UINT64_MAX);
  }

  /// Both sides have reported all of the first cycle in which a unit differs.
  [[nodiscard]] bool settled() const {
    return first_ != UINT64_MAX && std::min(latest_[0], latest_[1]) > first_ + kLate;
  }

  /// Records of one side which the other side, already further, did not report.
  void find_lonely() {
    for (std::size_t info = 0; info < units_.size(); ++info)
      for (std::uint32_t index = 0; index < units_[info].size(); ++index) {
        UnitStreams& streams = units_[info][index];
        for (int side = 0; side < 2 && !streams.differs; ++side) {
          const RecordQueue& waiting = streams.waiting[side];
          if (waiting.empty() || waiting.front().cycle + kLate >= latest_[1 - side]) continue;
          std::optional<Record> left, right;
          (side == 0 ? left : right) = waiting.front();
          differ({static_cast<std::uint16_t>(info), index}, streams, left, right);
        }
      }
  }

  /// Whether `right` says of a machine that only takes longer what `left` says.
  [[nodiscard]] bool same_but_later(const Record& left, Record right) const {
    right.cycle = left.cycle;
    const KindInfo& kind = vocabulary_.kinds[left.kind];
    if (!kind.keeps_cycles) right.cycles = left.cycles;
    if (left.kind == right.kind && kind.shifts == Shifts::Place) {
      right.step = left.step;
      right.values = left.values;
    }
    return left == right;
  }

  void note_shift(const Record& left, const Record& right) {
    result_.latest_shift = static_cast<std::int64_t>(right.cycle - left.cycle);
    if (right.cycle == left.cycle) return;
    ++result_.shifted;
    if (!result_.first_shift || left.cycle < result_.first_shift->left.cycle) result_.first_shift = {left, right.cycle};
  }

  void differ(Unit unit, UnitStreams& streams, std::optional<Record> left, std::optional<Record> right) {
    streams.differs = true;
    differences_.push_back({unit, streams.agreed, streams.last(), left, right});
    first_ = std::min(first_, cycle_of(differences_.back()));
  }

  /// A record may be reported some cycles late: a result taken by the RTL's drain bus, when its value arrives.
  static constexpr std::uint64_t kLate = 8;

  Compare compare_;
  Comparison& result_;
  const Vocabulary& vocabulary_;
  std::vector<bool> compared_;                   ///< [kind]
  std::uint64_t latest_[2] = {0, 0};             ///< cycle each side has reached
  std::vector<std::vector<UnitStreams>> units_;  ///< [of Vocabulary::units][index]
  std::vector<Difference> differences_;          ///< one a unit, as they are found
  std::uint64_t first_ = UINT64_MAX;             ///< the earliest cycle of these
};

void compare_records(Engine& left, Engine& right, const Machine& machine, const Layer& layer, Compare compare,
                     Comparison& result) {
  ObservedEngine first(left, machine, layer);
  ObservedEngine second(right, machine, layer);
  ObservedEngine* const sides[2] = {&first, &second};
  const Family& own = family(machine);
  Matcher matcher(compare, own.vocabulary(), own.stops_early(machine), result);
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
    for (const Record& record : *batch) {
      if (!matcher.add(side, record)) return matcher.conclude();
      reached[side] = record.cycle;
    }
  }
  for (int side = 0; side < 2; ++side)
    if (!sides[side]->error) matcher.ended(side);
  if (matcher.found()) return matcher.conclude();
  // An engine that broke off: its own words say more than the records it did not make.
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
  matcher.conclude();
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
  if (left.actions.value.size() != right.actions.value.size())
    return differ("actions", left.actions.value.size(), right.actions.value.size());
  for (std::size_t i = 0; i < left.actions.value.size(); ++i)
    if (left.actions.value[i] != right.actions.value[i])
      return differ(fmt::format("actions {}", (*left.actions.list())[i].name), left.actions.value[i],
                    right.actions.value[i]);
  if (left.outputs_terminated != right.outputs_terminated)
    return differ("outputs terminated", left.outputs_terminated, right.outputs_terminated);
  if (left.outputs_predicted != right.outputs_predicted)
    return differ("outputs predicted", left.outputs_predicted, right.outputs_predicted);
  return "";
}

Comparison compare_engines(Engine& left, Engine& right, const Machine& machine, const Layer& layer, Compare compare) {
  Comparison result;
  if (compare != Compare::Outputs) {
    compare_records(left, right, machine, layer, compare, result);
    return result;
  }
  std::array<LayerOutcome, 2> outcomes;
  for (int side = 0; side < 2; ++side) {
    try {
      outcomes[static_cast<std::size_t>(side)] = (side == 0 ? left : right).run(machine, layer, nullptr);
    } catch (const Bug& bug) {
      result.failure = bug.what();
      result.failed = side;
      return result;
    }
  }
  const auto& [a, b] = outcomes;
  result.left_cycles = a.cycles;
  result.right_cycles = b.cycles;
  result.outcome_difference = first_outcome_difference(a, b, compare);
  if (result.outcome_difference.empty()) result.agreed = a.outputs;
  return result;
}

}  // namespace lacuna
