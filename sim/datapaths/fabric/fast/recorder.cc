#include "datapaths/fabric/fast/recorder.h"

#include <algorithm>
#include <utility>

#include "base/error.h"

namespace lacuna::fabric::fast {

Recorder::Recorder(std::uint16_t wait, std::uint32_t pes, RecordSink& sink) : wait_(wait), sink_(sink) {
  for (std::uint32_t pe = 0; pe < pes; ++pe) at(0).waits.push_back({pe, PeClass::FillDrain, 0});
}

Recorder::Cycle& Recorder::at(Time cycle) {
  LACUNA_CHECK(cycle >= given_, "cycle {} is recorded after cycle {} was reported", cycle, given_);
  const std::size_t ahead = cycle - given_;
  if (recorded_.size() <= ahead) recorded_.resize(ahead + 1);
  return recorded_[ahead];
}

void Recorder::add(Rank rank, const Record& record) { at(record.cycle).records.emplace_back(rank, record); }

void Recorder::wait(std::uint32_t pe, Time begin, Time end, PeClass why) {
  if (begin < end) at(begin + 1).waits.push_back({pe, why, end});
}

void Recorder::give_cycle() {
  const Cycle now = recorded_.empty() ? Cycle() : std::move(recorded_.front());
  const auto give = [&](Rank rank) {
    for (const auto& [rank_of, record] : now.records)
      if (rank_of == rank) sink_.on(record);
  };
  give(kStopped);
  give(kRetired);
  give(kMultiplied);
  waiting_.insert(waiting_.end(), now.waits.begin(), now.waits.end());
  std::size_t left = 0;
  for (const Waits& waits : waiting_) {
    Record record;
    record.cycle = given_;
    record.unit = waits.pe;
    record.kind = wait_;
    record.spent = waits.why;
    sink_.on(record);
    if (waits.last > given_) waiting_[left++] = waits;
  }
  waiting_.resize(left);
  give(kOpened);
  give(kSent);
  if (!recorded_.empty()) recorded_.pop_front();
}

void Recorder::reached(Time time) {
  for (; given_ < time && !(recorded_.empty() && waiting_.empty()); ++given_) give_cycle();
}

void Recorder::finish(Time cycles) {
  reached(cycles);
  for (const Cycle& cycle : recorded_) {
    const bool sends = std::ranges::all_of(cycle.records, [](const auto& record) { return record.first == kSent; });
    LACUNA_CHECK(sends && cycle.waits.empty(), "something happens after cycle {}", cycles);
  }
}

}  // namespace lacuna::fabric::fast
