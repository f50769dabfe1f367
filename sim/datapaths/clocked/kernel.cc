// The one SystemC kernel of the program. SystemC elaborates once in a process, so clock, modules and the channel with
// the update phase are made once and serve the circuits of all families and layers in turn.
#include <algorithm>
#include <array>
#include <exception>
#include <memory>
#include <numeric>
#include <systemc>

#include "base/error.h"
#include "base/random.h"
#include "datapaths/clocked/circuit.h"

/// libsystemc asks for it; Lacuna's programs have their own main and never call it.
int sc_main(int, char**) { return 0; }

namespace lacuna::clocked {

/// Updates everything that was written in a cycle, in SystemC's update phase.
class UpdatePhase : public sc_core::sc_prim_channel {
 public:
  explicit UpdatePhase(const char* name) : sc_prim_channel(name) {}

  /// From now on `phase` is called at the end of each cycle in which a unit was evaluated.
  void serve(std::function<void()> phase) { phase_ = std::move(phase); }
  void request() { request_update(); }

 private:
  void update() override { phase_(); }
  std::function<void()> phase_;
};

/// A unit as a SystemC module: one method, called at each rising edge. Modules without a unit sleep.
class ClockedModule : public sc_core::sc_module {
 public:
  sc_core::sc_in<bool> clock_in;

  SC_HAS_PROCESS(ClockedModule);
  ClockedModule(const sc_core::sc_module_name& name, UpdatePhase& update_phase, const bool& finished)
      : sc_module(name), clock_in("clock_in"), update_phase_(update_phase), finished_(finished) {
    SC_METHOD(edge);
    sensitive << clock_in.pos();
    dont_initialize();
  }

  /// From the next edge on, cycle 0. The unit must live until finish().
  void begin(const Circuit::Cycle& cycle) {
    cycle_ = &cycle;
    now_ = 0;
    error_ = nullptr;
    if (asleep_) wake_.notify(sc_core::SC_ZERO_TIME);
  }
  /// Cycles done.
  std::uint64_t finish() {
    cycle_ = nullptr;
    return now_;
  }
  /// What the unit threw, if anything.
  [[nodiscard]] std::exception_ptr error() const { return error_; }

 private:
  void edge() {
    if (!cycle_) {
      asleep_ = true;
      next_trigger(wake_);
    } else if (asleep_) {
      asleep_ = false;  // woken between two edges
    } else if (finished_) {
      sc_core::sc_pause();
    } else {
      step();
    }
  }
  void step() {
    update_phase_.request();
    try {
      (*cycle_)(now_++);
    } catch (...) {
      error_ = std::current_exception();
      sc_core::sc_pause();
    }
  }

  UpdatePhase& update_phase_;
  const bool& finished_;
  sc_core::sc_event wake_;
  bool asleep_ = false;
  const Circuit::Cycle* cycle_ = nullptr;
  std::uint64_t now_ = 0;
  std::exception_ptr error_;
};

class Kernel {
 public:
  static Kernel& instance() {
    static Kernel kernel;
    return kernel;
  }

  std::uint64_t run(Circuit& circuit) {
    LACUNA_CHECK(!running_, "a circuit runs within another one");
    running_ = true;
    finished_ = false;
    update_phase_.serve([this, &circuit] {
      circuit.update();
      finished_ = circuit.finishing_;
    });
    const std::size_t units = circuit.units_.size();
    for (std::size_t i = 0; i < units; ++i) modules_[i]->begin(circuit.units_[circuit.order_[i]].cycle);
    sc_core::sc_start();
    running_ = false;

    std::uint64_t cycles = 0;
    std::vector<std::exception_ptr> errors(units);
    for (std::size_t i = 0; i < units; ++i) {
      cycles = modules_[i]->finish();
      errors[circuit.order_[i]] = modules_[i]->error();
    }
    for (const std::exception_ptr& error : errors)
      if (error) std::rethrow_exception(error);
    return cycles;
  }

 private:
  Kernel() {
    for (std::size_t i = 0; i < modules_.size(); ++i) {
      modules_[i] = std::make_unique<ClockedModule>(fmt::format("unit_{}", i).c_str(), update_phase_, finished_);
      modules_[i]->clock_in(clock_);
    }
  }

  sc_core::sc_clock clock_{"clock", 1, sc_core::SC_NS};
  UpdatePhase update_phase_{"update_phase"};
  bool finished_ = false;  ///< the latest cycle was the circuit's last
  bool running_ = false;
  std::array<std::unique_ptr<ClockedModule>, Circuit::kMostUnits> modules_;
};

void Circuit::add(std::string_view name, Cycle cycle) {
  LACUNA_CHECK(units_.size() < kMostUnits, "unit '{}' is one more than {}", name, kMostUnits);
  LACUNA_CHECK(std::ranges::find(units_, name, &Unit::name) == units_.end(), "two units are called '{}'", name);
  order_.push_back(units_.size());
  units_.push_back({std::string(name), std::move(cycle)});
}

void Circuit::shuffle(std::uint64_t seed) {
  Random random(seed);
  for (std::size_t i = order_.size(); i > 1; --i) std::swap(order_[i - 1], order_[random.below(i)]);
}

std::uint64_t Circuit::run() {
  LACUNA_CHECK(!units_.empty(), "a circuit without units");
  return Kernel::instance().run(*this);
}

}  // namespace lacuna::clocked
