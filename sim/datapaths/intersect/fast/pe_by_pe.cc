#include "datapaths/intersect/fast/pe_by_pe.h"

#include <memory>
#include <utility>

#include "datapaths/fabric/fast/layer_events.h"
#include "datapaths/intersect/fast/work.h"

namespace lacuna::intersect::fast {

namespace {

/// A tile, and its values where they are recorded.
struct Work : TileWork {
  TileValues values;
};

const Work& own(const fabric::fast::TileWork& work) { return static_cast<const Work&>(work); }

class Port : public fabric::fast::LayerEvents<Own> {
 public:
  Port(Operands& operands, const Values& values, Tally& tally, EventRecorder* recorder)
      : LayerEvents(tally, recorder), operands_(operands), values_(values), recorder_(recorder) {}

  [[nodiscard]] const fabric::fast::Tiles& tiles() const override { return operands_; }
  std::unique_ptr<const fabric::fast::TileWork> work(TileIndex tile) override {
    auto work = std::make_unique<Work>();
    fill(*work, operands_, values_, operands_.tile(tile));
    for (std::uint32_t pe = 0; pe < work->done.size(); ++pe) {
      event::PeSum sum = work->done[pe];
      sum.pe = pe;
      tally_.on(sum);
    }
    if (recorder_) work->values = recorder_->values_of(work->operands);
    return work;
  }

  void item(const fabric::fast::TileWork& work, std::uint32_t pe, std::uint32_t item, Time begin,
            std::uint32_t cycles) override {
    recorder_->pair(pe, own(work).values, StepIndex(item), begin, cycles);
  }
  void stopped(const fabric::fast::TileWork& work, std::uint32_t pe, std::uint32_t item, Time stop) override {
    recorder_->stop(pe, own(work).values, StepIndex(item), stop);
  }
  void killed(const fabric::fast::TileWork& work, std::uint32_t pe, std::uint32_t item, std::uint32_t group,
              Time stop) override {
    recorder_->kill(pe, own(work).values, StepIndex(item), group, stop);
  }
  void completed(const fabric::fast::TileWork&, std::uint32_t pe) override { recorder_->complete(pe); }
  void retired(std::uint32_t pe, Time time) override { recorder_->retire(pe, time); }

 protected:
  [[nodiscard]] std::int64_t output(const fabric::fast::TileWork& work, std::uint32_t pe,
                                    std::uint32_t /*result*/) const override {
    return recorder_->output(pe, own(work).values);
  }

 private:
  Operands& operands_;
  const Values& values_;
  EventRecorder* recorder_;
};

}  // namespace

Time PeByPe::run(const std::function<void(std::uint64_t)>& progress) {
  const Lowering& lowering = operands_.lowering();
  const Config& c = config(lowering.machine());
  Port port(operands_, values_, tally_, recorder_);
  fabric::fast::PeByPe times(
      lowering.machine(), lowering.plan(),
      {.depth = {c.weights.fifo_depth, c.activations.fifo_depth}, .unicast = Own::unicast(lowering.machine())}, port);
  return times.run(progress);
}

}  // namespace lacuna::intersect::fast
