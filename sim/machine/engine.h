// The one interface behind which the engines stand: a machine and a layer in, an outcome out.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string_view>

#include "base/enum_names.h"
#include "machine/config.h"
#include "machine/outcome.h"
#include "machine/record.h"
#include "machine/sample.h"
#include "workload/layer.h"

namespace lacuna {

/// Told now and then how far a layer is, in tiles.
class Progress {
 public:
  virtual ~Progress() = default;
  virtual void tiles(std::uint64_t done, std::uint64_t total) = 0;
};

/// One layer for several machines of a family: what they share is computed once.
class LayerTimer {
 public:
  virtual ~LayerTimer() = default;
  /// The outcome of Engine::time(). Several calls at once are safe if the engine runs layers at once.
  virtual LayerOutcome time(const Machine& machine, Progress* progress) = 0;
};

class Engine {
 public:
  virtual ~Engine() = default;
  /// Simulates `layer` on `machine`. UserError if the layer cannot run on this machine (operands too wide, a buffer
  /// that does not hold one chunk). Laws are checked before it returns.
  virtual LayerOutcome run(const Machine& machine, const Layer& layer, Progress* progress) = 0;

  /// The same outcome without the output tensor; the engine may leave out what no other number depends on.
  virtual LayerOutcome time(const Machine& machine, const Layer& layer, Progress* progress);
  /// time() of `layer` for machines of the family of `machine`. Engine and layer must outlive it.
  virtual std::unique_ptr<LayerTimer> timer(const Machine& machine, const Layer& layer);

  /// Whether sample() simulates parts of a layer.
  [[nodiscard]] virtual bool samples(const Machine& /*machine*/) const { return false; }
  /// Estimates the outcome from a random part of the layer's tiles. Bug if the engine does not sample.
  virtual SampledOutcome sample(const Machine& machine, const Layer& layer, const SampleOptions& options,
                                Progress* progress);

  /// At most `threads` threads for one layer. Changes no result; engines that use one thread pass over it.
  virtual void use_threads(unsigned /*threads*/) {}
  /// Whether layers may be run from several threads at once.
  [[nodiscard]] virtual bool runs_layers_at_once() const { return false; }

  /// The same as run(), with what every unit does given to `sink`, by cycle.
  virtual LayerOutcome observe(const Machine& machine, const Layer& layer, RecordSink& sink, Progress* progress) = 0;

  /// Runs the layer once more and writes the signals of cycles first..last to `file` (FST, for GTKWave or Surfer). Ends
  /// earlier if the layer does, or if the machine breaks off. UserError if the file cannot be written; Bug if the
  /// engine has no signals.
  virtual void write_waves(const Machine& machine, const Layer& layer, const std::filesystem::path& file,
                           std::uint64_t first, std::uint64_t last);
};

enum class EngineKind { Systemc, Fast, Rtl };

template <>
struct EnumNames<EngineKind> {
  static constexpr std::array<std::string_view, 3> names = {"systemc", "fast", "rtl"};
};

/// A sentence on each engine, by EngineKind.
constexpr std::array<std::string_view, enum_count<EngineKind>()> kEngineSentences = {
    "the reference model: SystemC modules, state advanced every clock",
    "recurrences over compressed operands, no clock loop; the same numbers",
    "the SystemVerilog under rtl/, compiled by Verilator"};

/// The engine has ports that random back-pressure can hold back, and, of those, one has signals.
constexpr bool has_ports(EngineKind kind) { return kind != EngineKind::Fast; }

struct EngineOptions {
  /// Random back-pressure: each port in each cycle with this probability, in millionths, decided by the seed.
  std::uint32_t stall_millionths = 0;
  std::uint64_t stall_seed = 0;
  std::filesystem::path rtl = {};  ///< an edited copy of rtl/; empty: the one the program was built with
};

/// An engine for machines of every family: asks the family of the machine on each call.
std::unique_ptr<Engine> make_engine(EngineKind kind, const EngineOptions& options = {});

}  // namespace lacuna
