#include "datapaths/gather/fast/pe_by_pe.h"

#include <memory>
#include <utility>

#include "datapaths/fabric/fast/layer_events.h"
#include "datapaths/gather/fast/work.h"

namespace lacuna::gather::fast {

namespace {

const TileWork& own(const fabric::fast::TileWork& work) { return static_cast<const TileWork&>(work); }

class Port : public fabric::fast::LayerEvents<Own> {
 public:
  Port(Operands& operands, const Values& values, Tally& tally, EventRecorder* recorder)
      : LayerEvents(tally, recorder), operands_(operands), worker_(operands, values), recorder_(recorder) {}

  [[nodiscard]] const fabric::fast::Tiles& tiles() const override { return operands_; }
  std::unique_ptr<const fabric::fast::TileWork> work(TileIndex tile) override {
    auto work = std::make_unique<TileWork>();
    worker_.fill(*work, worker_.tile(tile));
    return work;
  }

  void item(const fabric::fast::TileWork& work, std::uint32_t pe, std::uint32_t item, Time begin,
            std::uint32_t cycles) override {
    recorder_->item(own(work), pe, item, begin, cycles);
  }
  // Lanes stop inside an item, which no other unit sees.
  void stopped(const fabric::fast::TileWork&, std::uint32_t, std::uint32_t, Time) override {
    throw Bug("an item is stopped");
  }
  void killed(const fabric::fast::TileWork&, std::uint32_t, std::uint32_t, std::uint32_t, Time) override {
    throw Bug("an item is stopped");
  }
  void completed(const fabric::fast::TileWork&, std::uint32_t pe) override { recorder_->complete(pe); }
  void retired(std::uint32_t pe, Time time) override { recorder_->retire(pe, time); }

  void finish(const fabric::fast::WaitAccount& waits, Time cycles) override {
    worker_.report(tally_);
    LayerEvents::finish(waits, cycles);
  }

 protected:
  [[nodiscard]] std::int64_t output(const fabric::fast::TileWork& work, std::uint32_t pe,
                                    std::uint32_t result) const override {
    return recorder_->output(own(work), pe, result);
  }

 private:
  Operands& operands_;
  Worker worker_;
  EventRecorder* recorder_;
};

fabric::fast::Together together(Step step) {
  using fabric::fast::Together;
  switch (step) {
    case Step::None:
      return Together::None;
    case Step::Row:
      return Together::Row;
    case Step::Column:
      return Together::Column;
    case Step::Array:
      return Together::Array;
  }
  throw Bug("unknown step");
}

}  // namespace

Time run_pe_by_pe(Operands& operands, const Values& values, Tally& tally, EventRecorder* recorder,
                  const std::function<void(std::uint64_t)>& progress) {
  const Lowering& lowering = operands.lowering();
  const Config& c = config(lowering.machine());
  Port port(operands, values, tally, recorder);
  fabric::fast::PeByPe times(lowering.machine(), lowering.plan(),
                             {.depth = {c.weights.fifo_depth, c.segments_resident}}, port, together(c.step));
  count_products(values, tally);
  return times.run(progress);
}

}  // namespace lacuna::gather::fast
