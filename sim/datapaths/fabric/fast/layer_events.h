// What a family is told of its lines, drain and memory, as its events: to be counted, and recorded where that is asked.
#pragma once

#include "datapaths/fabric/events.h"
#include "datapaths/fabric/fast/pe_by_pe.h"

namespace lacuna::fabric::fast {

template <typename Own>
class LayerEvents : public LayerPort {
 public:
  void sent(const Sent& sent) override { tally_.on(event_of(sent)); }
  void record(const Sent& sent) override { keep(Recorder::kSent, event_of(sent)); }
  void drained(const TileWork& work, std::uint32_t pe, Time first) override {
    const std::uint32_t results = work.results[pe % tally_.machine().array.columns];
    event::Drain<Own>::count(tally_, results);
    if (!recorder_) return;
    for (std::uint32_t i = 0; i < results; ++i)
      keep(Recorder::kMultiplied, event::Drain<Own>{first + i, pe, work.index, output(work, pe, i)});
  }
  void fetch_begins(Time time, Time cycles, const Fetched& f) override {
    const event::Fetch<Own> fetch{time, cycles, f.tile, f.index, &f.block, f.left_out};
    tally_.on(fetch);
    if (recorder_) keep(Recorder::kMultiplied, fetch);
  }
  void write_begins(Time time, Time cycles, TileIndex tile, std::uint64_t bytes, std::uint64_t dram_bytes) override {
    const event::Write<Own> write{time, cycles, tile, bytes, dram_bytes};
    tally_.on(write);
    if (recorder_) keep(Recorder::kMultiplied, write);
  }
  void finish(const WaitAccount& waits, Time cycles) override {
    const ArrayConfig& array = tally_.machine().array;
    for (std::uint32_t pe = 0; pe < array.rows * array.columns; ++pe) tally_.pe_cycles(pe, waits.classes(pe));
    tally_.finish(cycles);
  }
  [[nodiscard]] Recorder* recorder() override { return recorder_; }

 protected:
  /// `recorder`: null for none.
  LayerEvents(Tally& tally, Recorder* recorder) : tally_(tally), recorder_(recorder) {}

  /// What the post unit makes of a result; asked where there is a recorder.
  [[nodiscard]] virtual std::int64_t output(const TileWork& work, std::uint32_t pe, std::uint32_t result) const = 0;

  Tally& tally_;

 private:
  static event::Send<Own> event_of(const Sent& s) {
    return {s.last, s.side, s.line, s.tile, s.step, s.bytes, s.destinations};
  }
  template <typename Event>
  void keep(Recorder::Rank rank, const Event& event) {
    recorder_->add(rank, event.record(tally_.machine()));
  }

  Recorder* recorder_;
};

}  // namespace lacuna::fabric::fast
