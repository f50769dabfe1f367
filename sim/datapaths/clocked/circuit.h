// A synchronous circuit: units that do something in each cycle, and registers between them. Families build one from
// plain classes for each layer; the kernel runs it as SystemC modules on one clock.
//
//   cycle       0         1         2
//   unit a      next = x
//   register              x
//   unit b                reads x
//
// What a unit writes into a register in a cycle, all units read from the next cycle on. As they talk through registers
// only, the order in which they are evaluated within a cycle changes nothing.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lacuna::clocked {

class Updated;

class Circuit {
 public:
  /// What a unit does in a cycle, between the registers at its start and at its end.
  using Cycle = std::function<void(std::uint64_t now)>;

  Circuit() = default;
  Circuit(const Circuit&) = delete;
  Circuit& operator=(const Circuit&) = delete;

  /// A unit. At most kMostUnits; names are for messages and must differ.
  void add(std::string_view name, Cycle cycle);
  static constexpr std::size_t kMostUnits = 12;

  /// Evaluates the units of each cycle in another order than the one in which they were added, decided by `seed`. No
  /// result changes: for tests that this is so.
  void shuffle(std::uint64_t seed);

  /// The cycle in which a unit says so is the last one.
  void finish() { finishing_ = true; }

  /// Runs from cycle 0 on until a unit says finish(); the number of cycles. Rethrows what a unit throws; of units that
  /// throw in the same cycle, the one that was added first. To be called once. One circuit at a time runs in a process.
  std::uint64_t run();

 private:
  friend class Updated;
  friend class Kernel;

  struct Unit {
    std::string name;
    Cycle cycle;
  };

  /// The end of a cycle: what was written becomes what is read.
  void update();

  std::vector<Unit> units_;
  std::vector<std::size_t> order_;  ///< of evaluation
  std::vector<Updated*> written_;   ///< in this cycle
  bool finishing_ = false;
};

/// Something that units read and write: what is written in a cycle is seen from the next one on. The circuit must
/// outlive it.
class Updated {
 public:
  Updated(const Updated&) = delete;
  Updated& operator=(const Updated&) = delete;

 protected:
  explicit Updated(Circuit& circuit) : circuit_(circuit) {}
  ~Updated() = default;

  /// update() will be called once at the end of this cycle.
  void request_update() {
    if (requested_) return;
    requested_ = true;
    circuit_.written_.push_back(this);
  }

 private:
  friend class Circuit;
  virtual void update() = 0;

  Circuit& circuit_;
  bool requested_ = false;
};

inline void Circuit::update() {
  for (Updated* const each : written_) {
    each->requested_ = false;
    each->update();
  }
  written_.clear();
}

/// A register of any type: read() is its value at the start of the cycle.
template <typename T>
class Register final : public Updated {
 public:
  explicit Register(Circuit& circuit) : Updated(circuit) {}

  [[nodiscard]] const T& read() const { return value_; }
  /// The value at the end of the cycle, to be overwritten as a whole: what stands in it is an older one.
  T& next() {
    request_update();
    return next_;
  }
  /// The value in cycle 0.
  void reset(const T& value) { value_ = next_ = value; }

 private:
  void update() override { std::swap(value_, next_); }
  T value_{}, next_{};
};

}  // namespace lacuna::clocked
