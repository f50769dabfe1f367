// The whole machine with the RTL in its middle: memory side and probes around one instance of the array, cycle by
// cycle.
//
//   start of cycle   post units' values, where feeders are  ->  memory decides, ports are driven
//   settle           the array answers: which feeders are done with what
//   edge             registers move, probes report the cycle, feeders' places move on
#pragma once

#include "datapaths/fabric/rtl/array_events.h"
#include "datapaths/fabric/rtl/feeder_walk.h"
#include "datapaths/fabric/rtl/output_buffer.h"

namespace lacuna::fabric {

/// `Rtl`: README.md, section What a family brings.
template <typename Rtl, typename Sink>
class RtlMachine {
 public:
  using Own = typename Rtl::Own;
  using Lowering = typename Own::Lowering;
  using Tile = typename Own::Tile;

  /// Resets the array and sets its layer registers; the next cycle is cycle 0.
  RtlMachine(RtlModel& model, const Lowering& lowering, TileStore<Own>& tiles, Sink& sink, Tensor& output,
             const Stalls& stalls)
      : model_(model),
        sink_(sink),
        memory_(tiles, stalls),
        rows_(model, lowering, tiles, Side::Weights, stalls),
        columns_(model, lowering, tiles, Side::Activations, stalls),
        outputs_(model, lowering, tiles, output, stalls),
        events_(model, lowering, sink),
        pes_(model, lowering, tiles, events_, sink) {
    model.reset();
    set_layer(lowering);
  }

  [[nodiscard]] bool finished() const { return memory_.state().finished; }
  [[nodiscard]] const MemoryState& memory() const { return memory_.state(); }

  /// One cycle, reported to the sink. RtlFailure if the RTL does what it must not, or if nothing moves any more.
  void cycle(std::uint64_t now) {
    // Registers as they are at the start of the cycle.
    const MemoryState memory = memory_.state();
    outputs_.collect(now);
    for (const auto& d : outputs_.drained()) sink_.on(event::Drain<Own>{d.cycle, d.pe, d.tile, d.value});
    rows_.offer(memory, now);
    columns_.offer(memory, now);
    outputs_.offer(memory, now);
    memory_.cycle(now, {std::min(rows_.slowest(), columns_.slowest()), outputs_.bytes_of(memory.writing)}, sink_,
                  [&](const Tile& tile, std::uint32_t block) {
                    rows_.loader().load(tile, block);
                    columns_.loader().load(tile, block);
                  });
    rows_.loader().cycle(memory_.held(now));
    columns_.loader().cycle(memory_.held(now));

    model_.settle();
    rows_.note(now);
    columns_.note(now);
    outputs_.note(now);
    model_.edge();
    model_.check(now);
    const Surroundings<Rtl> around{memory, rows_, columns_, outputs_};
    const bool sent = events_.cycle(now, around);
    const bool moved = pes_.cycle(now) || sent || !outputs_.drained().empty();
    rows_.advance();
    columns_.advance();

    if (moved || memory_.busy())
      still_since_ = now;
    else if (memory_.held(now))
      ++still_since_;
    if (now > still_since_ + kStill)
      throw RtlFailure(fmt::format("cycle {}: nothing has moved since cycle {}", now, still_since_));
  }

 private:
  /// Cycles without a transfer or a stall of memory in which nothing moves; the machine has no reason to wait for
  /// longer.
  static constexpr std::uint64_t kStill = 256;

  void set_layer(const Lowering& lowering) {
    const Machine& machine = lowering.machine();
    const Layer& layer = lowering.layer();
    const DType input = layer.input.type();
    const auto set = [&](const char* name, std::uint32_t width, std::uint64_t value) {
      model_.port(name, width).put(0, value);
    };
    set("signed_activations_i", 1, input == DType::Int8 || input == DType::Int16 ? 1 : 0);
    set("rescale_i", 1, layer.requantise.empty() ? 0 : 1);
    set("relu_i", 1, layer.relu ? 1 : 0);
    set("wide_outputs_i", 1, layer.operand_bits() == 16 ? 1 : 0);
    set("threshold_i", 15, machine.post.threshold);
    Rtl::set_layer(lowering, set);
  }

  RtlModel& model_;
  Sink& sink_;
  BlockMemory<Own> memory_;
  FeederWalk<Rtl> rows_, columns_;
  OutputBuffer<Own> outputs_;
  ArrayEvents<Rtl, Sink> events_;
  typename Rtl::template Pes<Sink> pes_;
  std::uint64_t still_since_ = 0;
};

}  // namespace lacuna::fabric
