// The whole machine with the RTL in its middle: memory side and probes around one instance of the array, cycle by
// cycle.
//
//   start of cycle   post units' values, where feeders are  ->  memory decides, ports are driven
//   settle           the array answers: which feeders are done with what
//   edge             registers move, probes report the cycle, feeders' places move on
#pragma once

#include <bit>

#include "datapaths/intersect/lowering.h"
#include "datapaths/intersect/parts.h"
#include "datapaths/intersect/rtl/feeder_walk.h"
#include "datapaths/intersect/rtl/output_buffer.h"
#include "datapaths/intersect/rtl/probe_events.h"

namespace lacuna::intersect {

template <typename Sink>
class RtlMachine {
 public:
  /// Resets the array and sets its layer registers; the next cycle is cycle 0.
  RtlMachine(RtlModel& model, const Lowering& lowering, TileStore& tiles, Sink& sink, Tensor& output,
             const Stalls& stalls)
      : model_(model),
        sink_(sink),
        memory_(tiles, stalls),
        rows_(model, lowering, tiles, Side::Weights, stalls),
        columns_(model, lowering, tiles, Side::Activations, stalls),
        outputs_(model, lowering, tiles, output, stalls),
        events_(model, lowering, tiles, sink) {
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
    for (const auto& d : outputs_.drained()) sink_.on(event::Drain{d.cycle, d.pe, d.tile, d.value});
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
    const bool moved = events_.cycle(now, memory, rows_, columns_, outputs_) || !outputs_.drained().empty();
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
    const std::uint32_t k = layer.shape.R * layer.shape.S * (layer.shape.C / layer.shape.groups);
    const DType input = layer.input.type();
    const auto set = [&](const char* name, std::uint32_t width, std::uint64_t value) {
      model_.port(name, width).put(0, value);
    };
    set("signed_activations_i", 1, input == DType::Int8 || input == DType::Int16 ? 1 : 0);
    set("two_passes_i", 1, lowering.early_termination() ? 1 : 0);
    set("tail_length_i", static_cast<std::uint32_t>(std::bit_width(config(machine).chunk)),
        k - (k - 1) / config(machine).chunk * config(machine).chunk);
    set("rescale_i", 1, layer.requantise.empty() ? 0 : 1);
    set("relu_i", 1, layer.relu ? 1 : 0);
    set("wide_outputs_i", 1, layer.operand_bits() == 16 ? 1 : 0);
    set("threshold_i", 15, machine.post.threshold);
  }

  RtlModel& model_;
  Sink& sink_;
  BlockMemory memory_;
  FeederWalk rows_, columns_;
  OutputBuffer outputs_;
  ProbeEvents<Sink> events_;
  std::uint64_t still_since_ = 0;
};

}  // namespace lacuna::intersect
