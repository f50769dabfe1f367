// The one hook for everyone who watches a machine: traces and checks. Counters have their own sink, Fold.
#pragma once

#include "datapaths/intersect/events.h"
#include "machine/fold.h"

namespace lacuna {

/// Takes the events of the units of the array, as they happen.
class EventSink {
 public:
  virtual ~EventSink() = default;
  virtual void on(const event::Group& e) = 0;
  virtual void on(const event::Kill& e) = 0;
  virtual void on(const event::Wait& e) = 0;
  virtual void on(const event::Open& e) = 0;
  virtual void on(const event::Stop& e) = 0;
  virtual void on(const event::Retire& e) = 0;
  virtual void on(const event::Send& e) = 0;
  virtual void on(const event::Drain& e) = 0;
  virtual void on(const event::Fetch& e) = 0;
  virtual void on(const event::Write& e) = 0;
};

/// Counts like Fold and passes every event on.
class ObservedFold {
 public:
  ObservedFold(const Lowering& lowering, EventSink& sink) : fold_(lowering), sink_(sink) {}

  template <typename Event>
  void on(const Event& e) {
    fold_.on(e);
    sink_.on(e);
  }
  void on(const event::Finish& e) { fold_.on(e); }
  LayerOutcome take() { return fold_.take(); }

 private:
  Fold fold_;
  EventSink& sink_;
};

}  // namespace lacuna
